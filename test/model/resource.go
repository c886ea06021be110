package model

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Ref names a resource.
type Ref struct {
	Kind string
	ID   int64
}

func (r Ref) String() string { return fmt.Sprintf("%s %d", r.Kind, r.ID) }

// Region is one of an Active-Active subscription.
type Region struct {
	ID   int64
	Name string
}

// Resource is what is known of one.
type Resource struct {
	Ref
	Parent   Ref    // zero: none
	UID      string // its id for clients, where that is no number
	Name     string
	Status   string
	Provider string   // of a Pro subscription
	New      bool     // being created: it has never been anything but pending
	Own      bool     // a Pro subscription in a cloud account of the customer's
	Regions  []Region // of an Active-Active subscription
	Region   int64    // that something connects; 0: the only one
	Port     int64    // of a database
	Locals   []string // names of the regions of an Active-Active database
	Uses     []Ref    // what must be there as long as it is
}

// Snapshot is the resources of an account at one time.
type Snapshot map[Ref]Resource

// sorted lists them in an order that does not change.
func (s Snapshot) sorted() []Resource {
	list := make([]Resource, 0, len(s))
	for _, r := range s {
		list = append(list, r)
	}
	slices.SortFunc(list, func(a, b Resource) int { return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.ID, b.ID)) })
	return list
}

// root is the resource without a parent that one is below.
func (s Snapshot) root(r Resource) Resource {
	for r.Parent != (Ref{}) {
		parent, ok := s[r.Parent]
		if !ok {
			return r
		}
		r = parent
	}
	return r
}

// dig reads a member by its path: names and numbers with dots between, and * for all items of a list.
func dig(v any, path string) any {
	if path == "" || v == nil {
		return v
	}
	name, rest, _ := strings.Cut(path, ".")
	switch v := v.(type) {
	case map[string]any:
		return dig(v[name], rest)
	case []any:
		if name == "*" {
			var all []any
			for _, item := range v {
				switch found := dig(item, rest).(type) {
				case nil:
				case []any:
					all = append(all, found...)
				default:
					all = append(all, found)
				}
			}
			return all
		}
		if i, err := strconv.Atoi(name); err == nil && i < len(v) {
			return dig(v[i], rest)
		}
	}
	return nil
}

// listAt is dig for a list; one object counts as a list of it.
func listAt(v any, path string) []any {
	switch found := dig(v, path).(type) {
	case nil:
		return nil
	case []any:
		return found
	default:
		return []any{found}
	}
}

func textAt(v any, path string) string {
	text, _ := dig(v, path).(string)
	return text
}

func numberAt(v any, path string) int64 {
	n, _ := dig(v, path).(float64)
	return int64(n)
}

// idAt is the number of an id, which may be a text that begins with hexadecimal digits; 0: there is none.
func idAt(v any, path string) int64 {
	const digits = 12 // that a number in JSON has room for
	if text := textAt(v, path); len(text) >= digits {
		id, _ := strconv.ParseInt(text[:digits], 16, 64) // 0: it is none
		return id
	}
	return numberAt(v, path)
}

// plain is a value as it is after a way through JSON.
func plain(v any) (out any) {
	text, err := json.Marshal(v)
	if err == nil {
		err = json.Unmarshal(text, &out)
	}
	if err != nil {
		return fmt.Sprintf("%#v: %v", v, err)
	}
	return out
}
