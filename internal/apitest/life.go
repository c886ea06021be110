package apitest

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/store"
)

// TaskTime is at least the business time that processing any task takes.
const TaskTime = 10 * time.Second

// SettleTime is at least the business time that any provisioning takes.
const SettleTime = 10 * time.Minute

// Patience is how long a test waits for what needs no more than the server's own doing,
// on a machine that is busy with other things as well.
const Patience = time.Minute

// Eventually waits for a state that needs no more than the server's own doing.
func Eventually(tb testing.TB, what string, holds func() bool) {
	tb.Helper()
	deadline := time.After(Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			tb.Fatalf("not so after %v: %s", Patience, what)
		}
	}
}

// Start sends a request that is answered with a task, and returns its id.
func (a *Account) Start(method, path string, body any) string {
	a.tb.Helper()
	answer := a.Do(method, path, body)
	id, _ := answer.Get("taskId").(string)
	if answer.Status != http.StatusAccepted || id == "" {
		a.tb.Fatalf("%s %s: got %d %s, want a task", method, path, answer.Status, answer.Body)
	}
	return id
}

// Status looks at a task's status without waiting for its end.
func (a *Account) Status(task string) cloud.TaskStatus {
	a.tb.Helper()
	var found cloud.Task
	err := a.DB.Read(a.tb.Context(), cloud.Caller{Account: a.ID}, func(tx *store.Tx) (err error) {
		found, _, err = tx.Task(uuid.MustParse(task))
		return err
	})
	if err != nil {
		a.tb.Fatal(err)
	}
	return found.Status
}

// Finish is End, and returns the finished task.
func (a *Account) Finish(task string) Answer {
	a.tb.Helper()
	a.End(task)
	return a.Do(http.MethodGet, "/v1/tasks/"+task, nil)
}

// End lets the time pass that processing a task takes once it is its turn. The task may be a job of RDS.
func (a *Account) End(task string) {
	a.tb.Helper()
	Eventually(a.tb, "task in progress", func() bool { return a.Status(task) != cloud.TaskReceived })
	a.Advance(TaskTime)
	Eventually(a.tb, "task finished", func() bool { return a.Status(task).Finished() })
}

// Run sends a request, processes its task and returns the finished one.
func (a *Account) Run(method, path string, body any) Answer {
	a.tb.Helper()
	return a.Finish(a.Start(method, path, body))
}

// Create is Run for what must succeed; it returns the id of the resource.
func (a *Account) Create(path string, body any) int64 {
	a.tb.Helper()
	task := a.Run(http.MethodPost, path, body)
	id, ok := task.Get("response", "resourceId").(float64)
	if !ok || task.Get("status") != "processing-completed" {
		a.tb.Fatalf("POST %s: got %s, want a completed task", path, task.Body)
	}
	return int64(id)
}

// Pass lets time pass, and waits until what is provisioned by then has been.
func (a *Account) Pass(d time.Duration) {
	a.tb.Helper()
	a.Advance(d)
	conn, err := pgx.Connect(a.tb.Context(), a.DBURL)
	if err != nil {
		a.tb.Fatal(err)
	}
	defer conn.Close(a.tb.Context())
	Eventually(a.tb, "nothing is due", func() bool {
		var due int
		err := conn.QueryRow(a.tb.Context(),
			`SELECT count(*) FROM steps WHERE account_id = $1 AND wake_at <= clock_timestamp()`, a.ID).Scan(&due)
		if err != nil {
			a.tb.Fatal(err)
		}
		return due == 0
	})
}

// Settle lets the time pass that provisioning takes, of whatever is being provisioned,
// and waits until a resource has a status; "" means gone.
func (a *Account) Settle(path, status string) {
	a.tb.Helper()
	a.Pass(SettleTime)
	a.EventuallyStatus(path, status)
}

// EventuallyStatus waits until a resource has a status; "" means gone.
func (a *Account) EventuallyStatus(path, status string) {
	a.tb.Helper()
	Eventually(a.tb, fmt.Sprintf("%s is %q", path, status), func() bool {
		answer := a.Do(http.MethodGet, path, nil)
		if status == "" {
			return answer.Status == http.StatusNotFound
		}
		return answer.Get("status") == status
	})
}

// EventuallyInstance waits until a DB instance of RDS has a status; "" means gone.
func (a *Account) EventuallyInstance(id, status string) {
	a.tb.Helper()
	Eventually(a.tb, fmt.Sprintf("DB instance %s is %q", id, status), func() bool {
		found := a.Do(http.MethodGet, a.Project()+"/instances?id="+id, nil).Get("instances", 0, "status")
		return found == status || found == nil && status == ""
	})
}

// SubscriptionBody is the body that creates a subscription with one database.
func SubscriptionBody(name string) map[string]any {
	return servetest.SubscriptionBody(name)
}

// Subscription creates a subscription with one database and lets it become
// active. It returns its path.
func (a *Account) Subscription(name string) (path string) {
	a.tb.Helper()
	path = fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", SubscriptionBody(name)))
	a.Settle(path, "active")
	return path
}
