package control_test

import (
	"fmt"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/servetest"
)

func (s *stopped) takes(t *testing.T, change sandbox.DurationsChange) sandbox.Durations {
	t.Helper()
	return must(t, s.f, control.SetDurations, control.DurationsChange{AccountPath: s.at, DurationsChange: change})
}

func (s *stopped) takesRefused(t *testing.T, code string, change sandbox.DurationsChange) {
	t.Helper()
	refused(t, s.f, code, control.SetDurations, control.DurationsChange{AccountPath: s.at, DurationsChange: change})
}

func lengths(pairs ...string) sandbox.DurationsChange {
	change := sandbox.DurationsChange{Lengths: map[string]string{}}
	for i := 0; i < len(pairs); i += 2 {
		change.Lengths[pairs[i]] = pairs[i+1]
	}
	return change
}

func TestWorkTakesAsLongAsItIsTold(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	usual := must(t, s.f, control.GetDurations, s.at)
	told := s.takes(t, lengths("subscription.creation", "10s", "createProSubscription", "1500ms"))
	own := map[string]string{}
	for _, d := range told.Lengths {
		if own[d.Name] = d.Own; d.Usual == "" || d.Source == "" {
			t.Errorf("%s is usually %q, and has that from %q", d.Name, d.Usual, d.Source)
		}
	}
	if own["subscription.creation"] != "10s" || own["createProSubscription"] != "1.5s" || own["database.creation"] != "" {
		t.Errorf("it has lengths of its own: %v", own)
	}
	s.create(t, "one")
	equal(t, "events", lines(s.advance(t, sandbox.Advance{Idle: true}).Events), []string{
		"12:00:01 task done", "12:00:11 database active", "12:00:11 subscription active",
	})
	s.takes(t, lengths("subscription.creation", "0s", "createProSubscription", "0s")) // which is a length, too
	s.create(t, "none")
	if passed := s.advance(t, sandbox.Advance{Idle: true}); passed.Moved != "0s" {
		t.Errorf("what takes no time takes %s", passed.Moved)
	}
	must(t, s.f, control.ResetDurations, s.at)
	s.takes(t, lengths("subscription.creation", "10s", "createProSubscription", "1500ms"))
	s.takes(t, lengths("subscription.creation", "usual"))
	s.create(t, "two")
	equal(t, "events", lines(s.advance(t, sandbox.Advance{Idle: true}).Events), []string{
		"12:00:13 task done", "12:04:13 database active", "12:04:13 subscription active",
	})
	must(t, s.f, control.ResetDurations, s.at)
	if again := must(t, s.f, control.GetDurations, s.at); fmt.Sprint(again) != fmt.Sprint(usual) {
		t.Errorf("after the reset it has %+v, want %+v", again, usual)
	}
}

// Work that takes no time, or may take none, is work as any other.
func TestWorkThatTakesNoTime(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	s.takes(t, lengths("change", "0s", "subscription.creation", "0s"))
	s.create(t, "one")
	if passed := s.advance(t, sandbox.Advance{Idle: true}); passed.Moved != "0s" || passed.Clock.PendingTasks != 0 {
		t.Errorf("time has passed: %+v", passed)
	}
	s.takes(t, lengths("change", "0s..10s", "subscription.creation", "0s..10s"))
	s.create(t, "two")
	if passed := s.advance(t, sandbox.Advance{By: "20s"}); passed.Clock.PendingTasks+passed.Clock.PendingSteps != 0 {
		t.Errorf("something is under way after 20 s: %+v", passed)
	}
}

// An account may have a speed of its own, and has one on a clock that is scaled.
func TestAccountHasASpeedOfItsOwn(t *testing.T) {
	t.Parallel()
	s := start(t).stopped(t) // where nothing takes any time
	passes := func(want string) {
		t.Helper()
		s.create(t, "one")
		if passed := s.advance(t, sandbox.Advance{Idle: true}); passed.Moved != want {
			t.Errorf("%s pass, want %s", passed.Moved, want)
		}
	}
	passes("0s")
	s.takes(t, sandbox.DurationsChange{Speed: new(2.0)})
	passes("2m2.5s")
	s.takes(t, sandbox.DurationsChange{Speed: new(-1.0)})
	passes("0s")
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: 2})
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockFrozen})
	passes("4m5s")
	s.takes(t, sandbox.DurationsChange{Speed: new(0.0)})
	passes("0s")
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockReal})
	s.takes(t, sandbox.DurationsChange{Speed: new(-1.0)})
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockFrozen})
	passes("0s")
}

// What is drawn lies where it is said to, and is the same for the same seed and requests.
func TestDrawnLengthsCanBeHadAgain(t *testing.T) {
	t.Parallel()
	f := start(t, realistic)
	const many = 12
	draw := func(seed int64, creation string) (all []time.Duration) {
		s := f.stopped(t)
		s.takes(t, sandbox.DurationsChange{Seed: &seed, Lengths: map[string]string{
			"subscription.creation": creation, "change": "1s..2s",
		}})
		for i := range many {
			s.create(t, fmt.Sprint(i))
			events := s.advance(t, sandbox.Advance{Idle: true}).Events
			if len(events) != 3 || !events[1].At.Equal(events[2].At) {
				t.Fatalf("got %+v, want a task, and a database with its subscription", events)
			}
			all = append(all, events[1].At.Sub(events[0].At))
		}
		return all
	}
	for spec, bounds := range map[string][2]time.Duration{
		"10s..2m":           {10 * time.Second, 2 * time.Minute},
		"lognormal 30s 0.5": {6693 * time.Millisecond, 134_451 * time.Millisecond}, // three sigma: 30 s / 4.48, * 4.48
	} {
		one, again, other := draw(7, spec), draw(7, spec), draw(8, spec)
		if !slices.Equal(one, again) {
			t.Errorf("%s: the same seed has %v, then %v", spec, one, again)
		}
		if slices.Equal(one, other) {
			t.Errorf("%s: another seed has %v, too", spec, other)
		}
		if least, most := slices.Min(one), slices.Max(one); least < bounds[0] || most > bounds[1] || least == most {
			t.Errorf("%s lies between %v and %v, want different ones in %v", spec, least, most, bounds)
		}
	}
	middle := draw(9, "lognormal 30s 0.001")
	if d := slices.Max(middle); math.Abs(d.Seconds()-30) > 0.1 {
		t.Errorf("a narrow distribution around 30 s has %v", d)
	}
}

// States come in their order, also where their lengths do not.
func TestStatesKeepTheirOrder(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	s.takes(t, lengths("essentials-database.start", "1h", "essentials-database.creation", "1s"))
	status, answer := s.send(t, http.MethodPost, "/fixed/subscriptions", map[string]any{
		"name": "small", "planId": 34858, "paymentMethod": "credit-card", "paymentMethodId": servetest.Card,
	})
	if status != http.StatusAccepted {
		t.Fatalf("got %d %v", status, answer)
	}
	s.advance(t, sandbox.Advance{Idle: true})
	_, made := s.send(t, http.MethodGet, fmt.Sprint("/tasks/", answer["taskId"]), nil)
	response, _ := made["response"].(map[string]any)
	path := fmt.Sprintf("/fixed/subscriptions/%.0f/databases", response["resourceId"])
	if status, answer = s.send(t, http.MethodPost, path, map[string]any{"name": "one"}); status != http.StatusAccepted {
		t.Fatalf("got %d %v", status, answer)
	}
	passed := s.advance(t, sandbox.Advance{Idle: true})
	var states []string
	for _, e := range passed.Events {
		states = append(states, e.Status)
	}
	equal(t, "states", states, []string{"done", "pending", "active"})
	if passed.Moved != "1h0m5s" {
		t.Errorf("%s have passed, want an hour and the task", passed.Moved)
	}
}

func TestDurationsAreRefused(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	for _, text := range []string{
		"soon", "-1s", "10s..5s", "9000h", "lognormal 30s", "lognormal 0s 1", "lognormal 30s 3", "lognormal 30s -1",
		"lognormal 8000h 2", "lognormal x 1", "NaN", "1s..", "..1s",
	} {
		s.takesRefused(t, "INVALID_LENGTH", lengths("change", text))
	}
	s.takesRefused(t, "LENGTH_NOT_FOUND", lengths("subscription.creatoin", "1s"))
	s.takesRefused(t, "LENGTH_NOT_FOUND", lengths("getProSubscriptionById", "1s")) // has no task
	s.takesRefused(t, "INVALID_LENGTH", sandbox.DurationsChange{Speed: new(1e-6)})
}

// What a seed file leaves to provisioning takes as long as the account has it, from the state on that the file says.
func TestSeededWorkTakesAsLongAsTheAccountSays(t *testing.T) {
	t.Parallel()
	const subscription = `
  - operation: createProSubscription
    as: %s
    body:
      name: one
      paymentMethodId: 24681
      cloudProviders: [{regions: [{region: us-east-1, networking: {deploymentCIDR: 10.0.0.0/24}}]}]
      databases: [{name: first, datasetSizeInGb: 1}]
`
	const pending = "\nresources:" + subscription + "    state: pending"
	leaving := "\nresources:" + fmt.Sprintf(subscription, "main") + `
  - operation: createProDatabase
    path: {subscriptionId: "${main}"}
    body: {name: second, datasetSizeInGb: 1}
    state: deleting
`
	seeded := func(s *stopped, text string) string {
		must(t, s.f, control.SeedAccounts, control.SeedInput{
			File: control.File{Content: []byte(text)}, Account: s.at.Account,
		})
		return s.advance(t, sandbox.Advance{Idle: true}).Moved
	}
	for _, tt := range []struct {
		speed   float64 // of the server
		change  sandbox.DurationsChange
		pending string // how long it is
		leaving string
	}{
		{1, sandbox.DurationsChange{}, "4m0s", "1m0s"},
		{1, lengths("subscription.creation", "10s"), "10s", "1m0s"},
		{1, lengths("subscription.creation", "0s", "database.deletion", "7s"), "0s", "7s"},
		{1, sandbox.DurationsChange{Speed: new(2.0)}, "2m0s", "30s"},
		{0, sandbox.DurationsChange{}, "0s", "0s"},
		{0, sandbox.DurationsChange{Speed: new(1.0)}, "4m0s", "1m0s"},
	} {
		s := start(t, func(cfg *server.Config) { cfg.Speed = tt.speed }).stopped(t)
		s.takes(t, tt.change)
		if got := seeded(s, fmt.Sprintf(pending, "one")); got != tt.pending {
			t.Errorf("at %+v: it is pending for %s, want %s", tt, got, tt.pending)
		}
		if got := seeded(s, leaving); got != tt.leaving {
			t.Errorf("at %+v: it is leaving for %s, want %s", tt, got, tt.leaving)
		}
	}

	s := start(t).stopped(t)
	scaled := "clock: {mode: scaled, rate: 0.001}" + fmt.Sprintf(pending, "one") // in the same file
	if got := seeded(s, scaled); got != "4m0s" && !strings.HasPrefix(got, "3m59.") {
		t.Errorf("on a scaled clock it is pending for %s, want realistic minutes", got)
	}

	// What is drawn is drawn for each resource, and the same again.
	draw := func() (moved []string) {
		s := start(t, realistic).stopped(t)
		s.takes(t, lengths("subscription.creation", "10s..2m"))
		for _, name := range []string{"one", "two"} {
			moved = append(moved, seeded(s, fmt.Sprintf(pending, name)))
		}
		return moved
	}
	one, again := draw(), draw()
	if one[0] == one[1] || !slices.Equal(one, again) {
		t.Errorf("drawn is %v, then %v, want two lengths, and the same again", one, again)
	}
}
