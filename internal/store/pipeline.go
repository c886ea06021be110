package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

// pipeline is a transaction that saves round trips: what is only written travels
// with the next question, or with the commit. A write that fails is an error
// then, and ever after; no write of ours fails but by a mistake of ours.
type pipeline struct {
	conn   *pgx.Conn // nil in a group
	to     sender    // what is queued: the connection, or the group
	queued *pgx.Batch
	writes int   // among them, all but a last question
	err    error // the first of a write; nothing but a rollback is sent after it
	scope  scope // of what is committed; in a group, that of the whole

	// Of all writes how many are queued or sent, how many are sent, and how many are there before any function's.
	total, sent, begun int

	now, task string // of a task that is processed, as the triggers want to know them,
	told      bool   // and whether the transaction tells that it has started
}

// sender is the part of a connection that a pipeline uses for all but the ends of its transaction.
type sender interface {
	SendBatch(ctx context.Context, batch *pgx.Batch) pgx.BatchResults
}

// rollbackTime is how long a rollback may take; without one the connection is closed.
const rollbackTime = 5 * time.Second

// inPipeline runs fn in a transaction. An error, or a panic, rolls it back. It passes the gate with its commit, for all
// that there is unless fn sets the scope.
func (db *DB) inPipeline(ctx context.Context, fn func(*pipeline) error) error {
	return db.pool.conns.AcquireFunc(ctx, func(conn *pgxpool.Conn) error {
		p := &pipeline{conn: conn.Conn(), to: conn.Conn(), queued: &pgx.Batch{}}
		committed, leave := false, func() {}
		defer func() {
			defer func() { leave() }()
			if !committed {
				// A connection that cannot even do this is closed by the pool.
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), rollbackTime)
				defer cancel()
				_, _ = p.conn.Exec(ctx, "rollback")
			}
		}()
		p.write("begin")
		if err := fn(p); err != nil {
			return err
		}
		leave = db.pool.enter(p.conn, p.scope) // nobody sees anything of it before
		if err := p.commit(ctx); err != nil {
			return fmt.Errorf("commit: %w", err)
		}
		committed = true
		return nil
	})
}

// write queues a statement whose result nobody needs. It may be changed until it is sent.
func (p *pipeline) write(sql string, args ...any) *pgx.QueuedQuery {
	p.writes++
	p.total++
	return p.queued.Queue(sql, args...)
}

// holds reports whether a statement is yet to be sent.
func (p *pipeline) holds(statement *pgx.QueuedQuery) bool {
	return slices.Contains(p.queued.QueuedQueries, statement)
}

// changes reports whether something of a function is yet to be sent.
func (p *pipeline) changes() bool { return p.total > max(p.begun, p.sent) }

// fail keeps the error of a write that cannot be queued.
func (p *pipeline) fail(err error) {
	if p.err == nil {
		p.err = err
	}
}

// Query sends what is queued and asks.
func (p *pipeline) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if p.err != nil {
		return nil, p.err
	}
	p.queued.Queue(sql, args...)
	results, err := p.flush(ctx)
	if err != nil {
		return nil, err
	}
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return pipelineRows{Rows: rows, results: results}, nil
}

// QueryRow sends what is queued and asks for one row.
func (p *pipeline) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := p.Query(ctx, sql, args...)
	return pipelineRow{rows: rows, err: err}
}

// flush sends the queue and checks the writes in it.
func (p *pipeline) flush(ctx context.Context) (pgx.BatchResults, error) {
	results := p.to.SendBatch(ctx, p.queued)
	writes := p.writes
	p.sent += writes
	p.queued, p.writes = &pgx.Batch{}, 0 // the results still read the old one
	for range writes {
		if _, err := results.Exec(); err != nil {
			p.err = errors.Join(err, results.Close())
			return nil, p.err
		}
	}
	return results, nil
}

func (p *pipeline) commit(ctx context.Context) error {
	if p.err != nil {
		return p.err
	}
	if p.writes == 0 {
		tag, err := p.conn.Exec(ctx, "commit")
		return committed(tag, err)
	}
	p.queued.Queue("commit") // not as a write: its result is looked at
	results, err := p.flush(ctx)
	if err != nil {
		return err
	}
	tag, err := results.Exec()
	return committed(tag, errors.Join(err, results.Close()))
}

// committed looks at how a commit ended. That of a transaction in which something
// failed is no error to Postgres, which rolls it back.
func committed(tag pgconn.CommandTag, err error) error {
	if err == nil && tag.String() == "ROLLBACK" {
		return pgx.ErrTxCommitRollback
	}
	return err
}

// pipelineRows ends its round trip when it is closed.
type pipelineRows struct {
	pgx.Rows
	results pgx.BatchResults
}

func (r pipelineRows) Close() {
	r.Rows.Close()
	_ = r.results.Close() // its error is that of the rows
}

type pipelineRow struct {
	rows pgx.Rows
	err  error
}

func (r pipelineRow) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	defer r.rows.Close()
	if !r.rows.Next() {
		if err := r.rows.Err(); err != nil {
			return err
		}
		return pgx.ErrNoRows
	}
	if err := r.rows.Scan(dest...); err != nil {
		return err
	}
	r.rows.Close()
	return r.rows.Err()
}
