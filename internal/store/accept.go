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

	Hold    KeyHold    // of the idempotency key that the request came with
	Outcome KeyOutcome // what is answered, stored for the key
}

// Accepted is what came of an Acceptance.
type Accepted struct {
	At   time.Time // business time; zero: it has lost its idempotency key and is not accepted
	Head bool      // it is its turn at once
}

// Accept turns requests into tasks at the end of their accounts' queues, all in
// one commit. One with an idempotency key is accepted as of the time at which it
// got the key, whose answer says so already. It is one round trip: the accounts are locked in a
// fixed order, then the keys are finished, the sequences drawn and the tasks
// inserted from arrays.
func (db *DB) Accept(ctx context.Context, batch []Acceptance) ([]Accepted, error) {
	columns, err := acceptColumns(batch)
	if err != nil {
		return nil, err
	}
	// Both statements form one implicit transaction, since they travel as one
	// pipeline; the second one takes its snapshot when the locks are held.
	var both pgx.Batch
	both.Queue(`
		SELECT id
		FROM accounts
		WHERE id = ANY ($1)
		ORDER BY id
		FOR NO KEY UPDATE`, columns[0])
	both.Queue(`
		WITH incoming AS (
			SELECT *
			FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::interval[],
					$7::text[], $8::bytea[], $9::uuid[], $10::timestamptz[], $11::smallint[], $12::text[], $13::bytea[])
				WITH ORDINALITY AS i (account_id, id, operation, command, request, work,
					scheme, key_hash, token, acquired_at, status, headers, body, place)
		), finished AS (
			UPDATE idempotency_keys k
			SET state = 'done', status = i.status, headers = i.headers::jsonb, body = i.body
			FROM incoming i
			WHERE i.token IS NOT NULL AND k.account_id = i.account_id AND k.scheme = i.scheme AND k.key_hash = i.key_hash
				AND k.token = i.token AND k.state = 'held'
			RETURNING i.place
		), numbered AS (
			SELECT i.*, a.last_seq + i.turn AS seq, a.last_seq = a.done_seq AND i.turn = 1 AS head,
				COALESCE(i.acquired_at, business_now(a)) AS now
			FROM (
				SELECT *, row_number() OVER (PARTITION BY account_id ORDER BY place) AS turn
				FROM incoming
				WHERE token IS NULL OR place IN (SELECT place FROM finished)
			) i
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
		SELECT place - 1, now, head
		FROM numbered`, columns...)

	results := db.pool.SendBatch(ctx, &both)
	if _, err := results.Exec(); err != nil {
		return nil, fmt.Errorf("accept: %w", errors.Join(err, results.Close()))
	}
	rows, err := results.Query()
	if err != nil {
		return nil, fmt.Errorf("accept: %w", errors.Join(err, results.Close()))
	}
	accepted := make([]Accepted, len(batch))
	var place int
	var one Accepted
	_, err = pgx.ForEachRow(rows, []any{&place, &one.At, &one.Head}, func() error {
		accepted[place] = one
		return nil
	})
	if err = errors.Join(err, results.Close()); err != nil { // Close waits for the commit
		return nil, fmt.Errorf("accept: %w", err)
	}
	return accepted, nil
}

// acceptColumns turns a batch into an array for each column.
func acceptColumns(batch []Acceptance) ([]any, error) {
	n := len(batch)
	accounts, ids := make([]int64, n), make([]string, n)
	operations, commands := make([]string, n), make([]string, n)
	requests, works := make([]string, n), make([]time.Duration, n)
	schemes, hashes := make([]*string, n), make([][]byte, n)
	tokens, acquired := make([]*string, n), make([]*time.Time, n)
	statuses, headers, bodies := make([]*int, n), make([]*string, n), make([][]byte, n)
	for i := range batch {
		a := &batch[i]
		accounts[i], ids[i] = a.Account, a.ID
		operations[i], commands[i] = a.Operation, a.Command
		requests[i], works[i] = string(a.Request), a.Work
		if a.Hold.Token == "" {
			continue
		}
		text, err := encode(a.Outcome.Headers)
		if err != nil {
			return nil, fmt.Errorf("accept: %w", err)
		}
		schemes[i], hashes[i] = &a.Hold.Key.Scheme, a.Hold.Key.Hash
		tokens[i], acquired[i] = &a.Hold.Token, &a.Hold.Now
		statuses[i], headers[i], bodies[i] = &a.Outcome.Status, &text, a.Outcome.Body
	}
	return []any{
		accounts, ids, operations, commands, requests, works,
		schemes, hashes, tokens, acquired, statuses, headers, bodies,
	}, nil
}
