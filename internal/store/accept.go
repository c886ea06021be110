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

// insertTasks begins to insert accepted tasks.
const insertTasks = `
	INSERT INTO tasks (
		id, account_id, seq, operation, command, request, accepted_at, updated_at, work, key_name, faults, head, wake_at
	)`

// insertTask inserts a task, and the event that tells of it, under the numbers that a has drawn from its account.
// Drawing them locks the account until the commit, so that the numbers follow the order of the commits.
const insertTask = `, told AS (
		INSERT INTO events (account_id, seq, at, task, name, status)
		SELECT $1, a.event_seq, a.now, $2, $3, 'received'
		FROM a
	)` + insertTasks + `
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

// acceptTasks is acceptTask for several requests without keys, whose accounts are locked: what Postgres has to do
// before the first row it does once. The parameters are arrays with an element for each request, in the order of the
// numbers that those of one account get.
const acceptTasks = `
	WITH asked AS (
		SELECT *, row_number() OVER (PARTITION BY account ORDER BY place) AS n
		FROM unnest(
			$1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::double precision[], $7::text[], $8::text[],
			$9::text[], $10::double precision[], $11::double precision[]
		) WITH ORDINALITY AS r (
			account, id, operation, command, request, takes, key_name, faults, names, usual, speed, place
		)
	), a AS (
		UPDATE accounts
		SET last_seq = last_seq + many, event_seq = event_seq + many
		FROM (SELECT account, count(*) AS many FROM asked GROUP BY account) counted
		WHERE id = counted.account
		RETURNING id, accounts AS whole, last_seq - many AS last_seq, event_seq - many AS event_seq, done_seq,
			business_now(accounts) AS now
	), numbered AS (
		SELECT asked.*, a.whole, a.now, a.last_seq + n AS seq, a.event_seq + n AS event, a.last_seq + n - 1 = done_seq AS head
		FROM asked
		JOIN a ON a.id = asked.account
	), told AS (
		INSERT INTO events (account_id, seq, at, task, name, status)
		SELECT account, event, now, id, operation, 'received'
		FROM numbered
	)` + insertTasks + `
	SELECT id, account, seq, operation, command, request::jsonb, now, now,
		CASE WHEN (whole).durations IS NULL AND (whole).clock_rate = 1 THEN make_interval(secs => takes)
			ELSE own_length(whole, string_to_array(names, ','), usual, speed, seq::text) END,
		key_name, faults::jsonb, head, CASE WHEN head THEN clock_timestamp() END
	FROM numbered
	RETURNING account_id, id, accepted_at, head`

// manyRequests are worth a statement for all of them: of eight each takes two thirds of the time that Postgres would
// spend on it alone. Of fewer none takes less.
const manyRequests = 4

// Accept turns requests into tasks at the end of their accounts' queues, all in
// one commit and one round trip. One with an idempotency key is accepted as of the
// time at which it got the key, whose answer says so already.
func (db *DB) Accept(ctx context.Context, requests []Acceptance) ([]Accepted, error) {
	keyed := slices.ContainsFunc(requests, func(r Acceptance) bool { return r.Claim.Token != "" })
	accepted := make([]Accepted, len(requests))
	var batch pgx.Batch // what travels as one pipeline is one transaction
	if len(requests) >= manyRequests && !keyed {
		queueTogether(&batch, requests, accepted)
	} else if err := queueEach(&batch, requests, accepted); err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	if err := db.pool.send(ctx, ofAll(requests, func(r Acceptance) int64 { return r.Account }), &batch); err != nil {
		return nil, fmt.Errorf("accept: %w", err)
	}
	return accepted, nil
}

// queueTogether accepts requests without keys by one statement.
func queueTogether(batch *pgx.Batch, requests []Acceptance, accepted []Accepted) {
	type task struct { // those of two accounts may have the same id
		account int64
		id      string
	}
	n := len(requests)
	accounts, ids, at := make([]int64, n), make([]string, n), make(map[task]int, n)
	operations, commands, bodies, keys := make([]string, n), make([]string, n), make([]string, n), make([]string, n)
	names, faults := make([]string, n), make([]*string, n)
	takes, usual, speeds := make([]float64, n), make([]float64, n), make([]float64, n)
	for i, r := range requests {
		accounts[i], ids[i], at[task{r.Account, r.ID}] = r.Account, r.ID, i
		operations[i], commands[i], bodies[i] = r.Operation, r.Command, string(r.Request)
		keys[i], faults[i] = r.KeyName, r.Faults
		for j, name := range r.Work.Names {
			if j > 0 {
				names[i] += ","
			}
			names[i] += string(name)
		}
		takes[i], usual[i], speeds[i] = r.Work.Takes.Seconds(), r.Work.Usual.Seconds(), r.Work.Speed
	}
	// Planned once: with so many rows or so many, the way is the same.
	batch.Queue(`SELECT set_config('plan_cache_mode', 'force_generic_plan', true)`)
	batch.Queue(lockInOrder, accounts)
	batch.Queue(acceptTasks,
		accounts, ids, operations, commands, bodies, takes, keys, faults, names, usual, speeds,
	).Query(func(rows pgx.Rows) error {
		var of task
		var one Accepted
		_, err := pgx.ForEachRow(rows, []any{&of.account, &of.id, &one.At, &one.Head}, func() error {
			accepted[at[of]] = one
			return nil
		})
		return err
	})
}

// queueEach accepts requests one by one.
func queueEach(batch *pgx.Batch, requests []Acceptance, accepted []Accepted) error {
	// Two batches that lock the same accounts do so in the same order. Requests for
	// one account keep theirs.
	order := make([]int, len(requests))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(i, j int) int { return cmp.Compare(requests[i].Account, requests[j].Account) })
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
				return err
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
	return nil
}
