package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// What lies beside that which is asked for.
const (
	listedSubscriptions = 1000
	databasesOfEach     = 100
	listedTasks         = 10_000
	siblings            = 999
)

// measureBends asks for what once cost more the more lay beside it, of the product and of an earlier commit in turn:
// the two lists of an account, and one database more in a subscription with many, whose baseline is the first one.
func measureBends(ctx context.Context, e *env) (_ []row, err error) {
	all, err := e.contenders(ctx, "bends", "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, all.close()) }()
	bent := make([]*bends, len(all))
	for i, c := range all {
		if bent[i], err = c.bend(ctx); err != nil {
			return nil, err
		}
	}
	for round := range e.rounds {
		for _, b := range bent {
			if err := b.measure(ctx, e, round); err != nil {
				return nil, err
			}
		}
	}
	b := bent[0]
	rows := []row{
		{
			"1,000 subscriptions with 100,000 databases, p50", millis, b.subscriptions.p50s(), nil, b.subscriptions.cpu(),
			goal{atMost: 20},
		},
		{"list of 10,000 tasks, p50", millis, b.tasks.p50s(), nil, b.tasks.cpu(), goal{atMost: 10}},
		{
			"a database made and deleted, the 1,000th / the first, CPU", micros, b.last.spent(), b.first.spent(), b.last.cpu(),
			goal{atMost: 1.1},
		},
	}
	if len(bent) > 1 {
		was := bent[1]
		rows = append(rows,
			row{
				"the same list of subscriptions / the commit before, CPU", micros, b.subscriptions.spent(),
				was.subscriptions.spent(), b.subscriptions.cpu(),
				goal{},
			},
			row{
				"the same list of tasks / the commit before, CPU", micros, b.tasks.spent(), was.tasks.spent(), b.tasks.cpu(),
				goal{},
			},
			row{
				"the 1,000th database / the commit before, CPU", micros, b.last.spent(), was.last.spent(), b.last.cpu(),
				goal{},
			},
			row{
				"the first database / the commit before, CPU", micros, b.first.spent(), was.first.spent(), b.first.cpu(),
				goal{atMost: 1.05},
			},
		)
	}
	return rows, nil
}

// bends is a contender with accounts of whom each has much of one thing, and what was measured of them.
type bends struct {
	*contender

	lists, one, many account

	subscriptions, tasks, first, last rounds
}

func (c *contender) bend(ctx context.Context) (*bends, error) {
	accounts, err := c.fixture.newAccounts(ctx, 3)
	if err != nil {
		return nil, err
	}
	b := &bends{contender: c, lists: accounts[0], one: accounts[1], many: accounts[2]}
	if _, err := c.fixture.fill(ctx, accounts[2:], c.fixture.subscription, siblings); err != nil {
		return nil, err
	}
	if err := c.fixture.finish(ctx, accounts[:1], listedTasks); err != nil {
		return nil, err
	}
	const copies = `
		WITH subscriptions AS (
			INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at, activated_at)
			SELECT $1, kind, 200000 + n, 'copy-' || n, status, body, created_at, updated_at, activated_at
			FROM resources, generate_series(1, $2::int) n
			WHERE account_id = $4 AND kind = 'subscription' AND id = $5
			RETURNING id
		)
		INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body,
			created_at, updated_at, activated_at)
		SELECT $1, d.kind, 60000000 + (s.id - 200000) * $3::int + n, d.parent_kind, s.id, 'copy-' || n, d.status, d.body,
			d.created_at, d.updated_at, d.activated_at
		FROM (SELECT * FROM resources WHERE account_id = $4 AND kind = 'database' AND parent_id = $5 LIMIT 1) d,
			subscriptions s, generate_series(1, $3::int) n`
	_, err = c.fixture.conn.Exec(ctx, copies, b.lists.id, listedSubscriptions-1, databasesOfEach, demoAccount,
		c.fixture.subscription)
	if err == nil {
		// New databases have ids beyond the copies'.
		_, err = c.fixture.conn.Exec(ctx, `UPDATE accounts SET last_id = last_id + $2 WHERE id = $1`, b.many.id, 2*siblings)
	}
	if err == nil {
		_, err = c.fixture.conn.Exec(ctx, `VACUUM ANALYZE`)
	}
	if err != nil {
		return nil, fmt.Errorf("copy subscriptions: %w", err)
	}
	return b, nil
}

func (b *bends) measure(ctx context.Context, e *env, round int) error {
	for path, figures := range map[string]*rounds{"/v1/subscriptions": &b.subscriptions, "/v1/tasks": &b.tasks} {
		figure, err := e.metered(b.product.pid(), func() (loaded, error) {
			request := get(b.product.addr, path, b.lists.headers)
			return load(ctx, b.product.addr, 1, e.duration, [][]byte{request}, http.StatusOK)
		})
		if err != nil {
			return err
		}
		*figures = append(*figures, figure)
	}
	for a, figures := range map[account]*rounds{b.one: &b.first, b.many: &b.last} {
		figure, err := e.metered(b.product.pid(), func() (loaded, error) { return b.comeAndGo(ctx, a, e.duration) })
		if err != nil {
			return err
		}
		*figures = append(*figures, figure)
	}
	e.say("bends, round %d, %s: subscriptions %v, tasks %v; a database %.0f µs, among many %.0f", round+1, b.name,
		b.subscriptions[round].p50, b.tasks[round].p50, b.first.spent()[round], b.last.spent()[round])
	return nil
}

// comeAndGo makes and deletes one database after the other.
func (b *bends) comeAndGo(ctx context.Context, a account, d time.Duration) (all loaded, err error) {
	c, err := newClient(ctx, b.product.addr, a.headers)
	if err != nil {
		return all, err
	}
	defer c.close()
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", b.fixture.subscription)
	for end := time.Now().Add(d); time.Now().Before(end); all.requests++ {
		id, err := c.create(ctx, path, named(all.requests))
		if err != nil {
			return all, err
		}
		one := fmt.Sprintf("%s/%d", path, id)
		if err := c.settle(ctx, one); err != nil {
			return all, err
		}
		var task taskAnswer
		gone := fmt.Appendf(nil, "DELETE %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", one, c.addr, c.headers)
		if err := c.ask(gone, http.StatusAccepted, &task); err != nil {
			return all, err
		}
		if _, err := c.await(ctx, task.TaskID); err != nil {
			return all, err
		}
	}
	return all, nil
}

// spent is the processor time of one operation in each round, of server and Postgres, in microseconds.
func (r rounds) spent() []float64 {
	var spent []float64
	for _, l := range r {
		spent = append(spent, float64((l.cpu.product + l.cpu.postgres).Microseconds()))
	}
	return spent
}
