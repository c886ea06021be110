package main

import (
	"context"
	"fmt"
	"net/http"
)

// measureReady starts the product on its own Postgres, from its exec to its
// ready file: on a new data directory, again after a stop, again after a kill -9.
func measureReady(ctx context.Context, e *env) ([]row, error) {
	var cold, warm, killed []float64
	for round := range e.rounds {
		dir, err := e.tempDir()
		if err != nil {
			return nil, err
		}
		for _, turn := range []struct {
			figures *[]float64
			end     func(*product) error
		}{
			{&cold, (*product).stop},
			{&warm, func(p *product) error { p.kill(); return nil }},
			{&killed, (*product).stop},
		} {
			p, err := e.serve(ctx, "--data-dir", dir)
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, p.took.Seconds())
			if err := turn.end(p); err != nil {
				return nil, err
			}
		}
		e.say("ready, round %d: cold %.2f s, warm %.2f s, after kill -9 %.2f s",
			round+1, cold[round], warm[round], killed[round])
	}
	return []row{
		{"ready, new data directory", seconds, cold, nil, nil, goal{atMost: 1.2}},
		{"ready, again", seconds, warm, nil, nil, goal{atMost: 0.3}},
		{"ready, after kill -9", seconds, killed, nil, nil, goal{atMost: 0.6}},
	}, nil
}

// resources that the product has when its memory is measured.
const resources = 10_000

// measureMemory lists and reads resources of all accounts before it looks: a
// server that was just started holds nothing yet.
func measureMemory(ctx context.Context, e *env) ([]row, error) {
	f, err := e.sharedFixture(ctx)
	if err != nil {
		return nil, err
	}
	accounts, err := f.newAccounts(ctx, numAccounts)
	if err != nil {
		return nil, err
	}
	ids, err := f.fill(ctx, accounts, f.subscription, resources/numAccounts-1) // and the subscription
	if err != nil {
		return nil, err
	}
	var figures []float64
	for round := range e.rounds {
		p, err := e.serveFixture(ctx, "--speed", "1")
		if err != nil {
			return nil, err
		}
		mb, err := touch(ctx, p, f.subscription, accounts, ids)
		if err != nil {
			_ = p.stop() // the first error counts
			return nil, err
		}
		e.say("memory, round %d: %.1f MB", round+1, mb)
		figures = append(figures, mb)
		if err := p.stop(); err != nil {
			return nil, err
		}
	}
	return []row{{"resident memory, 10,000 resources", megabytes, figures, nil, nil, goal{atMost: 60}}}, nil
}

// touch lists and reads the databases of accounts, and returns what memory the product has then.
func touch(
	ctx context.Context, p *product, subscription int64, accounts []account, databases []int64,
) (residentMB float64, err error) {
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", subscription)
	var requests [][]byte
	for _, a := range accounts {
		requests = append(requests, get(p.addr, path, a.headers))
		for _, id := range databases {
			requests = append(requests, get(p.addr, fmt.Sprintf("%s/%d", path, id), a.headers))
		}
	}
	if err := readAll(ctx, p.addr, requests); err != nil {
		return 0, err
	}
	return p.residentMB()
}

// readAll sends each request once.
func readAll(ctx context.Context, addr string, requests [][]byte) error {
	c, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	defer c.close()
	for _, request := range requests {
		status, body, err := c.do(request)
		if err != nil {
			return err
		}
		if status != http.StatusOK {
			return fmt.Errorf("%.80q: got %d %s, want 200", request, status, body)
		}
	}
	return nil
}
