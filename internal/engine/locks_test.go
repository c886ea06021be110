package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// A change happens at the time at which its turn has come, not at that at which it
// began to wait: else times of an account would go backwards.
func TestTimeIsReadUnderTheLock(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, holder := openDB(t, url), connect(t, url)
	account := running(t, db)
	_, err := db.Accept(t.Context(), []store.Acceptance{{
		ID: uuid.NewString(), Account: account, Operation: "createBox", Command: "boxCreateRequest", Request: []byte(`{}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	claims, err := db.ClaimTasks(t.Context(), 1, time.Minute)
	if err != nil || len(claims) != 1 {
		t.Fatalf("claimed %v, %v", claims, err)
	}
	for what, change := range map[string]func(fn func(*store.Tx) error) error{
		"write": func(fn func(*store.Tx) error) error {
			return db.Write(t.Context(), cloud.Caller{Account: account}, fn)
		},
		"process": func(fn func(*store.Tx) error) error { return db.Process(t.Context(), claims[0], fn) },
	} {
		lock(t, holder, account)
		var got time.Time
		done := make(chan error, 1)
		go func() {
			done <- change(func(tx *store.Tx) error {
				got = tx.Now
				return nil
			})
		}()
		apitest.Eventually(t, what+" waits", func() bool { return waiting(t, url) == 1 })
		var free time.Time
		query(t, url, `SELECT business_now(a) FROM accounts a WHERE id = $1`, []any{account}, &free)
		exec(t, holder, "COMMIT")
		if err := <-done; err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		if got.Before(free) {
			t.Errorf("%s: its time is %v before the account was free", what, free.Sub(got))
		}
	}
}

// Whoever gives a task back until a time of its account's clock does so by the clock as it is, though that is being
// moved: else nobody would know when the time has come.
func TestMovedClockKnowsEveryTask(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openDB(t, url)
	for what, giveBack := range map[string]func(store.Claim) error{
		"started": func(c store.Claim) error { return db.Start(t.Context(), &c, time.Minute) },
		"delayed": func(c store.Claim) error { return db.DelayTask(t.Context(), c, 5*time.Second, nil) },
	} {
		caller := newAccount(t, db)
		_, err := db.Accept(t.Context(), []store.Acceptance{{
			ID: uuid.NewString(), Account: caller.Account, Operation: "createBox", Command: "boxCreateRequest",
			Request: []byte(`{}`), Work: store.Work{Takes: 5 * time.Second},
		}})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := db.ClaimTasks(t.Context(), 1, time.Minute)
		if err != nil || len(claims) != 1 {
			t.Fatalf("claimed %v, %v", claims, err)
		}
		done := make(chan error, 1)
		err = db.Write(t.Context(), caller, func(tx *store.Tx) error {
			go func() { done <- giveBack(claims[0]) }()
			apitest.Eventually(t, what+", or waits for that", func() bool { return waiting(t, url) == 1 || len(done) == 1 })
			return tx.SetClock(t.Context(), func(c store.Clock) store.Clock {
				c.Now = c.Now.Add(time.Hour)
				return c
			})
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		var due, known bool
		query(t, url, `
			SELECT t.due_at <= business_now(a), t.wake_at <= clock_timestamp()
			FROM tasks t JOIN accounts a ON a.id = t.account_id
			WHERE a.id = $1`, []any{caller.Account}, &due, &known)
		if due != known {
			t.Errorf("a task that is %s while the clock is moved is due: %v, and it is known: %v", what, due, known)
		}
	}
}

// The writes of an account that somebody holds do not take every connection: others
// are answered meanwhile.
func TestWaitingWritesLeaveConnections(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, holder := openDB(t, url), connect(t, url) // 12 connections
	held, other := running(t, db), running(t, db)
	lock(t, holder, held)
	writes := make(chan error)
	for range 30 {
		go func() {
			writes <- db.Write(t.Context(), cloud.Caller{Account: held}, func(*store.Tx) error { return nil })
		}()
	}
	apitest.Eventually(t, "some wait", func() bool { return waiting(t, url) >= 2 })
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // less than the others wait for their lock
	defer cancel()
	for range 12 { // as many as there are connections
		err := db.Read(ctx, cloud.Caller{Account: other}, func(tx *store.Tx) error {
			_, err := tx.Account(ctx)
			return err
		})
		if err != nil {
			t.Fatalf("another account's read: %v", err)
		}
	}
	exec(t, holder, "COMMIT")
	for range 30 {
		if err := <-writes; err != nil {
			t.Error(err)
		}
	}
}

// Who got slots while a task waited for its account is counted, too.
func TestL4SlotsAreCountedUnderTheLock(t *testing.T) {
	t.Parallel()
	b := newBacklog(t, func(*engine.Config) {})
	account := b.accept(creation(`{"name":"box"}`))
	holder := connect(t, b.url)
	lock(t, holder, account)
	b.run()
	apitest.Eventually(t, "the task waits for its account", func() bool { return waiting(t, b.url) == 1 })
	exec(t, holder, `
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at)
		SELECT $1, 'box', id, 'other', 'pending', '{}', now(), now() FROM generate_series(901, 903) id`, account)
	exec(t, holder, `
		INSERT INTO steps (account_id, kind, resource_id, holds, holds_kind, slots, after, due_at, wake_at, status)
		SELECT $1, 'box', id, id, 'box', 3, '1 hour', 'infinity', 'infinity', 'active'
		FROM generate_series(901, 903) id`, account)
	exec(t, holder, "COMMIT")
	b.ended(1)
	var admitted, left int
	query(t, b.url, `SELECT count(due_at), count(*) FROM steps WHERE holds < 900`, nil, &admitted, &left)
	if admitted != 0 || left != 1 {
		t.Errorf("of %d steps of the fourth %d have a slot", left, admitted)
	}
}
