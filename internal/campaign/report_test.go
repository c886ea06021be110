package campaign

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// sample is a report with everything in it that there can be.
func sample() *Report {
	first := undisturbed()
	first.judge(first)
	leaky := undisturbed()
	leaky.Fault, leaky.What, leaky.Hits = "flaky-5xx", "One read of a task fails with 503.", 1
	leaky.Apply = Step{Outcome: Fails, Errors: []string{`rediscloud_subscription.shop: 503 - {"message": "<b>no</b>"}`}}
	leaky.Plan = Step{Outcome: Skipped}
	leaky.Made, leaky.Left = []Resource{unknown(shop)}, []Resource{unknown(shop)}
	leaky.Struck = []string{"GET /v1/tasks/108fc897: 503 Service Unavailable, flaky-5xx"}
	survived := undisturbed()
	survived.Fault, survived.What, survived.Hits = "reordered-lists", "All lists are in another order.", 28
	stuck := undisturbed()
	stuck.Fault, stuck.What, stuck.Hits, stuck.Made = "task-stuck", "The next change is processed for ever.", 1, nil
	stuck.Apply, stuck.Plan, stuck.Destroy = Step{Outcome: Hangs}, Step{Outcome: Skipped}, Step{Outcome: Skipped}
	stuck.Again, stuck.Seconds = &Step{Outcome: OK}, 61.3
	untouched := &Result{
		Fault: "instance-busy", What: "Every second change of a DB instance is refused.", Apply: Step{Outcome: Skipped},
		Plan: Step{Outcome: Skipped}, Destroy: Step{Outcome: Skipped}, Verdicts: []Verdict{Untouched},
	}
	r := &Report{
		Module: "shop", Terraform: "terraform 1.11.4", Provider: "provider 1.9.0 & co", Complete: true,
		Began: time.Date(2026, 5, 20, 10, 0, 0, 0, time.UTC), Seconds: 70, Parallel: 4, Results: []Result{*first},
	}
	for _, one := range []*Result{leaky, survived, stuck} {
		one.judge(first)
		r.Results = append(r.Results, *one)
	}
	r.Results = append(r.Results, *untouched)
	return r
}

// What people and machines read. UNDERSTUDY_RENEW=1 writes it anew: look at it.
func TestReportsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	plain, compared := sample(), sample()
	compared.Differences = Baseline{Faults: map[string]Expected{
		"reordered-lists": expected(plain.Results[2]), "task-stuck": expected(plain.Results[3]),
		"flaky-5xx": expected(plain.Results[2]), "gone-long-ago": expected(plain.Results[1]),
	}}.Compare(compared)
	for name, write := range map[string]func(io.Writer) error{
		"report.txt": plain.WriteTable, "report.xml": plain.WriteJUnit, "report.html": plain.WriteHTML,
		"compared.txt": compared.WriteTable, "compared.xml": compared.WriteJUnit, "compared.html": compared.WriteHTML,
	} {
		var got bytes.Buffer
		if err := write(&got); err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join("testdata", name)
		if os.Getenv("UNDERSTUDY_RENEW") != "" {
			if err := os.WriteFile(file, got.Bytes(), 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), got.String()); diff != "" {
			t.Errorf("%s, want (-), got (+):\n%s", name, diff)
		}
	}
}
