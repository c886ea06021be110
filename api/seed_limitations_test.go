package api_test

// The limitations at the end of "The API request lifecycle", after seed_test.go.
// doc: process-lifecycle#process-limitations

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// "For each account, only one operation is processed concurrently. When multiple
// tasks are sent for the same account, they will be received and processed one
// after the other." And accounts do not wait for each other.
func TestOneTaskAtATimePerAccount(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a, b := w.Account(), w.Account()
	var tasks []string
	for i := range 3 {
		tasks = append(tasks, a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody(fmt.Sprint(i))))
	}
	elsewhere := b.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("b"))
	apitest.Eventually(t, "the other account's task is in progress", func() bool {
		return b.Status(elsewhere) == cloud.TaskRunning
	})
	for i, task := range tasks {
		apitest.Eventually(t, "in progress", func() bool { return a.Status(task) == cloud.TaskRunning })
		for _, later := range tasks[i+1:] {
			if got := a.Status(later); got != cloud.TaskReceived {
				t.Errorf("task after the one in progress is %s, want received", got)
			}
		}
		a.Finish(task)
	}
}

// "You cannot change (make non-active) more than three subscriptions at the same
// time." Here the fourth waits; TestL4RejectFailsTheFourth has the other policy.
func TestAtMostThreeSubscriptionChanges(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	var paths []string
	for i := range 4 {
		paths = append(paths,
			fmt.Sprintf("%s/%d", subscriptions, a.Create(subscriptions, apitest.SubscriptionBody(fmt.Sprint(i)))))
	}
	for _, path := range paths[:3] {
		a.Settle(path, "active")
		a.Advance(-apitest.SettleTime)
	}
	if got := a.Do(http.MethodGet, paths[3], nil); got.Get("status") != "pending" {
		t.Errorf("the fourth is %v while three are being changed", got.Get("status"))
	}
	a.Pass(apitest.SettleTime)
	a.Settle(paths[3], "active")
}

// "Database creation in an existing subscription can cause the subscription
// state to change from `active` to `pending` during database provisioning."
func TestDatabaseCreationTurnsSubscriptionPending(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	a.Create(sub+"/databases", databaseBody("second"))
	if got := a.Do(http.MethodGet, sub, nil); got.Get("status") != "pending" {
		t.Errorf("got %v, want pending", got.Get("status"))
	}
	a.Settle(sub, "active")
}

// "Concurrently sending multiple `create database` tasks will cause each task to
// be in the `received` state, awaiting processing. When the first task starts
// processing it will be moved to the `processing-in-progress` state. When that
// first task is completed, the second task will start processing, and so on. If
// the subscription is in `pending` state you must wait."
func TestConcurrentDatabaseCreates(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub, elsewhere := a.Subscription("one"), a.Subscription("two")
	var mu sync.Mutex
	var tasks []string
	var all sync.WaitGroup
	for i := range 4 {
		all.Go(func() {
			answer := a.Do(http.MethodPost, sub+"/databases", databaseBody(fmt.Sprintf("db%d", i)))
			if answer.Get("status") != "received" {
				t.Errorf("got %s, want received", answer.Body)
			}
			mu.Lock()
			defer mu.Unlock()
			tasks = append(tasks, answer.Get("taskId").(string))
		})
	}
	all.Wait()
	tasks = append(tasks, a.Start(http.MethodPost, elsewhere+"/databases", databaseBody("other")))
	counts := map[string]int{}
	var last apitest.Answer
	for range tasks {
		var running string
		apitest.Eventually(t, "exactly one in progress", func() bool {
			running = ""
			for _, task := range tasks {
				if a.Status(task) == cloud.TaskRunning {
					running = task
				}
			}
			return running != ""
		})
		last = a.Finish(running)
		counts[fmt.Sprint(last.Get("status"), last.Get("response", "error", "type"))]++
	}
	want := map[string]int{"processing-completed<nil>": 2, "processing-errorSUBSCRIPTION_NOT_ACTIVE": 3}
	if fmt.Sprint(counts) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", counts, want)
	}
	// Two databases are provisioned at the same time, in two subscriptions.
	for _, path := range []string{sub, elsewhere} {
		if got := a.Do(http.MethodGet, path, nil); got.Get("status") != "pending" {
			t.Errorf("%s is %v, want pending", path, got.Get("status"))
		}
	}
	a.Settle(sub, "active")
	got := a.Run(http.MethodPost, sub+"/databases", databaseBody("again"))
	if got.Get("status") != "processing-completed" {
		t.Errorf("after waiting: %s", got.Body)
	}
}
