package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// manyClients is what the goals are set for.
const manyClients = 16

// measureAccept posts databases at realistic speed, so that next to nothing is
// processed meanwhile, and lets pgbench write the same in turn.
func measureAccept(ctx context.Context, e *env) (_ []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	b, err := e.newPgbench(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	p, err := e.serveFixture(ctx, "--speed", "1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	var baseline, many, one, baselineAlone, alone rounds
	for round := range e.rounds {
		for _, turn := range []struct {
			figures *rounds
			run     func() (loaded, error)
		}{
			{&baseline, func() (loaded, error) { return b.run(ctx, manyClients, e.duration) }},
			{&many, func() (loaded, error) { return e.accept(ctx, p, numAccounts, manyClients) }},
			{&one, func() (loaded, error) { return e.accept(ctx, p, 1, manyClients) }},
			{&baselineAlone, func() (loaded, error) { return b.run(ctx, 1, e.duration) }},
			{&alone, func() (loaded, error) { return e.accept(ctx, p, numAccounts, 1) }},
		} {
			figure, err := turn.run()
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("accept, round %d: pgbench %.0f/s, 100 accounts %.0f/s, 1 account %.0f/s; 1 client p50: pgbench %v, product %v",
			round+1, baseline[round].perSecond, many[round].perSecond, one[round].perSecond,
			baselineAlone[round].p50, alone[round].p50)
	}
	return []row{
		{
			"accept, 16 clients, 100 accounts / pgbench", perSecond,
			many.rates(), baseline.rates(), many.cpu(),
			goal{atLeast: 0.6},
		},
		{
			"accept, 16 clients, 1 account / pgbench, 100", perSecond,
			one.rates(), baseline.rates(), one.cpu(),
			goal{atLeast: 0.3},
		},
		{"accept, 1 client, p50 / pgbench", millis, alone.p50s(), baselineAlone.p50s(), alone.cpu(), goal{atMost: 2}},
		{"pgbench itself, 16 clients", perSecond, baseline.rates(), nil, baseline.cpu(), goal{}},
	}, nil
}

// accept lets clients post databases over new accounts.
func (e *env) accept(ctx context.Context, p *product, accounts, clients int) (loaded, error) {
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", e.fixture.subscription)
	return e.acceptAs(ctx, p, accounts, clients, func(a account) []byte {
		return post(p.addr, path, a.headers, databaseBody)
	})
}

// acceptAs lets clients post the requests of new accounts.
func (e *env) acceptAs(
	ctx context.Context, p *product, accounts, clients int, request func(account) []byte,
) (loaded, error) {
	tenants, err := e.fixture.newAccounts(ctx, accounts)
	if err != nil {
		return loaded{}, err
	}
	requests := make([][]byte, accounts)
	for i, a := range tenants {
		requests[i] = request(a)
	}
	figure, err := e.metered(p.pid(), func() (loaded, error) {
		return load(ctx, p.addr, clients, e.duration, requests, http.StatusAccepted)
	})
	return figure, errors.Join(err, e.fixture.removeTasks(ctx))
}
