package main

import (
	"context"
	"errors"
	"slices"
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
	defer func() {
		if err != nil {
			err = errors.Join(err, all.close())
			all = nil
		}
	}()
	for _, name := range []string{"now", "before"} {
		if name == "before" && e.before == "" {
			break
		}
		c := &contender{name: name}
		if c.fixture, err = e.newFixture(ctx, database+"-"+name); err != nil {
			return all, err
		}
		all = append(all, c)
		dir, err := e.tempDir()
		if err != nil {
			return all, err
		}
		where := slices.Concat(args, []string{"--database-url", c.fixture.url, "--data-dir", dir})
		if name == "before" {
			c.product, err = e.serveAs(ctx, e.before, where...)
		} else {
			c.product, err = e.serve(ctx, where...)
		}
		if err != nil {
			return all, err
		}
	}
	return all, nil
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
		if c.product != nil {
			err = errors.Join(err, c.product.stop())
		}
		c.fixture.close()
	}
	return err
}
