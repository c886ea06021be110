package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// ErrLeaseLost says that a task is no longer held by who wants to finish it.
var ErrLeaseLost = errors.New("lease lost")

// Process runs fn in a transaction under the account's lock, while the task is
// held by the claim's lease; otherwise it returns ErrLeaseLost. The task must be
// finished by tx.Finish inside fn, so that its effects and its end are one.
func (db *DB) Process(ctx context.Context, c Claim, fn func(*Tx) error) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		p.scope = of(c.Account)
		held, err := db.hold(ctx, p, c, BusyWait, fn)
		if err == nil && !held {
			err = lostTask(ctx, p, c)
		}
		return err
	})
}

// hold runs fn if the task is held by the claim's lease. Where it needs no time, nobody has told yet that it has
// started.
func (db *DB) hold(ctx context.Context, p *pipeline, c Claim, busy Busy, fn func(*Tx) error) (held bool, err error) {
	tx := &Tx{q: p, writes: p, reads: db.reads, Caller: cloud.Caller{Account: c.Account}, names: map[int64]string{}}
	tx.draw, tx.task = strconv.FormatInt(c.Seq, 10), c.ID
	told := ""
	if !c.Started {
		told = tellStarted
	}
	err = p.QueryRow(ctx, `
		WITH held AS (
			SELECT business_now(account) AS now, COALESCE((account).cap_policy, '') AS cap_policy, (account).last_id,
				(account).durations IS NOT NULL OR (account).clock_rate <> 1 AS own_lengths, claimed_at, operation,
				held_now((account).id) AS held
			FROM (
				SELECT a AS account, t.updated_at AS claimed_at, t.operation
				FROM accounts a
				JOIN tasks t ON t.account_id = a.id
				WHERE a.id = $1 AND t.id = $3 AND t.lease = $4
				FOR NO KEY UPDATE OF a, t `+busy.lock()+`
			) a -- first the locks, then the time
		)`+told+`
		SELECT now, cap_policy, last_id, own_lengths, held`+inTransaction+`
		FROM held`, c.Account, c.ID, c.ID, c.Lease).
		Scan(&tx.Now, &tx.capPolicy, &tx.lastID, &tx.ownLengths, &tx.held, &p.now, &p.task)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("hold task %s: %w", c.ID, err)
	}
	p.told, p.begun = !c.Started, p.total
	return true, tx.run(fn)
}

const tellStarted = `, counted AS (
			UPDATE accounts a
			SET event_seq = event_seq + 1
			FROM held
			WHERE a.id = $1
			RETURNING a.event_seq
		), told AS (
			INSERT INTO events (account_id, seq, at, task, name, status)
			SELECT $1, counted.event_seq, held.claimed_at, $3, held.operation, 'running'
			FROM held, counted
		)`

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
