package control_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptrace"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// account creates an account and returns it with its keys.
func (f *fixture) account(t *testing.T) control.CreatedAccount {
	t.Helper()
	return must(t, f, control.CreateAccount, sandbox.NewAccount{})
}

// request sends a request for an account to the API that is stood in for, and decodes the answer.
func (f *fixture) request(t *testing.T, keys sandbox.KeyPair, method, path, body string, into any) (status int) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, f.URL+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", keys.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }() // it is read
	if into != nil {
		if err := json.NewDecoder(res.Body).Decode(into); err != nil {
			t.Fatal(err)
		}
	}
	return res.StatusCode
}

const newSubscription = `{"name": "one", "paymentMethodId": 24681,
	"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
	"databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]}`

// task asks for something that becomes a task, and returns its id.
func (f *fixture) task(t *testing.T, keys sandbox.KeyPair, method, path, body string) string {
	t.Helper()
	var task struct {
		ID string `json:"taskId"`
	}
	if res := f.request(t, keys, method, path, body, &task); res != http.StatusAccepted || task.ID == "" {
		t.Fatalf("%s %s is answered with %d, and no task", method, path, res)
	}
	return task.ID
}

func TestATaskIsSeenGoingThroughItsPhases(t *testing.T) {
	t.Parallel()
	f := start(t, func(cfg *server.Config) { cfg.Speed = 600 })
	a := f.account(t)
	account := a.Account.Name
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	var seen []string
	began, followed := make(chan struct{}), make(chan error, 1)
	go func() {
		followed <- control.FollowEvents(ctx, f.client, control.EventStream{Account: account}, func(int64) { close(began) },
			func(e sandbox.Transition) error {
				if e.Seq != int64(len(seen)+1) {
					t.Errorf("event %d comes as the %d.", e.Seq, len(seen)+1)
				}
				seen = append(seen, strings.TrimPrefix(e.Kind+" "+e.Status, " "))
				if len(seen) == 7 {
					stop()
				}
				return nil
			})
	}()
	<-began
	id := f.task(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription)
	done := must(t, f, control.Wait, control.Await{Task: id, State: sandbox.TaskProvisioned, Timeout: "1m"})
	if !done.Reached || done.Status != "done" {
		t.Fatalf("the task came out as %+v", done)
	}
	task := must(t, f, control.GetTask, control.TaskPath{Task: id})
	for _, times := range [][2]*time.Time{
		{&task.ReceivedAt, task.StartedAt}, {task.StartedAt, task.ProcessedAt}, {task.ProcessedAt, task.ProvisionedAt},
	} {
		if times[0] == nil || times[1] == nil || times[1].Before(*times[0]) {
			t.Errorf("the times of the task are not in order: %+v", task)
			break
		}
	}
	var history []string
	for _, r := range task.Resources {
		for _, s := range r.Statuses {
			history = append(history, r.Kind+" "+s.Status)
		}
	}
	want := "subscription pending, subscription active, database pending, database active"
	if got := strings.Join(history, ", "); got != want {
		t.Errorf("the resources of the task went through %s, want %s", got, want)
	}
	idle := must(t, f, control.Wait, control.Await{Account: account, Idle: true})
	if !idle.Reached || idle.Status != "idle" {
		t.Errorf("the account came out as %+v, want idle", idle)
	}
	if err := <-followed; ctx.Err() == nil {
		t.Fatal(err)
	}
	got := strings.Join(seen, ", ")
	want = "received, running, subscription pending, database pending, done, subscription active, database active"
	if got != want {
		t.Errorf("the stream told of %s, want %s", got, want)
	}
	list := must(t, f, control.ListEvents, control.EventList{Account: account, After: 3, Limit: 2})
	if len(list.Events) != 2 || list.Events[0].Seq != 4 || list.Events[1].Status != "done" || list.Events[1].Task != id {
		t.Errorf("events 4 and 5 are %+v", list.Events)
	}
	tasks := must(t, f, control.ListTasks, control.TaskList{Account: account})
	if len(tasks.Tasks) != 1 || tasks.Tasks[0].ID != id {
		t.Errorf("the account has tasks %+v", tasks)
	}
}

func TestWaiting(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.account(t)
	account := a.Account.Name
	id := f.task(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription)
	ended := must(t, f, control.Wait, control.Await{Task: id})
	resource := fmt.Sprintf("subscription/%d", ended.Task.ResourceID)

	for name, await := range map[string]control.Await{
		"a resource":          {Account: account, Resource: resource},
		"done":                {Task: id, State: "done"},
		"running has been":    {Task: id, State: "running"},
		"what was never here": {Account: account, Resource: "subscription/7", State: "gone"},
	} {
		if got := must(t, f, control.Wait, await); !got.Reached {
			t.Errorf("%s came out as %+v", name, got)
		}
	}
	for name, await := range map[string]control.Await{
		"a task that did not fail": {Task: id, State: "failed"},
		"what does not come":       {Account: account, Resource: resource, State: "deleting", Timeout: "20ms"},
	} {
		if got := must(t, f, control.Wait, await); got.Reached || got.Reason == "" {
			t.Errorf("%s came out as %+v", name, got)
		}
	}
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Task: id, Idle: true})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Task: id, State: "finished"})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Task: id, Timeout: "soon"})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Task: id, Timeout: "11m"})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Account: account, Resource: "subscription"})
	refused(t, f, "INVALID_WAIT", control.Wait, control.Await{Idle: true})
	refused(t, f, "TASK_NOT_FOUND", control.Wait, control.Await{Task: "none"})
	refused(t, f, "RESOURCE_NOT_FOUND", control.Wait, control.Await{Account: account, Resource: "subscription/7"})
	refused(t, f, "TASK_NOT_FOUND", control.GetTask, control.TaskPath{Task: "none"})
}

// Who waits at one server is told of what another one does.
func TestWaitingForAnotherServer(t *testing.T) {
	t.Parallel()
	var url string
	here := start(t, realistic, func(cfg *server.Config) { url = cfg.DatabaseURL })
	there := start(t, realistic, func(cfg *server.Config) { cfg.DatabaseURL = url })
	s := there.stopped(t)
	// waiting begins to wait for some things, and returns what tells how that came out.
	waiting := func(all ...control.Await) (came func() error) {
		out := make(chan error, len(all))
		for _, what := range all {
			what.Account, what.Timeout = s.at.Account, "1m"
			sent := make(chan struct{}, 2) // a client may send it again
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{
				WroteRequest: func(httptrace.WroteRequestInfo) { sent <- struct{}{} },
			})
			go func() {
				got, err := control.Wait.Call(ctx, here.client, what)
				if err == nil && !got.Reached {
					err = fmt.Errorf("%+v is not reached: %s", what, got.Reason)
				}
				out <- err
			}()
			<-sent
		}
		return func() (err error) {
			for range all {
				err = errors.Join(err, <-out)
			}
			return err
		}
	}
	task := s.create(t, "one")
	came := waiting(control.Await{Task: task}, control.Await{Task: task, State: sandbox.TaskProvisioned},
		control.Await{Idle: true})
	s.advance(t, sandbox.Advance{Idle: true})
	if err := came(); err != nil {
		t.Error(err)
	}
	came = waiting(control.Await{Resource: s.resource(t, task), State: "gone"})
	must(t, there, control.ResetAccount, control.ResetInput{AccountPath: s.at})
	if err := came(); err != nil {
		t.Error(err)
	}
}
