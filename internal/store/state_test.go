package store_test

import (
	"slices"
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
