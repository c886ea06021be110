package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Lane is what is under way for an account, as far as it was asked for.
type Lane struct {
	Account AccountState
	Clock   Clock
	Tasks   map[cloud.TaskStatus]int // how many there are, all of them
	Queue   []QueuedTask             // the first that have not ended, in their order
	Held    []Held                   // in the order in which they get a slot
	Work    []UnderWay               // the next to happen first, those that wait for a slot at the end
	Steps   int                      // all of them
}

// QueuedTask is a task that has not ended.
type QueuedTask struct {
	TaskRecord
	Due *time.Time // business time at which its processing is over; nil: it has not begun
}

// Held is a resource of a kind with a limit that is being changed.
type Held struct {
	Kind  string
	ID    int64
	Name  string
	Slots int        // of which it has one, or waits for one
	Since *time.Time // business time; nil: it waits
	Until *time.Time // when the last of its steps is due
	Steps int
}

// UnderWay is a step of provisioning: a resource is to reach a status.
type UnderWay struct {
	Kind   string
	ID     int64
	Name   string
	Now    cloud.Status // that it has
	Status cloud.Status // that it is to reach; StatusGone: it is removed
	Task   string       // that left it to provisioning; empty: none did
	Since  *time.Time   // business time; nil: it waits for a slot
	Due    *time.Time
}

// Busy lists accounts, with nothing but ids and names: those with something under way first, then by id. text chooses
// by a part of the name, or by the id; empty: all. It also returns how many there are in all.
func (db *DB) Busy(ctx context.Context, text string, offset, limit int) (list []cloud.Account, all int, err error) {
	rows, err := db.pool.Query(ctx, `
		SELECT a.id, a.name, count(*) OVER ()
		FROM accounts a
		WHERE $1 = '' OR a.id::text = $1 OR position(lower($1) IN lower(a.name)) > 0
		ORDER BY a.last_seq = a.done_seq AND NOT EXISTS (SELECT FROM steps s WHERE s.account_id = a.id), a.id
		OFFSET $2
		LIMIT $3`, text, offset, limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list busy accounts: %w", err)
	}
	var a cloud.Account
	if _, err = pgx.ForEachRow(rows, []any{&a.ID, &a.Name, &all}, func() error {
		list = append(list, a)
		return nil
	}); err != nil {
		return nil, 0, fmt.Errorf("list busy accounts: %w", err)
	}
	return list, all, nil
}

// Lanes returns what is under way for some accounts, in their order and without those that are not there: of each up to
// limit tasks, resources that are held, and steps. It is one round trip.
func (db *DB) Lanes(ctx context.Context, accounts []int64, limit int) ([]Lane, error) {
	found := map[int64]*Lane{}
	batch := &pgx.Batch{}
	batch.Queue(accountStates+` WHERE a.id = ANY ($1)`, accounts).Query(eachRow(scanAccountState, func(a AccountState) {
		found[a.ID] = &Lane{Account: a, Tasks: map[cloud.TaskStatus]int{}}
	}))
	var of int64
	each := func(columns []any, do func(*Lane)) func(pgx.Rows) error {
		return func(rows pgx.Rows) error {
			_, err := pgx.ForEachRow(rows, append([]any{&of}, columns...), func() error {
				if lane := found[of]; lane != nil {
					do(lane)
				}
				return nil
			})
			return err
		}
	}
	var clock Clock
	var steps int
	batch.Queue(laneClocks, accounts).Query(each([]any{&clock.Now, &clock.Real, &clock.Rate, &steps}, func(l *Lane) {
		l.Clock, l.Steps = clock, steps
	}))
	var status cloud.TaskStatus
	var n int
	batch.Queue(laneCounts, accounts).Query(each([]any{&status, &n}, func(l *Lane) { l.Tasks[status] = n }))
	batch.Queue(laneQueue, accounts, limit).Query(eachRow(scanQueuedTask, func(t QueuedTask) {
		if lane := found[t.Account]; lane != nil {
			lane.Queue = append(lane.Queue, t)
		}
	}))
	var h Held
	batch.Queue(laneHeld, accounts, limit).Query(each(
		[]any{&h.Kind, &h.ID, &h.Name, &h.Slots, &h.Since, &h.Until, &h.Steps},
		func(l *Lane) { l.Held = append(l.Held, h) },
	))
	var w UnderWay
	batch.Queue(laneWork, accounts, limit).Query(each(
		[]any{&w.Kind, &w.ID, &w.Name, &w.Now, &w.Status, &w.Task, &w.Since, &w.Due},
		func(l *Lane) { l.Work = append(l.Work, w) },
	))
	if err := db.pool.SendBatch(ctx, batch).Close(); err != nil {
		return nil, fmt.Errorf("read what is under way: %w", err)
	}
	lanes := make([]Lane, 0, len(accounts))
	for _, id := range accounts {
		if lane := found[id]; lane != nil {
			lanes = append(lanes, *lane)
		}
	}
	return lanes, nil
}

// eachRow calls do with every row.
func eachRow[T any](scan pgx.RowToFunc[T], do func(T)) func(pgx.Rows) error {
	return func(rows pgx.Rows) error {
		list, err := pgx.CollectRows(rows, scan)
		for _, one := range list {
			do(one)
		}
		return err
	}
}

func scanQueuedTask(row pgx.CollectableRow) (t QueuedTask, err error) {
	t.Task, err = scanTaskAnd(row, &t.AcceptedAt, &t.StartedAt, &t.FinishedAt, &t.ProvisionedAt, &t.Due)
	return t, err
}

const (
	laneClocks = `
		SELECT id, business_now(a), clock_timestamp(), CASE WHEN clock_frozen_at IS NULL THEN clock_rate ELSE 0 END,
			(SELECT count(*) FROM steps s WHERE s.account_id = a.id)
		FROM accounts a
		WHERE id = ANY ($1)`
	laneCounts = `
		SELECT account_id, status, count(*)
		FROM tasks
		WHERE account_id = ANY ($1)
		GROUP BY account_id, status`
	// A held task of a frozen or stuck account has a time that never comes.
	laneQueue = `
		SELECT q.*
		FROM accounts a, LATERAL (
			SELECT ` + taskRecordColumns + `, CASE WHEN status = 'running' AND due_at < ` + heldFor + ` THEN due_at END
			FROM tasks
			WHERE account_id = a.id AND seq > a.done_seq AND response IS NULL
			ORDER BY seq
			LIMIT $2
		) q
		WHERE a.id = ANY ($1)`
	// As admit has it: who has a slot keeps it, and the others follow in the order of their tasks.
	laneHeld = `
		SELECT h.account_id, h.holds_kind, h.holds, COALESCE(r.name, ''), h.slots, h.since, h.until, h.steps
		FROM (
			SELECT account_id, holds_kind, holds, max(slots) AS slots, min(due_at - after) AS since, max(due_at) AS until,
				count(*) AS steps, row_number() OVER (
					PARTITION BY account_id ORDER BY bool_or(due_at IS NOT NULL) DESC, min(id)
				) AS place
			FROM steps
			WHERE account_id = ANY ($1) AND holds IS NOT NULL
			GROUP BY account_id, holds_kind, holds
		) h
		LEFT JOIN resources r ON r.account_id = h.account_id AND r.kind = h.holds_kind AND r.id = h.holds
		WHERE h.place <= $2
		ORDER BY h.account_id, h.place`
	laneWork = `
		SELECT w.*
		FROM accounts a, LATERAL (
			SELECT s.account_id, s.kind, s.resource_id, r.name, r.status, s.status, COALESCE(s.task::text, ''),
				s.due_at - s.after, s.due_at
			FROM steps s
			JOIN resources r ON r.account_id = s.account_id AND r.kind = s.kind AND r.id = s.resource_id
			WHERE s.account_id = a.id
			ORDER BY s.due_at NULLS LAST, s.id
			LIMIT $2
		) w
		WHERE a.id = ANY ($1)`
)
