package campaign

import (
	"fmt"
	"maps"
	"slices"
)

// judge says what a run shows, held against the one without a fault.
func (r *Result) judge(undisturbed *Result) {
	r.Verdicts, r.Findings = nil, nil
	find := func(v Verdict, format string, args ...any) {
		if !slices.Contains(r.Verdicts, v) {
			r.Verdicts = append(r.Verdicts, v)
		}
		r.Findings = append(r.Findings, fmt.Sprintf(format, args...))
	}
	for _, left := range r.Left {
		if left.Stateless {
			find(Leaks, "%s is left after destroy and in no state%s", left, madeBy(left))
		} else {
			find(Leaks, "%s is left after destroy, and the state still has it%s", left, madeBy(left))
		}
	}
	for _, made := range without(beyond(stateless(r.Made), stateless(undisturbed.Made)), r.Left) {
		find(Leaks, "%s was made and is in no state%s", made, madeBy(made))
	}
	r.findLies(undisturbed, find)
	for _, step := range r.steps() {
		switch step.Outcome {
		case Hangs:
			find(Hung, "%s did not end in its time", step.name)
		case Crashes:
			find(Crashed, "the provider crashed in %s", step.name)
		case Fails:
			find(Failed, "%s fails: %s", step.name, first(step.Errors))
		default:
		}
	}
	switch {
	case len(r.Verdicts) > 0:
	case r.Fault != "" && r.Hits == 0:
		r.Verdicts = []Verdict{Untouched}
	default:
		r.Verdicts = []Verdict{Survives}
	}
	slices.SortFunc(r.Verdicts, func(a, b Verdict) int { return slices.Index(verdicts, a) - slices.Index(verdicts, b) })
}

// findLies finds what Terraform says and is not so. A module may draw names: so another name is no lie, but it is the
// name of another thing.
func (r *Result) findLies(undisturbed *Result, find func(v Verdict, format string, args ...any)) {
	switch {
	case r.Apply.Outcome == OK && !equal(r.Made, undisturbed.Made, kindAndStatus):
		find(Misreports, "apply says success, and the account has %s instead of %s",
			states(r.Made), states(undisturbed.Made))
	case r.Apply.Outcome != OK && len(r.Made) > 0 && equal(r.Made, undisturbed.Made, all):
		find(Misreports, "apply says failure, and all that it is for is there")
	}
	if r.Plan.Outcome == Changes {
		find(Misreports, "the plan after the apply is not empty: %s", first(r.Plan.Changes))
	}
	last := r.Destroy
	if r.Again != nil {
		last = *r.Again
	}
	if known := without(r.Left, stateless(r.Made)); last.Outcome == OK && len(known) > 0 {
		find(Misreports, "destroy says success, and the account has %s", states(known))
	}
}

// namedStep is a step with how people call it.
type namedStep struct {
	Step
	name string
}

func (r *Result) steps() []namedStep {
	list := []namedStep{{r.Apply, "apply"}, {r.Plan, "plan"}, {r.Destroy, "destroy"}}
	if r.Again != nil {
		list = append(list, namedStep{*r.Again, "destroy without the fault"})
	}
	return list
}

// beyond returns those resources of a list that are more than another list has of their kind.
func beyond(list, usual []Resource) (more []Resource) {
	rest := counted(usual, kindOf)
	for _, r := range list {
		if rest[r.Kind]--; rest[r.Kind] < 0 {
			more = append(more, r)
		}
	}
	return more
}

// without returns a list without what is in another one.
func without(list, others []Resource) []Resource {
	return slices.DeleteFunc(slices.Clone(list), func(r Resource) bool {
		return slices.ContainsFunc(others, func(o Resource) bool { return o.Kind == r.Kind && o.ID == r.ID })
	})
}

// equal reports whether two lists have the same, each as often, by a word that is made of it.
func equal(a, b []Resource, word func(Resource) string) bool {
	return maps.Equal(counted(a, word), counted(b, word))
}

// states is a list of resources as "2 database active, 1 subscription pending".
func states(list []Resource) string {
	n := counted(list, kindAndStatus)
	if len(n) == 0 {
		return "nothing"
	}
	text := ""
	for _, word := range slices.Sorted(maps.Keys(n)) {
		if text != "" {
			text += ", "
		}
		text += fmt.Sprintf("%d %s", n[word], word)
	}
	return text
}

func madeBy(r Resource) string {
	if r.By == "" {
		return ""
	}
	return ", made by " + r.By
}

func first(list []string) string {
	switch len(list) {
	case 0:
		return "(nothing is said)"
	case 1:
		return list[0]
	}
	return fmt.Sprintf("%s (and %d more)", list[0], len(list)-1)
}
