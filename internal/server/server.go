package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cache"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/metrics"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The account that a fresh sandbox has.
var demo = cloud.Account{ID: 1000, Name: "Demo", OwnerName: "Demo Owner", OwnerEmail: "owner@demo.example"}

// The default Timeouts, and what goes with them.
const (
	headerTimeout = 10 * time.Second
	bodyTimeout   = 30 * time.Second
	writeTimeout  = 2 * time.Minute // more than the longest hold
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 15 * time.Second
	maxHold       = 10 * time.Second // so that a stop never cuts a held request short
	maxHeader     = 64 << 10
)

// Run opens a sandbox and serves until the context ends. It returns nil after such a stop, also where requests had to
// be cut off, and where it was stopped before it was ready. An error that wraps ErrConfig asks for another
// configuration.
func Run(ctx context.Context, cfg Config) error {
	s, err := Open(ctx, cfg)
	switch {
	case err == nil:
		return s.Serve(ctx)
	case ctx.Err() != nil && !errors.Is(err, ErrConfig):
		return nil
	}
	return err
}

// Server is a sandbox that is open: its database runs and its address takes connections, which Serve answers. Serve
// must be called once, since it also closes everything.
type Server struct {
	Ready // where it is reached, with the keys of the demo account

	Sandbox *sandbox.Service // control of it

	cfg      Config
	listener net.Listener
	database *database
	engine   *engine.Engine
	access   control.Access
	journal  *journal.Journal
	metrics  *metrics.Metrics
	room     *cache.Room  // for what is kept; nil: there is none
	answers  *api.Answers // that are kept; nil: none are
	pages    http.Handler // the dashboard; nil: there is none
	handler  http.Handler
}

// observe is told of every request.
func (s *Server) observe(r journal.Record) {
	s.metrics.Observe(r)
	if s.cfg.Tracing != nil {
		s.cfg.Tracing.Observe(r)
	}
	s.journal.Add(r)
}

// controls is the control API with the path that all of it is below.
type controls struct {
	base     string
	document []byte
	handler  *control.Handler
}

// control makes the control API.
func (s *Server) control(document *openapi.Document) (c controls, err error) {
	c = controls{base: document.Base(), document: s.cfg.Control}
	c.handler, err = control.New(control.Config{
		Document: document, Service: s.Sandbox, Logger: s.cfg.Logger, Access: s.access,
	})
	return c, err
}

// Address returns the host and port at which the server is reached.
func (s *Server) Address() string { return reachable(s.listener.Addr()) }

// close closes what is open, the last opened first.
func (s *Server) close() (err error) {
	if s.engine != nil {
		s.engine.Close()
	}
	if s.database != nil {
		err = s.database.close()
	}
	if s.listener != nil {
		_ = s.listener.Close() // closed already where it was served
	}
	return err
}

// Serve answers requests and does the engine's work until the context ends, and then stops in order: no new requests,
// those in hand, no new work, the work in hand, the database. It returns nil after such a stop, also where requests had
// to be cut off.
func (s *Server) Serve(ctx context.Context) error {
	err := s.serve(ctx)
	_ = removeReadyFile(s.cfg) // nobody is ready any more
	forgetAddress(s.cfg)
	return errors.Join(err, s.close())
}

// serve runs the HTTP server and the engine side by side until the context ends
// or one of them fails.
func (s *Server) serve(ctx context.Context) error {
	cfg := s.cfg
	// Before the first answer, so that whoever sees that it is ready finds both; it listens already.
	if err := errors.Join(s.keepAddress(), writeReadyFile(cfg, s.Ready)); err != nil {
		return err
	}
	httpServer := &http.Server{
		Handler:           s.handler,
		ReadHeaderTimeout: cmp.Or(cfg.Timeouts.Header, headerTimeout),
		ReadTimeout:       cmp.Or(cfg.Timeouts.Body, bodyTimeout),
		WriteTimeout:      cmp.Or(cfg.Timeouts.Write, writeTimeout),
		IdleTimeout:       cmp.Or(cfg.Timeouts.Idle, idleTimeout),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	httpServer.RegisterOnShutdown(s.engine.Drain)
	// The engine outlives the HTTP server, so that a request in hand can still
	// see its task end.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return s.engine.Run(working) })
	group.Go(func() error { return s.Sandbox.Deliver(working) })
	group.Go(func() error {
		if err := httpServer.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		<-failed.Done()
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), cmp.Or(cfg.Timeouts.Stop, stopTimeout))
		defer cancel()
		cfg.Logger.Info("stopping")
		err := httpServer.Shutdown(stopping)
		if errors.Is(err, context.DeadlineExceeded) {
			cfg.Logger.Warn("requests in hand are cut off")
			err = httpServer.Close()
		}
		stopWorking()
		if err != nil {
			return fmt.Errorf("stop serving: %w", err)
		}
		return nil
	})
	return group.Wait()
}

// reachable is an address for a client on this machine: a server that listens
// everywhere is reached through the loopback address.
func reachable(addr net.Addr) string {
	host, port, err := net.SplitHostPort(addr.String())
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	if strings.Contains(host, ":") {
		host = "[" + host + "]"
	}
	return host + ":" + port
}

// Migrate brings a database to the schema of this binary. direct is a URL of the same database where the other one
// leads to a pooler; empty: there is none.
func Migrate(ctx context.Context, url, direct string) error {
	if url == "" { // to the driver that is a database of its own choice
		return badConfig("--database-url is empty")
	}
	if err := checkURLs(url, direct); err != nil {
		return err
	}
	db, err := openMigrated(ctx, url, direct)
	if err != nil {
		return err
	}
	db.Close()
	return nil
}
