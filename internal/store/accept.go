package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// Acceptance is a request on its way to become a task.
type Acceptance struct {
	ID        string // the task's UUID
	Account   int64
	KeyName   string // of the API key
	Operation string
	Command   string
	Request   []byte  // JSON
	Work      Work    // business time that processing will take
	Faults    *string // JSON: what strikes it; nil: nothing

	Claim   KeyClaim   // of the idempotency key that the request came with
	Outcome KeyOutcome // what is answered, stored for the key
}

// Accepted is what came of an Acceptance.
type Accepted struct {
	At   time.Time // business time; zero: it has lost its idempotency key, or its account, and is not accepted
	Head bool      // it is its turn at once
}

// insertTask inserts a task, and the event that tells of it, under the numbers that a has drawn from its account.
// Drawing them locks the account until the commit, so that the numbers follow the order of the commits.
const insertTask = `, told AS (
		INSERT INTO events (account_id, seq, at, task, name, status)
		SELECT $1, a.event_seq, a.now, $2, $3, 'received'
		FROM a
	)
	INSERT INTO tasks (
		id, account_id, seq, operation, command, request, accepted_at, updated_at, work, key_name, faults, head, wake_at
	)
	SELECT $2, $1, a.last_seq, $3, $4, $5, a.now, a.now, a.work, $7, $8, a.head,
		CASE WHEN a.head THEN clock_timestamp() END
	FROM a
	RETURNING accepted_at, head`

// workOf is how long processing a task takes: as the server says, or as its account has it.
const workOf = `
			CASE WHEN durations IS NULL AND clock_rate = 1 THEN $6::interval
				ELSE own_length(accounts, $9, $10, $11, last_seq::text) END AS work`

const acceptTask = `
	WITH a AS (
		UPDATE accounts
		SET last_seq = last_seq + 1, event_seq = event_seq + 1
		WHERE id = $1
		RETURNING last_seq, event_seq, last_seq - 1 = done_seq AS head, business_now(accounts) AS now, ` + workOf + `
	)` + insertTask

// acceptKeyedTask locks the key before the account, a Write that ends with FinishKey
// after it. They do not meet at a key: only one of them has its token, and who has
// another one does not wait for the row.
const acceptKeyedTask = `
	WITH finished AS (
		UPDATE idempotency_keys
		SET state = 'done', status = $16, headers = $17, body = $18
		WHERE account_id = $1 AND scheme = $12 AND key_hash = $13 AND token = $14 AND state = 'held'
		RETURNING token
	), a AS (
		UPDATE accounts
		SET last_seq = last_seq + 1, event_seq = event_seq + 1
		WHERE id = $1 AND EXISTS (SELECT FROM finished)
		RETURNING last_seq, event_seq, last_seq - 1 = done_seq AS head, $15::timestamptz AS now, ` + workOf + `
	)` + insertTask

// Accept turns requests into tasks at the end of their accounts' queues, all in
// one commit and one round trip. One with an idempotency key is accepted as of the
// time at which it got the key, whose answer says so already.
func (db *DB) Accept(ctx context.Context, requests []Acceptance) ([]Accepted, error) {
	// Two batches that lock the same accounts do so in the same order. Requests for
	// one account keep theirs.
	order := make([]int, len(requests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(requests[i].Account, requests[j].Account) })

	// What travels as one pipeline is one transaction.
	accepted := make([]Accepted, len(requests))
	var batch pgx.Batch
	for _, i := range order {
		r, into := &requests[i], &accepted[i]
		args := []any{
			r.Account, r.ID, r.Operation, r.Command, string(r.Request), r.Work.Takes, r.KeyName, r.Faults,
			r.Work.Names, r.Work.Usual.Seconds(), r.Work.Speed,
		}
		sql := acceptTask
		if r.Claim.Token != "" {
			headers, err := encode(r.Outcome.Headers)
			if err != nil {
				return nil, fmt.Errorf("accept: %w", err)
			}
			sql, args = acceptKeyedTask, append(args, r.Claim.Key.Scheme, r.Claim.Key.Hash, r.Claim.Token, r.Claim.Now,
				r.Outcome.Status, headers, r.Outcome.Body)
		}
		batch.Queue(sql, args...).QueryRow(func(row pgx.Row) error {
			if err := row.Scan(&into.At, &into.Head); !errors.Is(err, pgx.ErrNoRows) {
				return err
			}
			return nil // the key is lost, or the account
		})
	}
	if err := db.pool.SendBatch(ctx, &batch).Close(); err != nil { // Close waits for the commit
		return nil, fmt.Errorf("accept: %w", err)
	}
	return accepted, nil
}
