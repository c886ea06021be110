package dashboard

import (
	"log/slog"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The parts of pages as they are sent, of data that never changes. UNDERSTUDY_RENEW=1 writes them anew: look at them.
func TestPartsAreWhatTheyWere(t *testing.T) {
	t.Parallel()
	h := ofTheDocument(t)
	for name, v := range map[string]*view{
		"overview#lanes":  {Name: "overview", Data: laneOfWork()},
		"overview#recent": {Name: "overview", Data: laneOfWork()},
		"overview#ahead":  {Name: "overview", Data: laneOfWork()},
		"tasks#list":      {Name: "tasks", Path: "/ui/tasks", Query: url.Values{"q": {"a&b"}}, Data: listOfTasks()},
		"task#task":       {Name: "task", Data: failedTask(t, h)},
		"request":         {Name: "request", Data: refusedRequest(t, h)},
		"requests#list":   {Name: "requests", Data: listOfRequests()},
		"faults#armed":    {Name: "faults", Data: armedFault()},
	} {
		v.Account = sandbox.AccountName{ID: 1000, Name: "Demo"}
		got, err := h.render(name, v)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		file := filepath.Join("testdata", name+".html")
		if os.Getenv("UNDERSTUDY_RENEW") != "" {
			if err := os.WriteFile(file, got, 0o644); err != nil {
				t.Fatal(err)
			}
			continue
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s, want (-), got (+):\n%s", name, diff)
		}
	}
}

// ofTheDocument is a dashboard without a sandbox, that knows the operations.
func ofTheDocument(t *testing.T) *Handler {
	t.Helper()
	text, err := os.ReadFile("../../openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	document, err := compiled.Load(text)
	if err != nil {
		t.Fatal(err)
	}
	h, err := New(Config{
		Dialects: []Dialect{{Name: "Redis Cloud", Document: document, Text: text}}, Prefix: "/ui",
		Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// noon is when everything in these tests is.
var noon = time.Date(2026, time.May, 20, 12, 0, 0, 0, time.UTC)

// after is a time after noon.
func after(d time.Duration) *time.Time { return new(noon.Add(d)) }

const (
	oneTask   = "11111111-1111-4111-8111-111111111111"
	otherTask = "22222222-2222-4222-8222-222222222222"
)

// laneOfWork is an account with all its slots taken, and a fourth change that waits.
func laneOfWork() *overview {
	task := sandbox.Task{ID: oneTask, Account: 1000, Operation: "createProSubscription", Status: "running"}
	task.StartedAt = after(-time.Second)
	waits := sandbox.Task{ID: otherTask, Account: 1000, Operation: "deleteProDatabase", Status: "received"}
	l := lane{
		Lane: sandbox.Lane{
			Account: sandbox.Account{ID: 1000, Name: "Demo <1>", Resources: 8},
			Clock:   sandbox.Clock{Mode: sandbox.ClockScaled, Rate: 60, Now: noon, PendingTasks: 9, PendingSteps: 2},
			Tasks:   map[string]int{"failed": 1, "done": 12, "running": 1, "received": 8},
		},
		Running: &sandbox.QueuedTask{Task: task, Due: after(3 * time.Second)},
		Waiting: []sandbox.QueuedTask{{Task: waits}},
		Behind:  7,
		Faults:  1,
	}
	held := sandbox.Held{
		Kind: "subscription", ID: 100001, Name: "orders", Slots: 1, Since: after(0), Until: after(time.Minute),
	}
	l.Places = []place{{N: 1, Held: &held}}
	l.After = []sandbox.Held{{Kind: "subscription", ID: 100003, Name: "carts"}}
	l.Work = []sandbox.UnderWay{
		{
			Kind: "database", ID: 51000002, Name: "cache", Now: cloud.StatusPending, Status: cloud.StatusActive,
			Since: after(0), Due: after(90 * time.Second),
		},
		{Kind: "subscription", ID: 100003, Name: "carts", Now: cloud.StatusPending, Status: cloud.StatusActive},
	}
	return &overview{
		Lanes: []lane{l}, Only: true,
		Recent: []sandbox.Transition{
			{
				Seq: 8, At: noon, Account: 1000, Type: sandbox.EventTask, Task: otherTask, Name: "createProDatabase",
				Status: "failed", Error: &sandbox.Failure{Code: "DATABASE_NAME_EXISTS", Description: "It is there."},
			},
			{
				Seq: 7, At: noon, Account: 1000, Type: sandbox.EventResource, Kind: "database", ID: 51000002, Name: "cache",
				Status: "pending",
			},
		},
		Next:   []sandbox.Event{{At: noon, Task: oneTask}, {At: noon, Resource: "database/51000002", Status: "active"}},
		Faults: []sandbox.Fault{{ID: 3, Hits: 2, Rule: fault.Rule{Name: "flaky-5xx"}}},
	}
}

func listOfTasks() *tasks {
	failed := sandbox.Task{
		ID: oneTask, Account: 1000, Operation: "createProDatabase", Status: "failed", ReceivedAt: noon,
		StartedAt: after(time.Second), ProcessedAt: after(3 * time.Second),
		Error: &sandbox.Failure{Code: "DATABASE_NAME_EXISTS", Description: `There is a "cache" already.`},
	}
	done := failed
	done.ID, done.Status, done.Error = otherTask, "done", nil
	done.ResourceID, done.ProvisionedAt = 51000002, after(time.Hour)
	return &tasks{
		Tasks:  []sandbox.Task{failed, done},
		States: []counted{{"failed", 1}, {"running", 0}, {"received", 0}, {"done", 99}}, All: 100,
		Pager: pager{From: 40, Size: 40, Shown: 2, All: 100}, Text: "a&b", Filtered: true,
	}
}

// failedTask made a database whose provisioning is under way; another failed.
func failedTask(t *testing.T, h *Handler) *taskPage {
	t.Helper()
	p := &taskPage{
		Task: sandbox.Task{
			ID: oneTask, Account: 1000, Operation: "createProDatabase", Status: "failed", ReceivedAt: noon,
			StartedAt: after(10 * time.Second), ProcessedAt: after(20 * time.Second), Injected: "task-error-general#2",
			Error: &sandbox.Failure{Code: "GENERAL_ERROR", Description: "No machine is left."},
			Resources: []sandbox.TaskResource{{Kind: "database", ID: 51000002, Name: "cache", Statuses: []sandbox.StatusTime{
				{Status: "pending", At: noon.Add(20 * time.Second)}, {Status: "error", At: noon.Add(40 * time.Second)},
			}}},
		},
		Clock: sandbox.Clock{Mode: sandbox.ClockReal, Rate: 1, Now: noon.Add(time.Minute)},
		Over:  true,
		Request: &journal.Entry{
			ID: "r", Method: "POST", Path: "/v1/subscriptions/1/databases", Key: "demo", Time: noon, Status: 202,
		},
		Polls: []journal.Entry{{Time: noon.Add(10 * time.Second)}, {Time: noon.Add(30 * time.Second)}}, PollCount: 2,
	}
	p.Waterfall = p.draw()
	var err error
	if p.Broken, err = h.broken(p.Error.Code, h.operation(p.Operation)); err != nil {
		t.Fatal(err)
	}
	return p
}

// refusedRequest was answered with a code that its answer does not have.
func refusedRequest(t *testing.T, h *Handler) *requestPage {
	t.Helper()
	p := &requestPage{Entry: journal.Entry{
		ID: "a", Time: noon, Method: "GET", Path: "/v1/subscriptions/9", Operation: "getProSubscription", Status: 404,
		DurationMS: 1, Code: "SUBSCRIPTION_NOT_FOUND", Request: &journal.Message{},
		Answer: &journal.Message{Body: []byte(`{"status": 404, "error": "Not Found"}`)},
	}}
	var err error
	if p.Broken, err = h.refused(p.Entry); err != nil {
		t.Fatal(err)
	}
	return p
}

func listOfRequests() *requests {
	return &requests{Older: 50, Entries: []journal.Entry{
		{
			Seq: 3, ID: "c", Time: noon, Method: "GET", Path: "/v1/subscriptions/9", Operation: "getProSubscription",
			Status: 404, DurationMS: 1, Code: "SUBSCRIPTION_NOT_FOUND",
		},
		{
			Seq: 2, ID: "b", Time: noon, Method: "POST", Path: "/v1/subscriptions", Operation: "createProSubscription",
			Status: 202, DurationMS: 1.5, Task: oneTask, Fault: "slow#1",
		},
		{Seq: 1, ID: "a", Time: noon, Method: "GET", Path: "/v1/<x>", Nearest: "GET /v1/tasks", Status: 404, DurationMS: 1},
	}}
}

func armedFault() *faults {
	return &faults{Armed: []sandbox.Fault{{
		ID: 7, Account: 1000, Hits: 1, LastHit: after(0), Rule: fault.Rule{
			Name: "rate-429", Match: fault.Match{Operation: fault.Patterns{"create*", "update*"}},
			When: fault.When{First: 2}, Effect: fault.Effect{Do: "status", Status: 429},
		},
	}}}
}
