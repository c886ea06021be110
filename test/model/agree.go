package model

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Agree returns where views of the same contradict one another for a client that has waited: for the task of one of the
// ended calls, or for a resource to be active. It looks at what that may have changed: alone and in its list, and a Pro
// subscription with its databases and what they cost.
func (m *Model) Agree(api Reader, before, now Snapshot, ended []*Call) (problems []string) {
	view, problems := m.Read(api, false)
	for _, r := range m.waitedFor(before, now, ended) {
		k, item := m.kinds[r.Kind], view.Items[r.Ref]
		if item == nil {
			if answer := m.alone(api, r); answer != nil {
				problems = append(problems, fmt.Sprintf("%v is not listed, and shown alone: %v", r.Ref, answer))
			}
			continue
		}
		if k.get != "" {
			problems = append(problems, m.readOne(api, k, r, item)...)
		}
		if r.Kind == "subscription" {
			problems = append(problems, m.agreeOnDatabases(api, r, view)...)
		}
	}
	return problems
}

// waitedFor lists what ended calls were about or have made, what is active since, and what either is below.
func (m *Model) waitedFor(before, now Snapshot, ended []*Call) (list []Resource) {
	wanted := map[Ref]bool{}
	want := func(r Resource) { wanted[r.Ref], wanted[now.root(r).Ref] = true, true }
	for _, c := range ended {
		if !c.changes() {
			continue
		}
		for _, ref := range []Ref{c.Target, {c.action.makes, c.ResourceID}} {
			if r, ok := now[ref]; ok {
				want(r)
			} else if old, ok := before[ref]; ok {
				want(old)
			}
		}
	}
	for ref, r := range now {
		if r.Status == "active" && before[ref].Status != "active" {
			want(r)
		}
	}
	for ref := range wanted {
		r, ok := now[ref]
		if !ok {
			r = before[ref]
		}
		if r.Ref == ref {
			list = append(list, r)
		}
	}
	slices.SortFunc(list, func(a, b Resource) int { return strings.Compare(a.String(), b.String()) })
	return list
}

// alone is what the read of one resource shows; nil: there is none, or no such read.
func (m *Model) alone(api Reader, r Resource) any {
	k := m.kinds[r.Kind]
	if k.get == "" || m.operations[k.get].Command != "" || k.list == "" {
		return nil
	}
	answer := m.ask(api, k.get, r, r.Region, func(r Resource) Resource { return Resource{Ref: r.Parent} })
	if answer.Status != 200 {
		return nil
	}
	return answer.Get()
}

// agreeOnDatabases returns where a subscription counts or prices other databases than it lists, or is active while one
// of them is not there yet.
func (m *Model) agreeOnDatabases(api Reader, sub Resource, view View) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	item := view.Items[sub.Ref]
	var listed, priced []string
	for _, db := range view.Resources {
		if db.Kind != "database" || db.Parent != sub.Ref {
			continue
		}
		if !m.kinds["database"].leaving(db.Status) {
			listed = append(listed, db.Name)
		}
		if db.Status == "pending" && textAt(item, "status") == "active" {
			wrong("%v is active, and %v of it pending", sub.Ref, db.Ref)
		}
	}
	pricing := m.ask(api, "getProSubscriptionPricing", sub, 0, view.up).Get("pricing")
	for _, line := range listAt(pricing, "") {
		if name := textAt(line, "databaseName"); name != "" {
			priced = append(priced, name)
		}
	}
	slices.Sort(listed)
	slices.Sort(priced)
	priced = slices.Compact(priced) // a line for each region
	if n := numberAt(item, "numberOfDatabases"); int(n) != len(listed) {
		wrong("%v counts %d databases, and lists %v", sub.Ref, n, listed)
	}
	if !slices.Equal(listed, priced) {
		wrong("%v has the databases %v, and prices for %v", sub.Ref, listed, priced)
	}
	if shown := dig(item, "subscriptionPricing"); !maps.Equal(quantities(pricing), quantities(shown)) {
		wrong("%v costs %v, and shows %v", sub.Ref, pricing, shown)
	}
	return problems
}

// quantities are what lines of a price come to, whichever databases they are of.
func quantities(lines any) map[string]int64 {
	sums := map[string]int64{}
	for _, line := range listAt(lines, "") {
		sums[textAt(line, "type")+" "+textAt(line, "typeDetails")] += numberAt(line, "quantity")
	}
	return sums
}
