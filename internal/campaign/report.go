package campaign

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Report is how a module came through a campaign.
type Report struct {
	Module    string    `json:"module"`
	Terraform string    `json:"terraform"` // the command line and its version
	Provider  string    `json:"provider"`  // which one it was, in words
	Began     time.Time `json:"began"`
	Seconds   float64   `json:"seconds"`
	Parallel  int       `json:"parallel"`
	Complete  bool      `json:"complete"` // whether all presets were tried
	Results   []Result  `json:"results"`  // the first one without a fault

	Differences []Difference `json:"differences"` // from the baseline; nil: there is none
}

// Result is the life of the module in one account.
type Result struct {
	Fault    string    `json:"fault,omitempty"` // preset or bundle; empty: none
	What     string    `json:"what,omitempty"`  // goes wrong
	Verdicts []Verdict `json:"verdicts"`        // the worst first
	Findings []string  `json:"findings,omitempty"`

	Apply   Step  `json:"apply"`
	Plan    Step  `json:"plan"`
	Destroy Step  `json:"destroy"`
	Again   *Step `json:"again,omitempty"` // a second destroy, when the fault was over

	Made []Resource `json:"made,omitempty"` // in the account after the apply
	Left []Resource `json:"left,omitempty"` // in the account at the end

	Requests int      `json:"requests"`
	Hits     int64    `json:"hits"`
	Struck   []string `json:"struck,omitempty"` // the first requests that were
	Seconds  float64  `json:"seconds"`
}

// Step is one command of Terraform.
type Step struct {
	Outcome Outcome  `json:"outcome"`
	Errors  []string `json:"errors,omitempty"`
	Changes []string `json:"changes,omitempty"` // that it wants, or made
	Seconds float64  `json:"seconds,omitempty"`
}

// Outcome is how a command of Terraform ended.
type Outcome string

// The outcomes.
const (
	Skipped Outcome = "-" // there was nothing to run it for
	OK      Outcome = "ok"
	Empty   Outcome = "empty"   // of a plan: nothing to change
	Changes Outcome = "changes" // of a plan
	Fails   Outcome = "fails"
	Crashes Outcome = "crashes" // the provider did
	Hangs   Outcome = "hangs"   // it had to be interrupted
)

// Verdict is what a module does under a fault.
type Verdict string

// The verdicts, the worst first.
const (
	Leaks      Verdict = "leaks"      // something is left, or made and in no state
	Misreports Verdict = "misreports" // what Terraform says is not so
	Hung       Verdict = "hangs"
	Crashed    Verdict = "crashes"
	Failed     Verdict = "fails" // and says so, and leaves nothing
	Survives   Verdict = "survives"
	Untouched  Verdict = "untouched" // the fault struck none of its requests
)

// verdicts are all of them, the worst first.
var verdicts = []Verdict{Leaks, Misreports, Hung, Crashed, Failed, Survives, Untouched}

// means says what a verdict means, to people.
func (v Verdict) means() string {
	return map[Verdict]string{
		Leaks:      "something is left in the account after destroy, or was made and is in no state",
		Misreports: "Terraform says something that is not so, or wants to change what it has just made",
		Hung:       "a command did not end in its time",
		Crashed:    "the provider crashed",
		Failed:     "a command fails and says so; nothing is left behind",
		Survives:   "applied, nothing to change, destroyed, nothing left",
		Untouched:  "the fault struck none of its requests",
	}[v]
}

// Worst is the verdict that counts most.
func (r *Result) Worst() Verdict { return r.Verdicts[0] }

// Verdict is all of its verdicts in words.
func (r *Result) Verdict() string { return joined(r.Verdicts) }

// Name is how the run is called.
func (r *Result) Name() string {
	if r.Fault == "" {
		return "(none)"
	}
	return r.Fault
}

// Resource is something in an account.
type Resource struct {
	Kind   string `json:"kind"`
	ID     int64  `json:"id"`
	Name   string `json:"name"`
	Status string `json:"status"`
	By     string `json:"by,omitempty"` // the operation that made it

	Stateless bool `json:"stateless,omitempty"` // Terraform's state does not have it
}

// stateless are those of a list that the state does not have.
func stateless(list []Resource) []Resource {
	return slices.DeleteFunc(slices.Clone(list), func(r Resource) bool { return !r.Stateless })
}

// String names it.
func (r Resource) String() string {
	text := fmt.Sprintf("%s %d", r.Kind, r.ID)
	if r.Name != "" {
		text += fmt.Sprintf(" %q", r.Name)
	}
	return text + " (" + r.Status + ")"
}

// counted says how many there are of each kind, by a word that is made of it.
func counted(list []Resource, word func(Resource) string) map[string]int {
	n := map[string]int{}
	for _, r := range list {
		n[word(r)]++
	}
	return n
}

func kindOf(r Resource) string { return r.Kind }

func kindAndStatus(r Resource) string { return r.Kind + " " + r.Status }

func all(r Resource) string { return r.Kind + " " + r.Status + " " + r.Name }

// kinds is a list of resources as "2 database, 1 subscription".
func kinds(list []Resource) string {
	n := counted(list, kindOf)
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(n)) {
		parts = append(parts, fmt.Sprintf("%d %s", n[kind], kind))
	}
	return strings.Join(parts, ", ")
}

// Count is how many runs under a fault have a verdict as their worst.
func (r *Report) Count(v Verdict) (n int) {
	for _, run := range r.Faulty() {
		if run.Worst() == v {
			n++
		}
	}
	return n
}

// Faulty are the runs under a fault.
func (r *Report) Faulty() []Result { return r.Results[1:] }

// Title says what was tried.
func (r *Report) Title() string {
	if len(r.Faulty()) == 1 {
		return r.Module + " under 1 fault"
	}
	return fmt.Sprintf("%s under %d faults", r.Module, len(r.Faulty()))
}

// Summary is the report in one line.
func (r *Report) Summary() string {
	var parts []string
	for _, v := range verdicts {
		if n := r.Count(v); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, v))
		}
	}
	return r.Title() + ": " + strings.Join(parts, ", ")
}

func joined[T ~string](list []T) string {
	words := make([]string, len(list))
	for i, one := range list {
		words[i] = string(one)
	}
	return strings.Join(words, ", ")
}
