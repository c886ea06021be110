package api_test

// The database falls silent: a connection stays open, and nothing comes back.

import (
	"net/http"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// A task under whose worker the connection falls silent goes back to its queue and
// is taken again, long before its lease runs out.
func TestSilenceUnderATask(t *testing.T) {
	t.Parallel()
	database := pgtest.New(t)
	line := newWire(t, database)
	a := apitest.On(t, line.url, func(c *engine.Config) { c.Limit, c.Lease = time.Second, time.Hour }).Account()
	task := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one")).Get("taskId").(string)
	await := func(status string) {
		t.Helper()
		apitest.Eventually(t, "the task is "+status, func() bool { return ask[string](t, database, `SELECT status FROM tasks`) == status })
	}
	await("processing-in-progress")
	silent := line.silence([]byte(task))
	defer close(silent.hangUp)
	a.Advance(apitest.TaskTime)
	await("processing-completed")
	if attempts := ask[int](t, database, `SELECT attempts FROM tasks`); attempts != 2 {
		t.Errorf("%d attempts, want one that ran out of time, and another", attempts)
	}
}
