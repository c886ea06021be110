package main

import (
	"context"
	"errors"
)

// contender is a running product on a database of its own.
type contender struct {
	name    string
	fixture *fixture
	product *product
	figures rounds
}

// contenders are the product and, where there is one, that of an earlier commit.
type contenders []*contender

// contenders starts them on databases whose names begin alike. The caller closes them.
func (e *env) contenders(ctx context.Context, database string, args ...string) (all contenders, err error) {
	for _, name := range []string{present, earlier} {
		if name == earlier && e.before == "" {
			break
		}
		c, err := e.newContender(ctx, name, database+"-"+name, args...)
		if err != nil {
			return nil, errors.Join(err, all.close())
		}
		all = append(all, c)
	}
	return all, nil
}

// The names of contenders.
const (
	present = "now"
	earlier = "before"
)

// newContender starts one. The caller closes it.
func (e *env) newContender(ctx context.Context, name, database string, args ...string) (c *contender, err error) {
	c = &contender{name: name}
	serve := e.serve
	if name == earlier {
		serve = func(ctx context.Context, args ...string) (*product, error) { return e.serveAs(ctx, e.before, args...) }
	}
	if c.fixture, err = e.newFixtureOf(ctx, database, serve); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, c.close())
		}
	}()
	c.product, err = e.serveOn(ctx, c.fixture, args...)
	return c, err
}

func (c *contender) close() error {
	var err error
	if c.product != nil {
		err = c.product.stop()
	}
	c.fixture.close()
	return err
}

// figures are what was measured of the product, and of the earlier one.
func (all contenders) figures() (now, before rounds) {
	if len(all) > 1 {
		before = all[1].figures
	}
	return all[0].figures, before
}

func (all contenders) close() error {
	var err error
	for _, c := range all {
		err = errors.Join(err, c.close())
	}
	return err
}
