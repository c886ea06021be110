// Package store is the only place that speaks to Postgres: all SQL, one file per
// table, a function per question. Callers compose functions inside a
// transaction, which is a closure: returning an error rolls it back.
//
// Whatever needs an order among the changes of an account takes the lock of its row
// first: Accept, Write, Process, ApplySteps. Who locks several accounts does so in
// the order of their ids or waits for none. All else changes rows of one sort, under
// no other lock. docs/internals.md has the whole of it.
package store

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// DB is a pool of connections to one migrated database.
type DB struct {
	pool   *pool
	reads  *reads
	queues accountQueues
	direct *pgx.ConnConfig // for who needs a session of its own; nil: the pool's connections have one
	id     string          // tells our own notifications from others

	upgrades upgrades  // of snapshots
	adoption *Adoption // nil: a pair that nobody has is wrong
}

// commitLater lets a transaction be acknowledged before it is on disk.
const commitLater = `SELECT set_config('synchronous_commit', 'off', true)`

// Close waits for the connections in use and closes all.
func (db *DB) Close() { db.pool.close() }

// Ping asks whether the database answers.
func (db *DB) Ping(ctx context.Context) error { return db.pool.conns.Ping(ctx) }

// QueryRow asks for one row, for who looks after the schema: nobody else knows it outside of this package.
func (db *DB) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	return db.pool.QueryRow(ctx, sql, args...)
}

// querier is what a transaction and a pool have in common.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Tx is one account's view of the database.
//
// A write only queues and travels with the next question, or with the commit. So it returns no error: the first one is
// kept and returned by the next question, by all after it and by the commit, which then commits nothing, as a
// bufio.Writer does.
type Tx struct {
	q      querier
	writes *pipeline // nil in a Read
	view   *view     // nil but in a Read
	reads  *reads
	Caller cloud.Caller
	Now    time.Time // business time of the account; zero in a Read

	hidden    []string         // operations whose tasks it does not see
	names     map[int64]string // of the resources that it has read or written, one by one; nil in a Read
	planned   []cloud.Step
	capPolicy string
	lastID    int64 // number of the account's newest resource,
	storedID  int64 // and that of which the account's row knows
	inserted  int64 // id of the first one since BeginInserts
	newest    insertion
	dropped   bool

	task       string // id of the one that is processed; empty: none is
	held       *int   // resources that had a slot when it began, where none waited for one; nil: that is not known
	ownLengths bool
	draw       string // what the account's own lengths are drawn by
}

// Plan leaves steps to provisioning, once the transaction has committed. Those that are due at the same time are
// applied in the order in which they were planned.
func (tx *Tx) Plan(steps ...cloud.Step) { tx.planned = append(tx.planned, steps...) }

// Planned returns all steps that were planned in this transaction.
func (tx *Tx) Planned() []cloud.Step { return tx.planned }

// write queues a change.
func (tx *Tx) write(sql string, args ...any) { tx.writes.write(sql, args...) }

// encode encodes what a change is to write. That is done at once: what is queued must not follow what becomes of the
// value.
func (tx *Tx) encode(change string, v any) string {
	text, err := encode(v)
	if err != nil {
		tx.writes.fail(fmt.Errorf("%s: %w", change, err))
	}
	return text
}

// Hide lets the transaction see no tasks of some operations, which belong to another API of the same account.
func (tx *Tx) Hide(operations []string) { tx.hidden = operations }

// CapPolicy is the account's own policy for changes beyond the cap; empty: the
// server's.
func (tx *Tx) CapPolicy() string { return tx.capPolicy }

// Dropped reports whether steps were dropped in this transaction, so that others
// may have a slot to go on with.
func (tx *Tx) Dropped() bool { return tx.dropped }

// Write runs fn in a transaction under the lock of the caller's account, so
// that nothing else changes this account meanwhile.
func (db *DB) Write(ctx context.Context, caller cloud.Caller, fn func(*Tx) error) error {
	done, err := db.queues.take(ctx, caller.Account)
	if err != nil {
		return fmt.Errorf("wait for account %d: %w", caller.Account, err)
	}
	defer done()
	return db.inPipeline(ctx, func(p *pipeline) error {
		p.scope = of(caller.Account)
		tx := &Tx{q: p, writes: p, reads: db.reads, Caller: caller, names: map[int64]string{}}
		err := p.QueryRow(ctx, `
			SELECT now, cap_policy, last_id, own_lengths, draw`+inTransaction+`
			FROM (
				SELECT business_now(a) AS now, COALESCE(a.cap_policy, '') AS cap_policy, a.last_id,
					a.durations IS NOT NULL OR a.clock_rate <> 1 AS own_lengths, 'w' || a.last_seq AS draw
				FROM (SELECT * FROM accounts WHERE id = $1 FOR NO KEY UPDATE) a -- first the lock, then the time
			) a`, caller.Account, noTask).Scan(&tx.Now, &tx.capPolicy, &tx.lastID, &tx.ownLengths, &tx.draw, nil, nil)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrAccountGone
		}
		if err != nil {
			return fmt.Errorf("lock account %d: %w", caller.Account, err)
		}
		return tx.run(fn)
	})
}

// run runs fn, and keeps how far it has counted.
func (tx *Tx) run(fn func(*Tx) error) error {
	tx.storedID = tx.lastID
	if err := fn(tx); err != nil {
		return err
	}
	if tx.lastID != tx.storedID {
		tx.write(`UPDATE accounts SET last_id = $2 WHERE id = $1`, tx.Caller.Account, tx.lastID)
	}
	return nil
}

// inTransaction lets the triggers that write events know the time and the task, $2, of a transaction. Where the time is
// empty, it is the account's; where it is due, that at which what is done was due. Where the task is empty, it is the
// one by which a resource changed last.
const inTransaction = `, set_config('understudy.now', now::text, true), set_config('understudy.task', $2::text, true)`

// inGroup is inTransaction for what comes of one of the tasks that share a transaction.
const inGroup = `SELECT set_config('understudy.now', $1, true), set_config('understudy.task', $2, true)`

// noTask is the task of a transaction that processes none.
const noTask = "none"

// Unavailable reports whether an error says that the database could not be
// asked, as against an answer that is wrong: the same call may succeed later.
func Unavailable(err error) bool {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		if pgErr.Code == "25P03" || pgErr.Code == readOnly { // idle in a transaction for too long, or not the primary
			return true
		}
		switch pgErr.Code[:2] {
		case "08", // connection
			"40", // serialization, deadlock
			"53", // resources
			"55", // lock not available
			"57", // shutting down, cancelled
			"58": // the system under it failed
			return true
		}
		return false
	}
	var connectErr *pgconn.ConnectError
	var netErr net.Error
	return errors.As(err, &connectErr) || errors.As(err, &netErr) ||
		errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, pgx.ErrTxClosed) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || pgconn.SafeToRetry(err)
}

// readOnly is the code of a write where there are none: at a standby.
const readOnly = "25006"

// unsent reports whether an error says that the database was not even asked.
func unsent(err error) bool {
	var connectErr *pgconn.ConnectError
	return errors.As(err, &connectErr) || pgconn.SafeToRetry(err)
}

// TimedOut reports whether the database ended what it was asked because that took
// too long. It is Unavailable, too, but the same call may end so every time.
func TimedOut(err error) bool {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	return ok && (pgErr.Code == "57014" || pgErr.Code == "25P03") // of a statement; between two
}

// encode writes a value for a jsonb column; text, since pgx would take bytes as
// they are and a string needs no further look.
func encode(v any) (string, error) {
	data, err := json.Marshal(v)
	return string(data), err
}
