package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/bench/report"
)

// How much is waiting in a backlog, spread evenly over accounts, and how long it is
// left alone before one looks whether all is done.
const (
	backlogTasks = 10_000
	backlogLook  = 50 * time.Millisecond
)

// backlogMode is how a backlog is measured.
type backlogMode struct {
	what, speed string
	work        time.Duration // that the processing of a task takes
	apart       bool          // each database is for a subscription of its own: one that is being changed takes no other
}

// Where nothing takes any time, and at a speed at which tasks are started first, and what they leave to provisioning
// are rows that are due a bit later.
func backlogModes() []backlogMode {
	return []backlogMode{
		{"backlog of 10,000 over 100 accounts, speed 0", "0", 0, false},
		{"backlog of 10,000 over 100 accounts, with steps", "1000000", 5 * time.Microsecond, true},
	}
}

// measureBacklog lets the product work off tasks that create databases and wait since
// before anybody looks.
func measureBacklog(ctx context.Context, e *env) ([]row, error) {
	chart := report.Chart{
		Name:        "backlog",
		Title:       "A backlog of 10,000 databases over 100 accounts",
		Description: "Databases created in a second, and the processor time of each: of the server and of Postgres.",
	}
	var rows []row
	for i, mode := range backlogModes() {
		now, before, err := e.backlog(ctx, fmt.Sprint("backlog-", i), mode)
		if err != nil {
			return nil, err
		}
		r := row{mode.what, perSecond, now.rates(), nil, now.cpu(), goal{}}
		if len(before) > 0 {
			r.baselines, r.goal = before.rates(), goal{atLeast: 2.2}
		}
		chart.Bars = append(chart.Bars, bar(mode.what, "now", now, true))
		if len(before) > 0 {
			chart.Bars = append(chart.Bars, bar(mode.what, "before", before, false))
		}
		rows = append(rows, r)
	}
	e.charts = append(e.charts, chart)
	return rows, nil
}

func (e *env) backlog(ctx context.Context, database string, mode backlogMode) (now, before rounds, err error) {
	both, err := e.contenders(ctx, database, "--speed", mode.speed)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, both.close()) }()
	for round := range e.rounds {
		for _, c := range both {
			figure, err := e.workOff(ctx, c, mode)
			if err != nil {
				return nil, nil, err
			}
			e.sayWorkedOff(mode, round, c.name, figure)
			c.figures = append(c.figures, figure)
		}
	}
	now, before = both.figures()
	return now, before, nil
}

// workOff gives new accounts of the product a backlog and waits until nothing of it is left.
func (e *env) workOff(ctx context.Context, c *contender, mode backlogMode) (loaded, error) {
	accounts, err := c.fixture.backlogAccounts(ctx, mode)
	if err != nil {
		return loaded{}, err
	}
	if err := c.fixture.settleDown(ctx); err != nil {
		return loaded{}, err
	}
	if err := c.fixture.wait(ctx, accounts, mode); err != nil {
		return loaded{}, err
	}
	figure, err := e.untilDone(ctx, c.fixture, c.product.pid(), accounts,
		`SELECT EXISTS (SELECT FROM tasks WHERE head) OR EXISTS (SELECT FROM steps)`,
		`SELECT COALESCE(min(response::text), 'none failed') FROM tasks WHERE status <> 'done'`)
	return figure, errors.Join(err, c.fixture.removeTasks(ctx))
}

// backlogAccounts makes accounts for a backlog, with the subscriptions that it is for.
func (f *fixture) backlogAccounts(ctx context.Context, mode backlogMode) ([]account, error) {
	accounts, err := f.newAccounts(ctx, numAccounts)
	for n := int64(1); err == nil && mode.apart && n < backlogTasks/numAccounts; n++ {
		err = f.subscribe(ctx, accounts, f.subscription+n)
	}
	return accounts, err
}

// settleDown does what autovacuum and the checkpointer would in time.
func (f *fixture) settleDown(ctx context.Context) error {
	for _, sql := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} {
		if _, err := f.conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("settle down: %w", err)
		}
	}
	return nil
}

// untilDone waits until a question says that nothing is left of a backlog that a process works off, and looks whether
// all is there; where it is not, another says what failed.
func (e *env) untilDone(
	ctx context.Context, f *fixture, pid int, accounts []account, isLeft, whatFailed string,
) (loaded, error) {
	figure, err := e.metered(pid, func() (loaded, error) {
		begin := time.Now()
		for left := true; left; {
			time.Sleep(backlogLook)
			if err := f.conn.QueryRow(ctx, isLeft).Scan(&left); err != nil {
				return loaded{}, err
			}
		}
		return loaded{perSecond: backlogTasks / time.Since(begin).Seconds(), requests: backlogTasks}, nil
	})
	if err != nil {
		return loaded{}, err
	}
	var made int
	var failure string
	err = f.conn.QueryRow(ctx, `
		SELECT count(*), (`+whatFailed+`)
		FROM resources
		WHERE account_id = ANY ($1) AND kind = 'database' AND status = 'active'`, idsOf(accounts)).Scan(&made, &failure)
	if err == nil && made != backlogTasks {
		err = fmt.Errorf("%d databases are active, want %d: %s", made, backlogTasks, failure)
	}
	return figure, err
}

// wait lets a backlog wait in accounts and wakes the product, all at once.
func (f *fixture) wait(ctx context.Context, accounts []account, mode backlogMode) error {
	err := pgx.BeginFunc(ctx, f.conn, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, `
			INSERT INTO tasks (id, account_id, seq, operation, command, request, accepted_at, updated_at, work, head, wake_at)
			SELECT gen_random_uuid(), account, seq, 'createProDatabase', 'databaseCreateRequest',
				jsonb_build_object(
					'path', jsonb_build_object('subscriptionId', ($3::bigint + CASE WHEN $6 THEN seq - 1 ELSE 0 END)::text),
					'body', jsonb_set($4::jsonb, '{name}', to_jsonb('bench-' || seq))),
				now(), now(), $5, seq = 1, CASE WHEN seq = 1 THEN clock_timestamp() END
			FROM generate_series(1, $2::int) seq, unnest($1::bigint[]) account`,
			idsOf(accounts), backlogTasks/len(accounts), f.subscription, databaseBody, mode.work, mode.apart)
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `UPDATE accounts SET last_seq = $2 WHERE id = ANY ($1)`, idsOf(accounts),
			backlogTasks/len(accounts))
		if err != nil {
			return err
		}
		_, err = tx.Exec(ctx, `SELECT pg_notify('understudy', 'bench')`) // as another server would
		return err
	})
	if err != nil {
		return fmt.Errorf("let a backlog wait: %w", err)
	}
	return nil
}
