package campaign

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var (
	shop    = Resource{Kind: "subscription", ID: 100001, Name: "shop", Status: "active", By: "createProSubscription"}
	orders  = Resource{Kind: "database", ID: 51000003, Name: "orders", Status: "active", By: "createProDatabase"}
	planned = Resource{Kind: "database", ID: 51000002, Name: "planned", Status: "active", By: "createProSubscription"}
	broken  = Resource{Kind: "database", ID: 51000003, Name: "orders", Status: "error", By: "createProDatabase"}
)

// unknown is a resource that no state has.
func unknown(r Resource) Resource {
	r.Stateless = true
	return r
}

// undisturbed is how the module lives without a fault.
func undisturbed() *Result {
	return &Result{
		Apply: Step{Outcome: OK, Seconds: 2}, Plan: Step{Outcome: Empty, Seconds: 0.4},
		Destroy: Step{Outcome: OK, Seconds: 2.6},
		Made:    []Resource{orders, shop}, Requests: 60, Seconds: 5.2,
	}
}

func TestJudge(t *testing.T) {
	t.Parallel()
	fails := Step{Outcome: Fails, Errors: []string{"500 GENERAL_ERROR", "and another"}}
	for name, tt := range map[string]struct {
		run      func(*Result)
		verdicts []Verdict
		findings []string
	}{
		"survives": {func(*Result) {}, []Verdict{Survives}, nil},
		"is not struck": {
			func(r *Result) { r.Hits = 0 }, []Verdict{Untouched}, nil,
		},
		"fails, and leaves nothing": {
			func(r *Result) { r.Apply, r.Plan, r.Made = fails, Step{Outcome: Skipped}, nil },
			[]Verdict{Failed},
			[]string{"apply fails: 500 GENERAL_ERROR (and 1 more)"},
		},
		"leaks what it knows nothing of": {
			func(r *Result) {
				r.Apply, r.Plan = fails, Step{Outcome: Skipped}
				r.Made, r.Left = []Resource{unknown(shop)}, []Resource{unknown(shop)}
			},
			[]Verdict{Leaks, Failed},
			[]string{
				`subscription 100001 "shop" (active) is left after destroy and in no state, made by createProSubscription`,
				"apply fails: 500 GENERAL_ERROR (and 1 more)",
			},
		},
		"makes what goes with something else": {
			func(r *Result) {
				r.Made = []Resource{unknown(planned), orders, shop}
			},
			[]Verdict{Leaks, Misreports},
			[]string{
				`database 51000002 "planned" (active) was made and is in no state, made by createProSubscription`,
				"apply says success, and the account has 2 database active, 1 subscription active instead of " +
					"1 database active, 1 subscription active",
			},
		},
		"says success where something is broken": {
			func(r *Result) { r.Made = []Resource{broken, shop} },
			[]Verdict{Misreports},
			[]string{
				"apply says success, and the account has 1 database error, 1 subscription active instead of " +
					"1 database active, 1 subscription active",
			},
		},
		"says success where a name was drawn": {
			func(r *Result) { r.Made[0].Name = "orders-a7" }, []Verdict{Survives}, nil,
		},
		"says failure where all is there": {
			func(r *Result) { r.Apply, r.Plan = fails, Step{Outcome: Skipped} },
			[]Verdict{Misreports, Failed},
			[]string{
				"apply says failure, and all that it is for is there", "apply fails: 500 GENERAL_ERROR (and 1 more)",
			},
		},
		"says failure where as many of other names are there": {
			func(r *Result) { r.Apply, r.Plan, r.Made[0] = fails, Step{Outcome: Skipped}, planned },
			[]Verdict{Failed},
			[]string{"apply fails: 500 GENERAL_ERROR (and 1 more)"},
		},
		"wants to change what it made": {
			func(r *Result) { r.Plan = Step{Outcome: Changes, Changes: []string{"a.b: update"}} },
			[]Verdict{Misreports},
			[]string{"the plan after the apply is not empty: a.b: update"},
		},
		"says that what is there is gone": {
			func(r *Result) { r.Left = []Resource{orders} },
			[]Verdict{Leaks, Misreports},
			[]string{
				`database 51000003 "orders" (active) is left after destroy, and the state still has it, made by createProDatabase`,
				"destroy says success, and the account has 1 database active",
			},
		},
		"destroys at the second try": {
			func(r *Result) { r.Destroy, r.Again = fails, &Step{Outcome: OK} },
			[]Verdict{Failed},
			[]string{"destroy fails: 500 GENERAL_ERROR (and 1 more)"},
		},
		"never destroys": {
			func(r *Result) { r.Destroy, r.Again, r.Left = fails, &fails, []Resource{shop} },
			[]Verdict{Leaks, Failed},
			[]string{
				`subscription 100001 "shop" (active) is left after destroy, and the state still has it, ` +
					"made by createProSubscription",
				"destroy fails: 500 GENERAL_ERROR (and 1 more)",
				"destroy without the fault fails: 500 GENERAL_ERROR (and 1 more)",
			},
		},
		"hangs": {
			func(r *Result) {
				r.Apply, r.Plan, r.Destroy, r.Made = Step{Outcome: Hangs}, Step{Outcome: Skipped}, Step{Outcome: Skipped}, nil
				r.Again = &Step{Outcome: OK}
			},
			[]Verdict{Hung},
			[]string{"apply did not end in its time"},
		},
		"crashes": {
			func(r *Result) { r.Plan = Step{Outcome: Crashes} },
			[]Verdict{Crashed},
			[]string{"the provider crashed in plan"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := undisturbed()
			r.Fault, r.Hits = "some-fault", 1
			tt.run(r)
			r.judge(undisturbed())
			if !slices.Equal(r.Verdicts, tt.verdicts) {
				t.Errorf("got %v, want %v", r.Verdicts, tt.verdicts)
			}
			if diff := cmp.Diff(tt.findings, r.Findings); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// What is in no state without a fault either is how the provider is.
func TestJudgeKnowsWhatIsUsual(t *testing.T) {
	t.Parallel()
	usual := undisturbed()
	usual.Made = []Resource{unknown(planned), orders, shop}
	usual.judge(usual)
	if !slices.Equal(usual.Verdicts, []Verdict{Survives}) {
		t.Errorf("without a fault: %v, %v", usual.Verdicts, usual.Findings)
	}
	struck := undisturbed()
	struck.Fault, struck.Hits, struck.Made = "some-fault", 1, usual.Made
	struck.judge(usual)
	if !slices.Equal(struck.Verdicts, []Verdict{Survives}) {
		t.Errorf("under a fault: %v, %v", struck.Verdicts, struck.Findings)
	}
}
