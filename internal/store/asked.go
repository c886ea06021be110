package store

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Asked is a task of an operation together with what was asked for, for whoever shows what is yet to come of it.
type Asked struct {
	TaskRecord
	Request  []byte       // JSON, as it was accepted; nil once the task is finished
	Resource string       // name of what it made or changed; empty: not yet, or nothing
	Due      *time.Time   // business time at which the last known step that it left to provisioning is due; nil: none is
	Now      time.Time    // business time
	Error    *cloud.Error // in which what it left to provisioning ended; nil: in none
}

const askedColumns = taskRecordColumns + `, request, resource_name,
	(SELECT max(due_at) FROM steps s WHERE s.account_id = tasks.account_id AND s.task = tasks.id),
	(SELECT business_now(a) FROM accounts a WHERE a.id = tasks.account_id),
	COALESCE((
		SELECT e.error
		FROM events e
		WHERE e.account_id = tasks.account_id AND e.task = tasks.id AND e.kind IS NOT NULL AND e.status = 'error'
		ORDER BY e.seq DESC
		LIMIT 1
	), ( -- a fork has no events of before; but what nothing has changed since tells as much
		SELECT r.error
		FROM resources r
		WHERE r.account_id = tasks.account_id AND r.kind = $3 AND r.id = (response ->> 'resource_id')::bigint
			AND r.updated_at = provisioned_at
	))`

func scanAsked(row pgx.CollectableRow) (a Asked, err error) {
	var failure []byte
	a.Task, err = scanTaskAnd(row, &a.AcceptedAt, &a.StartedAt, &a.FinishedAt, &a.ProvisionedAt,
		&a.Request, &a.Resource, &a.Due, &a.Now, &failure)
	if err == nil && failure != nil {
		err = json.Unmarshal(failure, &a.Error)
	}
	return a, err
}

// The tasks that are read here are those of operations on a kind of resource, B.

// OneAsked reads one of the caller's tasks; ok is false if there is none of an operation that may be seen.
func OneAsked[B cloud.Body](ctx context.Context, tx *Tx, id uuid.UUID) (a Asked, ok bool, err error) {
	found, err := asked[B](ctx, tx, tx.state(), `AND id = $4`, id)
	if err != nil || len(found) == 0 {
		return a, false, err
	}
	return found[0], true, nil
}

// Unfinished reads the caller's tasks that are yet to be processed to their end, in their order: the first one and all
// after it.
func Unfinished[B cloud.Body](ctx context.Context, tx *Tx) ([]Asked, error) {
	return asked[B](ctx, tx, tx.state(), `AND seq >= (SELECT seq FROM tasks WHERE account_id = $1 AND head) ORDER BY seq`)
}

// AllAsked reads the caller's tasks that were accepted in a span of business time, the newest first.
func AllAsked[B cloud.Body](ctx context.Context, tx *Tx, from, to time.Time) ([]Asked, error) {
	return asked[B](ctx, tx, tx.q, `AND accepted_at BETWEEN $4 AND $5 ORDER BY seq DESC`, from, to)
}

func asked[B cloud.Body](ctx context.Context, tx *Tx, q querier, which string, args ...any) ([]Asked, error) {
	rows, err := q.Query(ctx, `
		SELECT `+askedColumns+`
		FROM tasks
		WHERE account_id = $1 AND operation <> ALL ($2) `+which,
		append([]any{tx.Caller.Account, tx.hiding(), kindOf[B]().Name}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanAsked)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	if tx.view != nil && slices.ContainsFunc(found, Asked.fleeting) {
		tx.view.fleeting = true
	}
	return found, nil
}

// fleeting reports whether a task may show something else though nothing has changed in its account: until it is over,
// time shows; and events, of which an error may be known, are removed when there are many.
func (a Asked) fleeting() bool {
	return a.Status != cloud.TaskFailed && (a.ProvisionedAt == nil || a.Error != nil)
}

// OwnTask returns the id of the task that is processed in this transaction; uuid.Nil: none is.
func (tx *Tx) OwnTask() uuid.UUID {
	id, _ := uuid.Parse(tx.task) // Nil for none
	return id
}

// MadeBy reads the caller's resource of a kind that a task has made; ok is false if it has made none, or that is gone.
func MadeBy[B cloud.Body](ctx context.Context, tx *Tx, task uuid.UUID) (cloud.Resource[B], bool, error) {
	return one[B](ctx, tx, `AND r.id = (
			SELECT (response ->> 'resource_id')::bigint FROM tasks WHERE id = $3 AND account_id = $1
		)`, task)
}

// OfForgottenTask reads the caller's resource of a kind whose body has an id as uid, if the task that has made it is no
// longer kept. It looks at all of them.
func OfForgottenTask[B cloud.Body](
	ctx context.Context, tx *Tx, task uuid.UUID, uid string,
) (cloud.Resource[B], bool, error) {
	return one[B](ctx, tx, `AND r.body ->> 'uid' = $3 AND NOT EXISTS (
			SELECT FROM tasks WHERE id = $4 AND account_id = $1
		)
		LIMIT 1`, uid, task)
}

func one[B cloud.Body](
	ctx context.Context, tx *Tx, which string, args ...any,
) (r cloud.Resource[B], ok bool, err error) {
	found, err := list[B](ctx, tx, which, args...)
	if err != nil || len(found) == 0 {
		return r, false, err
	}
	tx.note(found[0].ID, found[0].Name)
	return found[0], true, nil
}
