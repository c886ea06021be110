// Package pgtest gives every test a database of its own, migrated and empty,
// on a real Postgres that lives as long as the test process.
//
//	func TestMain(m *testing.M) { pgtest.Main(m) }
//
//	func TestSomething(t *testing.T) {
//		t.Parallel()
//		url := pgtest.New(t)
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// template is the migrated database that the databases of tests are copies of.
const template = "understudy_template"

// shared is the cluster of this test process: TestMain and the tests have no
// other place in common.
var shared server

// server is a throw-away Postgres, started when the first test asks for it.
type server struct {
	mu      sync.Mutex // a template may be read by one CREATE DATABASE at a time
	inMain  bool
	dir     string
	cluster *postgres.Cluster
	admin   *pgx.Conn // to the database that no test uses
	err     error     // of the start, which is tried once
	made    int       // databases
}

// Main runs the tests of a package, then the checks of what they did together, ends
// the Postgres that they used and exits the process with their status. Call it from
// TestMain.
func Main(m *testing.M, checks ...func() error) {
	shared.mu.Lock()
	shared.inMain = true
	shared.mu.Unlock()
	status := m.Run()
	for _, check := range checks {
		if err := check(); err != nil && status == 0 { // tests that failed have not done all they do
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	if err := shared.stop(); err != nil {
		fmt.Fprintln(os.Stderr, "pgtest:", err)
		status = max(status, 1)
	}
	os.Exit(status)
}

// New returns the URL of a new database with the newest schema and nothing in
// it, whose accounts begin at Now. It is dropped, connections or not, when the test is over.
func New(tb testing.TB) string {
	tb.Helper()
	return shared.new(tb, template)
}

// Empty is New without the schema.
func Empty(tb testing.TB) string {
	tb.Helper()
	return shared.new(tb, "template1")
}

func (s *server) new(tb testing.TB, from string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	name, err := s.create(ctx, from)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
		defer cancel()
		if err := s.drop(ctx, name); err != nil {
			tb.Errorf("pgtest: drop the database: %v", err)
		}
	})
	return s.url(name)
}

func (s *server) create(ctx context.Context, from string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inMain {
		return "", fmt.Errorf("the package's TestMain does not call pgtest.Main")
	}
	if s.dir == "" {
		s.err = s.start(ctx)
	}
	if s.err != nil {
		return "", s.err
	}
	s.made++
	name := fmt.Sprintf("test_%d", s.made)
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+name+" TEMPLATE "+from); err != nil {
		return "", fmt.Errorf("create a database: %w", err)
	}
	return name, nil
}

func (s *server) drop(ctx context.Context, name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.admin.Exec(ctx, "DROP DATABASE "+name+" WITH (FORCE)")
	return err
}

func (s *server) start(ctx context.Context) error {
	dir, err := mkdirTemp()
	if err != nil {
		return err
	}
	s.dir = dir
	s.cluster, err = postgres.Start(ctx, postgres.Config{
		Dir:            dir,
		NoSync:         true,
		MaxConnections: 300,
	})
	if err != nil {
		return err
	}
	if s.admin, err = pgx.Connect(ctx, s.cluster.URL()); err != nil {
		return err
	}
	if _, err := s.admin.Exec(ctx, "CREATE DATABASE "+template); err != nil {
		return fmt.Errorf("create the template: %w", err)
	}
	if err := migrations.Up(ctx, s.url(template)); err != nil {
		return err
	}
	return beginNow(ctx, s.url(template))
}

// stop ends the cluster and removes it. It reports one that did not live to be
// stopped: the tests may have passed, but not for the right reason.
func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	var died error
	if s.cluster != nil {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		died = s.cluster.Err()
		if err := s.cluster.Stop(ctx); err != nil {
			return err
		}
	}
	if s.dir == "" {
		return died
	}
	return errors.Join(died, os.RemoveAll(s.dir))
}

// url returns the URL of one database of the cluster.
func (s *server) url(name string) string {
	u, err := url.Parse(s.cluster.URL())
	if err != nil {
		panic(err) // it is ours
	}
	u.Path = "/" + name
	return u.String()
}
