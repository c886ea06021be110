package campaign

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
)

// Baseline is the results that are expected of a module, as they are kept beside it: without what differs from run to
// run.
type Baseline struct {
	Faults map[string]Expected `json:"faults"`
}

// Expected is the result that is expected under a fault.
type Expected struct {
	Verdicts []Verdict      `json:"verdicts"`
	Apply    Outcome        `json:"apply"`
	Plan     Outcome        `json:"plan"`
	Destroy  Outcome        `json:"destroy"`
	Again    Outcome        `json:"again"`
	Left     map[string]int `json:"left,omitempty"` // resources by kind
}

func expected(r Result) Expected {
	return Expected{
		Verdicts: r.Verdicts, Apply: r.Apply.Outcome, Plan: r.Plan.Outcome, Destroy: r.Destroy.Outcome,
		Again: r.AgainOutcome(), Left: counted(r.Left, kindOf),
	}
}

// left is what is left in words.
func (e Expected) left() string {
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(e.Left)) {
		parts = append(parts, fmt.Sprintf("%d %s", e.Left[kind], kind))
	}
	return cmp.Or(strings.Join(parts, ", "), "nothing") + " left"
}

// instead says in what it is not another one; empty: in nothing.
func (e Expected) instead(other Expected) string {
	var parts []string
	differ := func(what, is, was string) {
		if is != was {
			parts = append(parts, fmt.Sprintf("%s%s instead of %s", what, is, was))
		}
	}
	differ("", joined(e.Verdicts), joined(other.Verdicts))
	differ("apply ", string(e.Apply), string(other.Apply))
	differ("plan ", string(e.Plan), string(other.Plan))
	differ("destroy ", string(e.Destroy), string(other.Destroy))
	differ("destroy again ", string(e.Again), string(other.Again))
	differ("", e.left(), other.left())
	return strings.Join(parts, "; ")
}

// ReadBaseline reads a file.
func ReadBaseline(name string) (b Baseline, err error) {
	text, err := os.ReadFile(name)
	if err != nil {
		return b, err
	}
	if err := json.Unmarshal(text, &b); err != nil {
		return b, fmt.Errorf("read the baseline %s: %w", name, err)
	}
	return b, nil
}

// Write writes it to a file.
func (b Baseline) Write(name string) error {
	text, err := json.MarshalIndent(b, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(name, append(text, '\n'), 0o644) //nolint:gosec // is kept with the module, for all to read
}

// Updated is the baseline with the results of a report in place of what it expected. Faults that were not tried stay,
// unless all were.
func (b Baseline) Updated(r *Report) Baseline {
	updated := Baseline{Faults: map[string]Expected{}}
	if !r.Complete {
		maps.Copy(updated.Faults, b.Faults)
	}
	for _, result := range r.Faulty() {
		updated.Faults[result.Fault] = expected(result)
	}
	return updated
}

// Difference is where a result is not the expected one.
type Difference struct {
	Fault string    `json:"fault"`
	Was   *Expected `json:"was,omitempty"` // nil: nothing was expected
	Is    *Expected `json:"is,omitempty"`  // nil: it was not tried, though all were
}

// String is it in words.
func (d Difference) String() string {
	switch {
	case d.Was == nil:
		return fmt.Sprintf("%s: %s, and the baseline does not have it", d.Fault, joined(d.Is.Verdicts))
	case d.Is == nil:
		return fmt.Sprintf("%s: there is no such fault any more, and the baseline has %s", d.Fault, joined(d.Was.Verdicts))
	}
	return d.Fault + ": " + d.Is.instead(*d.Was)
}

// Compare returns where the results of a report are not the expected ones.
func (b Baseline) Compare(r *Report) []Difference {
	list := []Difference{}
	for _, result := range r.Faulty() {
		is := expected(result)
		was, known := b.Faults[result.Fault]
		switch {
		case !known:
			list = append(list, Difference{Fault: result.Fault, Is: &is})
		case is.instead(was) != "":
			list = append(list, Difference{Fault: result.Fault, Was: &was, Is: &is})
		}
	}
	if !r.Complete {
		return list
	}
	for _, fault := range slices.Sorted(maps.Keys(b.Faults)) {
		if !slices.ContainsFunc(r.Faulty(), func(one Result) bool { return one.Fault == fault }) {
			list = append(list, Difference{Fault: fault, Was: new(b.Faults[fault])})
		}
	}
	return list
}
