package store

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// TaskPage chooses some tasks of an account.
type TaskPage struct {
	Status      cloud.TaskStatus // empty: any
	Text        string           // part of the id, the operation, the command or the error, in whatever case
	FailedFirst bool             // then those that are at work, then the rest; else the newest first
	Offset      int
	Limit       int
}

// TaskPage lists some tasks of an account, and how many there are of each status with the text.
func (db *DB) TaskPage(
	ctx context.Context, account int64, p TaskPage,
) (list []TaskRecord, counts map[cloud.TaskStatus]int, err error) {
	const fits = `account_id = $1 AND ($2 = '' OR position(lower($2) IN lower(concat_ws(' ',
		id, operation, command, response -> 'error' ->> 'code', response -> 'error' ->> 'description'))) > 0)`
	counts = map[cloud.TaskStatus]int{}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT status, count(*) FROM tasks WHERE `+fits+` GROUP BY status`, account, p.Text).Query(
		countsInto(counts))
	batch.Queue(`
		SELECT `+taskRecordColumns+`
		FROM tasks
		WHERE `+fits+` AND ($3 = '' OR status = $3)
		ORDER BY CASE WHEN NOT $4 THEN 0 WHEN status = 'failed' THEN 0 WHEN status = 'running' THEN 1 ELSE 2 END, seq DESC
		OFFSET $5
		LIMIT $6`, account, p.Text, p.Status, p.FailedFirst, p.Offset, p.Limit).Query(
		eachRow(scanTaskRecord, func(t TaskRecord) { list = append(list, t) }))
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, fmt.Errorf("read a page of tasks: %w", err)
	}
	return list, counts, nil
}

// countsInto reads rows of something and how often it is there.
func countsInto[K comparable](counts map[K]int) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		var one K
		var n int
		_, err := pgx.ForEachRow(rows, []any{&one, &n}, func() error {
			counts[one] = n
			return nil
		})
		return err
	}
}

// Shown is a resource of any kind, as it is stored.
type Shown struct {
	Kind       string
	ID         int64
	ParentKind string // empty: it has none
	Parent     int64
	Name       string
	Status     cloud.Status // as clients see it
	Error      *cloud.Error
	CreatedAt  time.Time
	UpdatedAt  time.Time
	Body       json.RawMessage
	Below      int // how many resources it is the parent of
}

const shownColumns = `r.kind, r.id, COALESCE(r.parent_kind, ''), COALESCE(r.parent_id, 0), r.name,
	CASE WHEN r.status = 'active' AND EXISTS (
		SELECT FROM steps s WHERE s.account_id = r.account_id AND s.holds = r.id AND s.holds_kind = r.kind
	) THEN 'pending' ELSE r.status END,
	r.error, r.created_at, r.updated_at, r.body,
	(SELECT count(*) FROM resources c
		WHERE c.account_id = r.account_id AND c.parent_kind = r.kind AND c.parent_id = r.id)`

func scanShown(row pgx.CollectableRow) (s Shown, err error) {
	var failure []byte
	err = row.Scan(&s.Kind, &s.ID, &s.ParentKind, &s.Parent, &s.Name, &s.Status, &failure, &s.CreatedAt,
		&s.UpdatedAt, &s.Body, &s.Below)
	if err == nil && failure != nil {
		err = json.Unmarshal(failure, &s.Error)
	}
	return s, err
}

// ResourcePage chooses some resources of an account.
type ResourcePage struct {
	Kind   string // empty: any
	Text   string // part of the name, or the id; with it those below others are found, too
	Offset int
	Limit  int
}

// ResourcePage lists some resources of an account by kind and id: those without a parent, or, where a kind or a text is
// said, those that fit; and how many there are of those. It also counts the resources of each kind.
func (db *DB) ResourcePage(
	ctx context.Context, account int64, p ResourcePage,
) (list []Shown, counts map[string]int, all int, err error) {
	const fits = `account_id = $1 AND ($2 = '' OR kind = $2)
		AND ($3 = '' OR id::text = $3 OR position(lower($3) IN lower(name)) > 0)
		AND ($2 <> '' OR $3 <> '' OR parent_id IS NULL)`
	counts = map[string]int{}
	batch := &pgx.Batch{}
	batch.Queue(`SELECT kind, count(*) FROM resources WHERE account_id = $1 GROUP BY kind`, account).Query(
		countsInto(counts))
	batch.Queue(`
		SELECT `+shownColumns+`
		FROM resources r
		WHERE `+fits+`
		ORDER BY kind, id
		OFFSET $4
		LIMIT $5`, account, p.Kind, p.Text, p.Offset, p.Limit).Query(
		eachRow(scanShown, func(s Shown) { list = append(list, s) }))
	batch.Queue(`SELECT count(*) FROM resources WHERE `+fits, account, p.Kind, p.Text).QueryRow(
		func(row pgx.Row) error { return row.Scan(&all) })
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, nil, 0, fmt.Errorf("read a page of resources: %w", err)
	}
	return list, counts, all, nil
}

// Below lists the resources below some others, of each the first by kind and id, up to limit.
func (db *DB) Below(ctx context.Context, account int64, parents []Shown, limit int) (list []Shown, err error) {
	kinds, ids := make([]string, len(parents)), make([]int64, len(parents))
	for i, p := range parents {
		kinds[i], ids[i] = p.Kind, p.ID
	}
	rows, err := db.pool.Query(ctx, `
		SELECT b.*
		FROM unnest($2::text[], $3::bigint[]) AS p (kind, id), LATERAL (
			SELECT `+shownColumns+`
			FROM resources r
			WHERE account_id = $1 AND parent_kind = p.kind AND parent_id = p.id
			ORDER BY kind, r.id
			LIMIT $4
		) b`, account, kinds, ids, limit)
	if err == nil {
		list, err = pgx.CollectRows(rows, scanShown)
	}
	if err != nil {
		return nil, fmt.Errorf("read what is below some resources: %w", err)
	}
	return list, nil
}

// Family returns a resource, those above it, the outermost first, and up to limit of those below it, by kind and id. ok
// is false if there is none.
func (db *DB) Family(
	ctx context.Context, account int64, kind string, id int64, limit int,
) (s Shown, above, below []Shown, ok bool, err error) {
	batch := &pgx.Batch{}
	batch.Queue(`
		WITH RECURSIVE line AS (
			SELECT kind, id, parent_kind, parent_id, 0 AS depth
			FROM resources
			WHERE account_id = $1 AND kind = $2 AND id = $3
			UNION ALL
			SELECT p.kind, p.id, p.parent_kind, p.parent_id, line.depth + 1
			FROM line
			JOIN resources p ON p.account_id = $1 AND p.kind = line.parent_kind AND p.id = line.parent_id
			WHERE line.depth < 10
		)
		SELECT `+shownColumns+`
		FROM line
		JOIN resources r ON r.account_id = $1 AND r.kind = line.kind AND r.id = line.id
		ORDER BY line.depth DESC`, account, kind, id).Query(eachRow(scanShown, func(one Shown) {
		above = append(above, one)
	}))
	batch.Queue(`
		SELECT `+shownColumns+`
		FROM resources r
		WHERE account_id = $1 AND parent_kind = $2 AND parent_id = $3
		ORDER BY kind, id
		LIMIT $4`, account, kind, id, limit).Query(eachRow(scanShown, func(one Shown) { below = append(below, one) }))
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return s, nil, nil, false, fmt.Errorf("read %s %d: %w", kind, id, err)
	}
	if len(above) == 0 {
		return s, nil, nil, false, nil
	}
	last := len(above) - 1
	return above[last], above[:last], below, true, nil
}

// LatestEvents lists up to limit of the latest events of an account, the newest first: all, or those of a resource.
func (db *DB) LatestEvents(ctx context.Context, account int64, kind string, id int64, limit int) ([]Transition, error) {
	if kind == "" {
		return db.events(ctx, `
			SELECT `+eventColumns+`
			FROM events
			WHERE account_id = $1
			ORDER BY seq DESC
			LIMIT $2`, account, limit)
	}
	return db.events(ctx, `
		SELECT `+eventColumns+`
		FROM events
		WHERE account_id + 0 = $1 AND kind = $2 AND resource_id = $3
		ORDER BY seq DESC
		LIMIT $4`, account, kind, id, limit)
}
