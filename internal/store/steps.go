package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// SubscriptionCap is how many subscriptions of an account may be changed at
// once. doc: process-lifecycle#process-limitations
const SubscriptionCap = 3

// InsertSteps stores what provisioning has to do for a task. A step that changes
// a subscription waits for Admit; any other may start at once.
func (tx *Tx) InsertSteps(ctx context.Context, task string, steps []cloud.Step) error {
	for _, s := range steps {
		var failure *string
		if s.Error != nil {
			text, err := encode(s.Error)
			if err != nil {
				return fmt.Errorf("insert step: %w", err)
			}
			failure = &text
		}
		var subscription *int64
		if s.Subscription != 0 {
			subscription = &s.Subscription
		}
		_, err := tx.q.Exec(ctx, `
			INSERT INTO steps (account_id, kind, resource_id, subscription_id, task_id, after, due_at, wake_at, status, patch, error)
			SELECT a.id, $2, $3, $4, $5, $6,
				CASE WHEN $4::bigint IS NULL THEN $7::timestamptz + $6::interval END,
				CASE WHEN $4::bigint IS NULL THEN wake_time(a, $7::timestamptz + $6::interval) END,
				$8, $9, $10
			FROM accounts a
			WHERE a.id = $1`,
			tx.Caller.Account, s.Kind.Name, s.ID, subscription, task, s.After, tx.Now, s.Status, s.Patch, failure)
		if err != nil {
			return fmt.Errorf("insert step: %w", err)
		}
	}
	return nil
}

// Admit gives the free slots of the cap to waiting subscriptions, in the order
// of their tasks, and tells whether any step may start now. Subscriptions that
// have a slot keep it, and more steps for them join in. The slots are counted
// from the steps there are, under the account's lock, so none can leak.
func (tx *Tx) Admit(ctx context.Context) (started bool, err error) {
	tag, err := tx.q.Exec(ctx, `
		WITH slots AS (
			SELECT subscription_id
			FROM steps
			WHERE account_id = $1 AND subscription_id IS NOT NULL
			GROUP BY subscription_id
			ORDER BY bool_or(due_at IS NOT NULL) DESC, min(id)
			LIMIT $2
		)
		UPDATE steps s
		SET due_at = $3::timestamptz + s.after, wake_at = wake_time(a, $3::timestamptz + s.after)
		FROM slots, accounts a
		WHERE s.account_id = $1 AND s.subscription_id = slots.subscription_id AND s.due_at IS NULL AND a.id = $1`,
		tx.Caller.Account, SubscriptionCap, tx.Now)
	if err != nil {
		return false, fmt.Errorf("admit subscription changes: %w", err)
	}
	return tag.RowsAffected() > 0, nil
}

// ChangingSubscriptions counts the subscriptions of the account that are being
// changed, with a slot or waiting for one.
func (tx *Tx) ChangingSubscriptions(ctx context.Context) (n int, err error) {
	err = tx.q.QueryRow(ctx, `
		SELECT count(DISTINCT subscription_id)
		FROM steps
		WHERE account_id = $1 AND subscription_id IS NOT NULL`, tx.Caller.Account).Scan(&n)
	if err != nil {
		return 0, fmt.Errorf("count subscription changes: %w", err)
	}
	return n, nil
}

// CapPolicy reads the account's own policy for changes beyond the cap; empty:
// the server's.
func (tx *Tx) CapPolicy(ctx context.Context) (policy string, err error) {
	err = tx.q.QueryRow(ctx, `
		SELECT COALESCE(cap_policy, '')
		FROM accounts
		WHERE id = $1`, tx.Caller.Account).Scan(&policy)
	if err != nil {
		return "", fmt.Errorf("read cap policy: %w", err)
	}
	return policy, nil
}

// DueAccounts lists up to limit accounts that have steps to be applied now, the
// longest overdue first.
func (db *DB) DueAccounts(ctx context.Context, limit int) ([]int64, error) {
	// Looking at a bounded number of steps keeps this flat when one account has
	// very many of them.
	rows, err := db.pool.Query(ctx, `
		SELECT account_id
		FROM (
			SELECT account_id, wake_at
			FROM steps
			WHERE wake_at <= statement_timestamp()
			ORDER BY wake_at
			LIMIT 500
		) due
		GROUP BY account_id
		ORDER BY min(wake_at)
		LIMIT $1`, limit)
	if err != nil {
		return nil, fmt.Errorf("look for due steps: %w", err)
	}
	accounts, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err != nil {
		return nil, fmt.Errorf("look for due steps: %w", err)
	}
	return accounts, nil
}

// NextStep tells how long it is until some step is due; ok is false when none
// ever will be by time alone.
func (db *DB) NextStep(ctx context.Context) (wait time.Duration, ok bool, err error) {
	return db.next(ctx, `
		SELECT wake_at - clock_timestamp()
		FROM steps
		WHERE wake_at < 'infinity'
		ORDER BY wake_at
		LIMIT 1`)
}

// ApplySteps does what is due for the account: resources reach their status and
// take on their patch, or are removed. At most limit steps are applied, and of
// each resource only the first. It gives back how many were applied.
//
// A step that is no longer there was dropped by a newer change, and a resource
// that is no longer there took its steps along, so neither can be brought back.
func (tx *Tx) ApplySteps(ctx context.Context, limit int) (int, error) {
	tag, err := tx.q.Exec(ctx, `
		WITH due AS (
			SELECT DISTINCT ON (kind, resource_id) *
			FROM (
				SELECT *
				FROM steps
				WHERE account_id = $1 AND wake_at <= statement_timestamp()
				ORDER BY wake_at, id
				LIMIT $2
			) s
			ORDER BY kind, resource_id, due_at, id
		), changed AS (
			UPDATE resources r
			SET status       = due.status,
				error        = due.error,
				body         = CASE WHEN due.patch IS NULL THEN r.body ELSE r.body || due.patch END,
				activated_at = CASE WHEN due.status = 'active' THEN COALESCE(r.activated_at, $3) ELSE r.activated_at END,
				updated_at   = $3
			FROM due
			WHERE r.account_id = $1 AND r.kind = due.kind AND r.id = due.resource_id AND due.status <> 'gone'
		), gone AS (
			DELETE FROM resources r
			USING due
			WHERE r.account_id = $1 AND r.kind = due.kind AND r.id = due.resource_id AND due.status = 'gone'
		)
		DELETE FROM steps s
		USING due
		WHERE s.id = due.id`, tx.Caller.Account, limit, tx.Now)
	if err != nil {
		return 0, fmt.Errorf("apply steps: %w", err)
	}
	return int(tag.RowsAffected()), nil
}
