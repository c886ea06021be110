package store

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// resourceColumns reads a resource of a kind, a condition telling whether that has a
// limit.
func resourceColumns(limited string) string {
	return `r.id, COALESCE(r.parent_id, 0), COALESCE(r.parent_kind, ''), r.name, r.error, r.created_at, ` +
		`r.updated_at, r.activated_at, r.body, ` + resourceStatus(limited)
}

// resourceStatus reads the status alone. What is held by a step is not active for
// its clients, whatever its row says: the state follows from the steps there are
// and cannot drift from them. Only kinds with a limit are held.
func resourceStatus(limited string) string {
	return `
		CASE WHEN ` + limited + ` AND r.status = 'active' AND EXISTS (
			SELECT FROM steps s WHERE s.account_id = r.account_id AND s.holds = r.id
		) THEN 'pending' ELSE r.status END`
}

// record is a row of resources, with its JSON as it came.
type record struct {
	id, parent           int64
	parentKind, name     string
	failure              []byte
	createdAt, updatedAt time.Time
	activatedAt          *time.Time
	body                 []byte
	status               cloud.Status
}

// looked is what was found of a resource, and where that was asked for the generation of its account.
type looked struct {
	record
	generation *int64
}

// columns is where to scan resourceColumns to.
func (r *record) columns() []any {
	return []any{
		&r.id, &r.parent, &r.parentKind, &r.name, &r.failure, &r.createdAt, &r.updatedAt, &r.activatedAt, &r.body, &r.status,
	}
}

func resourceOf[B cloud.Body](row *record) (r cloud.Resource[B], err error) {
	r = cloud.Resource[B]{
		ID: row.id, Parent: row.parent, ParentKind: row.parentKind, Name: row.name, Status: row.status,
		CreatedAt: row.createdAt, UpdatedAt: row.updatedAt, ActivatedAt: row.activatedAt,
	}
	if err = json.Unmarshal(row.body, &r.Body); err == nil && row.failure != nil {
		err = json.Unmarshal(row.failure, &r.Error)
	}
	return r, err
}

// collect decodes rows of resourceColumns, one after the other in the same room.
func collect[B cloud.Body](rows pgx.Rows) (list []cloud.Resource[B], err error) {
	var row record
	list = []cloud.Resource[B]{}
	columns := row.columns()
	for i, column := range columns {
		if text, ok := column.(*[]byte); ok { // it is decoded before the next row is read
			columns[i] = (*pgtype.DriverBytes)(text)
		}
	}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		r, err := resourceOf[B](&row)
		list = append(list, r)
		return err
	})
	return list, err
}

func kindOf[B cloud.Body]() cloud.Kind {
	var body B
	return body.Kind()
}

// Get reads the caller's resource with an id; ok is false if there is none. In a transaction it needs no lock of its
// own before a change: the transaction has that of the whole account.
func Get[B cloud.Body](ctx context.Context, tx *Tx, id int64) (r cloud.Resource[B], ok bool, err error) {
	kind := kindOf[B]()
	row, err := tx.record(ctx, kind, id)
	if err == nil && row != nil {
		r, err = resourceOf[B](row)
	}
	if err != nil {
		return r, false, fmt.Errorf("read %s %d: %w", kind.Name, id, err)
	}
	if row != nil {
		tx.note(id, r.Name)
	}
	return r, row != nil, nil
}

// note remembers the name of a resource for Finish.
func (tx *Tx) note(id int64, name string) {
	if tx.names != nil {
		tx.names[id] = name
	}
}

// record finds one row; nil: there is none. A transaction asks on its own
// connection, where it sees what it has written.
func (tx *Tx) record(ctx context.Context, kind cloud.Kind, id int64) (*record, error) {
	if tx.view != nil {
		return tx.shared(ctx, kind, id)
	}
	var r record
	err := tx.q.QueryRow(ctx, `
		SELECT `+resourceColumns(strconv.FormatBool(kind.Limit != nil))+`
		FROM resources r
		WHERE r.account_id = $1 AND r.kind = $2 AND r.id = $3`, tx.Caller.Account, kind.Name, id).Scan(r.columns()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	return &r, err
}

// shared is record for a Read, which shares the round trip with others.
func (tx *Tx) shared(ctx context.Context, kind cloud.Kind, id int64) (*record, error) {
	tx.view.state = true
	again := tx.view.again()
	found, err := tx.reads.resources.Do(resourceKey{tx.Caller.Account, kind.Name, kind.Limit != nil, again, id})
	switch {
	case err != nil:
		return nil, err
	case found == nil && again: // it brought nothing along
		tx.view.look(ctx)
	case found != nil && found.generation != nil:
		tx.view.generation = *found.generation
	}
	if found == nil {
		return nil, nil
	}
	return &found.record, nil
}

// All reads all of the caller's resources of a kind, in the order of their ids.
func All[B cloud.Body](ctx context.Context, tx *Tx) ([]cloud.Resource[B], error) {
	return list[B](ctx, tx, `ORDER BY r.id`)
}

// AllBelow reads all of the caller's resources of a kind whose parents are of the kind with a name, in the order of
// their ids.
func AllBelow[B cloud.Body](ctx context.Context, tx *Tx, parentKind string) ([]cloud.Resource[B], error) {
	return list[B](ctx, tx, `AND r.parent_kind = $3 ORDER BY r.id`, parentKind)
}

// List reads the caller's resources of a kind below a parent, in the order of their
// ids.
func List[B cloud.Body](ctx context.Context, tx *Tx, parent int64) ([]cloud.Resource[B], error) {
	return ListBelow[B](ctx, tx, kindOf[B]().Parent, parent)
}

// ListBelow is List for a parent of the kind with a name.
func ListBelow[B cloud.Body](
	ctx context.Context, tx *Tx, parentKind string, parent int64,
) ([]cloud.Resource[B], error) {
	return list[B](ctx, tx, below+` ORDER BY r.id`, parentKind, parent)
}

// ListPage is List without the first offset of them, and with limit of them at most.
func ListPage[B cloud.Body](ctx context.Context, tx *Tx, parent int64, offset, limit int) ([]cloud.Resource[B], error) {
	return list[B](ctx, tx, below+` ORDER BY r.id OFFSET $5 LIMIT $6`,
		kindOf[B]().Parent, parent, max(offset, 0), max(limit, 0))
}

// below is the further condition for the children of a parent.
const below = `AND r.parent_kind = $3 AND r.parent_id = $4`

func list[B cloud.Body](ctx context.Context, tx *Tx, rest string, args ...any) ([]cloud.Resource[B], error) {
	kind := kindOf[B]()
	rows, err := tx.state().Query(ctx, `
		SELECT `+resourceColumns(strconv.FormatBool(kind.Limit != nil))+`
		FROM resources r
		WHERE r.account_id = $1 AND r.kind = $2 `+rest, append([]any{tx.Caller.Account, kind.Name}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("list %ss: %w", kind.Name, err)
	}
	found, err := collect[B](rows)
	if err != nil {
		return nil, fmt.Errorf("list %ss: %w", kind.Name, err)
	}
	return found, nil
}

// Names finds the names of those of the caller's resources of a kind that have one
// of some ids.
func Names[B cloud.Body](ctx context.Context, tx *Tx, ids []int64) (map[int64]string, error) {
	kind := kindOf[B]()
	rows, err := tx.state().Query(ctx, `
		SELECT id, name
		FROM resources
		WHERE account_id = $1 AND kind = $2 AND id = ANY($3)`, tx.Caller.Account, kind.Name, ids)
	if err != nil {
		return nil, fmt.Errorf("name %ss: %w", kind.Name, err)
	}
	names := map[int64]string{}
	var id int64
	var name string
	_, err = pgx.ForEachRow(rows, []any{&id, &name}, func() error {
		names[id] = name
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("name %ss: %w", kind.Name, err)
	}
	return names, nil
}

// Count returns how many of the caller's resources of a kind are below a parent, those
// with a status aside.
func Count[B cloud.Body](ctx context.Context, tx *Tx, parent int64, except cloud.Status) (n int, err error) {
	kind := kindOf[B]()
	err = tx.state().QueryRow(ctx, `
		SELECT count(*)
		FROM resources r
		WHERE r.account_id = $1 AND r.kind = $2 `+below+` AND r.status <> $5`,
		tx.Caller.Account, kind.Name, kind.Parent, parent, except).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count %ss: %w", kind.Name, err)
	}
	return n, nil
}

// NextID returns an id for a new resource of a kind: the ids of an account count up through all kinds. It is drawn
// before Insert so that what shows (ports, endpoints, passwords) can be derived from it. As a question it returns the
// error of an earlier write.
func NextID[B cloud.Body](_ context.Context, tx *Tx) (int64, error) {
	tx.lastID++
	return kindOf[B]().FirstID + tx.lastID, tx.writes.err
}

// PeekID returns the id that NextID would return.
func PeekID[B cloud.Body](tx *Tx) int64 { return kindOf[B]().FirstID + tx.lastID + 1 }

// Insert stores a new resource; its times are the transaction's.
func Insert[B cloud.Body](tx *Tx, r cloud.Resource[B]) {
	kind := r.Body.Kind()
	var parentKind *string
	var parent *int64
	if r.Parent != 0 {
		parentKind, parent = new(cmp.Or(r.ParentKind, kind.Parent)), &r.Parent
	}
	tx.newest = insertion{kind.Name, r.ID, r.Status, tx.newest.nth + 1, tx.writes.write(`
		INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at,
			activated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $9, $10)`,
		tx.Caller.Account, kind.Name, r.ID, parentKind, parent, r.Name, r.Status,
		tx.encode("insert "+kind.Name, r.Body), tx.Now, nil)}
	tx.note(r.ID, r.Name)
	tx.inserted = cmp.Or(tx.inserted, r.ID)
}

// insertion is of a resource, the nth of a transaction, and the statement that does it.
type insertion struct {
	kind   string
	id     int64
	status cloud.Status
	nth    int
	by     *pgx.QueuedQuery
}

// activeAtOnce lets the only resource that a task makes be active from the beginning, where that is all that is left to
// do for it and its insertion is yet to be sent. It is told of as pending first all the same.
func (tx *Tx) activeAtOnce(steps []cloud.Step) bool {
	i := tx.newest
	if tx.task == "" || i.nth != 1 || i.status != cloud.StatusPending || !tx.writes.holds(i.by) || len(steps) != 1 {
		return false
	}
	s := steps[0]
	if s.Kind.Name != i.kind || s.ID != i.id || s.Status != cloud.StatusActive || s.Patch != nil || s.Error != nil {
		return false
	}
	i.by.Arguments[6], i.by.Arguments[9] = s.Status, tx.Now
	return true
}

// BeginInserts has FirstInserted count from here.
func (tx *Tx) BeginInserts() { tx.inserted = 0 }

// FirstInserted is the id of the first resource that was inserted since BeginInserts; 0: none was.
func (tx *Tx) FirstInserted() int64 { return tx.inserted }

// StatusOf reads the status in the row of one of the caller's resources.
func (tx *Tx) StatusOf(ctx context.Context, kind string, id int64) (status cloud.Status, err error) {
	err = tx.q.QueryRow(ctx, `
		SELECT status
		FROM resources
		WHERE account_id = $1 AND kind = $2 AND id = $3`, tx.Caller.Account, kind, id).Scan(&status)
	if err != nil {
		return "", fmt.Errorf("read status of %s %d: %w", kind, id, err)
	}
	return status, nil
}

// Update writes the name and the body of a resource that the transaction has read. Its
// status is not for writing: provisioning changes it, or SetStatus.
func Update[B cloud.Body](tx *Tx, r cloud.Resource[B]) {
	kind := r.Body.Kind()
	tx.write(`
		UPDATE resources
		SET name = $4, body = $5, updated_at = $6
		WHERE account_id = $1 AND kind = $2 AND id = $3`,
		tx.Caller.Account, kind.Name, r.ID, r.Name, tx.encode("update "+kind.Name, r.Body), tx.Now)
	tx.note(r.ID, r.Name)
}

// SetStatus moves a resource to a status from which provisioning goes on. What
// provisioning still had to do for it is dropped: the newer change wins.
func SetStatus[B cloud.Body](tx *Tx, id int64, status cloud.Status) {
	kind := kindOf[B]()
	tx.write(`
		WITH dropped AS (
			DELETE FROM steps
			WHERE account_id = $1 AND kind = $2 AND resource_id = $3
		)
		UPDATE resources
		SET status = $4, error = NULL, updated_at = $5
		WHERE account_id = $1 AND kind = $2 AND id = $3`,
		tx.Caller.Account, kind.Name, id, status, tx.Now)
	tx.dropped = true
}

// DropSteps drops what provisioning still had to do for a resource.
func (tx *Tx) DropSteps(kind cloud.Kind, id int64) {
	tx.write(`
		DELETE FROM steps
		WHERE account_id = $1 AND kind = $2 AND resource_id = $3`, tx.Caller.Account, kind.Name, id)
	tx.dropped = true
}

// Remove takes a resource out at once, with what is below it and all that provisioning
// still had to do for either.
func Remove[B cloud.Body](tx *Tx, id int64) {
	tx.remove(kindOf[B](), id)
	tx.dropped = true
}

// remove deletes a resource, and by a trigger what is below it and its steps.
func (tx *Tx) remove(kind cloud.Kind, id int64) {
	tx.write(`
		DELETE FROM resources
		WHERE account_id = $1 AND kind = $2 AND id = $3`, tx.Caller.Account, kind.Name, id)
}
