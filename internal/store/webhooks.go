package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Webhook is sent the events of its account, in their order.
type Webhook struct {
	ID        int64
	Account   int64
	URL       string
	Secret    string
	Types     []string // of events; empty: all
	CreatedAt time.Time
	Cursor    int64 // number of the last event that it was sent, or that is not for it
	Delivered int64 // how many it was sent
	Missed    int64 // how many were no longer kept when it was their turn
	Failures  int   // attempts since the last delivery
	LastError string
	NextAt    time.Time // database time of the next attempt
	Lease     string    // of who delivers; empty: nobody does
}

const webhookColumns = `w.id, w.account_id, w.url, w.secret, w.types, w.created_at, w.cursor, w.delivered, w.missed,
	w.failures, COALESCE(w.last_error, ''), w.next_at, COALESCE(w.lease::text, '')`

func scanWebhook(row pgx.CollectableRow) (w Webhook, err error) {
	err = row.Scan(&w.ID, &w.Account, &w.URL, &w.Secret, &w.Types, &w.CreatedAt, &w.Cursor, &w.Delivered, &w.Missed,
		&w.Failures, &w.LastError, &w.NextAt, &w.Lease)
	return w, err
}

func (db *DB) webhooks(ctx context.Context, doing, sql string, args ...any) ([]Webhook, error) {
	rows, err := db.pool.aside.Query(ctx, sql, args...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	list, err := pgx.CollectRows(rows, scanWebhook)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", doing, err)
	}
	return list, nil
}

// NewWebhook stores a webhook that is sent the events from now on.
func (db *DB) NewWebhook(ctx context.Context, account int64, url, secret string, types []string) (Webhook, error) {
	list, err := db.webhooks(ctx, "create webhook", `
		INSERT INTO webhooks AS w (account_id, url, secret, types, cursor)
		SELECT id, $2, $3, $4, event_seq
		FROM accounts
		WHERE id = $1
		RETURNING `+webhookColumns, account, url, secret, append([]string{}, types...))
	if err == nil && len(list) == 0 {
		err = fmt.Errorf("create webhook: no account %d", account)
	}
	if err != nil {
		return Webhook{}, err
	}
	return list[0], nil
}

// Webhooks lists the webhooks of an account, in the order in which they were made.
func (db *DB) Webhooks(ctx context.Context, account int64) ([]Webhook, error) {
	return db.webhooks(ctx, "list webhooks", `
		SELECT `+webhookColumns+`
		FROM webhooks w
		WHERE account_id = $1
		ORDER BY id`, account)
}

// DeleteWebhook deletes a webhook of an account and reports whether there was one.
func (db *DB) DeleteWebhook(ctx context.Context, account, id int64) (bool, error) {
	tag, err := db.pool.aside.Exec(ctx, `DELETE FROM webhooks WHERE account_id = $1 AND id = $2`, account, id)
	if err != nil {
		return false, fmt.Errorf("delete webhook %d: %w", id, err)
	}
	return tag.RowsAffected() > 0, nil
}

// ClaimWebhook takes, for the length of a lease, a webhook that has events to be sent and that nobody delivers to; ok
// is false where there is none. some reports whether there are webhooks at all.
func (db *DB) ClaimWebhook(ctx context.Context, lease time.Duration) (w Webhook, ok, some bool, err error) {
	list, err := db.webhooks(ctx, "claim webhook", `
		UPDATE webhooks w
		SET lease = gen_random_uuid(), lease_until = clock_timestamp() + $1::interval
		WHERE id = (
			SELECT due.id
			FROM webhooks due
			JOIN accounts a ON a.id = due.account_id
			WHERE due.cursor < a.event_seq AND due.next_at <= clock_timestamp()
				AND (due.lease IS NULL OR due.lease_until <= clock_timestamp())
			ORDER BY due.next_at
			LIMIT 1
			FOR UPDATE OF due SKIP LOCKED
		)
		RETURNING `+webhookColumns, lease)
	if err != nil {
		return w, false, false, err
	}
	if len(list) > 0 {
		return list[0], true, true, nil
	}
	if err := db.pool.QueryRow(ctx, `SELECT EXISTS (SELECT FROM webhooks)`).Scan(&some); err != nil {
		return w, false, false, fmt.Errorf("look for webhooks: %w", err)
	}
	return w, false, some, nil
}

// ExpireWebhookLeases ends every lease at once. Only for a server that knows it is alone on its database: whoever held
// one is dead.
func (db *DB) ExpireWebhookLeases(ctx context.Context) error {
	if _, err := db.pool.aside.Exec(ctx, `UPDATE webhooks SET lease = NULL WHERE lease IS NOT NULL`); err != nil {
		return fmt.Errorf("expire leases of webhooks: %w", err)
	}
	return nil
}

// SaveWebhook stores how far a claimed webhook has come: its cursor, counts and failures. Its lease runs on for a
// length, or with 0 ends; the next attempt is made after a pause. It returns ErrLeaseLost where somebody else delivers,
// or the webhook is gone.
func (db *DB) SaveWebhook(ctx context.Context, w Webhook, lease, pause time.Duration) error {
	err := db.pool.aside.QueryRow(ctx, `
		UPDATE webhooks
		SET cursor = $3, delivered = $4, missed = $5, failures = $6, last_error = NULLIF($7, ''),
			lease = CASE WHEN $8::interval > '0' THEN lease END, lease_until = clock_timestamp() + $8::interval,
			next_at = clock_timestamp() + $9::interval
		WHERE id = $1 AND lease = $2
		RETURNING id`,
		w.ID, w.Lease, w.Cursor, w.Delivered, w.Missed, w.Failures, w.LastError, lease, pause).Scan(&w.ID)
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrLeaseLost
	}
	if err != nil {
		return fmt.Errorf("save webhook %d: %w", w.ID, err)
	}
	return nil
}
