package engine_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// later gives an account boxes whose only steps are due a minute after each other.
func later(tb testing.TB, url string, account int64, boxes int) {
	tb.Helper()
	conn := connect(tb, url)
	pendingBoxes(tb, conn, account, boxes)
	exec(tb, conn, `
		INSERT INTO steps (account_id, kind, resource_id, after, due_at, wake_at, status, patch)
		SELECT a.id, 'box', n, '0', at, wake_time(a, at), 'active', '{"lid": true}'
		FROM accounts a, generate_series(1, $2::int) n, LATERAL (SELECT business_now(a) + make_interval(mins => n)) due (at)
		WHERE a.id = $1`, account, boxes)
}

// A thousand steps, each at its own time, whether the clock stands still or runs.
func TestPassesThousandSteps(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openDB(t, url)
	stopped, runs := newAccount(t, db).Account, running(t, db)
	e := start(t, db, nil)
	for _, account := range []int64{stopped, runs} {
		later(t, url, account, 1000)
		begin := time.Now()
		passed, err := e.Pass(t.Context(), account, engine.Passing{By: 1 << 62, Instants: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d steps in %v", len(passed.Events), time.Since(begin))
		if len(passed.Events) != 1000 || passed.End != store.PassageIdle {
			t.Errorf("%d events, then %q; want all 1000, then idle", len(passed.Events), passed.End)
		}
		for i, e := range passed.Events {
			if e.ID != int64(i+1) {
				t.Fatalf("event %d is about box %d", i, e.ID)
			}
		}
		var wrong int
		query(t, url, `
			SELECT count(*) FROM resources
			WHERE account_id = $1 AND updated_at NOT BETWEEN created_at + make_interval(mins => id::int)
				AND created_at + make_interval(mins => id::int, secs => 30)`, []any{account}, &wrong)
		if wrong != 0 {
			t.Errorf("%d boxes did not change at their own time", wrong)
		}
	}
	apitest.Eventually(t, "no step is left", func() bool { return steps(t, url, stopped)+steps(t, url, runs) == 0 })
}

// Boxes of which three are filled at once, and most of them wait: each begins when one before it is full.
func TestPassesStepsThatWait(t *testing.T) {
	t.Parallel()
	const boxes = 600
	url := pgtest.New(t)
	db := openDB(t, url)
	account := newAccount(t, db).Account
	conn := connect(t, url)
	pendingBoxes(t, conn, account, boxes)
	exec(t, conn, `
		INSERT INTO steps (account_id, kind, resource_id, holds, holds_kind, slots, after, due_at, wake_at, status)
		SELECT a.id, 'box', n, n, 'box', 3, $3, CASE WHEN n <= 3 THEN at END,
			CASE WHEN n <= 3 THEN wake_time(a, at) END, 'active'
		FROM accounts a, generate_series(1, $2::int) n, LATERAL (SELECT business_now(a) + $3::interval) due (at)
		WHERE a.id = $1
		ORDER BY n`, account, boxes, createTime)
	e := start(t, db, nil)
	begin := time.Now()
	passed, err := e.Pass(t.Context(), account, engine.Passing{By: 1 << 62, Instants: -1})
	if err != nil || len(passed.Events) != boxes || passed.End != store.PassageIdle {
		t.Fatalf("%d events, then %q, %v; want all %d, then idle", len(passed.Events), passed.End, err, boxes)
	}
	t.Logf("%d steps in %v", boxes, time.Since(begin))
	for i, event := range passed.Events {
		if want := pgtest.Now().Add(createTime * time.Duration(i/3+1)); event.ID != int64(i+1) || !event.At.Equal(want) {
			t.Fatalf("event %d is about box %d at %v, want %v", i, event.ID, event.At, want)
		}
	}
}

// Another worker ends the task that time is to pass for, just before it passes: it does not.
func TestNoTimePassesForTaskThatEnds(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	task := w.create(`{"name": "one"}`)
	apitest.Eventually(t, "the task waits for its time", func() bool { return w.status(task.ID) == "running" })
	worker, err := connect(t, w.url).Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	do := func(statement string, args ...any) {
		t.Helper()
		if _, err := worker.Exec(t.Context(), statement, args...); err != nil {
			t.Fatal(err)
		}
	}
	do(`SELECT FROM accounts WHERE id = $1 FOR UPDATE`, w.caller.Account)
	var passing errgroup.Group
	passing.Go(func() error {
		passed, err := w.Pass(t.Context(), w.caller.Account, engine.Passing{By: time.Hour, Task: task.ID, Instants: -1})
		if err == nil && (passed.End != store.PassageThere || passed.Moved != 0) {
			err = fmt.Errorf("%v have passed, then %q", passed.Moved, passed.End)
		}
		return err
	})
	apitest.Eventually(t, "it waits for the account", func() (waits bool) {
		query(t, w.url, `SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted AND pg_blocking_pids(pid) = ARRAY[$1::int])`,
			[]any{worker.Conn().PgConn().PID()}, &waits)
		return waits
	})
	do(`UPDATE tasks SET status = 'done', response = '{}', head = false, due_at = NULL, wake_at = NULL
		WHERE id = $1`, task.ID)
	if err := worker.Commit(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := passing.Wait(); err != nil {
		t.Error(err)
	}
}

// Leases are the database's time: whatever an account's clock does, who works on a task keeps it.
func TestMovedClockEndsNoLease(t *testing.T) {
	t.Parallel()
	claimed, goOn := make(chan struct{}), make(chan struct{})
	w := newWorld(t, func(c *engine.Config) {
		c.Hook = func(point string) {
			if point == "task.claimed" {
				close(claimed)
				<-goOn
			}
		}
	})
	task := w.create(`{"name": "one"}`)
	apitest.Eventually(t, "task in progress", func() bool { return w.status(task.ID) == "running" })
	w.advance(5 * time.Second)
	<-claimed
	lease := func() (until time.Time, token string) {
		query(t, w.url, `SELECT wake_at, lease::text FROM tasks WHERE id = $1`, []any{task.ID}, &until, &token)
		return until, token
	}
	until, token := lease()
	for name, move := range map[string]func(store.Clock) store.Clock{
		"a month on":   func(c store.Clock) store.Clock { c.Now = c.Now.Add(720 * time.Hour); return c },
		"a month back": func(c store.Clock) store.Clock { c.Now = c.Now.Add(-720 * time.Hour); return c },
		"scaled":       func(c store.Clock) store.Clock { c.Rate = 1000; return c },
		"real":         func(c store.Clock) store.Clock { c.Rate = 1; return c },
		"frozen":       func(c store.Clock) store.Clock { c.Rate = 0; return c },
	} {
		if err := w.SetClock(t.Context(), w.caller.Account, move); err != nil {
			t.Fatal(err)
		}
		if now, held := lease(); !now.Equal(until) || held != token {
			t.Errorf("%s: the lease %s until %v is %s until %v", name, token, until, held, now)
		}
	}
	close(goOn)
	if end := w.task(task.ID); end.Status != cloud.TaskDone {
		t.Errorf("the task is %s", end.Status)
	}
}

// Time passes for an account of which a client asks more than it can do.
func TestTimePassesThoughTasksCome(t *testing.T) {
	t.Parallel()
	w := newWorld(t, nil)
	ctx, stop := context.WithCancel(t.Context())
	var client sync.WaitGroup
	client.Go(func() {
		for ctx.Err() == nil {
			w.create(`{"name": "one"}`)
		}
	})
	apitest.Eventually(t, "there is something to do", func() bool { return count(t, w, "tasks") > 0 })
	passed, err := w.Pass(t.Context(), w.caller.Account, engine.Passing{By: 24 * time.Hour, Through: true, Instants: -1})
	stop()
	client.Wait()
	if err != nil || passed.Moved != 24*time.Hour || passed.End != store.PassageOver {
		t.Errorf("%v of a day have passed, then %q, %v", passed.Moved, passed.End, err)
	}
}

// Two servers accept, and let time pass for the same account, all at once. Nothing is skipped, and what both let pass
// adds up.
func TestTwoServersLetTimePass(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openDB(t, url)
	w := &world{tb: t, db: db, url: url, caller: newAccount(t, db)}
	servers := []*engine.Engine{
		start(t, db, func(c *engine.Config) { c.Shared = true }),
		start(t, openDB(t, url), func(c *engine.Config) { c.Shared = true }),
	}
	const each = 20
	var moved [2]time.Duration
	var group errgroup.Group
	for i, server := range servers {
		group.Go(func() error {
			for n := range each {
				body := fmt.Sprintf(`{"name": "box %d of %d"}`, n, i)
				request := binding.Request{Body: []byte(body)}
				if _, err := server.Accept(t.Context(), w.caller, "createBox", request, engine.Reply{}); err != nil {
					return err
				}
			}
			return nil
		})
		group.Go(func() error {
			for range each {
				passed, err := server.Pass(t.Context(), w.caller.Account, engine.Passing{
					By: 7 * time.Second, Through: true, Instants: -1,
				})
				if err != nil || passed.Moved != 7*time.Second {
					return fmt.Errorf("%v have passed, %w", passed.Moved, err)
				}
				moved[i] += passed.Moved
			}
			return nil
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	rest, err := servers[0].Pass(t.Context(), w.caller.Account, engine.Passing{By: 1 << 62, Instants: -1})
	if err != nil || rest.End != store.PassageIdle {
		t.Fatalf("it ends with %q, %v", rest.End, err)
	}
	clock, err := db.Clock(t.Context(), w.caller.Account)
	if want := pgtest.Now().Add(moved[0] + moved[1] + rest.Moved); err != nil || !clock.Now.Equal(want) {
		t.Errorf("it is %v, %v; want %v", clock.Now, err, want)
	}
	var done, early, boxes, wrong int
	query(t, url, `SELECT count(*) FROM tasks WHERE status = 'done'`, nil, &done)
	query(t, url, `
		SELECT count(*) FROM tasks t JOIN tasks before ON before.seq = t.seq - 1
		WHERE t.updated_at < before.updated_at + interval '5 s'`, nil, &early)
	query(t, url, `SELECT count(*) FROM resources WHERE status = 'active'`, nil, &boxes)
	query(t, url, `
		SELECT count(*) FROM resources WHERE activated_at < created_at + $1::interval`, []any{createTime}, &wrong)
	if done != 2*each || early != 0 || boxes != 2*each || wrong != 0 {
		t.Errorf("%d tasks are done, %d of them early; %d boxes are active, %d of them early", done, early, boxes, wrong)
	}
}
