package engine_test

// Tests of the rules of the lifecycle and of the hazards around them, by the
// numbers of docs/rules.md: L for a rule, T for a hazard.

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// L-4, queue: a fourth subscription being changed waits for one of three slots,
// in the order of the tasks.
func TestL4QueueGivesOutThreeSlotsInOrder(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	var ids []int64
	for i := range 5 {
		ids = append(ids, w.process(w.create(fmt.Sprintf(`{"name":"b%d"}`, i))).Response.ResourceID)
	}
	if got := w.slots(); !slices.Equal(got, ids[:3]) {
		t.Fatalf("slots are held by %v, want the first three of %v", got, ids)
	}
	w.advance(createTime)
	for i, id := range ids {
		want := cloud.StatusActive
		if i >= 3 {
			want = cloud.StatusPending
		}
		w.eventuallyBox(id, want)
	}
	apitest.Eventually(t, "the last two have slots", func() bool { return slices.Equal(w.slots(), ids[3:]) })
	w.advance(createTime)
	w.eventuallyBox(ids[4], cloud.StatusActive)
	if got := w.slots(); len(got) != 0 {
		t.Errorf("slots are held by %v, want none", got)
	}
}

// L-4, reject: the task of the fourth one fails, and leaves nothing behind.
func TestL4RejectFailsTheFourth(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Policy = engine.PolicyReject })
	for range 3 {
		if task := w.process(w.create(`{"name":"b"}`)); task.Status != cloud.TaskDone {
			t.Fatalf("one of the first three: %+v", task)
		}
	}
	fourth := w.process(w.create(`{"name":"b"}`))
	if fourth.Status != cloud.TaskFailed || fourth.Response.Error.Code != "TOO_MANY_PENDING_SUBSCRIPTIONS" {
		t.Errorf("the fourth: got %+v, want %s", fourth, "TOO_MANY_PENDING_SUBSCRIPTIONS")
	}
	if n := count(t, w, "resources"); n != 3 {
		t.Errorf("%d boxes, want 3", n)
	}
}

// L-4: a server at no time at all finds changes that a slower one has left waiting.
// What it deletes gives its slot to the next of them.
func TestL4SlotsOfASlowerServerAreGivenOn(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	w := &world{tb: t, url: url, db: openDB(t, url)}
	w.caller = newAccount(t, w.db)
	var ids []int64
	t.Run("slower", func(t *testing.T) {
		w.Engine = start(t, w.db, nil)
		for range 4 {
			ids = append(ids, w.process(w.create(`{"name":"b"}`)).Response.ResourceID)
		}
	})
	if got := w.slots(); !slices.Equal(got, ids[:3]) {
		t.Fatalf("slots are held by %v, want the first three of %v", got, ids)
	}
	w.Engine = start(t, w.db, func(c *engine.Config) { c.Speed = 0 })
	task, err := w.Accept(t.Context(), w.caller, "deleteBox",
		binding.Request{Path: map[string]string{"boxId": fmt.Sprint(ids[0])}}, engine.Reply{})
	if err != nil {
		t.Fatal(err)
	}
	if task = w.task(task.ID); task.Status != cloud.TaskDone {
		t.Fatalf("the deletion: got %+v", task)
	}
	if got := w.slots(); !slices.Equal(got, ids[1:]) {
		t.Errorf("slots are held by %v, want %v", got, ids[1:])
	}
	w.advance(createTime)
	w.eventuallyBox(ids[3], cloud.StatusActive)
}

// slots lists the subscriptions that hold one, in the order of their tasks.
func (w *world) slots() []int64 {
	w.tb.Helper()
	var ids []int64
	query(w.tb, w.url, `
		SELECT COALESCE(array_agg(DISTINCT holds), '{}')
		FROM steps
		WHERE due_at IS NOT NULL AND holds IS NOT NULL`, nil, &ids)
	slices.Sort(ids)
	return ids
}

// T6: a worker that was taken for dead wakes up after another one has done its
// task. It changes nothing.
func TestT6ZombieWorkerIsFenced(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	var first atomic.Bool
	w := newWorld(t, func(c *engine.Config) {
		c.Speed = 0
		c.Hook = func(point string) {
			if point == "task.claimed" && first.CompareAndSwap(false, true) {
				<-gate
			}
		}
	})
	task := w.create(`{"name":"one"}`)
	apitest.Eventually(t, "claimed", first.Load)
	apitest.Exec(t, w.url, `UPDATE tasks SET wake_at = clock_timestamp()`) // its lease runs out
	w.Wake()
	if got := w.task(task.ID); got.Status != cloud.TaskDone {
		t.Fatalf("taken over: got %+v", got)
	}
	close(gate)
	second := w.create(`{"name":"two"}`)
	if got := w.task(second.ID); got.Status != cloud.TaskDone {
		t.Fatalf("the next task: got %+v", got)
	}
	if n := count(t, w, "resources"); n != 2 {
		t.Errorf("%d boxes after two tasks, want 2", n)
	}
	var attempts int
	query(t, w.url, `SELECT attempts FROM tasks WHERE id = $1`, []any{task.ID}, &attempts)
	if attempts != 2 {
		t.Errorf("%d attempts at the first task, want 2", attempts)
	}
}

// T7, L-9: a task whose workers keep dying ends in an error and frees its account.
func TestT7PoisonTaskDoesNotBlockItsAccount(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil) // the clock stands still, so the tasks stay in processing
	poison, next := w.create(`{"name":"poison"}`), w.create(`{"name":"next"}`)
	apitest.Eventually(t, "in progress", func() bool { return w.status(poison.ID) == "running" })
	apitest.Exec(t, w.url,
		`UPDATE tasks SET attempts = 5, lease = gen_random_uuid(), wake_at = clock_timestamp() WHERE head`)
	w.Wake()
	got := w.task(poison.ID)
	if got.Status != cloud.TaskFailed || got.Response.Error.Code != "GENERAL_ERROR" {
		t.Errorf("poison: got %+v, want %s", got, "GENERAL_ERROR")
	}
	apitest.Eventually(t, "the next one is on turn", func() bool { return w.status(next.ID) == "running" })
}

// L-9: so does one that takes too long each time, whoever notices. A database that
// is away now and then is not the task's fault.
func TestTaskThatAlwaysTimesOut(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		limit  time.Duration
		ends   func(ctx context.Context) error
		counts bool
	}{
		"statement":   {0, func(context.Context) error { return &pgconn.PgError{Code: "57014"} }, true},
		"transaction": {0, func(context.Context) error { return &pgconn.PgError{Code: "25P03"} }, true},
		"job": {time.Second, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}, true},
		"outage": {0, func(context.Context) error { return &pgconn.PgError{Code: "57P01"} }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			w := newWorld(t, func(c *engine.Config) {
				c.Speed, c.Limit, c.Hold = 0, tt.limit, time.Minute
				c.APIs[0].Operations[0] = engine.Task("createBox", func(
					ctx context.Context, tx *store.Tx, in createBoxInput,
				) (engine.Outcome, error) {
					if in.Fail != nil && calls.Add(1) <= 6 {
						return engine.Outcome{}, tt.ends(ctx)
					}
					in.Fail = nil
					return createBox(ctx, tx, in)
				})
			})
			bad, next := w.create(`{"name":"bad","fail":"as below"}`), w.create(`{"name":"next"}`)
			want, times := cloud.TaskDone, int32(7)
			if tt.counts {
				want, times = cloud.TaskFailed, 5
				if groupOf(t) < 0 {
					times++ // that of the group is none of the task's own
				}
			}
			if got := w.task(bad.ID); got.Status != want || calls.Load() > times {
				t.Errorf("got %+v after %d attempts, want %s after %d at most", got, calls.Load(), want, times)
			}
			if got := w.task(next.ID); got.Status != cloud.TaskDone {
				t.Errorf("the next task: got %+v", got)
			}
		})
	}
}

// T15: without any wake-up the poll finds everything.
func TestT15LostWakeUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Speed = 0 })
	// Accepted by somebody who tells nobody.
	id := "9b2d8a64-6a3c-4a1e-9d53-3f1f2a4c7b10"
	_, err := w.db.Accept(t.Context(), []store.Acceptance{{
		ID: id, Account: w.caller.Account, Operation: "createBox", Command: "boxCreateRequest",
		Request: []byte(`{"body":{"name":"x"}}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.task(id); got.Status != cloud.TaskDone {
		t.Errorf("got %+v, want completed", got)
	}
}

// T21: many requests that wait for tasks hold no connections.
func TestT21WaitersHoldNoConnection(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Hold = time.Minute }) // the pool has 12 connections
	task := w.create(`{"name":"one"}`)
	const many = 500
	var waiting sync.WaitGroup
	for range many {
		waiting.Go(func() {
			if got := w.task(task.ID); got.Status != cloud.TaskDone {
				t.Errorf("got %+v, want completed", got)
			}
		})
	}
	apitest.Eventually(t, "in progress", func() bool { return w.status(task.ID) == "running" })
	w.advance(5 * time.Second)
	waiting.Wait()
}

// An id in capitals is the same id: who waits by it is woken by the end of the task.
func TestWaitingByAnIDInCapitals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Hold = time.Hour })
	task := w.create(`{"name":"one"}`)
	answered := make(chan cloud.Task, 1)
	go func() { answered <- w.task(strings.ToUpper(task.ID)) }()
	w.process(task)
	apitest.Eventually(t, "an answer", func() bool { return len(answered) == 1 })
	if got := <-answered; got.ID != task.ID || got.Status != cloud.TaskDone {
		t.Errorf("got %+v, want completed", got)
	}
}

// L-2, T2, T3, T4, T12, with two servers on one database under load: each task is
// processed once, those of an account never at the same time and in the order of
// their acceptance, and never more than three slots are held.
func TestTwoServersKeepOrderAndCap(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(c *engine.Config) { c.Speed, c.Shared = 1e6, true })
	apitest.Watch(t, w.url)
	other := start(t, openDB(t, w.url), func(c *engine.Config) { c.Speed, c.Shared = 1e6, true })

	const accounts, clients, each = 4, 3, 20
	var all sync.WaitGroup
	for range accounts {
		caller := cloud.Caller{Account: running(t, w.db)}
		for client := range clients {
			server := []*engine.Engine{w.Engine, other}[client%2]
			all.Go(func() {
				for range each {
					task, err := server.Accept(t.Context(), caller, "createBox",
						binding.Request{Body: []byte(`{"name":"x"}`)}, engine.Reply{})
					if err != nil {
						t.Error(err)
						return
					}
					out, err := server.Answer(t.Context(), caller, "getTask",
						binding.Request{Path: map[string]string{"taskId": task.ID}}, engine.Reply{})
					if err != nil || out.(cloud.Task).Status != cloud.TaskDone {
						t.Errorf("got %+v, %v, want completed", out, err)
					}
				}
			})
		}
	}
	all.Wait()
	apitest.Eventually(t, "nothing left to provision", func() bool { return count(t, w, "steps") == 0 })
	const total = accounts * clients * each
	if n := count(t, w, "resources WHERE status = 'active'"); n != total {
		t.Errorf("%d active boxes, want %d", n, total)
	}
	apitest.CheckHistory(t, w.url, total)
}
