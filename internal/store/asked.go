package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
)

// Asked is a task of an operation together with what was asked for, for whoever shows what is yet to come of it.
type Asked struct {
	TaskRecord
	Request  []byte     // JSON, as it was accepted; nil once the task is finished
	Resource string     // name of what it made or changed; empty: not yet, or nothing
	Due      *time.Time // business time at which the last known step that it left to provisioning is due; nil: none is
	Now      time.Time  // business time
}

const askedColumns = taskRecordColumns + `, request, resource_name,
	(SELECT max(due_at) FROM steps s WHERE s.account_id = tasks.account_id AND s.task = tasks.id),
	(SELECT business_now(a) FROM accounts a WHERE a.id = tasks.account_id)`

func scanAsked(row pgx.CollectableRow) (a Asked, err error) {
	a.Task, err = scanTaskAnd(row, &a.AcceptedAt, &a.StartedAt, &a.FinishedAt, &a.ProvisionedAt,
		&a.Request, &a.Resource, &a.Due, &a.Now)
	return a, err
}

// Asked reads one of the caller's tasks; ok is false if there is none of an operation that may be seen.
func (tx *Tx) Asked(ctx context.Context, id uuid.UUID) (a Asked, ok bool, err error) {
	found, err := tx.asked(ctx, `AND id = $3`, id)
	if err != nil || len(found) == 0 {
		return a, false, err
	}
	return found[0], true, nil
}

// Unfinished reads the caller's tasks of an operation that are yet to be processed to their end, in their order.
func (tx *Tx) Unfinished(ctx context.Context, operation string) ([]Asked, error) {
	return tx.asked(ctx, `AND response IS NULL AND operation = $3 ORDER BY seq`, operation)
}

func (tx *Tx) asked(ctx context.Context, which string, arg any) ([]Asked, error) {
	rows, err := tx.q.Query(ctx, `
		SELECT `+askedColumns+`
		FROM tasks
		WHERE account_id = $1 AND operation <> ALL ($2) `+which, tx.Caller.Account, tx.hiding(), arg)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	found, err := pgx.CollectRows(rows, scanAsked)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return found, nil
}

// OwnTask returns the id of the task that is processed in this transaction; uuid.Nil: none is.
func (tx *Tx) OwnTask() uuid.UUID { return tx.task }
