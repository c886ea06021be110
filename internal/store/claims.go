package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Claim is a task that a worker has taken to process it.
type Claim struct {
	cloud.Task
	Request  []byte
	Lease    string // proves the claim: whoever holds another one comes too late
	Attempts int    // this one included
	Faults   []byte // what strikes it, as it was accepted; nil: nothing
	Ready    bool   // its processing time is over, or it needs none: it is for Process; else for Start
	Started  bool   // it was told of that it has started
	// Wait is how long its processing time goes on, where Start has not given it back.
	Wait time.Duration
}

// ClaimTasks takes up to limit tasks on whose turn it is: received ones, and those whose processing time is over. Each
// gets a fresh lease of that length. A taken task whose lease has run out, because its worker died, is taken again.
//
// tasks.wake_at says when a task needs attention and holds only for the first
// task of each account, so the cost does not grow with the queues.
func (db *DB) ClaimTasks(ctx context.Context, limit int, lease time.Duration) (taken []Claim, err error) {
	return db.claimTasks(ctx, limit, lease, "")
}

// ClaimTaskOf is ClaimTasks for the first task of one account.
func (db *DB) ClaimTaskOf(ctx context.Context, account int64, lease time.Duration) (taken []Claim, err error) {
	return db.claimTasks(ctx, 1, lease, `AND account_id = $2`, account)
}

func (db *DB) claimTasks(
	ctx context.Context, limit int, lease time.Duration, only string, args ...any,
) (taken []Claim, err error) {
	// A claim that gets lost with the database is simply made again, so it need not
	// wait for the disk.
	var both pgx.Batch
	both.Queue(commitLater)
	// The limit stands in the statement so that its plan is made for a few.
	both.Queue(fmt.Sprintf(`
		WITH due AS (
			SELECT id, account_id, status, work,
				status <> 'received' OR work = '0' AS ready
			FROM tasks
			WHERE head AND wake_at <= statement_timestamp() %s
			ORDER BY wake_at
			LIMIT %d
			FOR UPDATE SKIP LOCKED
		)
		UPDATE tasks t
		SET status     = CASE WHEN due.ready THEN 'running' ELSE t.status END,
			updated_at = CASE WHEN due.ready AND due.status = 'received' THEN business_now(a) ELSE t.updated_at END,
			due_at     = CASE WHEN due.ready THEN COALESCE(t.due_at, business_now(a)) END,
			wake_at    = clock_timestamp() + $1::interval,
			lease      = gen_random_uuid(),
			attempts   = t.attempts + due.ready::int
		FROM due
		JOIN accounts a ON a.id = due.account_id
		WHERE t.account_id = due.account_id AND t.id = due.id
		RETURNING t.id, t.account_id, t.seq, t.operation, t.command, t.status, t.request, t.lease, t.attempts,
			t.faults, due.ready, t.started_at IS NOT NULL`, only, limit), append([]any{lease}, args...)...)
	results := db.pool.aside.SendBatch(ctx, &both)
	defer func() {
		if closing := results.Close(); err == nil && closing != nil {
			taken, err = nil, fmt.Errorf("claim tasks: %w", closing)
		}
	}()
	if _, err := results.Exec(); err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	rows, err := results.Query()
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	var c Claim
	_, err = pgx.ForEachRow(rows, []any{
		&c.ID, &c.Account, &c.Seq, &c.Operation, &c.Command, &c.Status, &c.Request, &c.Lease, &c.Attempts, &c.Faults,
		&c.Ready, &c.Started,
	}, func() error {
		taken = append(taken, c)
		c.Request, c.Faults = nil, nil // the next row must not share them
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("claim tasks: %w", err)
	}
	return taken, nil
}

// heldClaim is the account $1 of a claim of task $2 by lease $3, and its time. Its clock is not moved before the
// commit: so what says when to wake the task is right, or who moves the clock later puts it right.
func heldClaim(busy Busy) string {
	return `
	WITH held AS (
		SELECT account, work, business_now(account) AS now
		FROM (
			SELECT a AS account, t.work
			FROM accounts a
			JOIN tasks t ON t.account_id = a.id
			WHERE a.id = $1 AND t.id = $2 AND t.lease = $3
			FOR NO KEY UPDATE OF a, t ` + busy.lock() + `
		) a -- first the locks, then the time
	)`
}

// soon is how long is not worth giving a task back for.
const soon = 3 * time.Millisecond

// Start begins the processing time of a claimed task and gives the task back until that is over. A task whose time is
// over soon stays claimed, by a lease of that length, and its claim is Ready, after a Wait. It returns ErrLeaseLost if
// the task is no longer held by the claim's lease.
func (db *DB) Start(ctx context.Context, c *Claim, lease time.Duration) error {
	claims := []Claim{*c}
	started, err := db.StartTogether(ctx, claims, lease, BusyWait)
	if err == nil && !started[0] {
		err = ErrLeaseLost
	}
	*c = claims[0]
	return err
}

// StartTogether is Start for several claims at once, each of another account and in the order of those, in one commit.
// It reports which were started.
func (db *DB) StartTogether(
	ctx context.Context, claims []Claim, lease time.Duration, busy Busy,
) (started []bool, err error) {
	var all pgx.Batch
	all.Queue(commitLater) // what gets lost with the database is simply done again
	if busy == BusyWait && len(claims) > 1 {
		all.Queue(waitBriefly)
	}
	started = make([]bool, len(claims))
	waits := make([]*time.Duration, len(claims))
	sql := heldClaim(busy) + startHeld
	for i, c := range claims {
		all.Queue(sql, c.Account, c.ID, c.Lease, lease, soon).QueryRow(func(row pgx.Row) error {
			return row.Scan(&started[i], &waits[i])
		})
	}
	if err := db.pool.aside.SendBatch(ctx, &all).Close(); err != nil {
		return nil, fmt.Errorf("start tasks: %w", err)
	}
	for i := range claims {
		if c, wait := &claims[i], waits[i]; wait != nil {
			c.Ready, c.Started, c.Attempts, c.Wait = true, true, c.Attempts+1, max(*wait, 0)
		}
	}
	return started, nil
}

const startHeld = `, due AS (
		SELECT *, CASE WHEN wait <= $5 THEN wait END AS wait_here
		FROM (
			SELECT now, work, wake_at, CASE WHEN wake_at < 'infinity' THEN wake_at - clock_timestamp() END AS wait
			FROM (SELECT now, work, wake_time(account, now + work) AS wake_at FROM held) due
		) due
	), started AS (
		UPDATE tasks t
		SET status     = 'running',
			updated_at = due.now,
			started_at = due.now,
			due_at     = due.now + due.work,
			wake_at    = CASE WHEN wait_here IS NULL THEN due.wake_at ELSE clock_timestamp() + $4::interval END,
			lease      = CASE WHEN wait_here IS NOT NULL THEN t.lease END,
			attempts   = t.attempts + (wait_here IS NOT NULL)::int
		FROM due
		WHERE t.account_id = $1 AND t.id = $2
		RETURNING t.operation, due.now, due.wait_here
	), counted AS (
		UPDATE accounts
		SET event_seq = event_seq + 1
		FROM started
		WHERE id = $1
		RETURNING event_seq
	), told AS (
		INSERT INTO events (account_id, seq, at, task, name, status)
		SELECT $1, counted.event_seq, started.now, $2, started.operation, 'running'
		FROM started, counted
	)
	SELECT count(*) > 0, max(wait_here)
	FROM started`

// NextTask returns how long it is until some task needs attention; ok is false
// when none ever will by time alone.
func (db *DB) NextTask(ctx context.Context) (wait time.Duration, ok bool, err error) {
	return db.next(ctx, `
		SELECT wake_at - clock_timestamp()
		FROM tasks
		WHERE head AND wake_at < 'infinity'
		ORDER BY wake_at
		LIMIT 1`)
}

func (db *DB) next(ctx context.Context, sql string, args ...any) (wait time.Duration, ok bool, err error) {
	err = db.pool.QueryRow(ctx, sql, args...).Scan(&wait)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look for what is next: %w", err)
	}
	return wait, true, nil
}

// ReleaseTask gives a claim back unprocessed: it is taken again after a pause. The
// attempt counts or not.
func (db *DB) ReleaseTask(ctx context.Context, c Claim, pause time.Duration, counts bool) error {
	_, err := db.pool.aside.Exec(ctx, `
		UPDATE tasks
		SET lease = NULL, attempts = attempts - (NOT $4)::int, wake_at = clock_timestamp() + $3::interval
		WHERE account_id = $5 AND id = $1 AND lease = $2`, c.ID, c.Lease, pause, counts, c.Account)
	if err != nil {
		return fmt.Errorf("release task %s: %w", c.ID, err)
	}
	return nil
}

// ExpireLeases ends every lease at once. Only for a server that knows it is
// alone on its database: whoever held one is dead.
func (db *DB) ExpireLeases(ctx context.Context) error {
	_, err := db.pool.aside.Exec(ctx, `
		UPDATE tasks
		SET wake_at = clock_timestamp()
		WHERE head AND lease IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("expire leases: %w", err)
	}
	return nil
}
