package store_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// kept is a database that nobody else changes, with an account that has a jar and a finished task.
type kept struct {
	*store.DB
	t      *testing.T
	url    string
	caller cloud.Caller
	task   uuid.UUID
}

func newKept(t *testing.T, options ...store.Option) *kept {
	t.Helper()
	k := &kept{t: t, url: pgtest.New(t), task: uuid.New()}
	var err error
	if k.DB, err = store.Open(t.Context(), k.url, 4, options...); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(k.Close)
	if k.caller.Account, err = k.CreateAccount(t.Context(), cloud.Account{Name: "test"}); err != nil {
		t.Fatal(err)
	}
	k.fill("full")
	k.finish(k.task)
	return k
}

// fill puts something into the jar.
func (k *kept) fill(held string) {
	k.t.Helper()
	if err := k.put(k.t.Context(), held); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) put(ctx context.Context, held string) error {
	return k.Write(ctx, k.caller, func(tx *store.Tx) error {
		one, ok, err := store.Get[jar](ctx, tx, 1)
		one.ID, one.Status, one.Body = 1, cloud.StatusActive, jar{held}
		if ok {
			store.Update(tx, one)
		} else {
			store.Insert(tx, one)
		}
		return err
	})
}

// accept accepts a task, and finish processes it.
func (k *kept) accept(task uuid.UUID) {
	k.t.Helper()
	_, err := k.Accept(k.t.Context(), []store.Acceptance{{
		ID: task.String(), Account: k.caller.Account, Operation: "createJar", Command: "jarCreate", Request: []byte(`{}`),
	}})
	if err != nil {
		k.t.Fatal(err)
	}
}

func (k *kept) finish(task uuid.UUID) {
	k.t.Helper()
	k.accept(task)
	claims, err := k.ClaimTasks(k.t.Context(), 1, time.Minute)
	if err != nil || len(claims) != 1 {
		k.t.Fatalf("claimed %v, %v", claims, err)
	}
	err = k.Process(k.t.Context(), claims[0], func(tx *store.Tx) error {
		tx.Finish(claims[0], cloud.TaskDone, cloud.TaskResponse{})
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// look reads what is in the jar, and how long that holds.
func (k *kept) look() (held string, holds store.Validity) {
	k.t.Helper()
	err := k.Read(k.t.Context(), k.caller, func(tx *store.Tx) error {
		one, _, err := store.Get[jar](k.t.Context(), tx, 1)
		held, holds = fmt.Sprint(one.Body.Held), tx.Validity()
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return held, holds
}

// lookTask reads the task.
func (k *kept) lookTask(id uuid.UUID) (holds store.Validity) {
	k.t.Helper()
	err := k.Read(k.t.Context(), k.caller, func(tx *store.Tx) error {
		_, _, err := tx.Task(id)
		holds = tx.Validity()
		return err
	})
	if err != nil {
		k.t.Fatal(err)
	}
	return holds
}

// What was read of an account holds until something changes there, whatever that is, and a finished task until tasks
// are taken away. What changes elsewhere does not matter, nor what no answer shows.
func TestWhatWasReadHoldsUntilItChanges(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	ctx, account := t.Context(), k.caller.Account
	other, err := k.CreateAccount(ctx, cloud.Account{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	snapshot := func() error {
		_, err := k.SaveSnapshot(ctx, account, "saved", true)
		return err
	}
	if err := snapshot(); err != nil {
		t.Fatal(err)
	}
	step := func() error {
		return k.Write(ctx, k.caller, func(tx *store.Tx) error {
			tx.InsertSteps([]cloud.Step{{Kind: jar{}.Kind(), ID: 1, Status: cloud.StatusActive}})
			return nil
		})
	}
	for _, c := range []struct {
		what           string
		do             func() error
		jar, task, all bool // whether they still hold: what is in the jar, a finished task, and the other account's
	}{
		{"nothing", func() error { return nil }, true, true, true},
		{"a write", func() error { return k.put(ctx, "else") }, false, true, true},
		{"a write that fails", func() error {
			_ = k.Write(ctx, k.caller, func(*store.Tx) error { return errors.New("no") })
			return nil
		}, true, true, true},
		{"a task is accepted and processed", func() error { k.finish(uuid.New()); return nil }, false, true, true},
		{"a step is planned", step, false, true, true},
		{"and applied", func() error { _, _, err := k.ApplySteps(ctx, func() {}); return err }, false, true, true},
		{"none is due", func() error { _, _, err := k.ApplySteps(ctx, func() {}); return err }, true, true, true},
		{"the clock stands still", func() error { return k.Freeze(ctx, account, pgtest.Now()) }, false, true, true},
		{"time passes", func() error {
			_, err := k.PassTime(ctx, account, store.Passage{Left: time.Hour, Instants: -1, Through: true, Before: func() {}})
			return err
		}, false, true, true},
		{"the account has another name", func() error {
			name := "renamed"
			return k.ChangeAccount(ctx, account, store.AccountChange{Name: &name})
		}, false, true, true},
		{"the other account changes", func() error {
			return k.Write(ctx, cloud.Caller{Account: other}, func(*store.Tx) error { return nil })
		}, true, true, false},
		{"another pair of keys", func() error {
			return k.EnsureKey(ctx, account, "more", store.NewSecrets())
		}, true, true, true},
		{"a new account", func() error {
			_, err := k.CreateAccount(ctx, cloud.Account{Name: "new"})
			return err
		}, true, true, true},
		{"events are removed", func() error { _, err := k.PruneEvents(ctx, 0, 10); return err }, true, true, true},
		{"tasks are pruned", func() error { _, err := k.PruneTasks(ctx, time.Hour, 10); return err }, false, false, false},
		{"a snapshot is loaded", func() error {
			_, err := k.LoadSnapshot(ctx, account, "saved", nil)
			return err
		}, false, false, false},
		{"a fork", func() error {
			_, err := k.Fork(ctx, account, "fork", cloud.Key{}, store.NewSecrets())
			return err
		}, false, false, false},
		{"a reset", func() error { return k.ResetAccounts(ctx, []int64{account}, store.Reset{}) }, false, false, false},
	} {
		_, jars := k.look()
		task := k.lookTask(k.task)
		var others store.Validity
		err := k.Read(ctx, cloud.Caller{Account: other}, func(tx *store.Tx) error {
			_, err := store.All[jar](ctx, tx)
			others = tx.Validity()
			return err
		})
		if err != nil || !jars.Holds() || !task.Holds() || !others.Holds() {
			t.Fatalf("before %s: %v; holds: %t, %t, %t", c.what, err, jars.Holds(), task.Holds(), others.Holds())
		}
		if err := c.do(); err != nil {
			t.Fatalf("%s: %v", c.what, err)
		}
		got, want := []bool{jars.Holds(), task.Holds(), others.Holds()}, []bool{c.jar, c.task, c.all}
		if !slices.Equal(got, want) {
			t.Errorf("after %s the jar, the task and the others hold: %v, want %v", c.what, got, want)
		}
	}
}

// What may change by itself does not hold, nor what is of a task that goes on.
func TestWhatChangesByItselfNeverHolds(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	waiting := uuid.New()
	k.accept(waiting)
	for what, ask := range map[string]func(context.Context, *store.Tx) error{
		"nothing":        func(context.Context, *store.Tx) error { return nil },
		"a waiting task": func(_ context.Context, tx *store.Tx) error { _, _, err := tx.Task(waiting); return err },
		"no task":        func(_ context.Context, tx *store.Tx) error { _, _, err := tx.Task(uuid.New()); return err },
		"the account":    func(ctx context.Context, tx *store.Tx) error { _, err := tx.Account(ctx); return err },
		"the recent tasks": func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.RecentTasks(ctx, time.Hour, 1, nil)
			return err
		},
		"when a step is due": func(ctx context.Context, tx *store.Tx) error {
			_, _, err := store.DueAt[jar](ctx, tx, 1)
			return err
		},
		"what was asked for": func(ctx context.Context, tx *store.Tx) error {
			_, err := store.Unfinished[jar](ctx, tx)
			return err
		},
	} {
		err := k.Read(t.Context(), k.caller, func(tx *store.Tx) error {
			if what != "nothing" { // it is not made better by what would hold
				if _, _, err := store.Get[jar](t.Context(), tx, 1); err != nil {
					return err
				}
			}
			if err := ask(t.Context(), tx); err != nil {
				return err
			}
			if tx.Validity().Holds() {
				t.Errorf("%s: it holds", what)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
}

// Where others change the database, too, nothing holds.
func TestNothingHoldsInASharedDatabase(t *testing.T) {
	t.Parallel()
	k := newKept(t)
	if _, holds := k.look(); holds.Holds() || k.lookTask(k.task).Holds() {
		t.Error("what was read holds")
	}
}

// lockCommits lets commits that change the jar or revoke keys wait at an advisory lock. It returns the freeing of that.
func (k *kept) lockCommits() (free func()) {
	k.t.Helper()
	conn, err := pgx.Connect(k.t.Context(), k.url)
	if err != nil {
		k.t.Fatal(err)
	}
	k.t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(k.t.Context())) }) // frees the lock, too
	// Who waits there is not ended by the cancellation that a client asks for when it is gone.
	_, err = conn.Exec(k.t.Context(), `
		CREATE FUNCTION wait_to_commit() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			LOOP
				BEGIN
					PERFORM pg_advisory_xact_lock_shared(1);
					RETURN NULL;
				EXCEPTION WHEN query_canceled THEN
				END;
			END LOOP;
		END $$;
		CREATE CONSTRAINT TRIGGER wait_to_commit AFTER INSERT OR UPDATE ON resources DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION wait_to_commit();
		CREATE CONSTRAINT TRIGGER wait_to_commit AFTER INSERT ON revoked_keys DEFERRABLE INITIALLY DEFERRED
			FOR EACH ROW EXECUTE FUNCTION wait_to_commit();
		SELECT pg_advisory_lock(1)`)
	if err != nil {
		k.t.Fatal(err)
	}
	return func() {
		if _, err := conn.Exec(context.WithoutCancel(k.t.Context()), `SELECT pg_advisory_unlock(1)`); err != nil {
			k.t.Error(err)
		}
	}
}

// awaitWaiting returns when so many wait for the lock.
func (k *kept) awaitWaiting(n int) {
	k.t.Helper()
	conn, err := pgx.Connect(k.t.Context(), k.url)
	if err != nil {
		k.t.Fatal(err)
	}
	defer func() { _ = conn.Close(k.t.Context()) }()
	for waiting := -1; waiting != n; {
		err := conn.QueryRow(k.t.Context(), `
			SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted AND database = (
				SELECT oid FROM pg_database WHERE datname = current_database()
			)`).Scan(&waiting)
		if err != nil {
			k.t.Fatal(err)
		}
	}
}

// What is read while a commit is under way holds for nobody: neither what was there before, nor what is read meanwhile.
func TestNothingHoldsThroughACommit(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	free := k.lockCommits()
	_, before := k.look()
	ended := make(chan error, 1)
	go func() { ended <- k.put(t.Context(), "else") }()
	k.awaitWaiting(1)
	held, meanwhile := k.look()
	if held != "full" || before.Holds() || meanwhile.Holds() {
		t.Errorf("meanwhile it holds %s; from before: %t, from meanwhile: %t", held, before.Holds(), meanwhile.Holds())
	}
	free()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	held, after := k.look()
	if held != "else" || before.Holds() || meanwhile.Holds() || !after.Holds() {
		t.Errorf("then it holds %s; from before: %t, from meanwhile: %t, from then: %t", held, before.Holds(),
			meanwhile.Holds(), after.Holds())
	}
}

// A commit that nobody knows the end of may come about later: nothing holds until it is known.
func TestNothingHoldsWhileACommitIsLost(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	free := k.lockCommits()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.put(ctx, "else") }()
	k.awaitWaiting(1)
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("the commit is not lost")
	}
	var taken []store.Validity
	for range 3 {
		_, holds := k.look()
		taken = append(taken, holds)
	}
	k.awaitWaiting(1) // still
	for i, holds := range taken {
		if holds.Holds() {
			t.Errorf("look %d holds", i)
		}
	}
	free()
	for {
		held, holds := k.look()
		if holds.Holds() {
			for range 10 {
				if again, _ := k.look(); again != held || !holds.Holds() {
					t.Fatalf("%s holds, and then it is %s", held, again)
				}
			}
			break
		}
		runtime.Gosched()
	}
	if slices.ContainsFunc(taken, store.Validity.Holds) {
		t.Error("what was read meanwhile holds")
	}
}

// Whoever changes something past the gate is refused.
func TestNoChangePassesTheGateUnseen(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	for sql, want := range map[string]struct{ ask, aside bool }{
		`UPDATE resources SET name = ''`:                                           {true, true},
		"WITH a AS (SELECT 1)\n\tUPDATE resources r\n\tSET name = ''":              {true, true},
		`UPDATE steps AS s SET due_at = NULL`:                                      {true, true},
		`DELETE FROM resources`:                                                    {true, true},
		`INSERT INTO steps SELECT * FROM steps`:                                    {true, true},
		`TRUNCATE steps`:                                                           {true, true},
		`DELETE FROM api_keys`:                                                     {true, true},
		`DELETE FROM idempotency_keys`:                                             {true, false},
		`UPDATE accounts SET name = name`:                                          {true, false},
		`SELECT count(*) FROM resources`:                                           {false, false},
		`SELECT id FROM accounts WHERE id = 1 FOR NO KEY UPDATE`:                   {false, false},
		`SELECT FROM resources FOR UPDATE SKIP LOCKED`:                             {false, false},
		`SELECT name FROM resources -- neither an UPDATE nor a thing to INSERT it`: {false, false},
	} {
		for range 2 { // not by what is known of the first time either
			if got := errors.Is(k.Ask(t.Context(), sql), store.ErrPastGate); got != want.ask {
				t.Errorf("%s: refused to who reads: %t", sql, got)
			}
			if got := errors.Is(k.Aside(t.Context(), sql), store.ErrPastGate); got != want.aside {
				t.Errorf("%s: refused aside: %t", sql, got)
			}
		}
	}
	// Nor does a function that a question calls.
	conn, err := pgx.Connect(t.Context(), k.url)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(t.Context()) }()
	rows, err := conn.Query(t.Context(), `
		SELECT proname
		FROM pg_proc
		WHERE pronamespace = current_schema()::regnamespace AND prorettype NOT IN ('trigger'::regtype, 'void'::regtype)
			AND prosrc ~ '\m(INSERT|UPDATE|DELETE|TRUNCATE|MERGE)\M'`)
	if err != nil {
		t.Fatal(err)
	}
	if names, err := pgx.CollectRows(rows, pgx.RowTo[string]); err != nil || len(names) > 0 {
		t.Errorf("functions that change something: %v, %v", names, err)
	}
}
