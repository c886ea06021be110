package store_test

import (
	"errors"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// A transaction that Postgres has given up is not taken for committed, though the
// function that ran in it says nothing of the error.
func TestErrorKeptBack(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	for name, more := range map[string]func(*store.Tx){
		"nothing more": func(*store.Tx) {},
		"a write more": func(tx *store.Tx) { tx.Admit() },
	} {
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			if _, err := tx.RecentTasks(t.Context(), 0, -1, nil); err == nil { // no number of rows
				t.Error("the question is answered, so nothing is tested")
			}
			more(tx)
			return nil
		})
		if err == nil || name == "nothing more" && !errors.Is(err, pgx.ErrTxCommitRollback) {
			t.Errorf("%s: got %v, want an error", name, err)
		}
	}
}
