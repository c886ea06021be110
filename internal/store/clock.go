package store

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Clock says how business time runs for an account.
type Clock struct {
	Offset time.Duration // business time minus database time, while it runs
	Frozen *time.Time    // it stands still here
}

// SetClock changes an account's clock. Whatever waits for a business time is
// told when, in database time, that now is.
func (db *DB) SetClock(ctx context.Context, account int64, change func(now time.Time) Clock) error {
	return db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		clock := change(tx.Now)
		tx.write(`
			UPDATE accounts
			SET clock_offset = $2, clock_frozen_at = $3
			WHERE id = $1`, account, clock.Offset, clock.Frozen)
		tx.write(`
			UPDATE tasks t
			SET wake_at = wake_time(a, t.due_at)
			FROM accounts a
			WHERE a.id = $1 AND t.account_id = $1 AND t.head AND t.status = 'processing-in-progress' AND t.lease IS NULL`, account)
		tx.write(`
			UPDATE steps s
			SET wake_at = wake_time(a, s.due_at)
			FROM accounts a
			WHERE a.id = $1 AND s.account_id = $1 AND s.due_at IS NOT NULL`, account)
		return nil
	})
}

// Freeze stops an account's clock where it is.
func (db *DB) Freeze(ctx context.Context, account int64) error {
	return db.SetClock(ctx, account, func(now time.Time) Clock { return Clock{Frozen: &now} })
}

// Advance moves an account's frozen clock on by d.
func (db *DB) Advance(ctx context.Context, account int64, d time.Duration) error {
	return db.SetClock(ctx, account, func(now time.Time) Clock {
		now = now.Add(d)
		return Clock{Frozen: &now}
	})
}
