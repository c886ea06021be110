package store

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

const taskColumns = `id, account_id, seq, operation, command, status, response, updated_at`

// scanTaskAnd scans a task and the columns behind it.
func scanTaskAnd(row pgx.CollectableRow, more ...any) (t cloud.Task, err error) {
	var response []byte
	columns := []any{&t.ID, &t.Account, &t.Seq, &t.Operation, &t.Command, &t.Status, &response, &t.UpdatedAt}
	err = row.Scan(append(columns, more...)...)
	if err == nil && response != nil {
		t.Response, err = decodeResponse(response)
	}
	return t, err
}

// decodeResponse decodes what a task came to: mostly no more than two ids, as Postgres writes them.
func decodeResponse(text []byte) (*cloud.TaskResponse, error) {
	var r cloud.TaskResponse
	rest, ok := cutID(text, `{"parent_id": `, &r.ParentID)
	if ok {
		rest, ok = cutID(rest, `, "resource_id": `, &r.ResourceID)
	} else {
		rest, ok = cutID(text, `{"resource_id": `, &r.ResourceID)
	}
	if ok && string(rest) == "}" {
		return &r, nil
	}
	r = cloud.TaskResponse{}
	return &r, json.Unmarshal(text, &r)
}

// cutID cuts a number after a name off a text.
func cutID(text []byte, name string, id *int64) (rest []byte, ok bool) {
	rest, ok = bytes.CutPrefix(text, []byte(name))
	digits := 0
	for ok && digits < len(rest) && '0' <= rest[digits] && rest[digits] <= '9' && digits < 18 {
		*id = *id*10 + int64(rest[digits]-'0')
		digits++
	}
	return rest[digits:], ok && digits > 0
}

// Task reads a task of the caller's account, as it is committed; ok is false if
// there is none.
func (tx *Tx) Task(id uuid.UUID) (t cloud.Task, ok bool, err error) {
	found, err := tx.reads.tasks.Do(taskKey{tx.Caller.Account, id})
	if err != nil {
		return t, false, fmt.Errorf("read task: %w", err)
	}
	if tx.view != nil {
		tx.view.tasks = true
		tx.view.fleeting = tx.view.fleeting || found == nil || !found.Status.Finished()
	}
	if found == nil || slices.Contains(tx.hidden, found.Operation) {
		return t, false, nil
	}
	return *found, true, nil
}

// hiding is hidden as SQL wants it: not null.
func (tx *Tx) hiding() []string { return append([]string{}, tx.hidden...) }

// ErrNoTask says that a task is not there.
var ErrNoTask = errors.New("there is no such task")

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
	tag, err := db.pool.exec(ctx, scope{}, `
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
