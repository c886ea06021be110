package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Clock says how business time runs for an account: it was Now when the database's own clock showed Real, and goes on
// from there at Rate.
type Clock struct {
	Now  time.Time
	Real time.Time
	Rate float64 // business time in a length of database time; 0: it stands still
}

// The rates at which a clock may run.
const (
	SlowestRate = 0.001
	FastestRate = 10_000
)

// EndOfTime is when no clock goes on.
var EndOfTime = time.Date(2199, time.December, 31, 23, 59, 59, 0, time.UTC)

// Clock reads an account's clock.
func (db *DB) Clock(ctx context.Context, account int64) (Clock, error) {
	return readClock(ctx, db.pool, account)
}

func readClock(ctx context.Context, q querier, account int64) (c Clock, err error) {
	err = q.QueryRow(ctx, `
		SELECT business_now(a), clock_timestamp(), CASE WHEN clock_frozen_at IS NULL THEN clock_rate ELSE 0 END
		FROM accounts a
		WHERE id = $1`, account).Scan(&c.Now, &c.Real, &c.Rate)
	if errors.Is(err, pgx.ErrNoRows) {
		return c, fmt.Errorf("account %d: %w", account, ErrNoAccount)
	}
	if err != nil {
		return c, fmt.Errorf("read clock: %w", err)
	}
	return c, nil
}

// ErrNoAccount says that an account is not there, or no more.
var ErrNoAccount = errors.New("there is no such account")

// SetClock changes an account's clock, given how it runs so far. Whatever waits for a business time is told when, in
// database time, that now is. No lease changes: they know nothing but database time.
func (db *DB) SetClock(ctx context.Context, account int64, change func(was Clock) Clock) error {
	return db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		return tx.SetClock(ctx, change)
	})
}

// SetClock is DB.SetClock within a transaction, which goes on at the new time.
func (tx *Tx) SetClock(ctx context.Context, change func(was Clock) Clock) error {
	was, err := readClock(ctx, tx.q, tx.Caller.Account)
	if err != nil {
		return err
	}
	is := change(was)
	tx.setClock(is)
	tx.Now = is.Now
	tx.ownLengths = tx.ownLengths || is.Rate != 0 && is.Rate != 1 // a scaled clock has a speed of its own
	return nil
}

func (tx *Tx) setClock(c Clock) {
	if c.Rate == 0 {
		tx.write(`UPDATE accounts SET clock_frozen_at = $2 WHERE id = $1`, tx.Caller.Account, c.Now)
	} else {
		tx.write(`
			UPDATE accounts
			SET clock_frozen_at = NULL, clock_rate = $2, clock_since = $3, clock_offset = $4
			WHERE id = $1`, tx.Caller.Account, c.Rate, c.Real, c.Now.Sub(c.Real))
	}
	tx.wakeByClock()
}

// moveClock moves the clock on; one that runs goes on running. wakeByClock has to follow.
func (tx *Tx) moveClock(d time.Duration) {
	tx.write(`
		UPDATE accounts
		SET clock_frozen_at = clock_frozen_at + $2::interval, clock_offset = clock_offset + $2::interval
		WHERE id = $1`, tx.Caller.Account, d)
}

// wakeByClock sets when somebody has to look at what waits for a business time. That of a clock that stands still
// changes only where its time has come, or is yet to come again.
func (tx *Tx) wakeByClock() {
	tx.write(`
		UPDATE tasks t
		SET wake_at = wake_time(a, t.due_at)
		FROM accounts a
		WHERE a.id = $1 AND t.account_id = $1 AND t.head AND t.status = 'running' AND t.lease IS NULL`,
		tx.Caller.Account)
	tx.write(`
		UPDATE steps s
		SET wake_at = wake_time(a, s.due_at)
		FROM accounts a
		WHERE a.id = $1 AND s.account_id = $1 AND s.due_at IS NOT NULL
			AND (s.wake_at = 'infinity' AND a.clock_frozen_at < s.due_at) IS NOT TRUE -- but NULL for a clock that runs`,
		tx.Caller.Account)
}

// Freeze stops an account's clock at a time.
func (db *DB) Freeze(ctx context.Context, account int64, at time.Time) error {
	return db.SetClock(ctx, account, func(Clock) Clock { return Clock{Now: at} })
}

// Advance moves an account's clock on by d, all at once; one that runs goes on running.
func (db *DB) Advance(ctx context.Context, account int64, d time.Duration) error {
	return db.Write(ctx, cloud.Caller{Account: account}, func(tx *Tx) error {
		tx.moveClock(d)
		tx.wakeByClock()
		return nil
	})
}
