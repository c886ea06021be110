package engine_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// All rules hold in groups, whatever their size, as they do outside: the same tests, in which even a task that is alone
// is a group.
func TestInGroups(t *testing.T) {
	t.Parallel()
	t.Run("groups of 1", func(t *testing.T) {
		t.Parallel()
		t.Run("two servers", TestTwoServersKeepOrderAndCap)
	})
	for _, size := range []int{-2, -16} {
		t.Run(fmt.Sprintf("groups of %d", size), func(t *testing.T) {
			t.Parallel()
			for name, test := range map[string]func(*testing.T){
				"life":                  TestLifeOfAResource,
				"errors":                TestErrorLeavesNothingBehind,
				"faults":                TestFaults,
				"deletion":              TestDeleteWinsOverProvisioning,
				"L4 queue":              TestL4QueueGivesOutThreeSlotsInOrder,
				"L4 reject":             TestL4RejectFailsTheFourth,
				"L4 of a slower server": TestL4SlotsOfASlowerServerAreGivenOn,
				"T6":                    TestT6ZombieWorkerIsFenced,
				"T7":                    TestT7PoisonTaskDoesNotBlockItsAccount,
				"L9":                    TestTaskThatAlwaysTimesOut,
				"T15":                   TestT15LostWakeUp,
				"T21":                   TestT21WaitersHoldNoConnection,
				"two servers":           TestTwoServersKeepOrderAndCap,
			} {
				t.Run(name, test)
			}
		})
	}
}

// backlog is tasks of several accounts, of which none is processed before run.
type backlog struct {
	tb     testing.TB
	url    string
	db     *store.DB
	config func(*engine.Config)
	engine *engine.Engine // accepts them
	many   int
}

// newBacklog makes accounts whose tasks need no time to be processed, and whose clocks stand still.
func newBacklog(tb testing.TB, change func(*engine.Config)) *backlog {
	tb.Helper()
	url := pgtest.New(tb)
	b := &backlog{tb: tb, url: url, db: openDB(tb, url)}
	b.config = func(c *engine.Config) {
		c.APIs[0].Lengths = cloud.Lengths{cloud.LengthChange: {}, cloud.LengthRead: {}}
		change(c)
	}
	var err error
	if b.engine, err = engine.New(config(tb, b.db, b.config)); err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(b.engine.Close)
	return b
}

// accept accepts requests of a new account.
func (b *backlog) accept(requests ...func() (operation string, req binding.Request)) (account int64) {
	b.tb.Helper()
	caller := newAccount(b.tb, b.db)
	for i, request := range requests {
		operation, req := request()
		caller.Request = fmt.Sprint(caller.Account, "-", i) // so that the ids of tasks follow from it
		if _, err := b.engine.Accept(b.tb.Context(), caller, operation, req, engine.Reply{}); err != nil {
			b.tb.Fatal(err)
		}
		b.many++
	}
	return caller.Account
}

// creation is the request that creates a box.
func creation(body string) func() (string, binding.Request) {
	return func() (string, binding.Request) { return "createBox", binding.Request{Body: []byte(body)} }
}

// deletion is the request that deletes one.
func deletion(id int) func() (string, binding.Request) {
	return func() (string, binding.Request) {
		return "deleteBox", binding.Request{Path: map[string]string{"boxId": fmt.Sprint(id)}}
	}
}

// run begins to process them.
func (b *backlog) run() {
	b.tb.Helper()
	start(b.tb, b.db, b.config)
}

// ended waits until so many have come to an end.
func (b *backlog) ended(many int) {
	b.tb.Helper()
	apitest.Eventually(b.tb, fmt.Sprintf("%d tasks ended", many), func() bool {
		var n int
		query(b.tb, b.url, `SELECT count(*) FROM tasks WHERE response IS NOT NULL`, nil, &n)
		return n == many
	})
}

// left is all that is left in the database, as text, a line for each row.
func (b *backlog) left() string {
	b.tb.Helper()
	var all string
	query(b.tb, b.url, `
		SELECT string_agg(line, E'\n' ORDER BY place, account, nth)
		FROM (
			SELECT 1 AS place, id AS account, 0 AS nth, concat_ws(' ', 'account', last_seq, done_seq, event_seq, last_id) AS line
			FROM accounts
			UNION ALL
			SELECT 2, account_id, seq, concat('task ', to_jsonb(t)) FROM tasks t
			UNION ALL
			SELECT 3, account_id, id, concat('resource ', to_jsonb(r)) FROM resources r
			UNION ALL
			SELECT 4, account_id, id, concat('step ', to_jsonb(s) - 'id') FROM steps s
			UNION ALL
			SELECT 5, account_id, seq, concat('event ', to_jsonb(e)) FROM events e
		) lines`, nil, &all)
	return all
}

// What tasks leave behind is the same, whether they share transactions or not: also where one fails, before or after it
// has written, or panics.
func TestGroupLeavesTheSame(t *testing.T) {
	t.Parallel()
	left := map[int]string{}
	for _, size := range []int{1, 2, 16, -16} {
		var mu sync.Mutex
		var shared, most int // tasks that wait for the same commit
		b := newBacklog(t, func(c *engine.Config) {
			c.Policy, c.Group = engine.PolicyReject, size
			c.Hook = func(point string) {
				mu.Lock()
				defer mu.Unlock()
				switch point {
				case "task.before_commit":
					shared++
					most = max(most, shared)
				case "task.after_commit":
					shared = 0
				}
			}
		})
		box := creation(`{"name":"box"}`)
		b.accept(box, box)
		b.accept(creation(`{"name":"one","fail":"SUBSCRIPTION_NOT_FOUND"}`), box) // what it wrote was not sent
		b.accept(box, creation(`{"name":"one","fail":"panic"}`), box)
		b.accept(box, box, box, box, box) // the last two find the limit reached by a question after they wrote
		b.accept(deletion(7), box, deletion(501), box)
		b.accept(box, deletion(501), deletion(501))
		for range 4 {
			b.accept(box)
		}
		b.run()
		b.ended(b.many)
		left[size] = b.left()
		if size == 16 && most < 5 {
			t.Errorf("of groups of 16 no more than %d tasks share a commit", most)
		}
	}
	for size, got := range left {
		if diff := cmp.Diff(left[1], got); diff != "" {
			t.Errorf("groups of %d: one by one (-), together (+):\n%s", size, diff)
		}
	}
	for _, want := range []string{
		"TOO_MANY_PENDING_SUBSCRIPTIONS", "SUBSCRIPTION_NOT_FOUND", "GENERAL_ERROR", `"deleting"`,
	} {
		if !strings.Contains(left[1], want) {
			t.Errorf("%s does not occur, so it was not tested", want)
		}
	}
}

// Who keeps a group waiting, or breaks it, does not keep its companions from their ends, and they are not blamed.
func TestGroupWithoutItsSlowest(t *testing.T) {
	t.Parallel()
	gate := make(chan struct{})
	open := sync.OnceFunc(func() { close(gate) })
	defer open()
	for what, bad := range map[string]func(ctx context.Context) error{
		"does not return": func(context.Context) error {
			<-gate
			return nil
		},
		"times out": func(context.Context) error { return &pgconn.PgError{Code: "57014"} },
		"fails":     func(context.Context) error { return errors.New("as asked") },
	} {
		b := newBacklog(t, func(c *engine.Config) {
			c.Group = 16
			c.APIs[0].Operations[0] = engine.Task("createBox", func(
				ctx context.Context, tx *store.Tx, in createBoxInput,
			) (engine.Outcome, error) {
				out, err := createBox(ctx, tx, createBoxInput{Name: in.Name})
				if in.Fail != nil {
					err = bad(ctx)
				}
				return out, err
			})
		})
		account := b.accept(creation(`{"name":"bad","fail":"as above"}`))
		const others = 10
		for range others {
			b.accept(creation(`{"name":"box"}`))
		}
		b.run()
		apitest.Eventually(t, what+": the others have ended", func() bool {
			var n int
			query(t, b.url, `SELECT count(*) FROM tasks WHERE status = 'done' AND account_id <> $1`, []any{account}, &n)
			return n == others
		})
		var most, running int
		query(t, b.url, `
			SELECT max(attempts) FILTER (WHERE account_id <> $1), count(*) FILTER (WHERE status = 'running' AND account_id = $1)
			FROM tasks`, []any{account}, &most, &running)
		if most != 1 {
			t.Errorf("%s: its companions have had %d attempts, want 1", what, most)
		}
		if what == "does not return" {
			if running != 1 {
				t.Error("the one that does not return has ended")
			}
			open()
		}
		b.ended(1 + others)
	}
}

// A group waits for no account while it holds others.
func TestGroupWithoutALockedAccount(t *testing.T) {
	t.Parallel()
	b := newBacklog(t, func(c *engine.Config) { c.Group = 16 })
	locked := b.accept(creation(`{"name":"locked"}`))
	const others = 10
	for range others {
		b.accept(creation(`{"name":"box"}`))
	}
	holder := connect(t, b.url)
	lock(t, holder, locked)
	b.run()
	b.ended(others)
	exec(t, holder, "COMMIT")
	b.ended(1 + others)
	var attempts int
	query(t, b.url, `SELECT max(attempts) FROM tasks`, nil, &attempts)
	if attempts != 1 {
		t.Errorf("one has had %d attempts, want 1", attempts)
	}
}

// Those that somebody else is at work for share a transaction of their own, which waits for them; but not for long.
func TestGroupOfLockedAccounts(t *testing.T) {
	t.Parallel()
	b := newBacklog(t, func(c *engine.Config) { c.Group = 16 })
	var locked []int64
	holder := connect(t, b.url)
	for range 3 {
		locked = append(locked, b.accept(creation(`{"name":"locked"}`)))
	}
	const others = 10
	for range others {
		b.accept(creation(`{"name":"box"}`))
	}
	for _, account := range locked {
		lock(t, holder, account)
	}
	b.run()
	b.ended(others)
	apitest.Eventually(t, "the three are waited for one by one", func() bool {
		return waiting(t, b.url) == len(locked)
	})
	exec(t, holder, "COMMIT")
	b.ended(len(locked) + others)
	var attempts int
	query(t, b.url, `SELECT max(attempts) FROM tasks`, nil, &attempts)
	if attempts != 1 {
		t.Errorf("one has had %d attempts, want 1", attempts)
	}
}

// A task that is kept, since its time is over soon, waits for none that cannot start: its lease would run out.
func TestKeptWaitForNoLockedAccount(t *testing.T) {
	t.Parallel()
	b := newBacklog(t, func(c *engine.Config) { c.Group = 16 })
	locked := b.accept(creation(`{"name":"locked"}`))
	const others = 10
	for range others {
		b.accept(creation(`{"name":"box"}`))
	}
	holder := connect(t, b.url)
	exec(t, holder, `UPDATE accounts SET clock_frozen_at = NULL`)
	exec(t, holder, `UPDATE tasks SET work = '5 microseconds'`)
	lock(t, holder, locked)
	b.run()
	b.ended(others)
	apitest.Eventually(t, "the one is waited for by itself", func() bool { return waiting(t, b.url) == 1 })
	exec(t, holder, "COMMIT")
	b.ended(1 + others)
	var attempts int
	query(t, b.url, `SELECT max(attempts) FROM tasks WHERE account_id <> $1`, []any{locked}, &attempts)
	if attempts != 1 {
		t.Errorf("one of the others has had %d attempts, want 1", attempts)
	}
}
