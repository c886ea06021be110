package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// elsewhereRule strikes an operation that is not measured.
const elsewhereRule = `{"rule": {"match": {"operation": "deleteProDatabase"}, "effect": {"do": "empty"}}}`

// measureFaults reads and accepts while no fault rule was ever armed, while one is that strikes other requests, and
// when none is any more.
func measureFaults(ctx context.Context, e *env) ([]row, error) {
	f, err := e.sharedFixture(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := f.newAccounts(ctx, numAccounts)
	if err != nil {
		return nil, err
	}
	var never, armed, cleared faultFigures
	for round := range e.rounds {
		if err := e.faultRound(ctx, accounts, &never, &armed, &cleared); err != nil {
			return nil, err
		}
		e.say("faults, round %d: get %.0f/s never, %.0f/s armed, %.0f/s cleared; accept %.0f/s, %.0f/s, %.0f/s", round+1,
			never.gets[round].perSecond, armed.gets[round].perSecond, cleared.gets[round].perSecond,
			never.accepts[round].perSecond, armed.accepts[round].perSecond, cleared.accepts[round].perSecond)
	}
	rated := func(what string, figures, baseline rounds, g goal) row {
		return row{what, perSecond, figures.rates(), baseline.rates(), figures.cpu(), g}
	}
	return []row{
		rated("get, no fault armed any more / never", cleared.gets, never.gets, goal{atLeast: 0.95}),
		rated("accept, no fault armed any more / never", cleared.accepts, never.accepts, goal{atLeast: 0.95}),
		rated("get, a fault armed for others / none", armed.gets, never.gets, goal{}),
		rated("accept, a fault armed for others / none", armed.accepts, never.accepts, goal{}),
	}, nil
}

// faultFigures are those of reading and of accepting.
type faultFigures struct{ gets, accepts rounds }

// faultRound measures each on a product of its own, for which no rule was ever armed.
func (e *env) faultRound(ctx context.Context, accounts []account, never, armed, cleared *faultFigures) (err error) {
	p, err := e.serveFixture(ctx, "--speed", "1")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	var gets [][]byte
	for _, a := range accounts {
		gets = append(gets, get(p.addr, fmt.Sprintf("/v1/subscriptions/%d", e.fixture.subscription), a.headers))
	}
	for _, turn := range []struct {
		figures *faultFigures
		method  string // of the request to control before it
		body    string
	}{
		{never, http.MethodGet, ""}, // which changes nothing
		{armed, http.MethodPost, elsewhereRule},
		{cleared, http.MethodDelete, ""},
	} {
		if _, err := control(ctx, p.addr, turn.method, "/faults", turn.body); err != nil {
			return err
		}
		figure, err := e.metered(p.pid(), func() (loaded, error) {
			return load(ctx, p.addr, manyClients, e.duration, gets, http.StatusOK)
		})
		if err != nil {
			return err
		}
		turn.figures.gets = append(turn.figures.gets, figure)
		if figure, err = e.accept(ctx, p, numAccounts, manyClients); err != nil {
			return err
		}
		turn.figures.accepts = append(turn.figures.accepts, figure)
	}
	return nil
}
