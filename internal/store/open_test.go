package store_test

import (
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// A primary that takes no writes any more is away, as far as anybody asks: its connections are given up, and the next
// ones lead to who has followed it.
func TestReadOnlyPrimaryIsAway(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	admin, err := pgxpool.New(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	readOnly := func(value string) {
		t.Helper()
		if _, err := admin.Exec(t.Context(), `
			DO $$ BEGIN
				EXECUTE format('ALTER DATABASE %I SET default_transaction_read_only = `+value+`', current_database());
			END $$`); err != nil {
			t.Fatal(err)
		}
	}
	readOnly("on")
	db, err := store.Open(t.Context(), url, 1)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.CreateAccount(t.Context(), cloud.Account{Name: "first"}); !store.Unavailable(err) {
		t.Errorf("got %v, want an error that is over soon", err)
	}
	readOnly("off") // for sessions that begin later
	if _, err := db.CreateAccount(t.Context(), cloud.Account{Name: "second"}); err != nil {
		t.Errorf("the connection was kept: %v", err)
	}
}
