package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"
)

// With each hundred tasks there is an account, with a subscription of ten databases. Of few tasks none has fewer.
const (
	tasksOfAccount     = 100
	databasesOfAccount = 10
	growthReaders      = 10  // accounts that clients use
	growthCreates      = 200 // databases that are created in a round
)

// grown is a database with so many finished tasks, and what was measured with it.
type grown struct {
	tasks       int
	fixture     *fixture
	readers     []account
	taskIDs     map[int64][]string // of the readers
	databaseIDs map[int64][]string
	figures     map[string][]float64
	cpu         map[string][]usage
}

// grow makes a database with so many finished tasks. The caller closes its fixture.
func (e *env) grow(ctx context.Context, tasks int) (_ *grown, err error) {
	g := &grown{
		tasks: tasks, taskIDs: map[int64][]string{}, databaseIDs: map[int64][]string{},
		figures: map[string][]float64{}, cpu: map[string][]usage{},
	}
	if g.fixture, err = e.newFixture(ctx, fmt.Sprint("growth-", tasks)); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			g.fixture.close()
		}
	}()
	if g.readers, err = g.fixture.newAccounts(ctx, growthReaders); err != nil {
		return nil, err
	}
	others, err := g.fixture.bareAccounts(ctx, max(0, tasks/tasksOfAccount-growthReaders))
	if err != nil {
		return nil, err
	}
	all := slices.Concat(others, g.readers)
	databases, err := g.fixture.fill(ctx, all, g.fixture.subscription, databasesOfAccount)
	if err != nil {
		return nil, err
	}
	if err := g.fixture.finish(ctx, all, tasks/len(all)); err != nil {
		return nil, err
	}
	for _, a := range g.readers {
		for _, id := range databases {
			g.databaseIDs[a.id] = append(g.databaseIDs[a.id], fmt.Sprint(id))
		}
		rows, err := g.fixture.conn.Query(ctx, `SELECT id::text FROM tasks WHERE account_id = $1`, a.id)
		if err != nil {
			return nil, err
		}
		if g.taskIDs[a.id], err = pgx.CollectRows(rows, pgx.RowTo[string]); err != nil {
			return nil, err
		}
	}
	return g, g.fixture.settleDown(ctx)
}

// bareAccounts makes accounts without keys, with a copy of the subscription each.
func (f *fixture) bareAccounts(ctx context.Context, n int) (accounts []account, err error) {
	rows, err := f.conn.Query(ctx, `
		INSERT INTO accounts (name, owner_name, owner_email)
		SELECT 'Bare ' || n, 'Ben Bench', 'ben@bench.example'
		FROM generate_series(1, $1::int) n
		RETURNING id`, n)
	if err != nil {
		return nil, err
	}
	ids, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	for _, id := range ids {
		accounts = append(accounts, account{id: id})
	}
	return accounts, errors.Join(err, f.subscribe(ctx, accounts, f.subscription))
}

// finish gives accounts n copies each of the task that created the subscription.
func (f *fixture) finish(ctx context.Context, accounts []account, n int) error {
	_, err := f.conn.Exec(ctx, `
		INSERT INTO tasks
		SELECT copy.*
		FROM (SELECT tasks AS task FROM tasks WHERE account_id = $1 LIMIT 1) first, unnest($2::bigint[]) account,
			generate_series(1, $3::int) n,
			jsonb_populate_record(task, jsonb_build_object('id', gen_random_uuid(), 'account_id', account, 'seq', n)) copy`,
		demoAccount, idsOf(accounts), n)
	if err == nil {
		_, err = f.conn.Exec(ctx, `UPDATE accounts SET last_seq = $2, done_seq = $2 WHERE id = ANY ($1)`, idsOf(accounts), n)
	}
	if err != nil {
		return fmt.Errorf("copy the task: %w", err)
	}
	return nil
}

// add keeps what a round measured.
func (g *grown) add(what string, figure loaded) {
	g.figures[what] = append(g.figures[what], float64(figure.p50)/float64(time.Millisecond))
	if figure.cpu != (usage{}) {
		g.cpu[what] = append(g.cpu[what], figure.cpu)
	}
}

// requests read what has these ids in each reader's account, the accounts taking turns; or without ids the path itself.
func (g *grown) requests(addr, path string, ids map[int64][]string) (requests [][]byte) {
	for n := 0; ; n++ {
		before := len(requests)
		for _, a := range g.readers {
			switch {
			case ids == nil && n == 0:
				requests = append(requests, get(addr, path, a.headers))
			case n < len(ids[a.id]):
				requests = append(requests, get(addr, path+ids[a.id][n], a.headers))
			}
		}
		if len(requests) == before {
			return requests
		}
	}
}
