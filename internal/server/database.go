package server

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/internal/store"
	"github.com/understudy-dev/understudy/migrations"
)

// database is the store and, where the user gave none, the Postgres under it.
type database struct {
	*store.DB
	private *privatePostgres // nil: the user's own database
}

// privateName tells a private Postgres from any other one: its server takes nobody else into account.
const privateName = "understudy private"

// restartPause keeps a Postgres that cannot live from being started in a loop.
const restartPause = time.Second

// openDatabase starts the private Postgres unless the user has one, brings the
// schema up to date and connects. Meanwhile it does something else.
func openDatabase(ctx context.Context, cfg Config, meanwhile func(), options ...store.Option) (*database, error) {
	if cfg.DatabaseURL == "" {
		return openPrivate(ctx, cfg, meanwhile, options...)
	}
	go meanwhile()
	db, err := openMigrated(ctx, cfg.DatabaseURL, cfg.DirectURL, options...)
	if err != nil {
		return nil, err
	}
	if err := suits(ctx, db, cfg); err != nil {
		db.Close()
		return nil, err
	}
	return &database{DB: db}, nil
}

// openPrivate starts the private Postgres. It makes the schema of a new one while the rest of that is brought to disk.
func openPrivate(
	ctx context.Context, cfg Config, meanwhile func(), options ...store.Option,
) (_ *database, err error) {
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil { //nolint:gosec // the Postgres user must be able to pass
		return nil, badConfig("--data-dir: %w", err)
	}
	d := &database{}
	d.private, err = startPrivate(ctx, cfg, meanwhile, func(ctx context.Context, url string) (err error) {
		d.DB, err = openMigrated(ctx, url, "", options...)
		return err
	})
	if err != nil {
		if d.DB != nil {
			d.Close()
		}
		return nil, err
	}
	return d, nil
}

// suits refuses a database of the user's that cannot be shared, and warns of one that does not bound what it is asked.
func suits(ctx context.Context, db *store.DB, cfg Config) error {
	name, err := db.ClusterName(ctx)
	if err != nil {
		return err
	}
	if name == privateName {
		return badConfig("--database-url leads to the private Postgres of another server, which is alone there")
	}
	if cfg.DirectURL == "" {
		return nil
	}
	names, err := db.Unbounded(ctx)
	if err == nil && len(names) > 0 {
		cfg.Logger.Warn("nothing bounds what is asked through the pooler: give the role these settings, see docs/scale.md",
			"settings", names)
	}
	return err
}

// openMigrated connects to a database and brings its schema up to date. That comes second: it takes a lock that a
// session keeps, and so one that is no other's.
func openMigrated(ctx context.Context, url, direct string, options ...store.Option) (*store.DB, error) {
	db, err := store.Open(ctx, url, 0, append(options, store.Direct(direct))...)
	if err == nil {
		done := false
		if done, err = migrations.Done(ctx, db); err == nil && !done {
			err = migrations.Up(ctx, cmp.Or(direct, url))
		}
		if err != nil {
			db.Close()
		}
	}
	switch {
	case errors.Is(err, store.ErrSharedSessions):
		return nil, badConfig("--database-url: %w: name Postgres itself, too, with --database-direct-url", err)
	case errors.Is(err, migrations.ErrNewerSchema):
		return nil, fmt.Errorf("%w: %w", ErrConfig, err)
	case err != nil:
		return nil, err
	}
	return db, nil
}

func (d *database) close() error {
	d.Close()
	if d.private == nil {
		return nil
	}
	return d.private.stop()
}

// privatePostgres is a private Postgres that is started again when it dies
// under the running server.
type privatePostgres struct {
	cfg postgres.Config
	log *slog.Logger
	url string

	cancel context.CancelFunc
	done   sync.WaitGroup    // of the goroutine that watches it,
	now    *postgres.Cluster // and has it to itself until stop
}

// startPrivate starts it, and has the caller do something meanwhile and then prepare its database.
func startPrivate(
	ctx context.Context, cfg Config, meanwhile func(), prepare func(ctx context.Context, url string) error,
) (*privatePostgres, error) {
	p := &privatePostgres{
		cfg: postgres.Config{
			Dir: cfg.DataDir, CacheDir: postgres.CacheDir(cfg.CacheDir),
			Logger: cfg.Logger.With("part", "postgres"), Name: privateName,
		},
		log: cfg.Logger,
	}
	first := p.cfg
	first.Meanwhile, first.Prepare = meanwhile, prepare
	cluster, err := postgres.Start(ctx, first)
	if err != nil {
		for _, wrong := range []error{
			postgres.ErrNotFound, postgres.ErrLocked, postgres.ErrUntraversable, postgres.ErrOwner, postgres.ErrVersion,
			fs.ErrPermission,
		} {
			if errors.Is(err, wrong) {
				return nil, fmt.Errorf("%w: %w", ErrConfig, err)
			}
		}
		return nil, err
	}
	p.now, p.url = cluster, cluster.URL()
	watching, cancel := context.WithCancel(context.WithoutCancel(ctx))
	p.cancel = cancel
	p.done.Go(func() { p.watch(watching) })
	return p, nil
}

// watch starts Postgres again whenever it ends by itself. What was acknowledged
// is on its disk; the rest is taken up again by the engine.
func (p *privatePostgres) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-p.now.Done():
		}
		if ctx.Err() != nil {
			return
		}
		p.log.Warn("the private Postgres ended and is started again", "error", p.now.Err())
		_ = p.now.Stop(ctx) // frees the data directory; it has ended already
		for {
			again, err := postgres.Start(ctx, p.cfg)
			if err == nil {
				p.now = again
				break
			}
			p.log.Error("the private Postgres does not start", "error", err)
			select {
			case <-ctx.Done():
				return
			case <-time.After(restartPause):
			}
		}
	}
}

func (p *privatePostgres) stop() error {
	p.cancel()
	p.done.Wait()
	if err := p.now.Stop(context.Background()); err != nil {
		return fmt.Errorf("stop the private Postgres: %w", err)
	}
	return nil
}
