package rds

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type listInput struct {
	Project    string `path:"project_id" json:"-"`
	ID         string `query:"id" json:"-"`
	Name       string `query:"name" json:"-"`
	Type       string `query:"type" json:"-"`
	Datastore  string `query:"datastore_type" json:"-"`
	Enterprise string `query:"eps_id" json:"-"`
	VPC        string `query:"vpc_id" json:"-"`
	Subnet     string `query:"subnet_id" json:"-"`
	Offset     int32  `query:"offset" json:"-"`
	Limit      int32  `query:"limit" json:"-"`
	Tags       string `query:"tags" json:"-"`
	Group      string `query:"group_type" json:"-"`
}

type instanceList struct {
	Instances []instanceView `json:"instances"`
	Total     int            `json:"total_count"`
}

// list shows the DB instances of the project, the oldest first. None is of a group. doc: list-instances
func list(ctx context.Context, tx *store.Tx, in listInput) (out instanceList, err error) {
	if in.ID == "*" || in.Name == "*" {
		return out, wrong("After * there must be what to look for.")
	}
	pairs, err := in.tags()
	if err != nil {
		return out, err
	}
	all, err := in.candidates(ctx, tx)
	if err != nil {
		return out, err
	}
	fitting := slices.DeleteFunc(all, func(one cloud.Resource[instance]) bool { return !in.takes(one, pairs) })
	out = instanceList{Instances: []instanceView{}, Total: len(fitting)}
	for _, one := range page(fitting, in.Offset, cmp.Or(in.Limit, 100)) {
		out.Instances = append(out.Instances, show(one))
	}
	return out, nil
}

// candidates are the DB instances that may be asked for. One that is asked for by its id is looked up.
func (in listInput) candidates(ctx context.Context, tx *store.Tx) ([]cloud.Resource[instance], error) {
	if !uidSyntax().MatchString(in.ID) {
		return instances(ctx, tx)
	}
	one, ok, err := look(ctx, tx, in.ID)
	if err != nil || !ok {
		return nil, err
	}
	return []cloud.Resource[instance]{one}, nil
}

const maxPairs = 10

// tags are the pairs that are asked for. An empty value stands for any.
func (in listInput) tags() (pairs []tag, err error) {
	if in.Tags == "" {
		return nil, nil
	}
	for pair := range strings.SplitSeq(in.Tags, ",") {
		key, value, _ := strings.Cut(pair, "=")
		key, value = strings.TrimSpace(key), strings.TrimSpace(value)
		if key == "" || len(pairs) == maxPairs {
			return nil, wrong("The tags must be up to %d pairs key=value, separated by commas.", maxPairs)
		}
		pairs = append(pairs, tag{key, value})
	}
	return pairs, nil
}

// takes reports whether a DB instance is one of those that are asked for.
func (in listInput) takes(r cloud.Resource[instance], pairs []tag) bool {
	for _, filter := range []struct{ asked, has string }{
		{in.Type, r.Body.typ()},
		{in.Datastore, r.Body.Datastore.Type},
		{in.Enterprise, r.Body.enterprise()},
		{in.VPC, r.Body.VPC},
		{in.Subnet, r.Body.Subnet},
	} {
		if filter.asked != "" && filter.asked != filter.has {
			return false
		}
	}
	for _, pair := range pairs {
		if !slices.ContainsFunc(r.Body.Tags, func(t tag) bool {
			return t.Key == pair.Key && (pair.Value == "" || t.Value == pair.Value)
		}) {
			return false
		}
	}
	return matches(in.ID, r.Body.UID) && matches(in.Name, r.Name) && in.Group == ""
}

// matches reports whether a text is what is asked for, or contains what is asked for after a star.
func matches(asked, text string) bool {
	if part, fuzzy := strings.CutPrefix(asked, "*"); fuzzy {
		return strings.Contains(text, part)
	}
	return asked == "" || asked == text
}
