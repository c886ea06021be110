package store_test

import (
	"context"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// To tell of a resource costs the same, however many others were told of since it last was, also where that was planned
// while there were few.
func TestTellLooksAtFew(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	insert := func(ids ...int64) {
		t.Helper()
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			for _, id := range ids {
				store.Insert(tx, cloud.Resource[jar]{ID: id, Status: cloud.StatusActive, Body: jar{"full"}})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	change := func(id int64) (looked int64) {
		t.Helper()
		return blocks(t, db, caller, func(ctx context.Context, tx *store.Tx) error {
			store.SetStatus[jar](tx, id, cloud.StatusPending)
			_, err := tx.StatusOf(ctx, jar{}.Kind().Name, id)
			return err
		})
	}
	insert(1, 2, 3)
	if err := db.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := change(1)
	var others []int64
	for id := range int64(3000) {
		others = append(others, id+4)
	}
	insert(others...)
	change(2) // the row of the account has many versions still
	if last := change(3); last > first+25 {
		t.Errorf("after 3,000 others it looks at %d blocks, and before at %d", last, first)
	}
}
