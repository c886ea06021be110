package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/api/openapi"
	"github.com/understudy-dev/understudy/internal/catalog"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/migrations"
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

// Run serves until the context ends and then stops in order: no new requests,
// those in hand, no new work, the work in hand, the database. It returns nil
// after such a stop, also where requests had to be cut off. An error that wraps
// ErrConfig asks for another configuration.
func Run(ctx context.Context, cfg Config) (err error) {
	if err := cfg.check(); err != nil {
		return err
	}
	declared, err := readKeys(cfg.KeysFile)
	if err != nil {
		return err
	}
	if cfg.DataDir == "" {
		cfg.DataDir = DefaultDataDir()
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}

	// Reading the document takes about as long as starting Postgres.
	var document *openapi.Document
	var start errgroup.Group
	start.Go(func() (err error) {
		document, err = openapi.Load(understudy.Document)
		return err
	})
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return fmt.Errorf("listen: %w", errors.Join(err, start.Wait()))
	}
	defer func() { _ = listener.Close() }() // already closed after a stop
	if err := forget(cfg); err != nil {
		return err
	}

	database, err := openDatabase(ctx, cfg)
	if err = errors.Join(err, start.Wait()); err != nil {
		return unlessStopped(ctx, err)
	}
	defer func() { err = errors.Join(err, database.close()) }()
	if err := declareKeys(ctx, database.DB, declared); err != nil {
		return unlessStopped(ctx, err)
	}
	keys, err := demoKeys(ctx, cfg, database.DB)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	if cfg.DatabaseURL == "" {
		if err := database.ReleaseKeys(ctx); err != nil {
			return unlessStopped(ctx, err)
		}
	}
	secret, err := database.ServerSecret(ctx)
	if err != nil {
		return unlessStopped(ctx, err)
	}
	operations, err := catalog.Operations()
	if err != nil {
		return err
	}
	eng, err := engine.New(engine.Config{
		Document:   document,
		DB:         database.DB,
		Operations: operations,
		Logger:     cfg.Logger,
		Speed:      cfg.Speed,
		Policy:     cfg.CapPolicy,
		Hold:       cfg.TaskHold,
		Shared:     cfg.DatabaseURL != "",
		Hook:       cfg.Hook,
	})
	if err != nil {
		return err
	}
	defer eng.Close()

	ready := Ready{
		URL:          "http://" + reachable(listener.Addr()) + "/v1",
		APIKey:       keys.Key,
		APISecretKey: keys.Secret,
		PID:          os.Getpid(),
	}
	handler := withHealth(database.DB, understudy.Document, api.New(api.Config{
		Document:  document,
		Engine:    eng,
		DB:        database.DB,
		Logger:    cfg.Logger,
		Secret:    secret,
		RateLimit: cfg.RateLimit,
		Hook:      cfg.Hook,
	}))
	err = serve(ctx, cfg, listener, handler, eng, ready)
	_ = forget(cfg) // nobody is ready any more
	return err
}

// unlessStopped forgets the error of a start that was cut short: to be stopped
// before it was ready is no failure.
func unlessStopped(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return nil
	}
	return err
}

// serve runs the HTTP server and the engine side by side until the context ends
// or one of them fails.
func serve(ctx context.Context, cfg Config, listener net.Listener, handler http.Handler, eng *engine.Engine, ready Ready) error {
	httpServer := &http.Server{
		Handler:           handler,
		ReadHeaderTimeout: cmp.Or(cfg.Timeouts.Header, headerTimeout),
		ReadTimeout:       cmp.Or(cfg.Timeouts.Body, bodyTimeout),
		WriteTimeout:      cmp.Or(cfg.Timeouts.Write, writeTimeout),
		IdleTimeout:       cmp.Or(cfg.Timeouts.Idle, idleTimeout),
		MaxHeaderBytes:    maxHeader,
		ErrorLog:          slog.NewLogLogger(cfg.Logger.Handler(), slog.LevelDebug),
	}
	// The engine outlives the HTTP server, so that a request in hand can still
	// see its task end.
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	group, failed := errgroup.WithContext(ctx)
	group.Go(func() error { return eng.Run(working) })
	group.Go(func() error {
		if err := httpServer.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
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
	if err := announce(cfg, ready); err != nil {
		stop()
		return errors.Join(err, group.Wait())
	}
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

// Migrate brings a database to the schema of this binary.
func Migrate(ctx context.Context, url string) error {
	if url == "" { // to the driver that is a database of its own choice
		return badConfig("--database-url is empty")
	}
	if err := checkURL(url); err != nil {
		return err
	}
	if err := migrations.Up(ctx, url); err != nil {
		return databaseError(err)
	}
	return nil
}

func databaseError(err error) error {
	if errors.Is(err, migrations.ErrNewerSchema) {
		return fmt.Errorf("%w: %w", ErrConfig, err)
	}
	return err
}
