package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// A crowd is an account with 10,000 databases, a page of them in each of its
// subscriptions, among 100,000 of all accounts.
const (
	crowdSubscriptions = 100
	crowdNeighbours    = 90_000
	pageSize           = 100
)

// measureCrowd reads one database, and the page of a subscription, in a crowd;
// and in turn where one subscription is all there is.
func measureCrowd(ctx context.Context, g *ground) (_ []row, err error) {
	alone, err := g.crowd(ctx, "alone", 1, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, alone.close()) }()
	many, err := g.crowd(ctx, "crowd", crowdSubscriptions, crowdNeighbours)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, many.close()) }()

	var aloneOne, manyOne, alonePage, manyPage rounds
	for round := range g.rounds {
		for _, turn := range []struct {
			figures  *rounds
			p        *product
			requests [][]byte
		}{
			{&aloneOne, alone.product, alone.ones},
			{&manyOne, many.product, many.ones},
			{&alonePage, alone.product, alone.pages},
			{&manyPage, many.product, many.pages},
		} {
			figure, err := g.metered(turn.p.pid(), func() (loaded, error) {
				return load(ctx, turn.p.addr, manyClients, g.duration, turn.requests, http.StatusOK)
			})
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		g.say("crowd, round %d: database %.0f/s, alone %.0f/s; page %.0f/s, alone %.0f/s", round+1,
			manyOne[round].perSecond, aloneOne[round].perSecond, manyPage[round].perSecond, alonePage[round].perSecond)
	}
	return []row{
		{"get database, one of 10,000, among 100,000 / alone", perSecond, manyOne.rates(), aloneOne.rates(), manyOne.cpu(), goal{atLeast: 0.85}},
		{"page of 100 databases, of 10,000, among 100,000 / alone", perSecond, manyPage.rates(), alonePage.rates(), manyPage.cpu(), goal{atLeast: 0.85}},
		{"page of 100 itself, alone", perSecond, alonePage.rates(), nil, alonePage.cpu(), goal{}},
	}, nil
}

// crowd is a running product with databases in it, and the requests that read
// those of one account.
type crowd struct {
	stage   *stage
	product *product
	ones    [][]byte
	pages   [][]byte
}

// crowd makes an account with some subscriptions of a page of databases each, and
// neighbours with so many databases together.
func (g *ground) crowd(ctx context.Context, name string, subscriptions, neighbours int) (_ *crowd, err error) {
	g.say("preparing %d databases", subscriptions*pageSize+neighbours)
	c := &crowd{}
	if c.stage, err = g.newStage(ctx, name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	accounts, err := c.stage.newAccounts(ctx, 1+manyAccounts)
	if err != nil {
		return nil, err
	}
	own, others := accounts[:1], accounts[1:]
	if _, err := c.stage.fill(ctx, others, c.stage.subscription, neighbours/manyAccounts); err != nil {
		return nil, err
	}
	var pages, ones []string
	for i := range int64(subscriptions) {
		id := c.stage.subscription + i
		if i > 0 {
			if err := c.stage.subscribe(ctx, own, id); err != nil {
				return nil, err
			}
		}
		databases, err := c.stage.fill(ctx, own, id, pageSize)
		if err != nil {
			return nil, err
		}
		path := fmt.Sprintf("/v1/subscriptions/%d/databases", id)
		pages = append(pages, path)
		for _, database := range databases {
			ones = append(ones, fmt.Sprintf("%s/%d", path, database))
		}
	}
	if _, err := c.stage.conn.Exec(ctx, `VACUUM ANALYZE resources`); err != nil { // as autovacuum would in time
		return nil, err
	}
	if c.product, err = g.serveOn(ctx, c.stage, "--speed", "0"); err != nil {
		return nil, err
	}
	for _, path := range ones {
		c.ones = append(c.ones, get(c.product.addr, path, own[0].headers))
	}
	for _, path := range pages {
		c.pages = append(c.pages, get(c.product.addr, path, own[0].headers))
	}
	return c, nil
}

func (c *crowd) close() error {
	var err error
	if c.product != nil {
		err = c.product.stop()
	}
	c.stage.close()
	return err
}
