package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"

	"github.com/understudy-dev/understudy/bench/report"
)

// rival is River on a database of its own, set up in one of the ways there are.
type rival struct {
	name    string
	args    []string
	fixture *fixture
	version string
	figures rounds
}

// rivalSetups are River's: how many jobs at once, and whether their end is one commit with their effects, as it always
// is with the product, or gathered in batches after them.
func rivalSetups() []rival {
	return []rival{
		{name: "8 workers, completed inside", args: []string{"-workers", "8", "-inside"}},
		{name: "100 workers, completed inside", args: []string{"-workers", "100", "-inside"}},
		{name: "8 workers, completed outside", args: []string{"-workers", "8"}},
		{name: "100 workers, completed outside", args: []string{"-workers", "100"}},
	}
}

// measureRiver lets the product and River work off the same backlog in turn. River does not keep the order of an
// account's tasks, holds none to the limit and gives none up that kills its worker: it has less to do.
func measureRiver(ctx context.Context, e *env) ([]row, error) {
	binary := filepath.Join(e.dir, "river")
	if err := e.buildIn(ctx, "bench", binary, "./river"); err != nil {
		return nil, err
	}
	chart := report.Chart{
		Name: "river",
		Description: "Databases created in a second, and the processor time of each: of the process and of Postgres. " +
			"River's jobs write the same rows of databases and their events, and with steps a second job makes each active. " +
			"It keeps no order per account and limits nothing. Completed inside: a job's end is one commit with what it " +
			"did, as with Understudy. Outside: ends are gathered in batches after it, and a crash between runs the job again. " +
			"River is told to fetch once in a millisecond instead of in 100, and has the same 24 connections to Postgres.",
	}
	var rows []row
	for i, mode := range backlogModes() {
		ours, rivals, err := e.besideRiver(ctx, binary, fmt.Sprint("river-", i), mode)
		if err != nil {
			return nil, err
		}
		chart.Bars = append(chart.Bars, bar(mode.what, "Understudy", ours, true))
		for _, r := range rivals {
			what := fmt.Sprintf("%s / River, %s", mode.what, r.name)
			rows = append(rows, row{what, perSecond, ours.rates(), r.figures.rates(), ours.cpu(), goal{atLeast: 1}})
			chart.Title = "A backlog of 10,000 databases: Understudy and River " + r.version
			chart.Bars = append(chart.Bars, bar(mode.what, "River, "+r.name, r.figures, false))
		}
		for _, r := range rivals {
			what := fmt.Sprintf("River itself, %s, %s", mode.what, r.name)
			rows = append(rows, row{what, perSecond, r.figures.rates(), nil, r.figures.cpu(), goal{}})
		}
	}
	e.charts = append(e.charts, chart)
	return rows, nil
}

func bar(group, label string, r rounds, ours bool) report.Bar {
	return report.Bar{
		Group: group, Label: label, Value: median(r.rates()), Unit: perSecond, CPU: medianCPU(r.cpu()), Ours: ours,
	}
}

// besideRiver works off a backlog with the product and each of River's set-ups in turn.
func (e *env) besideRiver(
	ctx context.Context, binary, name string, mode backlogMode,
) (ours rounds, all []rival, err error) {
	p, err := e.newContender(ctx, present, name, "--speed", mode.speed)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, p.close()) }()
	for i, r := range rivalSetups() {
		if r.fixture, err = e.newFixture(ctx, fmt.Sprint(name, "-", i)); err != nil {
			return nil, nil, err
		}
		defer r.fixture.close()
		all = append(all, r)
	}
	for round := range e.rounds {
		figure, err := e.workOff(ctx, p, mode)
		if err != nil {
			return nil, nil, err
		}
		ours = append(ours, figure)
		e.sayWorkedOff(mode, round, p.name, figure)
		for i := range all {
			figure, err := e.workOffByRiver(ctx, binary, &all[i], mode)
			if err != nil {
				return nil, nil, fmt.Errorf("river, %s: %w", all[i].name, err)
			}
			all[i].figures = append(all[i].figures, figure)
			e.sayWorkedOff(mode, round, "River, "+all[i].name, figure)
		}
	}
	return ours, all, nil
}

func (e *env) sayWorkedOff(mode backlogMode, round int, who string, figure loaded) {
	e.say("%s, round %d, %s: %.0f/s, CPU %d + %d µs", mode.what, round+1, who, figure.perSecond,
		figure.cpu.product.Microseconds(), figure.cpu.postgres.Microseconds())
}

// workOffByRiver gives new accounts a backlog of jobs, has a River of its own process begin once they are there, and
// waits until nothing of it is left.
func (e *env) workOffByRiver(
	ctx context.Context, binary string, r *rival, mode backlogMode,
) (_ loaded, err error) {
	accounts, err := r.fixture.backlogAccounts(ctx, mode)
	if err != nil {
		return loaded{}, err
	}
	args := append([]string{
		"-database-url", r.fixture.url, "-accounts", strings.Join(texts(idsOf(accounts)), ","),
		"-subscription", fmt.Sprint(r.fixture.subscription), "-each", fmt.Sprint(backlogTasks / numAccounts),
		"-request", databaseBody, fmt.Sprint("-steps=", mode.apart),
	}, r.args...)
	worker, err := startBaseline(binary, args...)
	if err != nil {
		return loaded{}, err
	}
	defer func() { err = errors.Join(err, worker.stop()) }()
	r.version = worker.addr
	if err := r.fixture.settleDown(ctx); err != nil {
		return loaded{}, err
	}
	if err := worker.begin(); err != nil {
		return loaded{}, err
	}
	figure, err := e.untilDone(ctx, r.fixture, worker.pid(), accounts,
		`SELECT EXISTS (SELECT FROM river_job WHERE state IN ('available', 'pending', 'retryable', 'running', 'scheduled'))`,
		`SELECT COALESCE(min(errors::text), 'none failed') FROM river_job`)
	if err == nil {
		_, err = r.fixture.conn.Exec(ctx, `TRUNCATE river_job`)
	}
	return figure, err
}

func texts(ids []int64) (all []string) {
	for _, id := range ids {
		all = append(all, fmt.Sprint(id))
	}
	return all
}
