package control_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// eventfulStory tells a story on a server of its own, in which rules strike by chance, work takes its time, time passes
// now and then, and the server is killed before some steps.
func eventfulStory(t *testing.T, killed ...int) []string {
	t.Helper()
	document, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		t.Fatal(err)
	}
	s := servetest.Start(t, servetest.Options{Args: []string{"--speed", "0", "--task-hold", "0"}})
	f := &fixture{client: &control.Client{Document: document}}
	reach := func() { f.client.URL = strings.TrimSuffix(s.URL, "/v1") }
	reach()
	noon := time.Date(2026, 5, 20, 12, 0, 0, 0, time.UTC)
	must(t, f, control.ResetAccount, control.ResetInput{
		AccountPath: account("Demo"), Reset: sandbox.Reset{Seed: new(int64(7))},
	})
	must(t, f, control.SetClock, control.ClockSetting{
		AccountPath: account("Demo"), ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &noon},
	})
	must(t, f, control.SetDurations, control.DurationsChange{AccountPath: account("Demo"), DurationsChange: lengths(
		"subscription.creation", "lognormal 10m 0.5", "database.creation", "1m..9m", "database.backup", "30s",
	)})
	for _, rule := range []string{
		`{"match": {"operation": "list*"}, "when": {"probability": 0.2, "seed": 5},
			"effect": {"do": "status", "status": 409}}`,
		`{"match": {"operation": "createAclRedisRule"}, "when": {"probability": 0.3, "seed": 6},
			"effect": {"do": "task-error", "code": "GENERAL_ERROR"}}`,
		`{"match": {"operation": "getProSubscription", "account": "Demo"}, "when": {"probability": 0.5},
			"effect": {"do": "reorder", "seed": 9}}`,
	} {
		must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(rule)})
	}
	told := story{
		t: t, url: s.URL, keys: sandbox.KeyPair{APIKey: s.APIKey, APISecretKey: s.SecretKey},
		choices: rand.New(rand.NewPCG(5, 6)), made: map[string][]string{},
	}
	told.before = func(step int) {
		if slices.Contains(killed, step) {
			s.Kill()
			s.Restart()
			reach()
			told.url = s.URL
		}
		if step%20 == 10 {
			must(t, f, control.AdvanceClock, control.ClockAdvance{
				AccountPath: account("Demo"), Advance: sandbox.Advance{By: fmt.Sprintf("%dm", 2+step%7)},
			})
		}
	}
	answers := told.tell()
	if made := told.made; len(made["subscription"]) < 10 || len(made["database"]) < 5 || len(made["rule"]) < 5 {
		t.Errorf("the story made no more than %v", made)
	}
	return answers
}

// The same seed makes the same answers, byte for byte, also where rules strike by chance and lengths are drawn, on any
// server, and whether or not that is killed in between.
func TestIDsFollowFromASeedOverKills(t *testing.T) {
	t.Parallel()
	one := eventfulStory(t)
	other := eventfulStory(t, 60, 61, 205)
	if len(one) < storySteps {
		t.Errorf("the story has %d answers, want one for each of %d steps at least", len(one), storySteps)
	}
	for _, what := range []string{"Sandbox-Fault: [status#1]", "processing-error", "processing-completed", `"pending"`} {
		if !slices.ContainsFunc(one, func(answer string) bool { return strings.Contains(answer, what) }) {
			t.Errorf("no answer of the story has %s", what)
		}
	}
	for i := range max(len(one), len(other)) {
		if i >= len(one) || i >= len(other) || one[i] != other[i] {
			t.Fatalf("answer %d of %d and %d differs:\n%s\n%s", i, len(one), len(other), one[min(i, len(one)-1)],
				other[min(i, len(other)-1)])
		}
	}
}
