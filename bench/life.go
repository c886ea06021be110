package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureLife lets a client of each account create databases one after the
// other, each as soon as the one before is active, with no business time.
func measureLife(ctx context.Context, e *env) (_ []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	var lives rounds
	for round := range e.rounds {
		accounts, err := e.fixture.newAccounts(ctx, numAccounts)
		if err != nil {
			return nil, err
		}
		figure, err := e.metered(p.pid(), func() (loaded, error) { return e.live(ctx, p.addr, accounts) })
		if err != nil {
			return nil, err
		}
		e.say("life, round %d: %.0f/s, p50 %v", round+1, figure.perSecond, figure.p50.Round(time.Millisecond))
		lives = append(lives, figure)
	}
	return []row{
		{"life of a database, 100 accounts", perSecond, lives.rates(), nil, lives.cpu(), goal{atLeast: 700}},
		{"life of a database, 100 accounts, p50", millis, lives.p50s(), nil, nil, goal{}},
	}, nil
}

// live counts the databases that become active after a short warm-up.
func (e *env) live(ctx context.Context, addr string, accounts []account) (loaded, error) {
	begin := time.Now().Add(500 * time.Millisecond)
	end := begin.Add(e.duration)
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", e.fixture.subscription)
	tallies := make([]tally, len(accounts))
	var group errgroup.Group
	for i, a := range accounts {
		group.Go(func() error {
			c, err := newClient(ctx, addr, a.headers)
			if err != nil {
				return err
			}
			defer c.close()
			for n := 1; ; n++ {
				born := time.Now()
				id, err := c.create(ctx, path, named(n))
				if err != nil {
					return err
				}
				if err := c.settle(ctx, fmt.Sprintf("%s/%d", path, id)); err != nil {
					return err
				}
				if !tallies[i].count(born, begin, end) {
					return nil
				}
			}
		})
	}
	if err := group.Wait(); err != nil {
		return loaded{}, err
	}
	return sum(tallies, e.duration), nil
}

// named is the usual database under a name of its own.
func named(n int) string {
	const name = `{"name":"bench`
	return fmt.Sprintf(`%s-%d%s`, name, n, databaseBody[len(name):])
}
