package control_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
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

// realistic lets things take their time.
func realistic(cfg *server.Config) { cfg.Speed = 1 }

// noon is where the clocks of these tests stand still at first.
var noon = time.Date(2030, time.February, 28, 12, 0, 0, 0, time.UTC)

// stopped is an account whose clock stands still, with its client.
type stopped struct {
	f    *fixture
	at   control.AccountPath
	keys sandbox.KeyPair
}

func (f *fixture) stopped(t *testing.T) *stopped {
	t.Helper()
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{})
	s := &stopped{f: f, at: control.AccountPath{Account: fmt.Sprint(made.Account.ID)}, keys: made.Keys}
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &noon})
	return s
}

func (s *stopped) set(t *testing.T, to sandbox.ClockSetting) sandbox.Clock {
	t.Helper()
	return must(t, s.f, control.SetClock, control.ClockSetting{AccountPath: s.at, ClockSetting: to})
}

func (s *stopped) advance(t *testing.T, to sandbox.Advance) sandbox.Advanced {
	t.Helper()
	return must(t, s.f, control.AdvanceClock, control.ClockAdvance{AccountPath: s.at, Advance: to})
}

func (s *stopped) advanceRefused(t *testing.T, code string, to sandbox.Advance) {
	t.Helper()
	refused(t, s.f, code, control.AdvanceClock, control.ClockAdvance{AccountPath: s.at, Advance: to})
}

// send sends a request of the account's and returns the answer's status and members.
func (s *stopped) send(t *testing.T, method, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(t.Context(), method, s.f.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", s.keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is read
	if err := json.NewDecoder(res.Body).Decode(&answer); err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, answer
}

// create asks for a subscription with one database and returns the id of the task.
func (s *stopped) create(t *testing.T, name string) string {
	t.Helper()
	status, answer := s.send(t, http.MethodPost, "/subscriptions", servetest.SubscriptionBody(name))
	task, ok := answer["taskId"].(string)
	if status != http.StatusAccepted || !ok {
		t.Fatalf("got %d %v, want a task", status, answer)
	}
	return task
}

// resource returns the id of what a task has made.
func (s *stopped) resource(t *testing.T, task string) string {
	t.Helper()
	_, answer := s.send(t, http.MethodGet, "/tasks/"+task, nil)
	response, _ := answer["response"].(map[string]any)
	return fmt.Sprintf("subscription/%.0f", response["resourceId"])
}

// lines writes events as one looks at them: without the ids of databases.
func lines(events []sandbox.Event) (all []string) {
	for _, e := range events {
		kind, _, _ := strings.Cut(e.Resource, "/")
		if e.Task != "" {
			kind = "task"
		}
		all = append(all, fmt.Sprintf("%s %s %s", e.At.Format("15:04:05"), kind, e.Status))
	}
	return all
}

func equal(t *testing.T, what string, got, want []string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s:\n%s\nwant:\n%s", what, strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// As if the time had passed: the second task is processed after the first one, and each subscription is provisioned
// from when its own task was.
func TestTimePassesEventByEvent(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	s.create(t, "one")
	s.create(t, "two")
	passed := s.advance(t, sandbox.Advance{By: "10m"})
	equal(t, "events", lines(passed.Events), []string{
		"12:00:05 task done", "12:00:10 task done",
		"12:04:05 database active", "12:04:05 subscription active",
		"12:04:10 database active", "12:04:10 subscription active",
	})
	if now := passed.Clock.Now; !now.Equal(noon.Add(10 * time.Minute)) {
		t.Errorf("it is %v", now)
	}
	if passed.Moved != "10m0s" || passed.Count != 6 || !passed.From.Equal(noon) {
		t.Errorf("got %+v", passed)
	}
	if c := passed.Clock; c.Mode != sandbox.ClockFrozen || c.PendingTasks != 0 || c.PendingSteps != 0 || len(c.Next) != 0 {
		t.Errorf("the clock has %+v before it, want nothing", c)
	}
}

func TestStepsFromOneEventToTheNext(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	s.create(t, "one")
	for _, want := range [][]string{
		{"12:00:05 task done"},
		{"12:04:05 database active", "12:04:05 subscription active"},
	} {
		passed := s.advance(t, sandbox.Advance{Events: 1})
		equal(t, "step", lines(passed.Events), want)
		if now := passed.Clock.Now.Format("15:04:05"); now != want[0][:8] {
			t.Errorf("it is %s, want %s", now, want[0])
		}
	}
	s.advanceRefused(t, "NOTHING_COMES", sandbox.Advance{Events: 1})
}

func TestAdvancesUntilSomethingIsThere(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	first, second := s.create(t, "one"), s.create(t, "two")
	at := func(to sandbox.Advance, want string) sandbox.Clock {
		t.Helper()
		passed := s.advance(t, to)
		if now := passed.Clock.Now.Format("15:04:05"); now != want {
			t.Errorf("advanced until %+v it is %s, want %s", to, now, want)
		}
		return passed.Clock
	}
	s.advanceRefused(t, "NOT_YET", sandbox.Advance{Task: second, Within: "4s"})
	at(sandbox.Advance{Task: second}, "12:00:10")
	at(sandbox.Advance{Task: first}, "12:00:10") // it is finished
	one := s.resource(t, first)
	clock := at(sandbox.Advance{Resource: one, Status: "pending"}, "12:00:10")
	equal(t, "next", lines(clock.Next), []string{
		"12:04:05 database active", "12:04:05 subscription active",
		"12:04:10 database active", "12:04:10 subscription active",
	})
	at(sandbox.Advance{Resource: one}, "12:04:05")
	at(sandbox.Advance{Resource: one, Status: "active"}, "12:04:05")
	s.advanceRefused(t, "NOTHING_COMES", sandbox.Advance{Resource: one, Status: "gone"})
	at(sandbox.Advance{Idle: true}, "12:04:10")
	at(sandbox.Advance{Idle: true}, "12:04:10")
}

// Seven subscriptions of which three are provisioned at once: the same happens at the same times, whether time passes
// at once, from one event to the next, in small steps or from one goal to another.
func TestHoweverTimePasses(t *testing.T) {
	t.Parallel()
	f := start(t, realistic)
	over := func(c sandbox.Clock) bool { return c.PendingTasks == 0 && c.PendingSteps == 0 }
	var want []string
	for second := 5; second <= 35; second += 5 {
		at := fmt.Sprintf("12:00:%02d ", second)
		want = append(want, at+"subscription pending", at+"task done")
	}
	for _, at := range []string{"12:04:05", "12:04:10", "12:04:15", "12:08:05", "12:08:10", "12:08:15", "12:12:05"} {
		want = append(want, at+" subscription active")
	}
	for way, pass := range map[string]func(*testing.T, *stopped, []string){
		"until idle": func(t *testing.T, s *stopped, _ []string) { s.advance(t, sandbox.Advance{Idle: true}) },
		"event by event": func(t *testing.T, s *stopped, _ []string) {
			for !over(s.advance(t, sandbox.Advance{Events: 1}).Clock) {
				continue
			}
		},
		"in small steps": func(t *testing.T, s *stopped, _ []string) {
			for !over(s.advance(t, sandbox.Advance{By: "7s"}).Clock) {
				continue
			}
		},
		"goal by goal": func(t *testing.T, s *stopped, tasks []string) {
			for _, task := range tasks {
				s.advance(t, sandbox.Advance{Task: task})
			}
			for _, task := range tasks {
				s.advance(t, sandbox.Advance{Resource: s.resource(t, task), Status: "active"})
			}
		},
	} {
		t.Run(way, func(t *testing.T) {
			t.Parallel()
			s := f.stopped(t)
			var tasks []string
			for n := range 7 {
				tasks = append(tasks, s.create(t, fmt.Sprint("sub ", n)))
			}
			pass(t, s, tasks)
			var got []string
			for _, e := range must(t, f, control.ListEvents, control.EventList{Account: s.at.Account, Limit: 1000}).Events {
				if e.Kind == "subscription" || e.Status == "done" {
					got = append(got, fmt.Sprintf("%s %s %s", e.At.Format("15:04:05"), cmp.Or(e.Kind, e.Type), e.Status))
				}
			}
			equal(t, way, got, want)
		})
	}
}

func TestAdvanceIsRefused(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	for code, all := range map[string][]sandbox.Advance{
		"INVALID_ADVANCE": {
			{},
			{By: "1m", Idle: true},
			{Task: "x", Events: 1},
			{Status: "active"},
			{By: "1m", Within: "2m"},
			{Resource: "subscription"},
			{Resource: "subscription/x"},
		},
		"INVALID_LENGTH":     {{By: "soon"}, {By: "-1m"}, {Idle: true, Within: "1"}},
		"TASK_NOT_FOUND":     {{Task: "x"}, {Task: "00000000-0000-0000-0000-000000000000"}},
		"RESOURCE_NOT_FOUND": {{Resource: "subscription/1"}, {Resource: "no-such-kind/1"}},
		"BAD_REQUEST":        {{Events: -1}},
	} {
		for _, to := range all {
			s.advanceRefused(t, code, to)
		}
	}
	refused(t, s.f, "ACCOUNT_NOT_FOUND", control.AdvanceClock,
		control.ClockAdvance{AccountPath: control.AccountPath{Account: "nobody"}, Advance: sandbox.Advance{Idle: true}})
	long := s.advance(t, sandbox.Advance{By: "2000000h"})
	if want := time.Date(2199, 12, 31, 23, 59, 59, 0, time.UTC); !long.Clock.Now.Equal(want) {
		t.Errorf("after 228 years it is %v, want %v", long.Clock.Now, want)
	}
}

func TestClockRunsAsItIsSet(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	for code, all := range map[string][]sandbox.ClockSetting{
		"INVALID_CLOCK": {
			{Mode: sandbox.ClockScaled},
			{Mode: sandbox.ClockReal, Rate: 2},
			{Mode: sandbox.ClockFrozen, At: new(time.Date(1969, 1, 1, 0, 0, 0, 0, time.UTC))},
			{Mode: sandbox.ClockFrozen, At: new(time.Date(2200, 1, 1, 0, 0, 0, 0, time.UTC))},
		},
		"BAD_REQUEST": {{Mode: "fast"}, {Mode: sandbox.ClockScaled, Rate: 20_000}},
	} {
		for _, to := range all {
			refused(t, s.f, code, control.SetClock, control.ClockSetting{AccountPath: s.at, ClockSetting: to})
		}
	}
	if c := s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockReal}); c.Mode != sandbox.ClockReal || c.Rate != 1 {
		t.Errorf("got %+v, want a real clock", c)
	}
	// An hour of real time is ten thousand of its own: whatever the machine does meanwhile, a second passes.
	if c := s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: 10_000}); c.Rate != 10_000 {
		t.Errorf("got %+v, want a scaled clock", c)
	}
	task := s.create(t, "one") // five seconds, and four minutes
	eventually(t, "its task is done", func() bool {
		_, answer := s.send(t, http.MethodGet, "/tasks/"+task, nil)
		return answer["status"] == "processing-completed"
	})
	eventually(t, "all is done", func() bool {
		c := must(t, s.f, control.GetClock, s.at)
		return c.PendingTasks == 0 && c.PendingSteps == 0
	})
	back := s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &noon})
	if !back.Now.Equal(noon) || back.Mode != sandbox.ClockFrozen {
		t.Errorf("got %+v, want it frozen at %v", back, noon)
	}
}

// What is under way when a clock stands still goes on when it runs again.
func TestClockRunsAgain(t *testing.T) {
	t.Parallel()
	s := start(t, realistic).stopped(t)
	s.advance(t, sandbox.Advance{Task: s.create(t, "provisioned")})
	s.create(t, "to be processed")
	s.set(t, sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: 10_000})
	idle := must(t, s.f, control.Wait, control.Await{Account: s.at.Account, Idle: true, Timeout: "1m"})
	if !idle.Reached {
		t.Errorf("the account is %s: %s", idle.Status, idle.Reason)
	}
}

// eventually waits for what needs no more than the server's own doing.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("not so after a minute: %s", what)
		}
	}
}
