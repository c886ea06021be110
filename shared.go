package understudy

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/throwaway"
)

// shared is what the sandboxes of this process have in common. Tests have no other place to share something.
var shared = &process{hosts: map[Options]*host{}}

// process has one Postgres and, for sandboxes that behave alike, one server with a database of its own: servers of
// different speeds must not find each other's tasks.
type process struct {
	mu       sync.Mutex
	postgres *throwaway.Postgres // nil: not needed yet. It ends with the process
	hosts    map[Options]*host
}

// host is a running server and the sandboxes on it.
type host struct {
	opts      Options
	server    *server.Server
	database  string
	stop      context.CancelFunc
	stopped   chan error
	sandboxes int
}

// enter returns the server for these options, started if there is none, with one sandbox more on it.
func (p *process) enter(ctx context.Context, opts Options) (*host, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h := p.hosts[opts]
	if h == nil {
		var err error
		if h, err = p.start(ctx, opts); err != nil {
			return nil, err
		}
		p.hosts[opts] = h
	}
	h.sandboxes++
	return h, nil
}

// share puts one sandbox more on a server that has one.
func (p *process) share(h *host) {
	p.mu.Lock()
	defer p.mu.Unlock()
	h.sandboxes++
}

// leave takes a sandbox off its server, and stops one that has none any more.
func (p *process) leave(h *host) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if h.sandboxes--; h.sandboxes > 0 {
		return nil
	}
	delete(p.hosts, h.opts)
	h.stop()
	return errors.Join(<-h.stopped, p.postgres.Drop(context.Background(), h.database))
}

// shares reports whether there is another sandbox on a server.
func (p *process) shares(h *host) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return h.sandboxes > 1
}

// end takes a sandbox off its server with all that its account has. Of the last one that goes with the database.
func (p *process) end(h *host, account int64) error {
	var err error
	if p.shares(h) {
		err = h.server.Sandbox.DeleteAccount(context.Background(), fmt.Sprint(account))
		if gone, ok := errors.AsType[*cloud.Error](err); ok && gone.Code == "ACCOUNT_NOT_FOUND" {
			err = nil // somebody has deleted it over the control API
		}
	}
	return errors.Join(err, p.leave(h))
}

// start starts a server on a new database.
func (p *process) start(ctx context.Context, opts Options) (_ *host, err error) {
	if p.postgres == nil {
		if p.postgres, err = throwaway.Start(ctx, nil); err != nil {
			p.postgres = nil
			return nil, err
		}
	}
	database, url, err := p.postgres.Create(ctx, throwaway.Migrated)
	if err != nil {
		return nil, err
	}
	h := &host{opts: opts, database: database, stopped: make(chan error, 1)}
	h.server, err = server.Open(ctx, server.Config{
		Document:     Document,
		Control:      ControlDocument,
		Listen:       "127.0.0.1:0",
		DatabaseURL:  url,
		Alone:        true,
		Cache:        server.DefaultCache,
		Speed:        opts.Speed,
		TaskHold:     opts.TaskHold,
		CapPolicy:    engine.Policy(opts.CapPolicy),
		RateLimit:    opts.RateLimit,
		Journal:      keptRequests,
		APIKey:       rand.Text(), // of the demo account, which nobody uses here
		APISecretKey: rand.Text(),
		Logger:       opts.Logger,
	})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start: %w", err), p.postgres.Drop(context.WithoutCancel(ctx), database))
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	h.stop = stop
	go func() { h.stopped <- h.server.Serve(serving) }()
	return h, nil
}
