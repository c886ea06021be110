package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
)

// measureGet reads one finished task and one database, and in turn one row
// through a bare chi handler.
func measureGet(ctx context.Context, e *env) (_ []row, err error) {
	f, err := e.sharedFixture(ctx)
	if err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	bare, err := e.serveBare(f.url, "")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bare.stop()) }()
	r, err := e.renderGets(ctx, p.addr, bare.addr)
	if err != nil {
		return nil, err
	}

	var bareTasks, bareNothing, tasks, databases rounds
	for round := range e.rounds {
		for _, turn := range []struct {
			figures  *rounds
			addr     string
			pid      int
			requests [][]byte
		}{
			{&bareTasks, bare.addr, bare.pid(), r.bareTasks},
			{&tasks, p.addr, p.pid(), r.tasks},
			{&databases, p.addr, p.pid(), r.databases},
			{&bareNothing, bare.addr, bare.pid(), r.bareNothing},
		} {
			figure, err := e.metered(turn.pid, func() (loaded, error) {
				return load(ctx, turn.addr, manyClients, e.duration, turn.requests, http.StatusOK)
			})
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("get, round %d: bare %.0f/s, task %.0f/s, database %.0f/s, bare without database %.0f/s", round+1,
			bareTasks[round].perSecond, tasks[round].perSecond, databases[round].perSecond, bareNothing[round].perSecond)
	}
	return []row{
		{
			"get task, 16 clients / bare chi, one read", perSecond,
			tasks.rates(), bareTasks.rates(), tasks.cpu(),
			goal{atLeast: 0.6},
		},
		{
			"get database, 16 clients / bare chi, one read", perSecond,
			databases.rates(), bareTasks.rates(), databases.cpu(),
			goal{atLeast: 0.6},
		},
		{"bare chi itself, one read, 16 clients", perSecond, bareTasks.rates(), nil, bareTasks.cpu(), goal{}},
		{"bare chi, no database, 16 clients", perSecond, bareNothing.rates(), nil, bareNothing.cpu(), goal{}},
	}, nil
}

// gets are the rendered requests, one per account.
type gets struct{ tasks, databases, bareTasks, bareNothing [][]byte }

// renderGets creates a database in each of new accounts, so that there is
// something to read.
func (e *env) renderGets(ctx context.Context, addr, bareAddr string) (r gets, err error) {
	accounts, err := e.fixture.newAccounts(ctx, numAccounts)
	if err != nil {
		return r, err
	}
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", e.fixture.subscription)
	for _, a := range accounts {
		task, database, err := readable(ctx, addr, a, path)
		if err != nil {
			return r, err
		}
		r.tasks = append(r.tasks, get(addr, "/v1/tasks/"+task, a.headers))
		r.databases = append(r.databases, get(addr, database, a.headers))
		r.bareTasks = append(r.bareTasks, get(bareAddr, "/tasks/"+task, a.headers))
		r.bareNothing = append(r.bareNothing, get(bareAddr, "/nothing/"+task, a.headers))
	}
	return r, nil
}

// readable creates a database and returns the id of its task and its path.
func readable(ctx context.Context, addr string, a account, path string) (task, database string, err error) {
	c, err := newClient(ctx, addr, a.headers)
	if err != nil {
		return "", "", err
	}
	defer c.close()
	id, err := c.create(ctx, path, databaseBody)
	if err != nil {
		return "", "", err
	}
	database = fmt.Sprintf("%s/%d", path, id)
	if err := c.settle(ctx, database); err != nil {
		return "", "", err
	}
	var list struct{ Tasks []taskAnswer }
	if err := c.ask(get(addr, "/v1/tasks", a.headers), http.StatusOK, &list); err != nil {
		return "", "", err
	}
	if len(list.Tasks) != 1 {
		return "", "", fmt.Errorf("%d tasks, want 1", len(list.Tasks))
	}
	return list.Tasks[0].TaskID, database, nil
}
