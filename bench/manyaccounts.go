package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// An account with 10,000 databases, a page of them in each of its subscriptions,
// among 100,000 of all accounts.
const (
	subscriptionsOfOne = 100
	databasesOfOthers  = 90_000
	pageSize           = 100
)

// measureManyAccounts reads one database, and the page of a subscription, among
// those of many accounts; and in turn where one subscription is all there is.
func measureManyAccounts(ctx context.Context, e *env) (_ []row, err error) {
	alone, err := e.newManyAccounts(ctx, "alone", 1, 0)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, alone.close()) }()
	many, err := e.newManyAccounts(ctx, "many", subscriptionsOfOne, databasesOfOthers)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, many.close()) }()

	var aloneOne, manyOne, alonePage, manyPage rounds
	for round := range e.rounds {
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
			figure, err := e.metered(turn.p.pid(), func() (loaded, error) {
				return load(ctx, turn.p.addr, manyClients, e.duration, turn.requests, http.StatusOK)
			})
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("many accounts, round %d: database %.0f/s, alone %.0f/s; page %.0f/s, alone %.0f/s", round+1,
			manyOne[round].perSecond, aloneOne[round].perSecond, manyPage[round].perSecond, alonePage[round].perSecond)
	}
	return []row{
		{
			"get database, one of 10,000, among 100,000 / alone", perSecond,
			manyOne.rates(), aloneOne.rates(), manyOne.cpu(),
			goal{atLeast: 0.85},
		},
		{
			"page of 100 databases, of 10,000, among 100,000 / alone", perSecond,
			manyPage.rates(), alonePage.rates(), manyPage.cpu(),
			goal{atLeast: 0.85},
		},
		{"page of 100 itself, alone", perSecond, alonePage.rates(), nil, alonePage.cpu(), goal{}},
	}, nil
}

// manyAccounts is a running product with databases of many accounts in it, and
// the requests that read those of one.
type manyAccounts struct {
	fixture *fixture
	product *product
	ones    [][]byte
	pages   [][]byte
}

// newManyAccounts makes an account with some subscriptions of a page of databases
// each, and others with so many databases together.
func (e *env) newManyAccounts(
	ctx context.Context, name string, subscriptions, others int,
) (_ *manyAccounts, err error) {
	e.say("preparing %d databases", subscriptions*pageSize+others)
	m := &manyAccounts{}
	if m.fixture, err = e.newFixture(ctx, name); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, m.close())
		}
	}()
	accounts, err := m.fixture.newAccounts(ctx, 1+numAccounts)
	if err != nil {
		return nil, err
	}
	own, rest := accounts[:1], accounts[1:]
	if _, err := m.fixture.fill(ctx, rest, m.fixture.subscription, others/numAccounts); err != nil {
		return nil, err
	}
	var pages, ones []string
	for i := range int64(subscriptions) {
		id := m.fixture.subscription + i
		if i > 0 {
			if err := m.fixture.subscribe(ctx, own, id); err != nil {
				return nil, err
			}
		}
		databases, err := m.fixture.fill(ctx, own, id, pageSize)
		if err != nil {
			return nil, err
		}
		path := fmt.Sprintf("/v1/subscriptions/%d/databases", id)
		pages = append(pages, path)
		for _, database := range databases {
			ones = append(ones, fmt.Sprintf("%s/%d", path, database))
		}
	}
	if _, err := m.fixture.conn.Exec(ctx, `VACUUM ANALYZE resources`); err != nil { // as autovacuum would in time
		return nil, err
	}
	if m.product, err = e.serveOn(ctx, m.fixture, "--speed", "0"); err != nil {
		return nil, err
	}
	for _, path := range ones {
		m.ones = append(m.ones, get(m.product.addr, path, own[0].headers))
	}
	for _, path := range pages {
		m.pages = append(m.pages, get(m.product.addr, path, own[0].headers))
	}
	return m, nil
}

func (m *manyAccounts) close() error {
	var err error
	if m.product != nil {
		err = m.product.stop()
	}
	m.fixture.close()
	return err
}
