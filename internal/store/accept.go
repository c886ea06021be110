package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Acceptance is a request on its way to become a task.
type Acceptance struct {
	ID        string // the task's UUID
	Account   int64
	Operation string
	Command   string
	Request   []byte        // JSON
	Work      time.Duration // business time that processing will take
}

// Accept turns requests into tasks at the end of their accounts' queues, all in
// one commit, and gives back the business time of each acceptance. It is one
// round trip: the accounts are locked in a fixed order, then their sequences are
// drawn and the tasks inserted from arrays.
func (db *DB) Accept(ctx context.Context, batch []Acceptance) ([]time.Time, error) {
	n := len(batch)
	accounts, ids := make([]int64, n), make([]string, n)
	operations, commands := make([]string, n), make([]string, n)
	requests, works := make([]string, n), make([]time.Duration, n)
	for i, a := range batch {
		accounts[i], ids[i] = a.Account, a.ID
		operations[i], commands[i] = a.Operation, a.Command
		requests[i], works[i] = string(a.Request), a.Work
	}
	// Both statements form one implicit transaction, since they travel as one
	// pipeline; the second one takes its snapshot when the locks are held.
	var both pgx.Batch
	both.Queue(`
		SELECT id
		FROM accounts
		WHERE id = ANY ($1)
		ORDER BY id
		FOR NO KEY UPDATE`, accounts)
	both.Queue(`
		WITH incoming AS (
			SELECT i.*, row_number() OVER (PARTITION BY i.account_id ORDER BY i.place) AS turn
			FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::interval[])
				WITH ORDINALITY AS i (account_id, id, operation, command, request, work, place)
		), numbered AS (
			SELECT i.*, a.last_seq + i.turn AS seq, business_now(a) AS now,
				a.last_seq = a.done_seq AND i.turn = 1 AS head
			FROM incoming i
			JOIN accounts a ON a.id = i.account_id
		), counted AS (
			UPDATE accounts a
			SET last_seq = n.last
			FROM (SELECT account_id, max(seq) AS last FROM numbered GROUP BY account_id) n
			WHERE a.id = n.account_id
		), inserted AS (
			INSERT INTO tasks (id, account_id, seq, operation, command, request, accepted_at, updated_at, work, head, wake_at)
			SELECT id, account_id, seq, operation, command, request::jsonb, now, now, work, head,
				CASE WHEN head THEN clock_timestamp() END
			FROM numbered
		)
		SELECT place - 1, now
		FROM numbered`, accounts, ids, operations, commands, requests, works)

	results := db.pool.SendBatch(ctx, &both)
	if _, err := results.Exec(); err != nil {
		return nil, fmt.Errorf("accept: %w", errors.Join(err, results.Close()))
	}
	rows, err := results.Query()
	if err != nil {
		return nil, fmt.Errorf("accept: %w", errors.Join(err, results.Close()))
	}
	accepted := make([]time.Time, n)
	var place int
	var now time.Time
	_, err = pgx.ForEachRow(rows, []any{&place, &now}, func() error {
		accepted[place] = now
		return nil
	})
	if err = errors.Join(err, results.Close()); err != nil { // Close waits for the commit
		return nil, fmt.Errorf("accept: %w", err)
	}
	return accepted, nil
}
