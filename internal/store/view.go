package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Read gives fn a view for reading, without the cost of a transaction: each question sees what is committed at that
// moment. It runs fn again where the state of the account was replaced between two of its questions, so that no answer
// has something of the old state and something of the new one.
//
// That is found out by accounts.generation, which counts the replacements: the caller's keys were looked up before the
// first question, and each further question brings along what the count is then.
func (db *DB) Read(ctx context.Context, caller cloud.Caller, fn func(*Tx) error) error {
	for {
		v := &view{
			pool: db.pool, account: caller.Account, generation: caller.Generation, begun: db.pool.gate.mark(caller.Account),
		}
		err := fn(&Tx{q: v, view: v, reads: db.reads, Caller: caller})
		if v.err != nil {
			return fmt.Errorf("see whether account %d was replaced: %w", caller.Account, v.err)
		}
		if v.generation == caller.Generation || ctx.Err() != nil {
			return err
		}
		caller.Generation = v.generation
	}
}

// view asks the questions of a Read. A look at a single task is none of them: who waits for its end looks again and
// again, and answers with the last look alone.
type view struct {
	pool       *pool
	account    int64
	asked      bool
	generation int64 // as of the last question that brought it along
	err        error

	begun Validity // of what has not changed since
	// What it has asked for: what changes of the account do not pass by, finished tasks, and what may change without any.
	state, tasks, fleeting bool
}

// Validity is how long what a Read has found so far stays as it is. What it has asked for in other ways than Get, List
// and their like, and finished tasks, may be another thing at once.
func (tx *Tx) Validity() Validity {
	v := tx.view
	if v == nil || v.fleeting || !v.state && !v.tasks {
		return Validity{}
	}
	valid := v.begun
	if !v.state {
		valid.own = nil
	}
	return valid
}

// state asks for what only changes of the account can change: its resources, with what holds them.
func (tx *Tx) state() querier {
	if tx.view == nil {
		return tx.q
	}
	tx.view.state = true
	return ofState{tx.view}
}

type ofState struct{ *view }

func (v ofState) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	return v.query(ctx, sql, args...)
}

func (v ofState) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := v.query(ctx, sql, args...)
	return pipelineRow{rows: rows, err: err}
}

// again counts a question, and reports whether it is to bring the generation along.
func (v *view) again() bool {
	was := v.asked
	v.asked = true
	return was
}

const readGeneration = `SELECT generation FROM accounts WHERE id = $1`

// note keeps the generation in a row of readGeneration. An account that is gone has none.
func (v *view) note(row pgx.Row) {
	if err := row.Scan(&v.generation); !errors.Is(err, pgx.ErrNoRows) {
		v.err = errors.Join(v.err, err)
	}
}

// look asks for the generation by itself.
func (v *view) look(ctx context.Context) { v.note(v.pool.QueryRow(ctx, readGeneration, v.account)) }

// Query asks; the generation travels with the answer.
func (v *view) Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	v.fleeting = true
	return v.query(ctx, sql, args...)
}

func (v *view) query(ctx context.Context, sql string, args ...any) (pgx.Rows, error) {
	if !v.again() {
		return v.pool.Query(ctx, sql, args...)
	}
	var both pgx.Batch
	both.Queue(sql, args...)
	both.Queue(readGeneration, v.account)
	results := v.pool.SendBatch(ctx, &both)
	rows, err := results.Query()
	if err != nil {
		return nil, errors.Join(err, results.Close())
	}
	return &viewRows{Rows: rows, results: results, view: v}, nil
}

// QueryRow asks for one row.
func (v *view) QueryRow(ctx context.Context, sql string, args ...any) pgx.Row {
	rows, err := v.Query(ctx, sql, args...)
	return pipelineRow{rows: rows, err: err}
}

// viewRows reads the generation when it is closed.
type viewRows struct {
	pgx.Rows
	results pgx.BatchResults
	view    *view
	closed  bool
}

func (r *viewRows) Close() {
	r.Rows.Close()
	if r.closed {
		return
	}
	r.closed = true
	if r.Err() == nil { // else the question itself has failed
		r.view.note(r.results.QueryRow())
	}
	_ = r.results.Close() // its error is that of the rows, or of the generation
}
