package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// measureLife lets a client of each account create databases one after the
// other, each as soon as the one before is active, with no business time; and
// then one client alone.
func measureLife(ctx context.Context, e *env) (_ []row, err error) {
	both, err := e.contenders(ctx, "life", "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, both.close()) }()
	alone := make([]rounds, len(both))
	for round := range e.rounds {
		for i, c := range both {
			accounts, err := c.fixture.newAccounts(ctx, numAccounts)
			if err != nil {
				return nil, err
			}
			figure, err := e.metered(c.product.pid(), func() (loaded, error) {
				return e.live(ctx, c.product.addr, c.fixture.subscription, accounts)
			})
			if err != nil {
				return nil, err
			}
			e.say("life, round %d, %s: %.0f/s, p50 %v", round+1, c.name, figure.perSecond, figure.p50.Round(time.Millisecond))
			c.figures = append(c.figures, figure)
			if accounts, err = c.fixture.newAccounts(ctx, 1); err != nil {
				return nil, err
			}
			one, err := e.metered(c.product.pid(), func() (loaded, error) {
				return e.live(ctx, c.product.addr, c.fixture.subscription, accounts)
			})
			if err != nil {
				return nil, err
			}
			e.say("life, round %d, %s, alone: p50 %v", round+1, c.name, one.p50.Round(10*time.Microsecond))
			alone[i] = append(alone[i], one)
		}
	}
	now, before := both.figures()
	most, least := goal{atLeast: 700}, goal{}
	lone := row{"life of a database alone, p50", millis, alone[0].p50s(), nil, alone[0].cpu(), goal{}}
	if len(before) > 0 {
		most, least = goal{atLeast: 1.7}, goal{atMost: 1}
		lone.baselines, lone.goal = alone[1].p50s(), goal{atMost: 1.05} // no slower, as far as that can be told
	}
	return []row{
		{"life of a database, 100 accounts", perSecond, now.rates(), before.rates(), now.cpu(), most},
		{"life of a database, 100 accounts, p50", millis, now.p50s(), before.p50s(), nil, least},
		lone,
	}, nil
}

// live counts the databases that become active after a short warm-up.
func (e *env) live(ctx context.Context, addr string, subscription int64, accounts []account) (loaded, error) {
	begin := time.Now().Add(500 * time.Millisecond)
	end := begin.Add(e.duration)
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", subscription)
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
