package store

import (
	"context"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Load is how much there is to do, over all accounts.
type Load struct {
	Accounts int
	Busy     int // accounts with tasks that have not ended
	Queued   int // tasks that have not ended
	Longest  int // queue of an account
	Running  int // tasks
	Steps    int // of provisioning, that are to be done
	Due      int // among them, now
	Keys     int // of idempotency, that are remembered
}

// Load returns how much there is to do. Its cost follows the accounts and what is under way, not what has ended.
func (db *DB) Load(ctx context.Context) (l Load, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT a.all, a.busy, a.queued, a.longest,
			(SELECT count(*) FROM tasks WHERE head AND status = 'running'),
			(SELECT count(*) FROM steps), (SELECT count(*) FROM steps WHERE wake_at <= clock_timestamp()),
			(SELECT count(*) FROM idempotency_keys)
		FROM (
			SELECT count(*) AS all, count(*) FILTER (WHERE last_seq > done_seq) AS busy,
				COALESCE(sum(last_seq - done_seq), 0)::bigint AS queued, COALESCE(max(last_seq - done_seq), 0) AS longest
			FROM accounts
		) a`).Scan(&l.Accounts, &l.Busy, &l.Queued, &l.Longest, &l.Running, &l.Steps, &l.Due, &l.Keys)
	if err != nil {
		return l, fmt.Errorf("ask for the load: %w", err)
	}
	return l, nil
}

// TaskCounts returns how many tasks there are of each status. It looks at all of them.
func (db *DB) TaskCounts(ctx context.Context) (map[cloud.TaskStatus]int, error) {
	counts := map[cloud.TaskStatus]int{}
	rows, err := db.pool.Query(ctx, `SELECT status, count(*) FROM tasks GROUP BY status`)
	if err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	var status string
	var n int
	if _, err := pgx.ForEachRow(rows, []any{&status, &n}, func() error {
		counts[cloud.TaskStatus(status)] = n
		return nil
	}); err != nil {
		return nil, fmt.Errorf("count tasks: %w", err)
	}
	return counts, nil
}

// Pool is how the connections are used.
type Pool struct {
	Max, Open, InUse, Idle int
	Acquired, Waited       int64         // times that one was taken, and that it had to be waited for
	WaitTime               time.Duration // of all times together
}

// Pool returns how the connections are used.
func (db *DB) Pool() Pool {
	s := db.pool.conns.Stat()
	return Pool{
		Max: int(s.MaxConns()), Open: int(s.TotalConns()), InUse: int(s.AcquiredConns()), Idle: int(s.IdleConns()),
		Acquired: s.AcquireCount(), Waited: s.EmptyAcquireCount(), WaitTime: s.EmptyAcquireWaitTime(),
	}
}

// Now returns the time of the database.
func (db *DB) Now(ctx context.Context) (now time.Time, err error) {
	if err = db.pool.QueryRow(ctx, `SELECT clock_timestamp()`).Scan(&now); err != nil {
		return now, fmt.Errorf("ask for the time: %w", err)
	}
	return now, nil
}
