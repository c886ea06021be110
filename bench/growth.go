package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/bench/report"
)

// question is asked of the product however much there is in its database.
type question struct {
	what string
	unit unit
}

// questions in the order in which they are shown.
func questions() []question {
	return []question{
		{questionAccept, millis},
		{questionProcess, millis},
		{questionTask, millis},
		{questionDatabase, millis},
		{questionPage, millis},
		{questionTasks, millis},
		{questionReady, seconds},
		{questionMemory, megabytes},
	}
}

const (
	questionAccept   = "accept, p50"
	questionProcess  = "accepted to completed, p50"
	questionTask     = "get task, p50"
	questionDatabase = "get database, p50"
	questionPage     = "page of 10 databases, p50"
	questionTasks    = "list of 100 tasks, p50"
	questionReady    = "ready"
	questionMemory   = "resident memory"
)

// measureGrowth asks the same of databases of growing size, one client at a time.
func measureGrowth(ctx context.Context, e *env) (_ []row, err error) {
	var sizes []*grown
	for _, tasks := range e.growth {
		e.say("preparing %d tasks", tasks)
		g, err := e.grow(ctx, tasks)
		if err != nil {
			return nil, err
		}
		defer g.fixture.close()
		sizes = append(sizes, g)
	}
	for round := range e.rounds {
		for _, g := range sizes {
			if err := e.ask(ctx, g); err != nil {
				return nil, err
			}
			var text strings.Builder
			for _, q := range questions() {
				fmt.Fprintf(&text, ", %s %s", q.what, q.unit.Write(g.figures[q.what][round]))
			}
			e.say("growth, round %d, %d tasks%s", round+1, g.tasks, &text)
		}
	}
	e.charts = append(e.charts, growthChart(sizes))
	return growthRows(sizes), nil
}

// growthRows compare the largest database with the smallest.
func growthRows(sizes []*grown) (rows []row) {
	least, most := sizes[0], sizes[len(sizes)-1]
	for _, q := range questions() {
		r := row{q.what, q.unit, most.figures[q.what], nil, most.cpu[q.what], goal{}}
		if len(sizes) > 1 {
			r.what += fmt.Sprintf(", among %d tasks / %d", most.tasks, least.tasks)
			r.baselines, r.goal = least.figures[q.what], goal{atMost: 1.25}
		}
		rows = append(rows, r)
	}
	return rows
}

func growthChart(sizes []*grown) report.Chart {
	chart := report.Chart{
		Name:  "growth",
		Title: "As the database grows: with so many finished tasks in it",
		Description: "The same questions with more and more finished tasks in the database, and with each hundred of them " +
			"an account of ten databases, by one client at a time. What is flat does not depend on what lies beside it.",
	}
	for _, q := range questions() {
		curve := report.Curve{What: q.what, Unit: q.unit}
		for _, g := range sizes {
			curve.Points = append(curve.Points, report.Point{At: g.tasks, Value: median(g.figures[q.what])})
		}
		chart.Curves = append(chart.Curves, curve)
	}
	return chart
}

// ask starts the product on a grown database and lets clients at it.
func (e *env) ask(ctx context.Context, g *grown) (err error) {
	p, err := e.serveOn(ctx, g.fixture, "--speed", "0")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	g.figures[questionReady] = append(g.figures[questionReady], p.took.Seconds())
	databases := fmt.Sprintf("/v1/subscriptions/%d/databases", g.fixture.subscription)
	reads := []struct {
		what     string
		requests [][]byte
	}{
		{questionTask, g.requests(p.addr, "/v1/tasks/", g.taskIDs)},
		{questionDatabase, g.requests(p.addr, databases+"/", g.databaseIDs)},
		{questionPage, g.requests(p.addr, databases, nil)},
		{questionTasks, g.requests(p.addr, "/v1/tasks", nil)},
	}
	for _, read := range reads { // each once: what many leave behind is mostly garbage
		if err := readAll(ctx, p.addr, read.requests); err != nil {
			return err
		}
	}
	mb, err := p.residentMB()
	if err != nil {
		return err
	}
	g.figures[questionMemory] = append(g.figures[questionMemory], mb)
	if err := e.createAmong(ctx, g, p); err != nil {
		return err
	}
	for _, read := range reads {
		figure, err := e.metered(p.pid(), func() (loaded, error) {
			return load(ctx, p.addr, 1, e.duration/4, read.requests, http.StatusOK)
		})
		if err != nil {
			return fmt.Errorf("%s: %w", read.what, err)
		}
		g.add(read.what, figure)
	}
	return nil
}

// createAmong creates databases one after the other, in accounts of their own, so that what is read stays as it is.
func (e *env) createAmong(ctx context.Context, g *grown, p *product) error {
	accounts, err := g.fixture.newAccounts(ctx, growthReaders)
	if err != nil {
		return err
	}
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", g.fixture.subscription)
	var accepted, completed []time.Duration
	figure, err := e.metered(p.pid(), func() (loaded, error) {
		for _, a := range accounts {
			c, err := newClient(ctx, p.addr, a.headers)
			if err != nil {
				return loaded{}, err
			}
			defer c.close()
			for n := range growthCreates / len(accounts) {
				sent := time.Now()
				id, err := c.start(path, named(n))
				if err != nil {
					return loaded{}, err
				}
				answered := time.Now()
				if _, err := c.await(ctx, id); err != nil {
					return loaded{}, err
				}
				accepted = append(accepted, answered.Sub(sent))
				completed = append(completed, time.Since(answered))
			}
		}
		return loaded{requests: growthCreates}, nil
	})
	if err != nil {
		return fmt.Errorf("create databases: %w", err)
	}
	g.add(questionAccept, loaded{p50: median(accepted)})
	figure.p50 = median(completed)
	g.add(questionProcess, figure) // the processor time is that of both
	return nil
}
