package store_test

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// A table with something of an account is found by reset, snapshots and forks, or there is a reason why not.
func TestEveryTableOfAnAccountIsKnown(t *testing.T) {
	t.Parallel()
	conn, err := pgx.Connect(t.Context(), pgtest.New(t))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) }) // it has read what it wanted
	rows, err := conn.Query(t.Context(), `
		SELECT c.relname
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND a.attname = 'account_id'
			AND NOT a.attisdropped
		ORDER BY c.relname`)
	if err != nil {
		t.Fatal(err)
	}
	there, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		t.Fatal(err)
	}
	state, other := store.StateTables()
	for _, table := range there {
		_, reason := other[table]
		if slices.Contains(state, table) == reason {
			t.Errorf("table %s is to be in one of stateTables and otherTables (internal/store/state.go)", table)
		}
	}
	for table, reason := range other {
		if !slices.Contains(there, table) || reason == "" {
			t.Errorf("table %s is not there, or has no reason", table)
		}
	}
	for _, table := range state {
		if !slices.Contains(there, table) {
			t.Errorf("table %s is not there", table)
		}
	}
}

// Whoever adds a migration says what becomes of the snapshots of the schema before it.
func TestSnapshotsComeToEverySchema(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../../migrations/*.sql")
	if err != nil || len(files) == 0 {
		t.Fatalf("there are migrations %v: %v", files, err)
	}
	for _, file := range files {
		number, _, _ := strings.Cut(filepath.Base(file), "_")
		schema, err := strconv.Atoi(number)
		if err != nil {
			t.Fatal(err)
		}
		if schema > store.FirstSchema && !store.UpgradesTo(schema) {
			t.Errorf("it is not said how a snapshot comes to schema %d", schema)
		}
	}
}
