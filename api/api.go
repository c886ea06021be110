// Package api is the HTTP edge: who asks, for which operation, and what the
// answer looks like. It serves dialects, which it is given as values: routes come
// from their documents, and how a task, an error or a refused key is written is
// for each of them to say. What an operation does is the engine's business.
//
// Begin with Dialect, and with server.handle, which every request goes through.
package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what the edge needs.
type Config struct {
	Dialects []Dialect // the first one answers for paths that are none of theirs
	Engine   *engine.Engine
	DB       *store.DB
	Logger   *slog.Logger
	Secret   []byte // of the database: store.DB.ServerSecret
	// RateLimit is how many requests an account may send in a minute; 0: any number.
	RateLimit int
	// PerformTime bounds what a request does in the database, waiting for others not
	// included; 0: 10 s.
	PerformTime time.Duration
	// Observe is told of every request before anything of its answer is sent, and must not block; nil: nobody is.
	Observe func(journal.Record)
	// Answers are sent again while they hold; nil: none is.
	Answers *Answers
	// Texts are what lists of tasks are made of; nil: all is rendered anew.
	Texts *Texts
	// Stale is told of a kept answer, or text, that a new one would not have been, for tests; nil: no new one is made.
	Stale func(uri string, kept, fresh []byte)
	// Hook is called at named points, for tests that crash or block there; nil:
	// nothing.
	Hook func(point string)
	// Sleep waits for what fault rules make late; nil: it does.
	Sleep func(time.Duration)
}

// edge is what all dialects share.
type edge struct {
	cfg      Config
	engine   *engine.Engine
	log      *slog.Logger
	auth     *authenticator
	inflight inflight
	owed     owed
	waiters  chan struct{} // a place for each request that waits for another one
	routes   routes
	servers  []*server
}

// server answers the requests for one dialect.
type server struct {
	*edge
	Dialect
}

// New builds the handler for every operation of the dialects. It fails, naming every
// problem, where they cannot be served together.
func New(cfg Config) (http.Handler, error) {
	if err := checkDialects(cfg.Dialects); err != nil {
		return nil, err
	}
	if cfg.PerformTime == 0 {
		cfg.PerformTime = performTime
	}
	e := &edge{
		cfg:     cfg,
		engine:  cfg.Engine,
		log:     cfg.Logger,
		auth:    &authenticator{db: cfg.DB, now: time.Now, limit: cfg.PerformTime},
		waiters: make(chan struct{}, maxWaiters),
		routes:  newRoutes(),
	}
	var slashed []string // paths that end with a slash in their document, without it
	for _, dialect := range cfg.Dialects {
		s := &server{edge: e, Dialect: dialect}
		e.servers = append(e.servers, s)
		for _, op := range dialect.Document.Operations() {
			handle := s.handle(op)
			e.routes.add(op.Method, op.ChiPattern(), handle)
			if op.Method == http.MethodGet {
				e.routes.add(http.MethodHead, op.ChiPattern(), handle)
			}
			if plain, ok := strings.CutSuffix(op.Path, "/"); ok && !slices.Contains(slashed, plain) {
				slashed = append(slashed, plain)
			}
		}
	}
	// From the outside in.
	return logged(cfg, recovered(e, plainPath(slashed, http.HandlerFunc(e.route)))), nil
}

// serverOf finds the dialect that a path is below, whether there is an operation or
// not; the first one for a path that is below none.
func (e *edge) serverOf(path string) *server {
	found, length := e.servers[0], -1
	for _, s := range e.servers {
		if base := s.Document.Base(); s.Document.Covers(path) && len(base) > length {
			found, length = s, len(base)
		}
	}
	return found
}

// call is a request for an operation, before anything of it is checked but who
// sends it.
type call struct {
	op     *openapi.Operation
	caller cloud.Caller
	path   map[string]string // its path's parameters; nil: nobody has asked for them yet
	sent   []byte            // its body, as far as it is not to be ignored
	read   *openapi.Body     // its body in its normal form; nil: nobody has asked for it yet
	wait   *time.Duration    // how long the answer may wait, at the client's wish; nil: it has none
}

// body is the body of a request in its normal form.
func (c *call) body() openapi.Body {
	if c.read == nil {
		read := c.op.ReadBody(c.sent)
		c.read = &read
	}
	return *c.read
}

// params are the parameters of the path of a request.
func (c *call) params(r *http.Request) map[string]string {
	if c.path == nil {
		c.path = pathParams(r, c.op)
	}
	return c.path
}

// handle answers requests for one operation.
func (s *server) handle(op *openapi.Operation) http.HandlerFunc {
	_, hasBody := op.BodyProperties()
	return func(w http.ResponseWriter, r *http.Request) {
		e := event(r)
		e.operation, e.op, e.in, e.url = op.ID, op, s.Document, r.URL
		c := call{op: op}
		var err error
		if c.caller, err = s.authenticate(r); err != nil {
			s.fail(w, r, err)
			return
		}
		e.account, e.apiKey = c.caller.Account, c.caller.Key.Name
		if c.caller.Seeded {
			if err = s.identify(w, r, &c); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		if err = s.admit(r, c); err != nil {
			s.fail(w, r, err)
			return
		}
		if hasBody {
			if c.sent, err = ReadBody(w, r); err != nil {
				s.fail(w, r, err)
				return
			}
			e.body = c.sent
		}
		if !s.engine.Faults().None() {
			s.underFaults(w, r, c)
			return
		}
		s.send(w, r, s.carryOut(r, c))
	}
}

// carryOut carries a request out, at most once for its idempotency key if it has one.
func (s *server) carryOut(r *http.Request, c call) reply {
	key, err := s.keyOf(r, &c)
	switch {
	case err != nil:
		return s.failure(r, err)
	case key != nil:
		return s.performOnce(r, c, key)
	}
	if s.engine.Waits(c.op.ID) {
		c.wait = wished(r)
	}
	rep, ok := s.kept(r, c)
	if !ok {
		rep = s.performInTime(r, c)
	}
	if c.wait != nil {
		rep = applied(rep, *c.wait)
	}
	return rep
}

// performInTime is perform without a key: a database that is gone may not even say so. The reading of the body has a
// time of its own.
func (s *server) performInTime(r *http.Request, c call) reply {
	hold := s.engine.Hold()
	if c.wait != nil {
		hold = *c.wait
	}
	ctx, cancel := context.WithTimeout(r.Context(), s.cfg.PerformTime+hold)
	defer cancel()
	r = r.WithContext(ctx)
	rep, err := s.perform(r, c, store.KeyClaim{})
	if err != nil {
		rep = s.failure(r, err)
	}
	return rep
}

// perform checks a request and carries it out. With an idempotency key its answer
// is stored together with its effect.
func (s *server) perform(r *http.Request, c call, claim store.KeyClaim) (rep reply, err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicError(v)
		}
	}()
	if err := c.op.CheckRequest(r, c.params(r), c.body()); err != nil {
		return rep, err
	}
	e := event(r)
	e.lists, e.request, e.texts = nil, r, nil
	if claim.Token == "" && !e.plain {
		e.lists = s
	}
	var validity store.Validity
	render := engine.Reply{Claim: claim, Wait: c.wait, Validity: &validity, Render: func(out any) store.KeyOutcome {
		rep = s.success(r, c.op, out)
		return rep.outcome()
	}}
	req := binding.Request{Path: c.params(r), Query: queryParams(r, c.op), Body: c.body().JSON}
	if c.op.Command != "" {
		_, err = s.engine.Accept(r.Context(), c.caller, c.op.ID, req, render)
	} else {
		_, err = s.engine.Answer(r.Context(), c.caller, c.op.ID, req, render)
	}
	if errors.Is(e.err, errPlain) {
		e.err, e.plain = nil, true
		return s.perform(r, c, claim)
	}
	if err == nil {
		s.keep(r, c, &rep, validity)
	}
	return rep, err
}

// queryParams keeps the parameters that the document knows; clients of the real
// API send others too.
func queryParams(r *http.Request, op *openapi.Operation) map[string]string {
	if r.URL.RawQuery == "" {
		return nil
	}
	sent := r.URL.Query()
	kept := map[string]string{}
	for _, name := range op.QueryParams() {
		if sent.Has(name) {
			kept[name] = sent.Get(name)
		}
	}
	return kept
}
