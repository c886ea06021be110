package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
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
		rows = append(rows, r)
	}
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
			e.say("%s, round %d, %s: %.0f/s, CPU %d + %d µs", mode.what, round+1, c.name, figure.perSecond,
				figure.cpu.product.Microseconds(), figure.cpu.postgres.Microseconds())
			c.figures = append(c.figures, figure)
		}
	}
	now, before = both.figures()
	return now, before, nil
}

// workOff gives new accounts a backlog and waits until nothing of it is left.
func (e *env) workOff(ctx context.Context, c *contender, mode backlogMode) (loaded, error) {
	accounts, err := c.fixture.newAccounts(ctx, numAccounts)
	if err != nil {
		return loaded{}, err
	}
	for n := int64(1); mode.apart && n < backlogTasks/numAccounts; n++ {
		if err := c.fixture.subscribe(ctx, accounts, c.fixture.subscription+n); err != nil {
			return loaded{}, err
		}
	}
	for _, sql := range []string{`VACUUM ANALYZE`, `CHECKPOINT`} { // as autovacuum would in time
		if _, err := c.fixture.conn.Exec(ctx, sql); err != nil {
			return loaded{}, err
		}
	}
	if err := c.fixture.wait(ctx, accounts, mode); err != nil {
		return loaded{}, err
	}
	figure, err := e.metered(c.product.pid(), func() (loaded, error) {
		begin := time.Now()
		for left := true; left; {
			time.Sleep(backlogLook)
			err := c.fixture.conn.QueryRow(ctx, `
				SELECT EXISTS (SELECT FROM tasks WHERE head) OR EXISTS (SELECT FROM steps)`).Scan(&left)
			if err != nil {
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
	err = c.fixture.conn.QueryRow(ctx, `
		SELECT count(*), COALESCE((SELECT min(response::text) FROM tasks WHERE status <> 'done'), 'none failed')
		FROM resources
		WHERE account_id = ANY ($1) AND kind = 'database' AND status = 'active'`, idsOf(accounts)).Scan(&made, &failure)
	if err == nil && made != backlogTasks {
		err = fmt.Errorf("%d databases are active, want %d: %s", made, backlogTasks, failure)
	}
	return figure, errors.Join(err, c.fixture.removeTasks(ctx))
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
