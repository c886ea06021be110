package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// connect opens a session of somebody else.
func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.WithoutCancel(tb.Context())) })
	return conn
}

// exec runs one statement in a session.
func exec(tb testing.TB, conn *pgx.Conn, sql string, args ...any) {
	tb.Helper()
	if _, err := conn.Exec(tb.Context(), sql, args...); err != nil {
		tb.Fatal(err)
	}
}

// lock begins a transaction that holds an account's row, without changing it.
func lock(tb testing.TB, conn *pgx.Conn, account int64) {
	tb.Helper()
	exec(tb, conn, "BEGIN")
	exec(tb, conn, "SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", account)
}

// waiting counts the sessions that wait for a lock.
func waiting(tb testing.TB, url string) (n int) {
	tb.Helper()
	query(tb, url, `SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted AND (database IS NULL OR
		database = (SELECT oid FROM pg_database WHERE datname = current_database()))
		AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`, nil, &n)
	return n
}

// pendingBoxes gives an account boxes, by numbers from 1, for which nothing is to be done yet.
func pendingBoxes(tb testing.TB, conn *pgx.Conn, account int64, boxes int) {
	tb.Helper()
	exec(tb, conn, `
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at)
		SELECT a.id, 'box', n, 'box', 'pending', '{}', business_now(a), business_now(a)
		FROM accounts a, generate_series(1, $2::int) n
		WHERE a.id = $1`, account, boxes)
}

// overdue gives an account boxes, whose only step was due some seconds ago.
func overdue(tb testing.TB, conn *pgx.Conn, account int64, boxes, seconds int) {
	tb.Helper()
	pendingBoxes(tb, conn, account, boxes)
	exec(tb, conn, `
		INSERT INTO steps (account_id, kind, resource_id, after, due_at, wake_at, status, patch)
		SELECT a.id, 'box', n, '0', at, wake_time(a, at), 'active', '{"lid": true}'
		FROM accounts a, generate_series(1, $2::int) n, LATERAL (SELECT business_now(a) - make_interval(secs => $3)) due (at)
		WHERE a.id = $1`, account, boxes, seconds)
}

// steps counts those that an account has left.
func steps(tb testing.TB, url string, account int64) (n int) {
	tb.Helper()
	query(tb, url, `SELECT count(*) FROM steps WHERE account_id = $1`, []any{account}, &n)
	return n
}

// running creates an account whose clock runs.
func running(tb testing.TB, db *store.DB) int64 {
	tb.Helper()
	id, err := db.CreateAccount(tb.Context(), cloud.Account{Name: "test"})
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// An account whose row somebody holds for long keeps nobody else's steps from being
// applied, though its own have been due for longer and are very many.
func TestProvisioningPassesALockedAccount(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, conn := openDB(t, url), connect(t, url)
	locked, free := running(t, db), running(t, db)
	overdue(t, conn, locked, 2000, 20)
	overdue(t, conn, free, 3, 10)
	lock(t, conn, locked)
	start(t, db, nil)
	apitest.Eventually(t, "the other account is provisioned for", func() bool { return steps(t, url, free) == 0 })
	if n := steps(t, url, locked); n != 2000 {
		t.Errorf("%d steps of the locked account are left, want all 2000", n)
	}
	exec(t, conn, "COMMIT")
	apitest.Eventually(t, "it has its turn when it is free", func() bool { return steps(t, url, locked) == 0 })
}

// An account that the next writer always waits for is never found free. It is waited
// for, and has its turn.
func TestProvisioningWaitsForABusyAccount(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, writer, next := openDB(t, url), connect(t, url), connect(t, url)
	busy := running(t, db)
	overdue(t, writer, busy, 1, 1)
	lock(t, writer, busy)
	start(t, db, nil)
	apitest.Eventually(t, "provisioning waits", func() bool { return waiting(t, url) == 1 })
	locked := make(chan error, 1)
	exec(t, next, "BEGIN")
	go func() {
		_, err := next.Exec(context.WithoutCancel(t.Context()), "SELECT FROM accounts WHERE id = $1 FOR NO KEY UPDATE", busy)
		locked <- err
	}()
	apitest.Eventually(t, "the next writer waits", func() bool { return waiting(t, url) == 2 })
	exec(t, writer, "COMMIT")
	if err := <-locked; err != nil {
		t.Fatal(err)
	}
	if n := steps(t, url, busy); n != 0 {
		t.Errorf("%d steps are left when the next writer has its turn, want none", n)
	}
}

// Very many due steps are applied in several commits, and one resource's in their
// order, also where its clock stands still and all were found due at the same time.
func TestProvisioningInParts(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, conn := openDB(t, url), connect(t, url)
	account := running(t, db)
	overdue(t, conn, account, 11000, 20)
	exec(t, conn, `
		INSERT INTO steps (account_id, kind, resource_id, after, due_at, wake_at, status)
		SELECT account_id, kind, resource_id, after, due_at + interval '1 s', wake_at - interval '1 s', 'deleting'
		FROM steps`)
	for left := 22000; left > 0; {
		applied, _, err := db.ApplySteps(t.Context(), func() {})
		if err != nil || applied == 0 || applied > 5000 {
			t.Fatalf("%d steps applied at once, %v; want up to 5000", applied, err)
		}
		left -= applied
		if n := steps(t, url, account); n != left {
			t.Fatalf("%d steps are left, want %d", n, left)
		}
	}
	var wrong int
	query(t, url, `SELECT count(*) FROM resources WHERE status <> 'deleting' OR body <> '{"lid": true}'`, nil, &wrong)
	if wrong != 0 {
		t.Errorf("%d boxes did not end in their last step", wrong)
	}
}

// What takes no time leaves the same, whether what a task made was with the database already, so that it became active
// by another statement, or not.
func TestActiveAtOnce(t *testing.T) {
	t.Parallel()
	b := newBacklog(t, func(c *engine.Config) {
		c.Speed = 0
		c.APIs[0].Operations[0] = engine.Task("createBox", func(
			ctx context.Context, tx *store.Tx, in createBoxInput,
		) (engine.Outcome, error) {
			id, err := store.NextID[box](ctx, tx)
			store.Insert(tx, cloud.Resource[box]{ID: id, Name: in.Name, Status: cloud.StatusPending})
			if in.Name == "sent" && err == nil {
				_, _, err = store.Get[box](ctx, tx, id)
			}
			tx.Plan(cloud.Step{Kind: box{}.Kind(), ID: id, After: createTime, Status: cloud.StatusActive})
			return engine.Outcome{ResourceID: id}, err
		})
	})
	left := map[string]string{}
	accounts := map[string]int64{
		"sent": b.accept(creation(`{"name":"sent"}`)), "kept": b.accept(creation(`{"name":"kept"}`)),
	}
	b.run()
	b.ended(len(accounts))
	for name, account := range accounts {
		var text string
		query(t, b.url, `
			SELECT concat_ws(E'\n', (
				SELECT to_jsonb(r) - 'account_id' - 'name' - 'task_id' - 'body' FROM resources r WHERE account_id = $1
			), (SELECT string_agg(concat_ws(' ', seq, kind, resource_id, status, task IS NULL), E'\n' ORDER BY seq)
				FROM events WHERE account_id = $1
			), (SELECT concat(event_seq, ' ', last_id) FROM accounts WHERE id = $1))`, []any{account}, &text)
		left[name] = text
	}
	if diff := cmp.Diff(left["sent"], left["kept"]); diff != "" {
		t.Errorf("sent before (-), not yet (+):\n%s", diff)
	}
	var last string
	if query(t, b.url, `SELECT max(ctid)::text FROM resources`, nil, &last); last != "(0,3)" {
		t.Errorf("the last version of a row is %s, want the third of all", last)
	}
	if !strings.Contains(left["kept"], "pending") || !strings.Contains(left["kept"], `"activated_at": "20`) {
		t.Errorf("it was never pending, or is not active:\n%s", left["kept"])
	}
}
