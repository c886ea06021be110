package model

import (
	"fmt"
	"slices"
	"strings"
)

// Step returns what is wrong with how an account came from one snapshot to the next, while calls ended and time passed.
func (m *Model) Step(before, after Snapshot, ended []*Call) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	for _, r := range after.sorted() {
		k, ok := m.kinds[r.Kind]
		old, there := before[r.Ref]
		switch {
		case !ok:
			wrong("%v is of an unknown kind", r.Ref)
		case !k.knows(r.Status):
			wrong("%v is %q, which its machine does not have", r.Ref, r.Status)
		case there && !k.reach(old.Status, m.touched(before, r, ended))[r.Status]:
			wrong("%v was %q and is %q", r.Ref, old.Status, r.Status)
		case there:
		case m.known[r.Ref].Status == gone:
			wrong("%v was gone and is back", r.Ref)
		case !m.explained(after, r, ended):
			wrong("%v is there, and nothing made it", r.Ref)
		case !k.reach(unborn, true)[r.Status]:
			wrong("%v is new and %q", r.Ref, r.Status)
		}
	}
	for _, r := range before.sorted() {
		_, there := after[r.Ref]
		_, above := after[r.Parent]
		if !there && (above || r.Parent == (Ref{})) && !m.kinds[r.Kind].reach(r.Status, m.touched(before, r, ended))[gone] {
			wrong("%v was %q and is gone", r.Ref, r.Status)
		}
	}
	for _, c := range ended {
		m.alias(after, c)
		problems = append(problems, about(c, m.outcome(before, after, c))...)
		m.note(c)
	}
	return append(problems, m.Whole(after)...)
}

// outcome returns what is wrong with what an ended call has left.
func (m *Model) outcome(before, after Snapshot, c *Call) (problems []string) {
	if !c.done() {
		if c.sure && !c.malformed {
			problems = append(problems, "it fails without a reason")
		}
		return problems
	}
	if c.Gone && c.Task != "" {
		problems = append(problems, "it is done with what was gone")
	}
	if made := (Ref{c.action.makes, c.ResourceID}); made.Kind != "" {
		if _, ok := after[made]; !ok {
			problems = append(problems, fmt.Sprintf("it made %v, which is not there", made))
		}
		if _, ok := before[made]; ok {
			problems = append(problems, fmt.Sprintf("it made %v, which was there", made))
		}
	}
	if !c.action.ends {
		return problems
	}
	k := m.kinds[c.Target.Kind]
	if r, ok := after[c.Target]; ok && !k.leaving(r.Status) {
		problems = append(problems, fmt.Sprintf("it deleted %v, which is %q", c.Target, r.Status))
	}
	for _, keeper := range after.sorted() {
		old, ok := before[keeper.Ref]
		kind := m.kinds[keeper.Kind]
		if keeper.Kind == k.keptBy && ok && !kind.leaving(old.Status) && !kind.leaving(keeper.Status) &&
			(keeper.Parent == c.Target || slices.Contains(keeper.Uses, c.Target)) {
			problems = append(problems, fmt.Sprintf("it deleted %v, which %v still needs", c.Target, keeper.Ref))
		}
	}
	return problems
}

// touched reports whether one of the calls may have changed a resource that was there before.
func (m *Model) touched(before Snapshot, r Resource, ended []*Call) bool {
	return slices.ContainsFunc(ended, func(c *Call) bool {
		if !c.changes() {
			return false
		}
		acl := strings.HasPrefix(c.Target.Kind, "ACL") && strings.HasPrefix(r.Kind, "ACL")
		return c.action.wide || acl || c.Target != (Ref{}) && m.known.root(m.known[c.Target]).Ref == before.root(r).Ref
	})
}

// explained reports whether one of the calls made a resource: named it, or made it along with what it is below.
func (m *Model) explained(after Snapshot, r Resource, ended []*Call) bool {
	for _, c := range ended {
		if !c.changes() {
			continue
		}
		if c.action.makes == r.Kind && c.ResourceID == r.ID {
			return true
		}
		if !slices.ContainsFunc(strings.Fields(c.action.kin), func(name string) bool { return name == r.Kind }) {
			continue
		}
		made := Ref{c.action.makes, c.ResourceID}
		root, target := after.root(r).Ref, m.known.root(m.known[c.Target]).Ref
		if c.action.wide || c.action.on == "" && (made.Kind == "" || root == made) || target == root {
			return true
		}
	}
	return false
}

// Whole returns where something refers to what is not there, or two things clash.
func (m *Model) Whole(s Snapshot) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	taken := map[string]Ref{}
	for _, r := range s.sorted() {
		k := m.kinds[r.Kind]
		parent, there := s[r.Parent]
		switch {
		case k.parent != r.Parent.Kind:
			wrong("%v is below %v", r.Ref, r.Parent)
		case k.parent != "" && !there:
			wrong("%v is below %v, which is not there", r.Ref, r.Parent)
		case r.Region != 0 && !k.leaving(r.Status) &&
			!slices.ContainsFunc(parent.Regions, func(at Region) bool { return at.ID == r.Region }):
			wrong("%v is in region %d, where %v is not", r.Ref, r.Region, r.Parent)
		}
		for _, used := range r.Uses {
			if _, ok := s[used]; !ok {
				wrong("%v needs %v, which is not there", r.Ref, used)
			}
		}
		if r.Kind != "database" || k.leaving(r.Status) {
			continue
		}
		var regions []string
		for _, at := range parent.Regions {
			regions = append(regions, at.Name)
		}
		if !slices.Equal(regions, r.Locals) {
			wrong("%v is in the regions %v, and %v in %v", r.Ref, r.Locals, r.Parent, regions)
		}
		for _, own := range []string{fmt.Sprint(r.Parent, " ", r.Name), fmt.Sprint(r.Parent, " port ", r.Port)} {
			if other, ok := taken[own]; ok && r.Port != 0 {
				wrong("%v and %v are both %s", other, r.Ref, own)
			}
			taken[own] = r.Ref
		}
	}
	return problems
}

// AtRest returns what still goes on when everything has had its time.
func (m *Model) AtRest(s Snapshot) (problems []string) {
	for _, r := range s.sorted() {
		if !m.kinds[r.Kind].settled(r.Status) {
			problems = append(problems, fmt.Sprintf("%v stays %q", r.Ref, r.Status))
		}
	}
	for _, c := range m.Unfinished() {
		problems = append(problems, fmt.Sprintf("a task does not end\n\tafter %v", c))
	}
	return problems
}

// Stuck returns what is under way though nothing is left to be done: steps are what is.
func (m *Model) Stuck(s Snapshot, steps []Ref) (problems []string) {
	for _, r := range s.sorted() {
		if !m.kinds[r.Kind].settled(r.Status) && !slices.Contains(steps, r.Ref) {
			problems = append(problems, fmt.Sprintf("%v is %q, and nothing is left to be done for it", r.Ref, r.Status))
		}
	}
	return problems
}

// alias remembers what the API calls a resource that it gives no number.
func (m *Model) alias(after Snapshot, c *Call) {
	id := textAt(c.Answer, "redirectionId")
	for _, r := range after.sorted() {
		switch _, known := m.known[r.Ref]; {
		case known:
		case r.Kind == "redirection" && id != "" && c.Operation == "createEndpointRedirection":
			m.aliases[r.Ref] = id
		case r.Kind == "cost-report":
			m.aliases[r.Ref] = r.Name
		}
	}
}
