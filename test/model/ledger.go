package model

import (
	"fmt"
	"slices"
	"strings"
)

// Learn takes what the API shows for what there is, of the kinds that were read, and what ended calls made for what
// there is of the others.
func (m *Model) Learn(v View) {
	shown := Snapshot{}
	for _, r := range v.Resources {
		shown[r.Ref] = r
	}
	for _, ref := range m.order {
		if known := m.known[ref]; !v.kinds[ref.Kind] && !m.isGone(known) {
			shown[ref] = known
		}
	}
	for _, c := range m.calls {
		made := Ref{c.action.makes, c.ResourceID}
		if _, ok := m.known[made]; c.done() && made.Kind != "" && !v.kinds[made.Kind] && !ok {
			shown[made] = Resource{Ref: made, Parent: c.Target, Region: c.region}
		}
	}
	m.See(shown)
}

// Ledger holds what all tasks of an account say against what the API shows when everything has ended: what was made is
// there once unless it was deleted, and what is there was made.
func (m *Model) Ledger(tasks any, v View) (problems []string) {
	wrong := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	made, deleted, shrunk := map[Ref]Ref{}, map[Ref]bool{}, map[Ref]bool{}
	for _, task := range listAt(tasks, "") {
		a := m.actionOf(textAt(task, "commandType"))
		id := numberAt(task, "response.resourceId")
		if a == nil || id == 0 || textAt(task, "status") != "processing-completed" {
			continue
		}
		switch {
		case a.makes != "":
			ref := Ref{a.makes, id}
			if _, twice := made[ref]; twice {
				wrong("%v was made by two tasks", ref)
			}
			made[ref] = Ref{m.kinds[a.makes].parent, numberAt(task, "response.additionalResourceId")}
		case a.ends:
			deleted[Ref{a.on, id}] = true
		case a.op == "deleteActiveActiveRegions":
			shrunk[Ref{a.on, id}] = true
		}
	}
	there := map[Ref]bool{}
	for _, r := range v.Resources {
		there[r.Ref] = true
		_, explained := made[r.Ref]
		if _, parent := made[r.Parent]; parent && r.Kind == "database" {
			explained = true // it came along
		}
		switch k := m.kinds[r.Kind]; {
		case k.id == "" || k.name == "transit-gateway": // no task names it
		case !explained:
			wrong("%v is there, and no task made it", r.Ref)
		case deleted[r.Ref]:
			wrong("%v is there, and a task deleted it", r.Ref)
		}
		if !m.kinds[r.Kind].settled(r.Status) {
			wrong("%v stays %q", r.Ref, r.Status)
		}
	}
	for ref, parent := range made {
		// An endpoint also leaves when its owner only looks on.
		if m.kinds[ref.Kind].id == "" || ref.Kind == "psc-endpoint" || deleted[ref] || deleted[parent] ||
			parent.Kind != "" && shrunk[parent] {
			continue
		}
		if !there[ref] {
			wrong("%v was made, and is not there", ref)
		}
	}
	slices.Sort(problems)
	return append(problems, m.whole(v)...)
}

// whole returns where a list names something that is not there.
func (m *Model) whole(v View) (problems []string) {
	for _, r := range v.Resources {
		for kind, paths := range map[string]string{"ACL role": "redisRules.*.ruleName", "ACL user": "role"} {
			for _, name := range listAt(v.Items[r.Ref], paths) {
				if r.Kind == kind && name == "" {
					problems = append(problems, fmt.Sprintf("%v has %s, which is not there", r.Ref, strings.Split(paths, ".")[0]))
				}
			}
		}
	}
	return problems
}

// actionOf finds the action whose task has a command; nil: none that makes or deletes something that the task names.
func (m *Model) actionOf(command string) *action {
	for i := range m.actions {
		a := &m.actions[i]
		twin, _ := m.twin(a.op)
		for _, op := range []string{a.op, twin} {
			if spec := m.operations[op]; spec != nil && spec.Command == command {
				return a
			}
		}
	}
	return nil
}

// Rests reports whether nothing of what is shown changes by itself any more.
func (m *Model) Rests(v View) bool {
	return !slices.ContainsFunc(v.Resources, func(r Resource) bool { return !m.kinds[r.Kind].settled(r.Status) })
}
