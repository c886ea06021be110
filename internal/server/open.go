package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"sync"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/compiled"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/metrics"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/store"
)

// Open makes all that serving needs, and leaves nothing behind if it fails. An error that wraps ErrConfig asks for
// another configuration.
func Open(ctx context.Context, cfg Config) (_ *Server, err error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	given, err := read(cfg)
	if err != nil {
		return nil, err
	}
	if cfg.DataDir == "" {
		cfg.DataDir = DefaultDataDir()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	s := &Server{cfg: cfg, journal: journal.New(cfg.Journal)}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.close())
		}
	}()

	if err := s.openParts(ctx, func() { _, _ = given.read() }); err != nil {
		return nil, err
	}
	read, err := given.read()
	if err != nil {
		return nil, err
	}
	keys, err := s.letIn(ctx, given.keys, read.dialects[0].Document)
	if err != nil {
		return nil, err
	}
	edge, err := s.assemble(ctx, given.dialects, read.dialects, keys)
	if err != nil {
		return nil, err
	}
	if err := s.seed(ctx, given.seed); err != nil {
		return nil, err
	}
	controls, err := s.control(read.control)
	if err != nil {
		return nil, err
	}
	if err := s.dashboard(edge, controls, given.dialects, read.dialects); err != nil {
		return nil, err
	}
	s.handler = s.routes(controls, given.dialects, read.dialects, edge)
	if cfg.Tracing != nil {
		s.handler = cfg.Tracing.Handler(s.handler)
	}
	return s, nil
}

// given is what a configuration names.
type given struct {
	dialects []reading
	read     func() (documents, error) // the first who asks reads them, others wait
	keys     []store.DeclaredKey
	seed     []byte
}

// documents are those of a server, as they were read.
type documents struct {
	dialects []api.Dialect
	control  *openapi.Document
}

// read reads what a configuration names, before anything is opened, but for the documents: these are read while
// Postgres starts, one after the other, since that needs a processor, too.
func read(cfg Config) (g given, err error) {
	if g.dialects, err = readDialects(cfg); err != nil {
		return g, err
	}
	if g.keys, err = readKeys(cfg.KeysFile, g.dialects[0].document); err != nil {
		return g, err
	}
	if g.seed, err = readSeed(cfg.Seed); err != nil {
		return g, err
	}
	g.read = sync.OnceValues(func() (read documents, err error) {
		if read.dialects, err = made(g.dialects); err != nil {
			return read, err
		}
		if read.control, err = compiled.Load(cfg.Control); err != nil {
			return read, fmt.Errorf("sandbox.yaml: %w", err)
		}
		return read, nil
	})
	return g, nil
}

// openParts takes the address, so that nobody else gets it meanwhile, and opens the database, beside something else.
func (s *Server) openParts(ctx context.Context, meanwhile func()) (err error) {
	var config net.ListenConfig
	if s.listener, err = config.Listen(ctx, "tcp", s.cfg.Listen); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	if s.access, err = exposed(s.cfg, s.listener.Addr()); err != nil {
		return err
	}
	if err := removeReadyFile(s.cfg); err != nil {
		return err
	}
	var options []store.Option
	if s.cfg.Tracing != nil {
		options = append(options, s.cfg.Tracing.Database())
	}
	s.room = cache.NewRoom(s.cfg.Cache)
	if s.room != nil && s.cfg.alone() {
		options = append(options, store.Alone())
		s.answers = api.NewAnswers(s.room)
	}
	if s.database, err = openDatabase(ctx, s.cfg, meanwhile, options...); err != nil {
		return err
	}
	s.metrics = metrics.New(metrics.Config{
		DB: s.database.DB, Journal: s.journal, Answers: s.answers.Stats, Room: s.room, Version: s.cfg.Version,
	})
	if s.cfg.DatabaseURL != "" { // others may hold keys
		return nil
	}
	return s.database.ReleaseKeys(ctx)
}

// letIn makes the keys known that the server is told of, and how others are taken. It returns those of the demo
// account.
func (s *Server) letIn(
	ctx context.Context, declared []store.DeclaredKey, contract *openapi.Document,
) (store.Secrets, error) {
	if err := declareKeys(ctx, s.database.DB, declared); err != nil {
		return store.Secrets{}, err
	}
	if s.cfg.AnyAccounts {
		s.database.AdoptAnyKeys(store.Adoption{
			Owner: cloud.Account{OwnerName: demo.OwnerName}, Role: contract.Roles()[0], Most: s.cfg.MaxAccounts,
		})
	}
	return demoKeys(ctx, s.cfg, s.database.DB)
}

// assemble makes the engine, control of it, and the edge, which it returns.
func (s *Server) assemble(
	ctx context.Context, readings []reading, dialects []api.Dialect, keys store.Secrets,
) (edge http.Handler, err error) {
	cfg := s.cfg
	at := s.advertised()
	bases := map[string]string{}
	for i, d := range dialects {
		bases[readings[i].name] = at + d.Document.Base()
	}
	s.Ready = Ready{
		URL:          bases[readings[0].name],
		Dialects:     bases,
		APIKey:       keys.Key,
		APISecretKey: keys.Secret,
		PID:          os.Getpid(),
		ControlToken: s.access.Token,
	}
	if !cfg.NoUI {
		s.DashboardURL = at + cfg.uiPrefix() + "/"
	}
	shared := cfg.DatabaseURL != ""
	s.engine, edge, err = Assemble(ctx, engine.Config{
		DB:     s.database.DB,
		Logger: cfg.Logger,
		Speed:  cfg.Speed,
		Policy: cfg.CapPolicy,
		Hold:   cfg.TaskHold,
		Shared: shared,
		Events: cfg.Events,
		Hook:   cfg.Hook,
		Group:  cfg.Group,
	}, Edge{RateLimit: cfg.RateLimit, Observe: s.observe, Answers: s.answers, Texts: api.NewTexts(s.room)}, dialects...)
	if err != nil {
		return nil, err
	}
	s.Sandbox = sandbox.New(sandbox.Config{
		DB: s.database.DB, Engine: s.engine, Shared: shared, Version: cfg.Version, URL: s.URL, PID: s.PID,
		Roles: dialects[0].Document.Roles(), Slots: slots(readings), Keys: keys, Environment: s.environmentAt,
		Assets: readings[0].assets, Journal: s.journal, Externals: readings[0].externals, WebhookRetry: cfg.WebhookRetry,
	})
	return edge, nil
}
