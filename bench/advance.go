package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// pendingSteps is how many steps of provisioning time passes over.
const pendingSteps = 1000

// measureAdvance lets the time of an account pass until it is idle: over steps that are due a minute after each other,
// and over changes of subscriptions of which three are under way at once.
func measureAdvance(ctx context.Context, e *env) (_ []row, err error) {
	f, err := e.newFixture(ctx, "advance")
	if err != nil {
		return nil, err
	}
	defer f.close()
	p, err := e.serveOn(ctx, f, "--speed", "1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	var rows []row
	for _, steps := range []struct {
		what string
		plan func(context.Context, account) error
	}{
		{"a minute apart", f.planApart},
		{"three at once", f.planLimited},
	} {
		var took []float64
		for range e.rounds {
			accounts, err := f.newAccounts(ctx, 1)
			if err != nil {
				return nil, err
			}
			if err := steps.plan(ctx, accounts[0]); err != nil {
				return nil, fmt.Errorf("plan steps, %s: %w", steps.what, err)
			}
			one, err := untilIdle(ctx, p.addr, accounts[0])
			if err != nil {
				return nil, err
			}
			took = append(took, one.Seconds())
		}
		what := fmt.Sprintf("advance until idle, %d steps, %s", pendingSteps, steps.what)
		e.say("%s: %.2f s", what, median(took))
		rows = append(rows, row{what, seconds, took, nil, nil, goal{atMost: 2}})
	}
	return rows, nil
}

// untilIdle returns how long it takes until all is done that an account has before it.
func untilIdle(ctx context.Context, addr string, a account) (took time.Duration, err error) {
	begin := time.Now()
	answer, err := control(ctx, addr, http.MethodPost, fmt.Sprintf("/accounts/%d/clock/advance", a.id), `{"idle":true}`)
	took = time.Since(begin)
	var passed struct{ Count int }
	if err == nil {
		err = json.Unmarshal(answer, &passed)
	}
	if err == nil && passed.Count != pendingSteps {
		err = fmt.Errorf("%d events: %.200s", passed.Count, answer)
	}
	return took, err
}

// planApart stops the clock of an account and gives it databases that become active a minute after each other.
func (f *fixture) planApart(ctx context.Context, a account) error {
	if err := f.db.Freeze(ctx, a.id, time.Now()); err != nil {
		return err
	}
	if _, err := f.fill(ctx, []account{a}, f.subscription, pendingSteps); err != nil {
		return err
	}
	_, err := f.conn.Exec(ctx, `
		WITH pending AS (
			UPDATE resources
			SET status = 'pending'
			WHERE account_id = $1 AND kind = 'database'
			RETURNING id
		)
		INSERT INTO steps (account_id, kind, resource_id, after, due_at, wake_at, status, patch)
		SELECT a.id, 'database', numbered.id, '0', at, wake_time(a, at), 'active', '{}'
		FROM accounts a, (SELECT id, row_number() OVER (ORDER BY id) AS n FROM pending) numbered,
			LATERAL (SELECT business_now(a) + n * interval '1 min') due (at)
		WHERE a.id = $1`, a.id)
	return err
}

// planLimited stops the clock of an account and gives it subscriptions that are changed for four minutes each, three at
// once.
func (f *fixture) planLimited(ctx context.Context, a account) error {
	if err := f.db.Freeze(ctx, a.id, time.Now()); err != nil {
		return err
	}
	_, err := f.conn.Exec(ctx, `
		WITH numbers AS (
			SELECT n, $2 + n AS id
			FROM generate_series(1, $3::int) n
		), copied AS (
			INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at)
			SELECT $1, kind, numbers.id, 'copy-' || n, 'pending', body, created_at, updated_at
			FROM resources r, numbers
			WHERE r.account_id = $1 AND r.kind = 'subscription' AND r.id = $2
		)
		INSERT INTO steps (account_id, kind, resource_id, holds, holds_kind, slots, after, due_at, wake_at, status, patch)
		SELECT a.id, 'subscription', numbers.id, numbers.id, 'subscription', 3, after,
			CASE WHEN n <= 3 THEN at END, CASE WHEN n <= 3 THEN wake_time(a, at) END, 'active', '{}'
		FROM accounts a, numbers, LATERAL (
			SELECT interval '4 min' AS after, business_now(a) + interval '4 min' AS at
		) due
		WHERE a.id = $1
		ORDER BY n`, a.id, f.subscription, pendingSteps)
	return err
}
