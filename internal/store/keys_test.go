package store_test

import (
	"context"
	"errors"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// What was found of a pair of keys holds until this process takes something from pairs, or makes another account of the
// one they act for. That others do so is only known not to be where the database is nobody else's.
func TestHoldersHoldUntilPairsAreTaken(t *testing.T) {
	t.Parallel()
	for name, options := range map[string][]store.Option{"alone": {store.Alone()}, "shared": nil} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			k := newKept(t, options...)
			ctx, account := t.Context(), k.caller.Account
			other, err := k.CreateAccount(ctx, cloud.Account{Name: "other"})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := k.SaveSnapshot(ctx, account, "saved", true); err != nil {
				t.Fatal(err)
			}
			declared := func(of int64, name string) store.DeclaredKey {
				key := cloud.Key{Name: name, Role: "owner"}
				return store.DeclaredKey{Account: of, Key: key, Secrets: store.NewSecrets()}
			}
			mine, others := declared(account, "mine"), declared(other, "other's")
			var id int64 // of the other account's
			for _, key := range []store.DeclaredKey{mine, others} {
				if id, err = k.NewKey(ctx, key); err != nil {
					t.Fatal(err)
				}
			}
			for _, c := range []struct {
				what  string
				do    func() error
				holds bool
			}{
				{"nothing", func() error { return nil }, true},
				{"a write", func() error { return k.put(ctx, "else") }, true},
				{"a new pair", func() error { _, err := k.NewKey(ctx, declared(account, "more")); return err }, true},
				{"one that is ensured", func() error { return k.EnsureKey(ctx, account, "own", store.NewSecrets()) }, true},
				{"a rotation", func() error { return k.RotateKey(ctx, other, id, store.NewSecrets()) }, false},
				{"one that fails", func() error {
					if err := k.RotateKey(ctx, other, id, mine.Secrets); !errors.Is(err, store.ErrPairTaken) {
						return err
					}
					return nil
				}, true},
				{"a revocation", func() error { return k.RevokeKey(ctx, other, id) }, false},
				{"a declaration", func() error { return k.DeclareKey(ctx, declared(other, "declared")) }, false},
				{"all declarations", func() error { return k.DeclareKeys(ctx, nil) }, false},
				{"an id seed", func() error {
					return k.Write(ctx, k.caller, func(tx *store.Tx) error { tx.SetIDSeed(1); return nil })
				}, false},
				{"a reset", func() error { return k.ResetAccounts(ctx, []int64{account}, store.Reset{}) }, false},
				{"a snapshot", func() error { _, err := k.LoadSnapshot(ctx, account, "saved", nil); return err }, false},
				{"a deletion", func() error { return k.DeleteAccount(ctx, other) }, false},
			} {
				found, err := k.HoldersOf(ctx, store.Credentials{Secrets: mine.Secrets})
				if err != nil {
					t.Fatal(err)
				}
				if caller, err := found.Find(store.Credentials{Secrets: mine.Secrets}); err != nil || caller.Account != account {
					t.Fatalf("before %s: found %v, %v", c.what, caller, err)
				}
				if err := c.do(); err != nil {
					t.Fatalf("%s: %v", c.what, err)
				}
				if got := found.Hold(); got != c.holds {
					t.Errorf("after %s: they hold: %t", c.what, got)
				}
				if alone := options != nil; found.Lasting != alone {
					t.Errorf("they are lasting: %t", found.Lasting)
				}
			}
			signed, err := k.HoldersOf(ctx, store.Credentials{Secrets: mine.Secrets, Signature: []byte("any")})
			if err != nil || signed.Lasting {
				t.Errorf("of what is signed they are lasting: %t, %v", signed.Lasting, err)
			}
		})
	}
}

// What is found while a pair is being taken does not hold, whether or not it is known what becomes of that.
func TestHoldersDoNotHoldWhileOneIsTaken(t *testing.T) {
	t.Parallel()
	k := newKept(t, store.Alone())
	pair := store.NewSecrets()
	key := store.DeclaredKey{Account: k.caller.Account, Key: cloud.Key{Name: "mine", Role: "owner"}, Secrets: pair}
	id, err := k.NewKey(t.Context(), key)
	if err != nil {
		t.Fatal(err)
	}
	look := func() (found bool, holders store.Holders) {
		t.Helper()
		holders, err := k.HoldersOf(t.Context(), store.Credentials{Secrets: pair})
		if err != nil {
			t.Fatal(err)
		}
		_, err = holders.Find(store.Credentials{Secrets: pair})
		return err == nil, holders
	}
	free := k.lockCommits()
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- k.RevokeKey(ctx, k.caller.Account, id) }()
	k.awaitWaiting(1)
	if found, meanwhile := look(); !found || meanwhile.Hold() {
		t.Errorf("meanwhile it is found: %t; it holds: %t", found, meanwhile.Hold())
	}
	cancel()
	if err := <-ended; err == nil {
		t.Fatal("the commit is not lost")
	}
	if found, then := look(); !found || then.Hold() {
		t.Errorf("while the commit is lost it is found: %t; it holds: %t", found, then.Hold())
	}
	free()
}
