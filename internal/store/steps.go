package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// InsertSteps stores what provisioning has to do, and reports whether some of that waits for Admit: steps that hold a
// resource, unless it is known that there is a slot for each. All others may start at once.
func (tx *Tx) InsertSteps(steps []cloud.Step) (waits bool) {
	free := tx.slotsFor(steps)
	tx.held = nil
	for _, s := range steps {
		var holds *int64
		var holdsKind *string
		var slots *int
		if s.Holds.ID != 0 {
			holds, holdsKind, slots = &s.Holds.ID, &s.Holds.Kind.Name, &s.Holds.Kind.Limit.Max
		}
		admitted := free || holds == nil
		waits = waits || !admitted
		tx.write(`
			INSERT INTO steps (account_id, kind, resource_id, holds, holds_kind, slots, after, due_at, wake_at, status, patch,
				error)
			SELECT a.id, $2, $3, $4, $11, $10, $5,
				CASE WHEN $12 THEN $6::timestamptz + $5::interval END,
				CASE WHEN $12 THEN wake_time(a, $6::timestamptz + $5::interval) END,
				$7, $8, $9
			FROM accounts a
			WHERE a.id = $1`,
			tx.Caller.Account, s.Kind.Name, s.ID, holds, s.After, tx.Now, s.Status, s.Patch, tx.failure(s), slots, holdsKind,
			admitted)
	}
	return waits
}

// slotsFor reports whether there are slots for all resources that some steps hold, however many of them hold one
// already.
func (tx *Tx) slotsFor(steps []cloud.Step) bool {
	if tx.held == nil {
		return false
	}
	held := map[int64]bool{}
	for _, s := range steps {
		if s.Holds.ID != 0 {
			held[s.Holds.ID] = true
		}
	}
	return !slices.ContainsFunc(steps, func(s cloud.Step) bool {
		return s.Holds.ID != 0 && *tx.held+len(held) > s.Holds.Kind.Limit.Max
	})
}

// failure is the error that a step ends in; NULL for one that does not.
func (tx *Tx) failure(s cloud.Step) *string {
	if s.Error == nil {
		return nil
	}
	return new(tx.encode("plan step", s.Error))
}

// ApplyNow does steps that take no time, at once.
func (tx *Tx) ApplyNow(steps []cloud.Step) {
	if tx.activeAtOnce(steps) {
		return
	}
	for _, s := range steps {
		if s.Status == cloud.StatusGone {
			tx.remove(s.Kind, s.ID)
			continue
		}
		tx.write(`
			UPDATE resources r
			SET `+reachStatus+`
			FROM (SELECT $4::text AS status, $5::jsonb AS error, $6::jsonb AS patch, $7::timestamptz AS now) due
			WHERE r.account_id = $1 AND r.kind = $2 AND r.id = $3`,
			tx.Caller.Account, s.Kind.Name, s.ID, s.Status, tx.failure(s), s.Patch, tx.Now)
	}
}

// reachStatus is what becomes of a resource r by a step that is due.
const reachStatus = `
				status       = due.status,
				error        = due.error,
				body         = CASE WHEN due.patch IS NULL THEN r.body ELSE r.body || due.patch END,
				activated_at = CASE WHEN due.status = 'active' THEN COALESCE(r.activated_at, due.now) ELSE r.activated_at END,
				updated_at   = due.now`

// Admit gives the account's free slots to resources that wait for one.
func (tx *Tx) Admit() { tx.write(admit, []int64{tx.Caller.Account}) }

// admit gives free slots to waiting resources, in the order of their tasks. A resource
// that has a slot keeps it, and more steps that hold it join in. The slots are counted
// from the steps there are, under the account's lock, so none can leak.
//
// Those are few, and found before any step is looked at: else Postgres may count them anew for each step that waits.
const admit = `
	WITH held AS (
		SELECT account_id, holds, max(slots) AS slots,
			row_number() OVER (PARTITION BY account_id ORDER BY bool_or(due_at IS NOT NULL) DESC, min(id)) AS place
		FROM steps
		WHERE account_id = ANY ($1) AND holds IS NOT NULL
		GROUP BY account_id, holds
	), admitted AS MATERIALIZED (
		SELECT account_id, holds
		FROM held
		WHERE place <= slots
	)
	UPDATE steps s
	SET due_at = a.now + s.after, wake_at = wake_time(a.account, a.now + s.after)
	FROM admitted, (SELECT id, accounts AS account, business_now(accounts) AS now FROM accounts WHERE id = ANY ($1)) a
	WHERE s.account_id = admitted.account_id AND s.holds = admitted.holds AND s.due_at IS NULL AND a.id = s.account_id`

// HeldResources counts the resources of the account that are held by steps, with a
// slot or waiting for one.
func (tx *Tx) HeldResources(ctx context.Context) (n int, err error) {
	err = tx.q.QueryRow(ctx, `
		SELECT count(DISTINCT holds)
		FROM steps
		WHERE account_id = $1 AND holds IS NOT NULL`, tx.Caller.Account).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count held resources: %w", err)
	}
	return n, nil
}

// DueAt returns when the next step of a resource is due, in business time; ok is false
// when nothing is left to do for it, or it waits for a slot.
func DueAt[B cloud.Body](ctx context.Context, tx *Tx, id int64) (at time.Time, ok bool, err error) {
	var due *time.Time
	err = tx.q.QueryRow(ctx, `
		SELECT min(due_at)
		FROM steps
		WHERE account_id = $1 AND kind = $2 AND resource_id = $3`, tx.Caller.Account, kindOf[B]().Name, id).Scan(&due)
	if err != nil {
		return at, false, fmt.Errorf("look for the next step of %s %d: %w", kindOf[B]().Name, id, err)
	}
	if due == nil {
		return at, false, nil
	}
	return *due, true, nil
}

// NextEvent returns how long it is, on an account's own clock, until a task of it or a
// step is due; ok is false when none ever will be by time alone.
func (db *DB) NextEvent(ctx context.Context, account int64) (wait time.Duration, ok bool, err error) {
	return db.next(ctx, `
		SELECT GREATEST(due_at - business_now(a), '0')
		FROM accounts a
		JOIN (
			SELECT account_id, due_at FROM tasks WHERE head AND status = 'running' AND due_at < `+heldFor+`
			UNION ALL
			SELECT account_id, due_at FROM steps WHERE due_at IS NOT NULL
		) event ON event.account_id = a.id
		WHERE a.id = $1
		ORDER BY due_at
		LIMIT 1`, account)
}

// NextStep returns how long it is until some step is due; ok is false when none
// ever will be by time alone.
func (db *DB) NextStep(ctx context.Context) (wait time.Duration, ok bool, err error) {
	return db.next(ctx, `
		SELECT wake_at - clock_timestamp()
		FROM steps
		WHERE wake_at < 'infinity'
		ORDER BY wake_at
		LIMIT 1`)
}

// ApplySteps does what is due, all in one commit, for the accounts that nobody else
// is at work for, the longest overdue first: resources reach their status and take
// on their patch, or are removed, and changes that waited for a slot may start. before
// is called just before the commit. Of each resource only the first due step is applied.
// It returns how many were, and of which accounts.
//
// It waits for no account, so that none that somebody holds keeps the others
// waiting; ApplyStepsOf is for those that are never free.
//
// A step that is no longer there was dropped by a newer change, and a resource
// that is no longer there took its steps along, so neither can be brought back.
func (db *DB) ApplySteps(ctx context.Context, before func()) (applied int, accounts []int64, err error) {
	return db.applySteps(ctx, before, lockDue)
}

// ApplyStepsOf is ApplySteps for one account, which is waited for.
func (db *DB) ApplyStepsOf(ctx context.Context, account int64, before func()) (int, error) {
	applied, _, err := db.applySteps(ctx, before, `SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, account)
	return applied, err
}

// lockDue locks free accounts with due steps. It looks at so many steps at most, so
// that it stays flat when one account has very many, but not counting those of
// accounts that are not free. Whoever waits for nobody may lock in any order.
const lockDue = `
	SELECT a.id
	FROM steps s
	JOIN accounts a ON a.id = s.account_id
	WHERE s.wake_at <= statement_timestamp()
	ORDER BY s.wake_at
	LIMIT 500
	FOR NO KEY UPDATE OF a SKIP LOCKED`

// atOnce lets applyDue do all at the account's time.
var atOnce = pgtype.Timestamptz{InfinityModifier: pgtype.Infinity, Valid: true}

func (db *DB) applySteps(
	ctx context.Context, before func(), lock string, args ...any,
) (applied int, locked []int64, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) error {
		rows, err := p.Query(ctx, lock, args...)
		if err != nil {
			return err
		}
		locked, err = pgx.CollectRows(rows, pgx.RowTo[int64])
		slices.Sort(locked)
		locked = slices.Compact(locked)
		p.scope = of(locked...)
		if err != nil || len(locked) == 0 {
			return err
		}
		if err := p.QueryRow(ctx, applyDue, locked, atOnce).Scan(&applied); err != nil || applied == 0 {
			return err
		}
		p.write(admit, locked)
		before()
		return nil
	})
	if err != nil {
		return 0, nil, fmt.Errorf("apply steps: %w", err)
	}
	return applied, locked, nil
}

// OverdueAccount finds the account, but for some, whose steps have been due for the
// longest, if that is more than late; ok is false if there is none.
func (db *DB) OverdueAccount(
	ctx context.Context, late time.Duration, except []int64,
) (account int64, ok bool, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT account_id
		FROM steps
		WHERE wake_at <= statement_timestamp() - $1::interval AND account_id <> ALL ($2)
		ORDER BY wake_at
		LIMIT 1`, late, except).Scan(&account)
	if errors.Is(err, pgx.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("look for overdue steps: %w", err)
	}
	return account, true, nil
}

// applyDue applies steps of up to so many resources, so that it ends in time however
// many are due: what is left is for the next commit. The steps of one resource are
// brought in order only then, since at wake_at those of a clock that stands still
// have none. They are done as of the time at which they were due, but not before $2
// and not after the account's time.
const applyDue = `
	WITH resource AS (
		SELECT DISTINCT account_id, kind, resource_id
		FROM (
			SELECT account_id, kind, resource_id
			FROM steps
			WHERE account_id = ANY ($1) AND wake_at <= statement_timestamp()
			ORDER BY wake_at
			LIMIT 5000
		) first
	), due AS (
		SELECT s.*, LEAST(business_now(a), GREATEST(s.due_at, $2)) AS now
		FROM resource
		JOIN accounts a ON a.id = resource.account_id
		CROSS JOIN LATERAL (
			SELECT *
			FROM steps s
			WHERE s.account_id = resource.account_id AND s.kind = resource.kind AND s.resource_id = resource.resource_id
				AND s.wake_at <= statement_timestamp()
			ORDER BY s.due_at, s.id
			LIMIT 1
		) s
	), changed AS (
		UPDATE resources r
		SET ` + reachStatus + `
		FROM due
		WHERE r.account_id = due.account_id AND r.kind = due.kind AND r.id = due.resource_id AND due.status <> 'gone'
	), gone AS (
		DELETE FROM resources r
		USING due
		WHERE r.account_id = due.account_id AND r.kind = due.kind AND r.id = due.resource_id AND due.status = 'gone'
	), done AS (
		DELETE FROM steps s
		USING due
		WHERE s.id = due.id
	)
	SELECT count(*)
	FROM due`
