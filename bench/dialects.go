package main

import (
	"context"
	"errors"
	"net/http"
)

const instanceBody = `{"name":"bench","datastore":{"type":"MySQL","version":"8.0"},` +
	`"flavor_ref":"rds.mysql.n1.large.2","volume":{"type":"ULTRAHIGH","size":100},` +
	`"region":"eu-de","availability_zone":"eu-de-01",` +
	`"password":"Secret-4711",` +
	`"vpc_id":"490a4a08-ef4b-44c5-94be-3051ef9e4fce","subnet_id":"0e2eda62-1d42-4d64-a9d1-4e9aa9cd994f",` +
	`"security_group_id":"2a1f7fc8-3307-42a7-aa6f-42c8b9b8f8c5"}`

// measureDialects posts DB instances of RDS, with databases of Redis Cloud in turn.
func measureDialects(ctx context.Context, e *env) (_ []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "1")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	var redis, rds, redisAlone, rdsAlone rounds
	for round := range e.rounds {
		for _, turn := range []struct {
			figures *rounds
			run     func() (loaded, error)
		}{
			{&redis, func() (loaded, error) { return e.accept(ctx, p, numAccounts, manyClients) }},
			{&rds, func() (loaded, error) { return e.acceptInstances(ctx, p, manyClients) }},
			{&redisAlone, func() (loaded, error) { return e.accept(ctx, p, numAccounts, 1) }},
			{&rdsAlone, func() (loaded, error) { return e.acceptInstances(ctx, p, 1) }},
		} {
			figure, err := turn.run()
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("dialects, round %d: databases %.0f/s, DB instances of RDS %.0f/s; 1 client p50: %v, %v",
			round+1, redis[round].perSecond, rds[round].perSecond, redisAlone[round].p50, rdsAlone[round].p50)
	}
	return []row{
		{
			"accept of RDS, 16 clients, 100 accounts / of Redis Cloud", perSecond,
			rds.rates(), redis.rates(), rds.cpu(),
			goal{atLeast: 0.9},
		},
		{
			"accept of RDS, 1 client, p50 / of Redis Cloud", millis,
			rdsAlone.p50s(), redisAlone.p50s(), rdsAlone.cpu(),
			goal{atMost: 1.1},
		},
		{"accept of Redis Cloud itself, 16 clients", perSecond, redis.rates(), nil, redis.cpu(), goal{}},
	}, nil
}

// acceptInstances lets clients post DB instances over new accounts.
func (e *env) acceptInstances(ctx context.Context, p *product, clients int) (loaded, error) {
	tenants, err := e.fixture.newAccounts(ctx, numAccounts)
	if err != nil {
		return loaded{}, err
	}
	requests := make([][]byte, len(tenants))
	for i, a := range tenants {
		requests[i] = post(p.addr, "/v3/"+a.keys.Key+"/instances", "X-Auth-Token: "+a.keys.Secret+"\r\n", instanceBody)
	}
	figure, err := e.metered(p.pid(), func() (loaded, error) {
		return load(ctx, p.addr, clients, e.duration, requests, http.StatusAccepted)
	})
	return figure, errors.Join(err, e.fixture.removeTasks(ctx))
}
