package store_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// house and flat are of kinds that the database counts.
type (
	house struct{}
	flat  struct {
		Size float64 `json:"datasetGB"`
		Door string  `json:"door,omitempty"` // by which they may differ
	}
)

func (house) Kind() cloud.Kind { return cloud.Kind{Name: "subscription", FirstID: 1} }
func (flat) Kind() cloud.Kind {
	return cloud.Kind{Name: "database", Parent: "subscription", FirstID: 1}
}

// The counts follow whatever is done to what they count. That they are those of the rows, pgtest looks at in the end.
func TestTalliesFollowEveryChange(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	ctx := t.Context()
	do := func(fn func(tx *store.Tx)) {
		t.Helper()
		err := db.Write(ctx, caller, func(tx *store.Tx) error {
			fn(tx)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	want := func(caller cloud.Caller, what string, counts ...string) {
		t.Helper()
		var got []string
		err := db.Read(ctx, caller, func(tx *store.Tx) error {
			got = nil
			all, err := store.Tallies[flat](ctx, tx, "subscription")
			for parent, list := range all {
				one, err := store.TalliesOf[flat](ctx, tx, "subscription", parent)
				if err != nil || !slices.Equal(one, list) {
					t.Errorf("%s: of %d there are %v, %v, and among all %v", what, parent, one, err, list)
				}
				for _, alike := range list {
					got = append(got, fmt.Sprintf("%d: %d of %v%s", parent, alike.N, alike.Body.Size, alike.Body.Door))
				}
			}
			return err
		})
		slices.Sort(got)
		if err != nil || !slices.Equal(got, counts) {
			t.Errorf("%s: got %s, %v; want %s", what, strings.Join(got, ", "), err, strings.Join(counts, ", "))
		}
	}
	of := func(id int64, size float64) cloud.Resource[flat] {
		return cloud.Resource[flat]{
			ID: id, Parent: 1 + id/100, Name: fmt.Sprint(id), Status: cloud.StatusPending, Body: flat{size, fmt.Sprint(id)},
		}
	}
	kind, now := flat{}.Kind(), cloud.StatusActive

	want(caller, "nothing is there")
	do(func(tx *store.Tx) {
		store.Insert(tx, cloud.Resource[house]{ID: 1, Status: now})
		store.Insert(tx, cloud.Resource[house]{ID: 2, Status: now})
		for _, f := range []cloud.Resource[flat]{of(10, 1), of(11, 1), of(12, 2.5), of(110, 1)} {
			store.Insert(tx, f)
		}
		elsewhere := of(13, 1)
		elsewhere.ParentKind, elsewhere.Parent = "room", 9
		store.Insert(tx, cloud.Resource[room]{ID: 9, Status: now})
		store.Insert(tx, elsewhere)
	})
	want(caller, "some are made", "1: 1 of 2.5", "1: 2 of 1", "2: 1 of 1")
	do(func(tx *store.Tx) {
		tx.ApplyNow([]cloud.Step{{Kind: kind, ID: 10, Status: now}})
		store.Update(tx, of(11, 2.5))
	})
	want(caller, "one has another size", "1: 1 of 1", "1: 2 of 2.5", "2: 1 of 1")
	if _, err := db.SaveSnapshot(ctx, caller.Account, "before", false); err != nil {
		t.Fatal(err)
	}
	fork, err := db.Fork(ctx, caller.Account, "fork", cloud.Key{Role: "Owner"}, store.Secrets{Key: "k", Secret: "s"})
	if err != nil {
		t.Fatal(err)
	}
	forked := cloud.Caller{Account: fork}
	do(func(tx *store.Tx) { store.SetStatus[flat](tx, 10, cloud.StatusDeleting) })
	want(caller, "one is being deleted", "1: 2 of 2.5", "2: 1 of 1")
	do(func(tx *store.Tx) {
		tx.ApplyNow([]cloud.Step{
			{Kind: kind, ID: 10, Status: cloud.StatusError, Error: cloud.Errorf("GENERAL_ERROR", "It stays.")},
			{Kind: kind, ID: 12, Status: now, Patch: []byte(`{"datasetGB": 7}`)},
		})
	})
	want(caller, "its deletion fails, and another one grows", "1: 1 of 1", "1: 1 of 2.5", "1: 1 of 7", "2: 1 of 1")
	do(func(tx *store.Tx) {
		store.SetStatus[flat](tx, 10, cloud.StatusDeleting)
		tx.ApplyNow([]cloud.Step{{Kind: kind, ID: 10, Status: cloud.StatusGone}})
		store.Remove[flat](tx, 11)
		store.Remove[house](tx, 2)
	})
	want(caller, "two are gone, and one with its parent", "1: 1 of 7")
	want(forked, "the fork is as it was", "1: 1 of 1", "1: 2 of 2.5", "2: 1 of 1")
	if _, err := db.LoadSnapshot(ctx, caller.Account, "before", nil); err != nil {
		t.Fatal(err)
	}
	want(caller, "the snapshot is loaded", "1: 1 of 1", "1: 2 of 2.5", "2: 1 of 1")
	if err := db.ResetAccounts(ctx, []int64{caller.Account}, store.Reset{}); err != nil {
		t.Fatal(err)
	}
	want(caller, "it is reset")
	if err := db.DeleteAccount(ctx, fork); err != nil {
		t.Fatal(err)
	}
	want(forked, "the account is gone")
}

// What is counted is not looked at to say how much there is.
func TestTalliesLookAtFew(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	fill := func(from, to int64) {
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			for id := from; id < to; id++ {
				store.Insert(tx, cloud.Resource[flat]{ID: id, Parent: 1, Status: cloud.StatusActive})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
		store.Insert(tx, cloud.Resource[house]{ID: 1, Status: cloud.StatusActive})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	ask := func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Tallies[flat](ctx, tx, "subscription")
		return err
	}
	fill(0, 1)
	alone := blocks(t, db, caller, ask)
	fill(1, 500)
	if crowd := blocks(t, db, caller, ask); crowd > alone+10 {
		t.Errorf("among 500 it looks at %d blocks, and alone at %d", crowd, alone)
	}
}
