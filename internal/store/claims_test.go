package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// A task whose processing time is over soon after it begins is not given back for somebody to claim it once more: its
// lease holds on, and the attempt counts. Any other is, also where the clock stands still.
func TestStartedAndSoonOver(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		work time.Duration
		rate float64
		soon bool
	}{
		{time.Second, store.FastestRate, true}, // in a tenth of a millisecond
		{time.Hour, store.FastestRate, false},
		{time.Second, 1, false},
		{time.Second, 0, false},
	} {
		db, caller := newAccount(t)
		id := uuid.NewString()
		_, err := db.Accept(t.Context(), []store.Acceptance{{
			ID: id, Account: caller.Account, Operation: "createJar", Command: "jarCreateRequest", Request: []byte(`{}`),
			Work: store.Work{Takes: test.work},
		}})
		if err != nil {
			t.Fatal(err)
		}
		err = db.SetClock(t.Context(), caller.Account, func(c store.Clock) store.Clock {
			c.Rate = test.rate
			return c
		})
		if err != nil {
			t.Fatal(err)
		}
		claims, err := db.ClaimTasks(t.Context(), 1, time.Minute)
		if err != nil || len(claims) != 1 || claims[0].ID != id || claims[0].Ready {
			t.Fatalf("claimed %v, %v; want %s, not ready", claims, err, id)
		}
		claim := claims[0]
		if err := db.Start(t.Context(), &claim, time.Minute); err != nil {
			t.Fatal(err)
		}
		if claim.Ready != test.soon || claim.Started != test.soon || (claim.Attempts == 1) != test.soon {
			t.Errorf("%+v: %+v", test, claim)
		}
		if claim.Wait < 0 || claim.Wait > time.Millisecond {
			t.Errorf("%+v: it waits for %v", test, claim.Wait)
		}
		if again, err := db.ClaimTasks(t.Context(), 1, time.Minute); err != nil || len(again) != 0 {
			t.Errorf("%+v: it can be claimed at once: %v, %v", test, again, err)
		}
		err = db.Process(t.Context(), claim, func(tx *store.Tx) error {
			tx.Finish(claim, cloud.TaskDone, cloud.TaskResponse{})
			return nil
		})
		if test.soon && err != nil || !test.soon && !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("%+v: processed: %v", test, err)
		}
	}
}
