package main

import (
	"context"
	"encoding/json"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// create makes a database in an account.
type create struct {
	Account      int64           `json:"account"`
	Subscription int64           `json:"subscription"`
	Name         string          `json:"name"`
	Request      json.RawMessage `json:"request"`
}

// activate makes it active later.
type activate struct {
	Account  int64 `json:"account"`
	Database int64 `json:"database"`
}

// Kind is River's name of it.
func (create) Kind() string { return "create" }

// Kind is River's name of it.
func (activate) Kind() string { return "activate" }

// worker does what the product's processing does, in fewer statements: the resource is the same row, with the
// account locked, its next id drawn and its events written by the same triggers.
type worker struct {
	pool          *pgxpool.Pool
	body          json.RawMessage // of a database
	inside, steps bool
}

const (
	insertDatabase = `
		WITH account AS (
			UPDATE accounts
			SET last_id = last_id + 1
			WHERE id = $1
			RETURNING id, last_id
		)
		INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at,
			activated_at)
		SELECT id, 'database', last_id, 'subscription', $2, $3, $4, $5, now(), now(),
			CASE WHEN $4 = 'active' THEN now() END
		FROM account
		RETURNING id`
	activateDatabase = `
		WITH account AS (
			SELECT id
			FROM accounts
			WHERE id = $1
			FOR NO KEY UPDATE
		)
		UPDATE resources r
		SET status = 'active', activated_at = now(), updated_at = now()
		FROM account
		WHERE r.account_id = account.id AND r.kind = 'database' AND r.id = $2`
)

func (w *worker) workCreate(ctx context.Context, job *river.Job[create]) error {
	if !w.inside && !w.steps { // one statement is one commit
		return w.insert(ctx, w.pool, job.Args, "active", new(int64))
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		status := "active"
		if w.steps {
			status = "pending"
		}
		next := activate{Account: job.Args.Account}
		if err := w.insert(ctx, tx, job.Args, status, &next.Database); err != nil {
			return err
		}
		if w.steps {
			if _, err := river.ClientFromContext[pgx.Tx](ctx).InsertTx(ctx, tx, next, nil); err != nil {
				return err
			}
		}
		return complete(ctx, w, tx, job)
	})
}

func (w *worker) workActivate(ctx context.Context, job *river.Job[activate]) error {
	if !w.inside {
		_, err := w.pool.Exec(ctx, activateDatabase, job.Args.Account, job.Args.Database)
		return err
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, activateDatabase, job.Args.Account, job.Args.Database); err != nil {
			return err
		}
		return complete(ctx, w, tx, job)
	})
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (w *worker) insert(ctx context.Context, q querier, args create, status string, id *int64) error {
	return q.QueryRow(ctx, insertDatabase, args.Account, args.Subscription, args.Name, status, w.body).Scan(id)
}

// complete ends a job with its effects, or leaves that to River.
func complete[A river.JobArgs](ctx context.Context, w *worker, tx pgx.Tx, job *river.Job[A]) error {
	if !w.inside {
		return nil
	}
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
	return err
}
