package store

import (
	"context"
	"fmt"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Clock says how business time runs for an account.
type Clock struct {
	Offset time.Duration // business time minus database time, while it runs
	Frozen *time.Time    // it stands still here
}

// SetClock changes an account's clock, given what time it is and the clock so far.
// Whatever waits for a business time is told when, in database time, that now is.
func (db *DB) SetClock(ctx context.Context, account int64, change func(now time.Time, was Clock) Clock) error {
	return db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		var was Clock
		err := tx.q.QueryRow(ctx,
			`SELECT clock_offset, clock_frozen_at FROM accounts WHERE id = $1`, account).Scan(&was.Offset, &was.Frozen)
		if err != nil {
			return fmt.Errorf("read clock: %w", err)
		}
		clock := change(tx.Now, was)
		tx.write(`
			UPDATE accounts
			SET clock_offset = $2, clock_frozen_at = $3
			WHERE id = $1`, account, clock.Offset, clock.Frozen)
		tx.write(`
			UPDATE tasks t
			SET wake_at = wake_time(a, t.due_at)
			FROM accounts a
			WHERE a.id = $1 AND t.account_id = $1 AND t.head AND t.status = 'running' AND t.lease IS NULL`, account)
		tx.write(`
			UPDATE steps s
			SET wake_at = wake_time(a, s.due_at)
			FROM accounts a
			WHERE a.id = $1 AND s.account_id = $1 AND s.due_at IS NOT NULL`, account)
		return nil
	})
}

// Freeze stops an account's clock at a time.
func (db *DB) Freeze(ctx context.Context, account int64, at time.Time) error {
	return db.SetClock(ctx, account, func(time.Time, Clock) Clock { return Clock{Frozen: &at} })
}

// Advance moves an account's clock on by d; one that runs goes on running.
func (db *DB) Advance(ctx context.Context, account int64, d time.Duration) error {
	return db.SetClock(ctx, account, func(now time.Time, was Clock) Clock {
		if was.Frozen == nil {
			return Clock{Offset: was.Offset + d}
		}
		now = now.Add(d)
		return Clock{Frozen: &now}
	})
}
