package main

import (
	"context"
	"errors"
)

const instanceBody = `{"name":"bench","datastore":{"type":"MySQL","version":"8.0"},` +
	`"flavor_ref":"rds.mysql.n1.large.2","volume":{"type":"ULTRAHIGH","size":100},` +
	`"region":"eu-de","availability_zone":"eu-de-01",` +
	`"password":"Secret-4711",` +
	`"vpc_id":"490a4a08-ef4b-44c5-94be-3051ef9e4fce","subnet_id":"0e2eda62-1d42-4d64-a9d1-4e9aa9cd994f",` +
	`"security_group_id":"2a1f7fc8-3307-42a7-aa6f-42c8b9b8f8c5"}`

// measureDialects posts DB instances of RDS, with subscriptions of Redis Cloud in turn, whose bodies are about as long.
// Nothing is processed meanwhile.
func measureDialects(ctx context.Context, e *env) (_ []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "0.01")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()

	subscription := func(a account) []byte { return post(p.addr, "/v1/subscriptions", a.headers, subscriptionBody) }
	instance := func(a account) []byte {
		return post(p.addr, "/v3/"+a.keys.Key+"/instances", "X-Auth-Token: "+a.keys.Secret+"\r\n", instanceBody)
	}
	var redis, rds, redisAlone, rdsAlone rounds
	for round := range e.rounds {
		for _, turn := range []struct {
			figures *rounds
			clients int
			request func(account) []byte
		}{
			{&redis, manyClients, subscription},
			{&rds, manyClients, instance},
			{&redisAlone, 1, subscription},
			{&rdsAlone, 1, instance},
		} {
			figure, err := e.acceptAs(ctx, p, numAccounts, turn.clients, turn.request)
			if err != nil {
				return nil, err
			}
			*turn.figures = append(*turn.figures, figure)
		}
		e.say("dialects, round %d: subscriptions %.0f/s, DB instances of RDS %.0f/s; 1 client p50: %v, %v",
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
		{"accept of subscriptions of Redis Cloud, 16 clients", perSecond, redis.rates(), nil, redis.cpu(), goal{}},
	}, nil
}
