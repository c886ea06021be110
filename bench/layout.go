package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"time"
)

// pageOfDatabases is how many a page has when nobody says otherwise.
const pageOfDatabases = 100

// measureLayout reads a task, a database and a page of databases, in turn laid out
// and compact. What counts is the processor time of the product: the layout adds
// nothing to that of Postgres.
func measureLayout(ctx context.Context, e *env) (_ []row, err error) {
	f, err := e.sharedFixture(ctx)
	if err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	accounts, err := f.newAccounts(ctx, 1)
	if err != nil {
		return nil, err
	}
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", f.subscription)
	task, database, err := readable(ctx, p.addr, accounts[0], path)
	if err != nil {
		return nil, err
	}
	if _, err := f.fill(ctx, accounts, f.subscription, pageOfDatabases); err != nil {
		return nil, err
	}
	var rows []row
	for _, read := range []struct{ what, path string }{
		{"task", "/v1/tasks/" + task},
		{"database", database},
		{"page of 100 databases", path},
	} {
		var pretty, compact rounds
		for range e.rounds {
			for _, turn := range []struct {
				figures *rounds
				accept  string
			}{{&pretty, ""}, {&compact, "Accept: application/json; indent=0\r\n"}} {
				request := get(p.addr, read.path, accounts[0].headers+turn.accept)
				figure, err := e.metered(p.pid(), func() (loaded, error) {
					return load(ctx, p.addr, 1, e.duration, [][]byte{request}, http.StatusOK)
				})
				if err != nil {
					return nil, err
				}
				*turn.figures = append(*turn.figures, figure)
			}
		}
		e.say("layout of a %s: %v of %v", read.what, pretty.productMicros(), compact.productMicros())
		what := "get " + read.what + ", laid out / compact, CPU of the product"
		rows = append(rows, row{
			what, micros, pretty.productMicros(), compact.productMicros(), pretty.cpu(), goal{atMost: 1.1},
		})
	}
	return rows, nil
}

// productMicros is the processor time of the product per request.
func (r rounds) productMicros() []float64 {
	var all []float64
	for _, l := range r {
		all = append(all, float64(l.cpu.product)/float64(time.Microsecond))
	}
	return all
}
