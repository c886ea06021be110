package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
)

// River's settings. By default it fetches once in 100 ms at most: with few workers that, and no work, would be what is
// measured.
const (
	riverCooldown = time.Millisecond
	riverPoll     = 20 * time.Millisecond
	riverPool     = 24 // connections, as many as the product opens
)

// riverCreate makes a database in an account; riverActivate makes it active later.
type riverCreate struct {
	Account      int64           `json:"account"`
	Subscription int64           `json:"subscription"`
	Name         string          `json:"name"`
	Request      json.RawMessage `json:"request"`
}

type riverActivate struct {
	Account  int64 `json:"account"`
	Database int64 `json:"database"`
}

func (riverCreate) Kind() string   { return "create" }
func (riverActivate) Kind() string { return "activate" }

// runRiver is the baseline for work: a River client in a process of its own. It says when it is ready, waits for a line
// before it starts to work, and works until its standard input ends.
func runRiver(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (err error) {
	w := riverWorker{}
	flags := flag.NewFlagSet("river", flag.ContinueOnError)
	databaseURL := flags.String("database-url", "", "database with the product's schema and River's")
	workers := flags.Int("workers", 1, "jobs worked at once")
	flags.BoolVar(&w.inside, "inside", false, "complete a job in the transaction of its effects")
	flags.BoolVar(&w.steps, "steps", false, "leave it to a second job to make a database active")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(*databaseURL)
	if err != nil {
		return err
	}
	config.MaxConns = riverPool
	if w.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	defer w.pool.Close()
	err = w.pool.QueryRow(ctx, `SELECT body FROM resources WHERE kind = 'database' LIMIT 1`).Scan(&w.body)
	if err != nil {
		return fmt.Errorf("look for a database: %w", err)
	}
	known := river.NewWorkers()
	river.AddWorker(known, river.WorkFunc(w.create))
	river.AddWorker(known, river.WorkFunc(w.activate))
	client, err := river.NewClient(riverpgxv5.New(w.pool), &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: *workers}},
		Workers:       known,
		FetchCooldown: riverCooldown, FetchPollInterval: riverPoll,
	})
	if err != nil {
		return err
	}
	fmt.Fprintln(stdout, "ready")
	lines := bufio.NewScanner(stdin)
	if !lines.Scan() {
		return lines.Err()
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	for lines.Scan() {
		continue
	}
	return errors.Join(lines.Err(), client.Stop(ctx))
}

// riverWorker does what the product's processing does, in fewer statements: the resource is the same row, with the
// account locked, its next id drawn and its events written by the same triggers.
type riverWorker struct {
	pool          *pgxpool.Pool
	body          json.RawMessage // of a database
	inside, steps bool
}

const (
	riverInsert = `
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
	riverUpdate = `
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

func (w *riverWorker) create(ctx context.Context, job *river.Job[riverCreate]) error {
	if !w.inside && !w.steps { // one statement is one commit
		return w.insert(ctx, w.pool, job.Args, "active", new(int64))
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		status := "active"
		if w.steps {
			status = "pending"
		}
		next := riverActivate{Account: job.Args.Account}
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

func (w *riverWorker) activate(ctx context.Context, job *river.Job[riverActivate]) error {
	if !w.inside {
		_, err := w.pool.Exec(ctx, riverUpdate, job.Args.Account, job.Args.Database)
		return err
	}
	return pgx.BeginFunc(ctx, w.pool, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, riverUpdate, job.Args.Account, job.Args.Database); err != nil {
			return err
		}
		return complete(ctx, w, tx, job)
	})
}

// querier is a pool or a transaction.
type querier interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

func (w *riverWorker) insert(ctx context.Context, q querier, args riverCreate, status string, id *int64) error {
	return q.QueryRow(ctx, riverInsert, args.Account, args.Subscription, args.Name, status, w.body).Scan(id)
}

// complete ends a job with its effects, or leaves that to River.
func complete[A river.JobArgs](ctx context.Context, w *riverWorker, tx pgx.Tx, job *river.Job[A]) error {
	if !w.inside {
		return nil
	}
	_, err := river.JobCompleteTx[*riverpgxv5.Driver](ctx, tx, job)
	return err
}
