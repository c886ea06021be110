package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Transition is a transition of a task or a resource of an account. Those of an account are numbered from 1, without a
// gap and in the order in which they were committed.
//
// Nothing here writes them: Accept, Start, Process and Finish tell of tasks, and triggers of resources, whoever changes
// them (migration 00012).
type Transition struct {
	Account  int64
	Seq      int64
	At       time.Time // business time
	Task     string    // UUID of the task that changed, or by which the resource did; empty: by none
	Kind     string    // of the resource; empty: the task changed
	Resource int64
	Name     string       // of the resource; of a task its operation
	Status   cloud.Status // as clients see it; that of a task is a cloud.TaskStatus
	Error    *cloud.Error
}

const eventColumns = `account_id, seq, at, COALESCE(task::text, ''), COALESCE(kind, ''), COALESCE(resource_id, 0), name,
	status, error`

func scanEvent(row pgx.CollectableRow) (e Transition, err error) {
	var failure []byte
	err = row.Scan(&e.Account, &e.Seq, &e.At, &e.Task, &e.Kind, &e.Resource, &e.Name, &e.Status, &failure)
	if err == nil && failure != nil {
		err = json.Unmarshal(failure, &e.Error)
	}
	return e, err
}

// Events lists up to limit events of an account that come after one with a number, in their order. Where the first of
// them is not the next one, those before it are no longer kept.
func (db *DB) Events(ctx context.Context, account, after int64, limit int) ([]Transition, error) {
	return db.events(ctx, `
		SELECT `+eventColumns+`
		FROM events
		WHERE account_id = $1 AND seq > $2
		ORDER BY seq
		LIMIT $3`, account, after, limit)
}

// ResourceEvents lists the events of resources that a task brought about, in their order.
func (db *DB) ResourceEvents(ctx context.Context, account int64, task string) ([]Transition, error) {
	return db.events(ctx, `
		SELECT `+eventColumns+`
		FROM events
		WHERE account_id = $1 AND task = $2 AND kind IS NOT NULL
		ORDER BY seq`, account, task)
}

func (db *DB) events(ctx context.Context, sql string, args ...any) ([]Transition, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanEvent)
	if err != nil {
		return nil, fmt.Errorf("list events: %w", err)
	}
	return list, nil
}

// LastEvent returns the number of the newest event of an account, and of the oldest that is kept; ok is false if there
// is no such account. Where none is kept, the oldest is the next one.
func (db *DB) LastEvent(ctx context.Context, account int64) (oldest, newest int64, ok bool, err error) {
	rows, err := db.pool.Query(ctx, `
		SELECT COALESCE((SELECT min(seq) FROM events WHERE account_id = a.id), a.event_seq + 1), a.event_seq
		FROM accounts a
		WHERE a.id = $1`, account)
	if err != nil {
		return 0, 0, false, fmt.Errorf("look for the last event: %w", err)
	}
	_, err = pgx.ForEachRow(rows, []any{&oldest, &newest}, func() error {
		ok = true
		return nil
	})
	if err != nil {
		return 0, 0, false, fmt.Errorf("look for the last event: %w", err)
	}
	return oldest, newest, ok, nil
}

// PruneEvents removes, of every account, up to limit of the oldest events beyond those that are to be kept, and returns
// how many it removed.
func (db *DB) PruneEvents(ctx context.Context, keep int64, limit int) (int, error) {
	tag, err := db.pool.aside.Exec(ctx, `
		DELETE FROM events e
		USING accounts a, LATERAL (
			SELECT account_id, seq
			FROM events
			WHERE account_id = a.id AND seq <= a.event_seq - $1
			ORDER BY seq
			LIMIT $2
		) old
		WHERE e.account_id = old.account_id AND e.seq = old.seq`, keep, limit)
	if err != nil {
		return 0, fmt.Errorf("prune events: %w", err)
	}
	return int(tag.RowsAffected()), nil
}

// TaskRecord is a task with the times of its phases, in business time; nil: not yet, or never.
type TaskRecord struct {
	cloud.Task
	AcceptedAt    time.Time
	StartedAt     *time.Time
	FinishedAt    *time.Time
	ProvisionedAt *time.Time // all that it left to provisioning is done, or a newer change took its place
}

const taskRecordColumns = taskColumns + `, accepted_at, started_at, CASE WHEN response IS NOT NULL THEN updated_at END,
	CASE WHEN status = 'done' AND NOT EXISTS (
		SELECT FROM steps s WHERE s.account_id = tasks.account_id AND s.task = tasks.id
	) THEN
		COALESCE(provisioned_at, updated_at) END`

func scanTaskRecord(row pgx.CollectableRow) (t TaskRecord, err error) {
	t.Task, err = scanTaskAnd(row, &t.AcceptedAt, &t.StartedAt, &t.FinishedAt, &t.ProvisionedAt)
	return t, err
}

// TaskRecords lists up to limit tasks of an account, the newest first: all, or those that have not ended.
func (db *DB) TaskRecords(ctx context.Context, account int64, pending bool, limit int) ([]TaskRecord, error) {
	return db.taskRecords(ctx, `
		SELECT `+taskRecordColumns+`
		FROM tasks
		WHERE account_id = $1 AND (response IS NULL OR NOT $2)
		ORDER BY seq DESC
		LIMIT $3`, account, pending, limit)
}

// TasksWithID lists the tasks with an id, of all accounts or of one: those of a fork have the ids of where it comes
// from.
func (db *DB) TasksWithID(ctx context.Context, id string, account int64) ([]TaskRecord, error) {
	return db.taskRecords(ctx, `
		SELECT `+taskRecordColumns+`
		FROM tasks
		WHERE id = $1 AND (account_id = $2 OR $2 = 0)
		ORDER BY account_id`, id, account)
}

func (db *DB) taskRecords(ctx context.Context, sql string, args ...any) ([]TaskRecord, error) {
	rows, err := db.pool.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	list, err := pgx.CollectRows(rows, scanTaskRecord)
	if err != nil {
		return nil, fmt.Errorf("read tasks: %w", err)
	}
	return list, nil
}

// ResourceStatus returns the status of a resource as clients see it, and its name; ok is false if there is none.
func (db *DB) ResourceStatus(
	ctx context.Context, account int64, kind string, id int64,
) (name string, status cloud.Status, ok bool, err error) {
	rows, err := db.pool.Query(ctx, `
		SELECT name, `+resourceStatus(`EXISTS (SELECT FROM steps WHERE account_id = $1 AND holds = $3 AND holds_kind = $2)`)+`
		FROM resources r
		WHERE account_id = $1 AND kind = $2 AND id = $3`, account, kind, id)
	if err != nil {
		return "", "", false, fmt.Errorf("read %s %d: %w", kind, id, err)
	}
	_, err = pgx.ForEachRow(rows, []any{&name, &status}, func() error {
		ok = true
		return nil
	})
	if err != nil {
		return "", "", false, fmt.Errorf("read %s %d: %w", kind, id, err)
	}
	return name, status, ok, nil
}

// Work counts what is still to be done for an account: tasks that have not ended, and steps of provisioning.
func (db *DB) Work(ctx context.Context, account int64) (tasks, steps int, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT last_seq - done_seq, (SELECT count(*) FROM steps s WHERE s.account_id = a.id)
		FROM accounts a
		WHERE id = $1`, account).Scan(&tasks, &steps)
	if err != nil {
		return 0, 0, fmt.Errorf("count what is to be done for account %d: %w", account, err)
	}
	return tasks, steps, nil
}
