// Package throwaway starts a Postgres that nobody will miss, for tests: without fsync, in memory where there is room,
// and gone with the process that started it, its files included, even after kill -9.
//
// A Postgres makes any number of databases, each a copy of one that was migrated once, which takes a tenth of a second.
package throwaway

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// The databases that others are copies of.
const (
	Migrated = "understudy_template" // the newest schema and nothing in it
	Empty    = "template1"           // not even the schema
)

// connections is how many Postgres takes: some for each of the servers that a test process starts.
const connections = 300

// Postgres is a running cluster. Its methods may be called concurrently.
type Postgres struct {
	dir     string
	cluster *postgres.Cluster

	mu    sync.Mutex // a template may be read by one CREATE DATABASE at a time
	admin *pgx.Conn  // to the database that nobody else uses
	made  int        // databases
}

// Start starts a Postgres in a new directory. What prepare does to the database Migrated, its copies have; nil does
// nothing. ctx bounds the start.
func Start(ctx context.Context, prepare func(ctx context.Context, url string) error) (_ *Postgres, err error) {
	dir, err := MkdirTemp()
	if err != nil {
		return nil, err
	}
	p := &Postgres{dir: dir}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.Stop(context.WithoutCancel(ctx)))
		}
	}()
	p.cluster, err = postgres.Start(ctx, postgres.Config{
		Dir: dir, CacheDir: postgres.CacheDir(os.Getenv("UNDERSTUDY_CACHE_DIR")), NoSync: true, MaxConnections: connections,
	})
	if err != nil {
		return p, err
	}
	if err := removeAfterUs(dir); err != nil {
		return p, err
	}
	if err := p.exec(ctx, "CREATE DATABASE "+Migrated); err != nil {
		return p, fmt.Errorf("create the template: %w", err)
	}
	if err := migrations.Up(ctx, p.url(Migrated)); err != nil || prepare == nil {
		return p, err
	}
	return p, prepare(ctx, p.url(Migrated))
}

// Create makes a database from a template and returns its name and its URL.
func (p *Postgres) Create(ctx context.Context, template string) (name, url string, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.made++
	name = fmt.Sprintf("test_%d", p.made)
	if err := p.exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		return "", "", fmt.Errorf("create a database: %w", err)
	}
	return name, p.url(name), nil
}

// Drop removes a database, whoever is connected to it.
func (p *Postgres) Drop(ctx context.Context, name string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if err := p.exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
		return fmt.Errorf("drop a database: %w", err)
	}
	return nil
}

// exec runs a statement. A context that ends in the middle of one takes the connection along, which others go on to
// use: they get a new one.
func (p *Postgres) exec(ctx context.Context, sql string) (err error) {
	if p.admin == nil || p.admin.IsClosed() {
		if p.admin, err = pgx.Connect(ctx, p.cluster.URL()); err != nil {
			return err
		}
	}
	_, err = p.admin.Exec(ctx, sql)
	return err
}

// Err returns why Postgres ended by itself; nil: it has not.
func (p *Postgres) Err() error { return p.cluster.Err() }

// Stop ends Postgres and removes all it had.
func (p *Postgres) Stop(ctx context.Context) error {
	if p.cluster != nil {
		if err := p.cluster.Stop(ctx); err != nil {
			return err
		}
	}
	return os.RemoveAll(p.dir)
}

// url returns the URL of one database of the cluster.
func (p *Postgres) url(name string) string {
	u, err := url.Parse(p.cluster.URL())
	if err != nil {
		panic(err) // it is ours
	}
	u.Path = "/" + name
	return u.String()
}
