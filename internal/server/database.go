package server

import (
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

// restartPause keeps a Postgres that cannot live from being started in a loop.
const restartPause = time.Second

// openDatabase starts the private Postgres unless the user has one, brings the
// schema up to date and connects.
func openDatabase(ctx context.Context, cfg Config, options ...store.Option) (_ *database, err error) {
	d := &database{}
	url := cfg.DatabaseURL
	if url == "" {
		if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil { //nolint:gosec // the Postgres user must be able to pass
			return nil, badConfig("--data-dir: %w", err)
		}
		if d.private, err = startPrivate(ctx, cfg); err != nil {
			return nil, err
		}
		defer func() {
			if err != nil {
				err = errors.Join(err, d.private.stop())
			}
		}()
		url = d.private.url
	}
	if err := migrations.Up(ctx, url); err != nil {
		return nil, databaseError(err)
	}
	if d.DB, err = store.Open(ctx, url, 0, options...); err != nil {
		return nil, err
	}
	return d, nil
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

func startPrivate(ctx context.Context, cfg Config) (*privatePostgres, error) {
	p := &privatePostgres{
		cfg: postgres.Config{Dir: cfg.DataDir, Logger: cfg.Logger.With("part", "postgres")},
		log: cfg.Logger,
	}
	cluster, err := postgres.Start(ctx, p.cfg)
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
