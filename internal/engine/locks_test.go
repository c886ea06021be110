package engine_test

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
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
