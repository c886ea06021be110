package api_test

// The database falls silent: a connection stays open, and nothing comes back.

import (
	"net/http"
	"sync"
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
	silent := line.silence([]byte(task))
	hangUp := sync.OnceFunc(func() { close(silent.hangUp) })
	defer hangUp()
	a.Advance(apitest.TaskTime)
	apitest.Eventually(t, "the task is completed", func() bool {
		return ask[string](t, database, `SELECT status FROM tasks`) == "processing-completed"
	})
	hangUp()
	<-silent.done // so it was
}
