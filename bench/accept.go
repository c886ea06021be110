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
func measureAccept(ctx context.Context, g *ground) (_ []row, err error) {
	if _, err := g.onStage(ctx); err != nil {
		return nil, err
	}
	b, err := g.newPgbench(ctx)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, b.close()) }()
	p, err := g.serveStage(ctx, "--speed", "1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	// With 16 clients first by pgbench, over all accounts, on one; then with one client.
	var baseline, many, one, baselineP50, p50 []float64
	for round := range g.rounds {
		base, err := b.run(ctx, manyClients, g.duration)
		if err != nil {
			return nil, err
		}
		overAll, err := g.accept(ctx, p, manyAccounts, manyClients)
		if err != nil {
			return nil, err
		}
		onOne, err := g.accept(ctx, p, 1, manyClients)
		if err != nil {
			return nil, err
		}
		baseAlone, err := b.run(ctx, 1, g.duration)
		if err != nil {
			return nil, err
		}
		alone, err := g.accept(ctx, p, manyAccounts, 1)
		if err != nil {
			return nil, err
		}
		g.say("accept, round %d: pgbench %.0f/s, 100 accounts %.0f/s, 1 account %.0f/s; 1 client p50: pgbench %v, product %v",
			round+1, base.perSecond, overAll.perSecond, onOne.perSecond, baseAlone.p50, alone.p50)
		baseline, many, one = append(baseline, base.perSecond), append(many, overAll.perSecond), append(one, onOne.perSecond)
		baselineP50, p50 = append(baselineP50, inMillis(baseAlone.p50)), append(p50, inMillis(alone.p50))
	}
	return []row{
		{"accept, 16 clients, 100 accounts / pgbench", median(many), median(baseline), perSecond, goal{atLeast: 0.6}},
		{"accept, 16 clients, 1 account / pgbench, 100", median(one), median(baseline), perSecond, goal{atLeast: 0.3}},
		{"accept, 1 client, p50 / pgbench", median(p50), median(baselineP50), millis, goal{atMost: 2}},
	}, nil
}

// accept lets clients post databases over new accounts.
func (g *ground) accept(ctx context.Context, p *product, accounts, clients int) (loaded, error) {
	players, err := g.stage.newAccounts(ctx, accounts)
	if err != nil {
		return loaded{}, err
	}
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", g.stage.subscription)
	requests := make([][]byte, accounts)
	for i, a := range players {
		requests[i] = post(p.addr, path, a.headers, databaseBody)
	}
	figure, err := load(ctx, p.addr, clients, g.duration, requests, http.StatusAccepted)
	return figure, errors.Join(err, g.stage.forget(ctx))
}
