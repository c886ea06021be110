package store_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Whatever a Read asks, one after the other, it sees one state of the account: with a reset in between it asks again,
// and without one it does not.
func TestReadSeesOneState(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	other, err := db.CreateAccount(t.Context(), cloud.Account{Name: "other"})
	if err != nil {
		t.Fatal(err)
	}
	err = db.Write(t.Context(), caller, func(tx *store.Tx) error {
		for id := range int64(2) {
			store.Insert(tx, cloud.Resource[jar]{ID: id + 1, Status: cloud.StatusActive, Body: jar{"full"}})
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := db.SaveSnapshot(t.Context(), caller.Account, "full", false); err != nil {
		t.Fatal(err)
	}
	type question func(context.Context, *store.Tx) (jars int, err error)
	questions := map[string]question{
		"a list": func(ctx context.Context, tx *store.Tx) (int, error) {
			all, err := store.All[jar](ctx, tx)
			return len(all) / 2, err
		},
		"a row": func(ctx context.Context, tx *store.Tx) (int, error) {
			status, err := tx.StatusOf(ctx, "jar", 1)
			if status == "" {
				return 0, nil //nolint:nilerr // it is not there
			}
			return 1, err
		},
		"a jar": func(ctx context.Context, tx *store.Tx) (int, error) {
			_, ok, err := store.Get[jar](ctx, tx, 2)
			if ok {
				return 1, err
			}
			return 0, err
		},
	}
	reset := func() error { return db.ResetAccounts(t.Context(), []int64{caller.Account}, store.Reset{}) }
	load := func() error {
		_, err := db.LoadSnapshot(t.Context(), caller.Account, "full", nil)
		return err
	}
	cases := []struct {
		what  string
		do    func() error // between the first two questions
		has   int          // of either jar, before that
		torn  bool
		after int
	}{
		{"nothing", func() error { return nil }, 1, false, 1},
		{"a reset of another account", func() error {
			return db.ResetAccounts(t.Context(), []int64{other}, store.Reset{})
		}, 1, false, 1},
		{"a reset", reset, 1, true, 0},
		{"a snapshot is loaded", load, 0, true, 1},
	}
	for first, one := range questions {
		for second, two := range questions {
			for _, c := range cases {
				t.Run(fmt.Sprintf("%s, %s, %s", first, c.what, second), func(t *testing.T) {
					runs, found := 0, [2]int{}
					err := db.Read(t.Context(), caller, func(tx *store.Tx) (err error) {
						if found[0], err = one(t.Context(), tx); err != nil {
							return err
						}
						if runs++; runs == 1 {
							if found[0] != c.has {
								t.Errorf("at first there are %d jars, want %d", found[0], c.has)
							}
							if err := c.do(); err != nil {
								return err
							}
						}
						found[1], err = two(t.Context(), tx)
						return err
					})
					if want := [2]int{c.after, c.after}; err != nil || found != want || (runs > 1) != c.torn {
						t.Errorf("after %d runs it found %v, %v; want %v", runs, found, err, want)
					}
					if c.torn { // what was known before is known no longer
						caller.Generation++
					}
				})
			}
		}
	}
}
