package store

import (
	"cmp"
	"context"
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Version names one version of a task's row, for ever: xmin is the number of the transaction that wrote it. The time is
// there for a database that was taken back to an earlier state, where numbers come again.
type Version struct {
	ID        uuid.UUID
	xmin      uint32
	updatedAt int64 // as Postgres sends it
}

// Listed is a task in a list.
type Listed struct {
	Version
	Seq  int64
	Task *cloud.Task // nil: it is known
}

// Known is what is known of tasks that were listed before. It need not be read again.
type Known interface {
	// Upto is the number of a task up to which most are known; 0: none is. They are read only if they are not.
	Upto() int64
	// Room is an empty list, with room for about as many as there are.
	Room() []Listed
	Has(task Listed) bool
}

// RecentTasks lists the caller's active tasks and those that changed within an age of business time, newest change
// first and not more than limit. Those that are known, if any, it only names. All is as of one moment.
func (tx *Tx) RecentTasks(ctx context.Context, age time.Duration, limit int, known Known) ([]Listed, error) {
	var upto int64
	var room []Listed
	if known != nil {
		upto, room = known.Upto(), known.Room()
	}
	tasks, err := tx.recentTasks(ctx, age, limit, upto, room)
	if err == nil && upto > 0 {
		var same bool
		if same, err = tx.complete(ctx, tasks, known); err == nil && !same {
			tasks, err = tx.recentTasks(ctx, age, limit, 0, room)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("list tasks: %w", err)
	}
	sortUnlessSorted(tasks, func(a, b Listed) int { return cmp.Compare(b.updatedAt, a.updatedAt) })
	return tasks, nil
}

// sortUnlessSorted sorts what is mostly sorted.
func sortUnlessSorted(tasks []Listed, compare func(a, b Listed) int) {
	if !slices.IsSortedFunc(tasks, compare) {
		slices.SortStableFunc(tasks, compare)
	}
}

const (
	versionColumns = `id, xmin, seq, updated_at`
	// listedColumns has all else in one column: for 10,000 tasks that are only named, NULLs are work, too.
	listedColumns = versionColumns + `, ROW(operation, command, status::text, response)`
	// fromRecent hides by a look into a table: comparing with each of the names took a third of the time.
	fromRecent = `FROM tasks
		WHERE account_id = $1 AND operation NOT IN (SELECT unnest($4::text[]))
			AND (response IS NULL OR updated_at > (SELECT business_now(a) - $2::interval FROM accounts a WHERE id = $1))`
)

// recentTasks reads a list, whose tasks up to a number it only names, into a room.
func (tx *Tx) recentTasks(
	ctx context.Context, age time.Duration, limit int, upto int64, room []Listed,
) ([]Listed, error) {
	rows, err := tx.q.Query(ctx, `
		(SELECT `+listedColumns+` `+fromRecent+` AND seq > $5 ORDER BY seq DESC LIMIT $3)
		UNION ALL -- of what comes from an index in its order, so that nothing is sorted
		(SELECT `+versionColumns+`, NULL `+fromRecent+` AND seq <= $5 ORDER BY seq DESC LIMIT $3)`,
		tx.Caller.Account, age, limit, tx.hiding(), upto)
	if err != nil {
		return nil, err
	}
	tasks, err := tx.collectListed(rows, room)
	if err != nil {
		return nil, err
	}
	sortUnlessSorted(tasks, func(a, b Listed) int { return cmp.Compare(b.Seq, a.Seq) })
	return tasks[:min(len(tasks), limit)], nil
}

// complete reads what is not known of tasks. same is false where one of them is another one by now.
func (tx *Tx) complete(ctx context.Context, tasks []Listed, known Known) (same bool, err error) {
	missing := map[int64]*Listed{} // by their numbers
	for i, t := range tasks {
		if t.Task == nil && !known.Has(t) {
			missing[t.Seq] = &tasks[i]
		}
	}
	if len(missing) == 0 {
		return true, nil
	}
	numbers := make([]int64, 0, len(missing))
	for seq := range missing {
		numbers = append(numbers, seq)
	}
	rows, err := tx.q.Query(ctx, `SELECT `+listedColumns+` FROM tasks WHERE account_id = $1 AND seq = ANY ($2)`,
		tx.Caller.Account, numbers)
	if err != nil {
		return false, err
	}
	found, err := tx.collectListed(rows, make([]Listed, 0, len(missing)))
	if err != nil {
		return false, err
	}
	for _, t := range found {
		if t.Version != missing[t.Seq].Version {
			return false, nil
		}
		*missing[t.Seq] = t
	}
	return len(found) == len(missing), nil
}

// collectListed decodes what is read of all tasks by hand, since there may be 10,000, and appends them to none.
func (tx *Tx) collectListed(rows pgx.Rows, tasks []Listed) ([]Listed, error) {
	defer rows.Close()
	for rows.Next() {
		var l Listed
		raw := rows.RawValues()
		l.ID, l.xmin = uuid.UUID(raw[0]), binary.BigEndian.Uint32(raw[1])
		l.Seq, l.updatedAt = int64(binary.BigEndian.Uint64(raw[2])), int64(binary.BigEndian.Uint64(raw[3]))
		if raw[4] != nil {
			var response []byte
			l.Task = &cloud.Task{ID: l.ID.String(), Account: tx.Caller.Account, Seq: l.Seq}
			t := l.Task
			rest := pgtype.CompositeFields{&t.Operation, &t.Command, &t.Status, &response}
			if err := rows.Scan(nil, nil, nil, &t.UpdatedAt, rest); err != nil {
				return nil, err
			}
			if response != nil {
				var err error
				if t.Response, err = decodeResponse(response); err != nil {
					return nil, err
				}
			}
		}
		tasks = append(tasks, l)
	}
	return tasks, rows.Err()
}
