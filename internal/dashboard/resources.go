package dashboard

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// resources is the page of what an account has.
type resources struct {
	Branches []branch
	Kinds    []counted
	All      int
	Kind     string
	Text     string
	Pager    pager
	Filtered bool
}

// branch is a resource with the first of those that belong to it.
type branch struct {
	sandbox.Resource
	Children []sandbox.Resource
}

// More is how many belong to it and are not listed.
func (b branch) More() int { return b.Below - len(b.Children) }

const (
	resourcesOnPage = 30
	childrenListed  = 8
	neighbours      = 60 // of one resource
)

func loadResources(h *Handler, q *query) (any, error) {
	r := &resources{Kind: q.get("kind"), Text: q.get("q")}
	offset := q.number("from")
	list, counts, fitting, err := h.Service.ResourcePage(q.ctx(), q.ref(), sandbox.ResourceQuery{
		Kind: r.Kind, Text: r.Text, Offset: offset, Limit: resourcesOnPage,
	})
	if err != nil {
		return nil, err
	}
	for kind, n := range counts {
		r.Kinds = append(r.Kinds, counted{kind, n})
		r.All += n
	}
	slices.SortFunc(r.Kinds, func(a, b counted) int { return cmp.Compare(a.Name, b.Name) })
	below, err := h.Service.Below(q.ctx(), q.ref(), list, childrenListed)
	if err != nil {
		return nil, err
	}
	for _, one := range list {
		b := branch{Resource: one}
		for _, child := range below {
			if child.ParentKind == one.Kind && child.Parent == one.ID {
				b.Children = append(b.Children, child)
			}
		}
		r.Branches = append(r.Branches, b)
	}
	r.Pager = pager{From: offset, Size: resourcesOnPage, Shown: len(list), All: fitting}
	r.Filtered = r.Kind != "" || r.Text != ""
	return r, nil
}

// resourcePage is the page of a resource.
type resourcePage struct {
	sandbox.Family
	JSON    json.RawMessage
	Tasks   []string // that it was changed by, the newest first
	Clock   sandbox.Clock
	Work    []sandbox.UnderWay // that is still to be done for it
	Missing int                // that belong to it, and are not listed
}

func loadResource(h *Handler, q *query) (any, error) {
	kind := q.PathValue("kind")
	id, err := strconv.ParseInt(q.PathValue("id"), 10, 64)
	if err != nil {
		return nil, cloud.Errorf("RESOURCE_NOT_FOUND", "There is no %s %s.", kind, q.PathValue("id"))
	}
	p := &resourcePage{}
	if p.Family, err = h.Service.Family(q.ctx(), q.ref(), kind, id, neighbours); err != nil {
		return nil, err
	}
	p.Missing = max(0, p.Below-len(p.Children))
	for _, e := range p.History {
		if e.Task != "" && !slices.Contains(p.Tasks, e.Task) {
			p.Tasks = append(p.Tasks, e.Task)
		}
	}
	if p.JSON, err = h.redacted(p.Body); err != nil {
		return nil, err
	}
	const looked = 200
	lanes, err := h.Service.Lanes(q.ctx(), []int64{q.account.ID}, looked)
	if err != nil {
		return nil, err
	}
	for _, l := range lanes {
		p.Clock = l.Clock
		for _, w := range l.Work {
			if w.Kind == kind && w.ID == id {
				p.Work = append(p.Work, w)
			}
		}
	}
	return p, nil
}

// redacted is what is stored of a resource, without what some API calls a secret.
func (h *Handler) redacted(body json.RawMessage) (json.RawMessage, error) {
	if len(body) == 0 {
		return nil, nil
	}
	secrets, err := h.Secrets()
	if err != nil {
		return nil, err
	}
	var value any
	if err := json.Unmarshal(body, &value); err != nil {
		return nil, err
	}
	return json.Marshal(redact(value, secrets))
}

// redact takes what has one of some names out of a value.
func redact(value any, secrets map[string]bool) any {
	switch value := value.(type) {
	case map[string]any:
		for name, member := range value {
			if secrets[name] && member != nil && member != "" {
				value[name] = openapi.Redacted
				continue
			}
			value[name] = redact(member, secrets)
		}
	case []any:
		for i := range value {
			value[i] = redact(value[i], secrets)
		}
	}
	return value
}
