package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Page is a part of a log, newest first.
type Page struct {
	From, To      *time.Time // business time; nil: not bounded
	Resource      int64      // only what is about a resource; 0: everything
	Offset, Limit int
}

// Change is an entry of the system log.
type Change struct {
	cloud.Task

	KeyName      string // of the API key that it was asked for with
	ResourceName string // empty: it had none, or nothing was done
}

// Changes lists the finished tasks of the caller that were to change something:
// those whose operation is not a get or a list.
func (tx *Tx) Changes(ctx context.Context, page Page) ([]Change, error) {
	rows, err := tx.q.Query(ctx, `
		SELECT `+taskColumns+`, key_name, resource_name
		FROM tasks
		WHERE account_id = $1 AND response IS NOT NULL AND operation !~ '^(get|list)[A-Z]'
			AND ($2::timestamptz IS NULL OR updated_at >= $2)
			AND ($3::timestamptz IS NULL OR updated_at <= $3)
			AND ($4 = 0 OR (response->>'resource_id')::bigint = $4)
			AND operation <> ALL($7)
		ORDER BY seq DESC
		OFFSET $5
		LIMIT $6`, tx.Caller.Account, page.From, page.To, page.Resource, page.Offset, page.Limit, tx.hiding())
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	changes, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (c Change, err error) {
		c.Task, err = scanTaskAnd(row, &c.KeyName, &c.ResourceName)
		return c, err
	})
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	return changes, nil
}

// BusyDays lists for each day (UTC) on which the caller asked for something the
// time of the first request.
func (tx *Tx) BusyDays(ctx context.Context, page Page) ([]time.Time, error) {
	rows, err := tx.q.Query(ctx, `
		SELECT first
		FROM (
			SELECT min(accepted_at) AS first
			FROM tasks
			WHERE account_id = $1 AND operation <> ALL($6)
			GROUP BY date_trunc('day', accepted_at, 'UTC')
		) days
		WHERE ($2::timestamptz IS NULL OR first >= $2)
			AND ($3::timestamptz IS NULL OR first <= $3)
		ORDER BY first DESC
		OFFSET $4
		LIMIT $5`, tx.Caller.Account, page.From, page.To, page.Offset, page.Limit, tx.hiding())
	if err != nil {
		return nil, fmt.Errorf("list busy days: %w", err)
	}
	days, err := pgx.CollectRows(rows, pgx.RowTo[time.Time])
	if err != nil {
		return nil, fmt.Errorf("list busy days: %w", err)
	}
	return days, nil
}
