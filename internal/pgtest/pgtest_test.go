package pgtest_test

import (
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func connect(t *testing.T, url string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return conn // the database is dropped with it
}

func TestDatabasesAreMigratedAndApart(t *testing.T) {
	t.Parallel()
	for range 2 {
		t.Run("same name", func(t *testing.T) {
			t.Parallel()
			url := pgtest.New(t)
			current, latest, err := migrations.Version(t.Context(), url)
			if err != nil || current != latest {
				t.Errorf("version = %d, %v, want %d", current, err, latest)
			}
			if _, err := connect(t, url).Exec(t.Context(), "CREATE TABLE mine ()"); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestDatabaseIsDroppedWithTheTest(t *testing.T) {
	t.Parallel()
	var url string
	t.Run("uses one", func(t *testing.T) {
		url = pgtest.New(t)
		connect(t, url)
	})
	if _, err := pgx.Connect(t.Context(), url); err == nil {
		t.Error("the database outlived its test")
	}
}

func BenchmarkNew(b *testing.B) {
	pgtest.New(b) // starts Postgres
	for b.Loop() {
		pgtest.New(b)
	}
}
