package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

const taskColumns = `id, account_id, seq, operation, command, status, response, updated_at`

func scanTask(row pgx.CollectableRow) (t cloud.Task, err error) { return scanTaskAnd(row) }

// scanTaskAnd scans a task and the columns behind it.
func scanTaskAnd(row pgx.CollectableRow, more ...any) (t cloud.Task, err error) {
	var response []byte
	columns := []any{&t.ID, &t.Account, &t.Seq, &t.Operation, &t.Command, &t.Status, &response, &t.UpdatedAt}
	err = row.Scan(append(columns, more...)...)
	if err == nil && response != nil {
		err = json.Unmarshal(response, &t.Response)
	}
	return t, err
}

// Task reads a task of the caller's account, as it is committed; ok is false if
// there is none.
func (tx *Tx) Task(id uuid.UUID) (t cloud.Task, ok bool, err error) {
	found, err := tx.reads.tasks.Do(taskKey{tx.Caller.Account, id})
	if err != nil {
		return t, false, fmt.Errorf("read task: %w", err)
	}
	if found == nil || slices.Contains(tx.hidden, found.Operation) {
		return t, false, nil
	}
	return *found, true, nil
}

// hiding is hidden as SQL wants it: not null.
func (tx *Tx) hiding() []string { return append([]string{}, tx.hidden...) }

// RecentTasks lists the caller's active tasks and those that changed within an
// age of business time, newest change first and not more than limit.
func (tx *Tx) RecentTasks(ctx context.Context, age time.Duration, limit int) ([]cloud.Task, error) {
	rows, err := tx.q.Query(ctx, `
		SELECT `+taskColumns+`
		FROM tasks
		WHERE account_id = $1
			AND operation <> ALL($4)
			AND (response IS NULL OR updated_at > (SELECT business_now(a) - $2::interval FROM accounts a WHERE id = $1))
		ORDER BY seq DESC
		LIMIT $3`, tx.Caller.Account, age, limit, tx.hiding())
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	tasks, err := pgx.CollectRows(rows, scanTask)
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	slices.SortStableFunc(tasks, func(a, b cloud.Task) int { return b.UpdatedAt.Compare(a.UpdatedAt) })
	return tasks, nil
}

// Claim is a task that a worker has taken to process it.
type Claim struct {
	cloud.Task
	Request  []byte
	Lease    string // proves the claim: whoever holds another one comes too late
	Attempts int    // this one included
	Faults   []byte // what strikes it, as it was accepted; nil: nothing
	Ready    bool   // its processing time is over, or it needs none: it is for Process; else for Start
	Started  bool   // it was told of that it has started
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
	results := db.pool.SendBatch(ctx, &both)
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
const heldClaim = `
	WITH held AS (
		SELECT account, business_now(account) AS now
		FROM (
			SELECT a AS account
			FROM accounts a
			JOIN tasks t ON t.account_id = a.id
			WHERE a.id = $1 AND t.id = $2 AND t.lease = $3
			FOR NO KEY UPDATE OF a, t
		) a -- first the locks, then the time
	)`

// Start begins the processing time of a claimed task and gives the task back until that is over. It returns
// ErrLeaseLost if the task is no longer held by the claim's lease.
func (db *DB) Start(ctx context.Context, c Claim) error {
	var both pgx.Batch
	both.Queue(commitLater) // what gets lost with the database is simply done again
	var started bool
	both.Queue(heldClaim+`, started AS (
			UPDATE tasks t
			SET status     = 'running',
				updated_at = held.now,
				started_at = held.now,
				due_at     = held.now + t.work,
				wake_at    = wake_time(held.account, held.now + t.work),
				lease      = NULL
			FROM held
			WHERE t.account_id = $1 AND t.id = $2
			RETURNING t.operation, held.now
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
		SELECT EXISTS (SELECT FROM started)`, c.Account, c.ID, c.Lease).QueryRow(func(row pgx.Row) error {
		return row.Scan(&started)
	})
	if err := db.pool.SendBatch(ctx, &both).Close(); err != nil {
		return fmt.Errorf("start task %s: %w", c.ID, err)
	}
	if !started {
		return ErrLeaseLost
	}
	return nil
}

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

// ErrNoTask says that a task is not there.
var ErrNoTask = errors.New("there is no such task")

// ErrLeaseLost says that a task is no longer held by who wants to finish it.
var ErrLeaseLost = errors.New("lease lost")

// Process runs fn in a transaction under the account's lock, while the task is
// held by the claim's lease; otherwise it returns ErrLeaseLost. The task must be
// finished by tx.Finish inside fn, so that its effects and its end are one.
func (db *DB) Process(ctx context.Context, c Claim, fn func(*Tx) error) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		tx := &Tx{q: p, writes: p, reads: db.reads, Caller: cloud.Caller{Account: c.Account}, names: map[int64]string{}}
		tx.draw, tx.task = strconv.FormatInt(c.Seq, 10), c.ID
		err := p.QueryRow(ctx, `
			SELECT now, cap_policy, last_id, own_lengths`+inTransaction+`
			FROM (
				SELECT business_now(a) AS now, COALESCE(a.cap_policy, '') AS cap_policy, a.last_id,
					a.durations IS NOT NULL OR a.clock_rate <> 1 AS own_lengths
				FROM (
					SELECT a.*
					FROM accounts a
					JOIN tasks t ON t.account_id = a.id
					WHERE a.id = $1 AND t.id = $3 AND t.lease = $4
					FOR NO KEY UPDATE OF a, t
				) a -- first the locks, then the time
			) a`, c.Account, c.ID, c.ID, c.Lease).Scan(&tx.Now, &tx.capPolicy, &tx.lastID, &tx.ownLengths, nil, nil)
		if errors.Is(err, pgx.ErrNoRows) {
			return lostTask(ctx, p, c)
		}
		if err != nil {
			return fmt.Errorf("hold task %s: %w", c.ID, err)
		}
		if !c.Started { // it needs no time, so nobody has told of it
			tx.write(`
				WITH counted AS (
					UPDATE accounts
					SET event_seq = event_seq + 1
					WHERE id = $1
					RETURNING event_seq
				)
				INSERT INTO events (account_id, seq, at, task, name, status)
				SELECT $1, counted.event_seq, t.updated_at, t.id, t.operation, 'running'
				FROM tasks t, counted
				WHERE t.account_id = $1 AND t.id = $2`, c.Account, c.ID)
		}
		return tx.run(fn)
	})
}

// lostTask says why a claim does not hold any more: the account is gone, or another worker has the task.
func lostTask(ctx context.Context, q querier, c Claim) error {
	ok, err := hasAccount(ctx, q, c.Account)
	switch {
	case err != nil:
		return err
	case !ok:
		return ErrAccountGone
	}
	return ErrLeaseLost
}

// Finish ends a task with a response, frees it of its request, and puts the next task of the account on turn. How far
// the transaction has counted goes with it. The name of its resource is kept for the log; what has none goes by what it
// belongs to.
func (tx *Tx) Finish(c Claim, status cloud.TaskStatus, response cloud.TaskResponse) {
	tx.write(`
		WITH done AS (
			UPDATE tasks
			SET status = $2, response = $3, updated_at = $4, started_at = COALESCE(started_at, updated_at),
				resource_name = $5, request = NULL, head = false, lease = NULL, wake_at = NULL
			WHERE account_id = $6 AND id = $1
			RETURNING account_id, seq, operation
		), next AS (
			UPDATE tasks t
			SET head = true, wake_at = clock_timestamp()
			FROM done
			WHERE t.account_id = done.account_id AND t.seq = done.seq + 1
		), counted AS (
			UPDATE accounts a
			SET done_seq = done.seq, event_seq = a.event_seq + 1, last_id = $7
			FROM done
			WHERE a.id = done.account_id
			RETURNING a.event_seq
		)
		INSERT INTO events (account_id, seq, at, task, name, status, error)
		SELECT done.account_id, counted.event_seq, $4, $1, done.operation, $2, $3::jsonb -> 'error'
		FROM done, counted`, c.ID, status, tx.encode("finish task", response), tx.Now,
		cmp.Or(tx.names[response.ResourceID], tx.names[response.ParentID]), c.Account, tx.lastID)
	tx.storedID = tx.lastID
}

// ReleaseTask gives a claim back unprocessed: it is taken again after a pause. The
// attempt counts or not.
func (db *DB) ReleaseTask(ctx context.Context, c Claim, pause time.Duration, counts bool) error {
	_, err := db.pool.Exec(ctx, `
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
	_, err := db.pool.Exec(ctx, `
		UPDATE tasks
		SET wake_at = clock_timestamp()
		WHERE head AND lease IS NOT NULL`)
	if err != nil {
		return fmt.Errorf("expire leases: %w", err)
	}
	return nil
}

// PruneTasks removes up to limit finished tasks older than an age of business
// time and returns how many it removed.
func (db *DB) PruneTasks(ctx context.Context, age time.Duration, limit int) (int, error) {
	return db.pruneTasks(ctx, `true`, age, limit)
}

// PruneTasksOf is PruneTasks for one account. It costs next to nothing where the oldest task may stay.
func (db *DB) PruneTasksOf(ctx context.Context, account int64, age time.Duration, limit int) (int, error) {
	return db.pruneTasks(ctx, `a.id = $3 AND t.account_id = $3 AND EXISTS (
			SELECT FROM (SELECT updated_at FROM tasks WHERE account_id = $3 ORDER BY seq LIMIT 1) oldest
			WHERE oldest.updated_at < (SELECT business_now(b) - $1::interval FROM accounts b WHERE b.id = $3)
		)`, age, limit, account)
}

func (db *DB) pruneTasks(ctx context.Context, only string, args ...any) (int, error) {
	tag, err := db.pool.Exec(ctx, `
		DELETE FROM tasks
		WHERE (account_id, id) IN (
			SELECT t.account_id, t.id
			FROM tasks t
			JOIN accounts a ON a.id = t.account_id
			WHERE t.response IS NOT NULL AND t.updated_at < business_now(a) - $1::interval AND `+only+`
			LIMIT $2
			FOR UPDATE OF t SKIP LOCKED
		)`, args...)
	if err != nil {
		return 0, fmt.Errorf("prune tasks: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
