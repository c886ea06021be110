// Package migrations holds the schema as numbered goose files and brings a
// database to it. Several servers may do so at once: they take turns under an
// advisory lock.
package migrations

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib" // the database/sql driver that goose needs
	"github.com/pressly/goose/v3"
)

//go:embed *.sql fresh/*.sql
var files embed.FS

// ErrNewerSchema says that the database was migrated by a newer understudy
// than this one. The wrapping error names both versions.
var ErrNewerSchema = errors.New("database schema is newer than this understudy")

// Up brings the database at url to the newest version. It refuses one that is
// newer already with ErrNewerSchema. Where nothing is to do it costs one query.
func Up(ctx context.Context, url string) error { return up(ctx, url, files) }

// Asker is a connection, or a pool of them.
type Asker interface {
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
}

// Done reports whether a database has the newest version, for who is connected
// to it: a connection costs more than the question.
func Done(ctx context.Context, conn Asker) (bool, error) {
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return false, err
	}
	latest, err := goose.NumericComponent(names[len(names)-1])
	if err != nil {
		return false, err
	}
	current, err := version(conn.QueryRow(ctx, askVersion))
	return current == latest, err
}

func up(ctx context.Context, url string, files fs.FS) error {
	return withProvider(ctx, url, files, func(m *migrator) error {
		current, err := m.version(ctx)
		if err == nil && current == 0 {
			if err := m.fresh(ctx, files); err != nil {
				return fmt.Errorf("make the schema: %w", err)
			}
			current, err = m.version(ctx)
		}
		if err != nil || current == m.latest {
			return err
		}
		if current > m.latest {
			return newer(current, m.latest)
		}
		if _, err := m.provider.Up(ctx); err != nil {
			return fmt.Errorf("migrate up: %w", err)
		}
		// A newer understudy may have had its turn while this one waited.
		if current, err = m.version(ctx); err == nil && current > m.latest {
			return newer(current, m.latest)
		}
		return err
	})
}

// Down takes back the newest applied migration; without one it does nothing.
func Down(ctx context.Context, url string) error {
	return withProvider(ctx, url, files, func(m *migrator) error {
		current, err := m.version(ctx)
		if err != nil || current == 0 {
			return err
		}
		if current > m.latest {
			return newer(current, m.latest)
		}
		if _, err := m.provider.Down(ctx); err != nil {
			return fmt.Errorf("migrate down: %w", err)
		}
		return nil
	})
}

// Version returns the version that the database at url has (0: an empty one)
// and the newest that this understudy knows.
func Version(ctx context.Context, url string) (current, latest int64, err error) {
	err = withProvider(ctx, url, files, func(m *migrator) error {
		latest = m.latest
		current, err = m.version(ctx)
		return err
	})
	return current, latest, err
}

func newer(current, latest int64) error {
	return fmt.Errorf("%w: the database has version %d, this program knows versions up to %d; "+
		"use a newer understudy or another database", ErrNewerSchema, current, latest)
}

// connectTimeout is that of the store: who takes a connection and says nothing is
// not waited for.
const connectTimeout = 5 * time.Second

type migrator struct {
	db       *sql.DB
	provider *goose.Provider
	latest   int64
}

func withProvider(ctx context.Context, url string, files fs.FS, do func(*migrator) error) error {
	cfg, err := pgx.ParseConfig(url)
	if err != nil {
		return fmt.Errorf("open the database: %w", err)
	}
	cfg.ConnectTimeout = connectTimeout
	db := stdlib.OpenDB(*cfg)
	defer db.Close()
	// Ours and not goose.WithLogger: nobody wants to read about migrations that went well.
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files,
		goose.WithSessionLocker(advisoryLock{}), goose.WithVerbose(false), goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("read the migrations: %w", err)
	}
	sources := provider.ListSources()
	return do(&migrator{db: db, provider: provider, latest: sources[len(sources)-1].Version})
}

// version returns the newest applied version. goose could say, too, but only
// after making its table, and servers that start together would race for that.
func (m *migrator) version(ctx context.Context) (int64, error) {
	return version(m.db.QueryRowContext(ctx, askVersion))
}

const askVersion = "SELECT coalesce(max(version_id), 0) FROM " + goose.DefaultTablename + " WHERE is_applied"

// version reads the answer to askVersion.
func version(row interface{ Scan(dest ...any) error }) (version int64, err error) {
	err = row.Scan(&version)
	var pgErr *pgconn.PgError
	if errors.As(err, &pgErr) && pgErr.Code == "42P01" { // undefined_table
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read the schema version: %w", err)
	}
	return version, nil
}

// advisoryLock lets one server migrate a database at a time. goose has such a
// lock, but retries it every few seconds, and a start should not take that long.
type advisoryLock struct{}

// lockKey is any number that nobody else uses for an advisory lock: "understu" in ASCII.
const lockKey int64 = 0x756e646572737475

const lockRetry = 20 * time.Millisecond

// SessionLock returns when conn holds the lock. It tries again and again
// because a statement that waits keeps a snapshot open, which would block a
// CREATE INDEX CONCURRENTLY in the migration it waits for.
func (advisoryLock) SessionLock(ctx context.Context, conn *sql.Conn) error {
	tick := time.NewTicker(lockRetry)
	defer tick.Stop()
	for {
		var locked bool
		if err := conn.QueryRowContext(ctx, "SELECT pg_try_advisory_lock($1)", lockKey).Scan(&locked); err != nil {
			return fmt.Errorf("lock the schema: %w", err)
		}
		if locked {
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("lock the schema: %w", context.Cause(ctx))
		case <-tick.C:
		}
	}
}

// SessionUnlock gives the lock back.
func (advisoryLock) SessionUnlock(ctx context.Context, conn *sql.Conn) error {
	if _, err := conn.ExecContext(ctx, "SELECT pg_advisory_unlock($1)", lockKey); err != nil {
		return fmt.Errorf("unlock the schema: %w", err)
	}
	return nil
}
