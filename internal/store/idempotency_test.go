package store_test

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// keyTerms are those of any key here.
var keyTerms = store.KeyTerms{Replayed: time.Hour, Known: time.Hour, Lease: time.Minute}

// keyNamed is an idempotency key of a request that has the same name.
func keyNamed(account int64, name string) store.IdempotencyKey {
	hash := sha256.Sum256([]byte(name))
	return store.IdempotencyKey{Account: account, Scheme: "test", Hash: hash[:], Fingerprint: hash[:]}
}

// use takes new keys and gives them outcomes.
func use(db *store.DB, account int64, names ...string) error {
	for _, name := range names {
		claim, record, err := db.AcquireKey(
			context.Background(), keyNamed(account, name), keyTerms, uuid.NewString(), uuid.NewString())
		if err != nil || record != nil {
			return errors.Join(err, fmt.Errorf("the key %s is not new: %+v", name, record))
		}
		outcome := store.KeyOutcome{Status: http.StatusAccepted, Body: []byte("{}")}
		if err := db.FinishKey(context.Background(), claim, outcome); err != nil {
			return err
		}
	}
	return nil
}

// A key is found by itself, however many others its account has, where that was planned while each had one.
func TestKeysLookAtFew(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), pgtest.New(t), 1) // one session, which keeps its plans
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var account int64
	for n := range 20 {
		if account, err = db.CreateAccount(t.Context(), cloud.Account{Name: fmt.Sprint("test", n)}); err != nil {
			t.Fatal(err)
		}
		if err := use(db, account, "used"); err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	taken := 0
	questions := map[string]func(ctx context.Context, tx *store.Tx) error{
		"taking a new one": func(ctx context.Context, tx *store.Tx) error {
			taken++
			claim, _, err := tx.AcquireKey(ctx, keyNamed(account, fmt.Sprint("new", taken)), keyTerms)
			if err == nil && claim.Token == "" {
				t.Error("a new key is taken already")
			}
			return err
		},
		"taking a used one": func(ctx context.Context, tx *store.Tx) error {
			_, record, err := tx.AcquireKey(ctx, keyNamed(account, "used"), keyTerms)
			if err == nil && (record == nil || record.State != store.KeyDone) {
				t.Errorf("of a used key it says %+v", record)
			}
			return err
		},
		"looking for an outcome": func(ctx context.Context, tx *store.Tx) error {
			record, err := tx.SettledKey(ctx, keyNamed(account, "used"))
			if err == nil && (record == nil || record.Outcome.Status != http.StatusAccepted) {
				t.Errorf("of a used key it says %+v", record)
			}
			return err
		},
		"looking for old ones": func(ctx context.Context, tx *store.Tx) error { return tx.PruneKeys(ctx, 100) },
	}
	count := func() map[string]int64 {
		counts := map[string]int64{}
		for what, ask := range questions {
			counts[what] = blocks(t, db, cloud.Caller{Account: account}, ask)
		}
		return counts
	}
	few := count()
	var names []string
	for n := range 1000 {
		names = append(names, fmt.Sprint("other", n))
	}
	if err := use(db, account, names...); err != nil {
		t.Fatal(err)
	}
	for what, many := range count() {
		if many > few[what]+25 { // an index of many is a level deeper
			t.Errorf("%s, it looks at %d blocks among 1,000, and at %d among few", what, many, few[what])
		}
	}
}
