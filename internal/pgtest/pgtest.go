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
	"os"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/throwaway"
	"github.com/understudy-dev/understudy/migrations"
)

// shared is the Postgres of this test process: TestMain and the tests have no other
// place in common.
var shared server

// server is a throw-away Postgres, started when the first test asks for it.
type server struct {
	mu       sync.Mutex
	inMain   bool
	tried    bool
	postgres *throwaway.Postgres
	err      error // of the start, which is tried once
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
// it, whose accounts begin at Now, and in which Postgres holds migrations.Rules. It is
// dropped, connections or not, when the test is over; then what it counts by itself is counted again.
func New(tb testing.TB) string {
	tb.Helper()
	return create(tb, throwaway.Migrated)
}

// Empty is New without the schema.
func Empty(tb testing.TB) string {
	tb.Helper()
	return create(tb, throwaway.Empty)
}

// TempDir returns a new directory, removed when the test is over, that suits as the
// data directory of a private Postgres: its path is short, and the user who runs
// Postgres for root may pass through it.
func TempDir(tb testing.TB) string {
	tb.Helper()
	dir, err := throwaway.MkdirTemp()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return dir
}

func create(tb testing.TB, template string) string {
	tb.Helper()
	ctx, cancel := context.WithTimeout(tb.Context(), time.Minute)
	defer cancel()
	postgres, err := shared.started(ctx)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	name, url, err := postgres.Create(ctx, template)
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(tb.Context()), time.Minute)
		defer cancel()
		if err := recount(ctx, url); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
		if err := postgres.Drop(ctx, name); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return url
}

// started returns the Postgres of this process.
func (s *server) started(ctx context.Context) (*throwaway.Postgres, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.inMain {
		return nil, errors.New("the package's TestMain does not call pgtest.Main")
	}
	if !s.tried {
		s.tried = true
		s.postgres, s.err = throwaway.Start(ctx, prepare)
	}
	return s.postgres, s.err
}

// prepare makes a migrated database one for tests.
func prepare(ctx context.Context, url string) error {
	if err := migrations.Enforce(ctx, url); err != nil {
		return err
	}
	return beginNow(ctx, url)
}

// stop ends Postgres and removes it. It reports one that did not live to be
// stopped: the tests may have passed, but not for the right reason.
func (s *server) stop() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.postgres == nil || s.err != nil {
		return s.err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	died := s.postgres.Err()
	return errors.Join(died, s.postgres.Stop(ctx))
}
