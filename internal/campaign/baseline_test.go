package campaign

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What is written is what is expected next time; what differs is told, and nothing else.
func TestBaseline(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "campaign.json")
	if err := (Baseline{}).Updated(sample()).Write(file); err != nil {
		t.Fatal(err)
	}
	kept, err := ReadBaseline(file)
	if err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		change func(*Report)
		want   []string // faults that differ
	}{
		"nothing":             {func(*Report) {}, nil},
		"what differs anyway": {func(r *Report) { r.Results[1].Seconds, r.Results[1].Hits = 99, 17 }, nil},
		"a verdict": {
			func(r *Report) { r.Results[2].Verdicts = []Verdict{Misreports} }, []string{"reordered-lists"},
		},
		"a command":        {func(r *Report) { r.Results[2].Plan.Outcome = Changes }, []string{"reordered-lists"}},
		"a second destroy": {func(r *Report) { r.Results[1].Again = &Step{Outcome: OK} }, []string{"flaky-5xx"}},
		"what is left": {
			func(r *Report) { r.Results[1].Left = append(r.Results[1].Left, orders) }, []string{"flaky-5xx"},
		},
		"as many of another kind": {
			func(r *Report) { r.Results[1].Left = []Resource{orders} }, []string{"flaky-5xx"},
		},
		"a new fault":  {func(r *Report) { r.Results[4].Fault = "brand-new" }, []string{"brand-new", "instance-busy"}},
		"a fault less": {func(r *Report) { r.Results = r.Results[:4] }, []string{"instance-busy"}},
		"only some": {
			func(r *Report) { r.Results, r.Complete = r.Results[:3], false }, nil,
		},
		"only some, one other": {
			func(r *Report) {
				r.Results, r.Complete = r.Results[:3], false
				r.Results[2].Plan.Outcome = Fails
			}, []string{"reordered-lists"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := sample()
			tt.change(r)
			var got []string
			for _, d := range kept.Compare(r) {
				got = append(got, d.Fault)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// Who tries some faults renews those alone; who tries all forgets those that are no more.
func TestBaselineIsUpdated(t *testing.T) {
	t.Parallel()
	kept := Baseline{Faults: map[string]Expected{"old": {}, "flaky-5xx": {}}}
	some := sample()
	some.Results, some.Complete = some.Results[:2], false
	for want, r := range map[string]*Report{
		"flaky-5xx old": some, "flaky-5xx instance-busy reordered-lists task-stuck": sample(),
	} {
		updated := kept.Updated(r)
		got := slices.Sorted(maps.Keys(updated.Faults))
		if text := strings.Join(got, " "); text != want {
			t.Errorf("got %s, want %s", text, want)
		}
		if !slices.Contains(updated.Faults["flaky-5xx"].Verdicts, Leaks) {
			t.Errorf("flaky-5xx is as it was: %v", updated.Faults["flaky-5xx"])
		}
	}
}
