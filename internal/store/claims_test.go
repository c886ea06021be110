package store_test

import (
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// A task whose processing time is over as soon as it begins is not given back for somebody to claim it once more: its
// lease holds on, and the attempt counts. Any other is.
func TestStartedAndOverAtOnce(t *testing.T) {
	t.Parallel()
	for _, work := range []time.Duration{time.Millisecond, time.Hour} {
		db, caller := newAccount(t)
		id := uuid.NewString()
		_, err := db.Accept(t.Context(), []store.Acceptance{{
			ID: id, Account: caller.Account, Operation: "createJar", Command: "jarCreateRequest", Request: []byte(`{}`),
			Work: store.Work{Takes: work},
		}})
		if err != nil {
			t.Fatal(err)
		}
		// On this clock a millisecond passes before anybody could look, and an hour does not.
		err = db.SetClock(t.Context(), caller.Account, func(c store.Clock) store.Clock {
			c.Rate = store.FastestRate
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
		if over := work < time.Second; claim.Ready != over || claim.Started != over || (claim.Attempts == 1) != over {
			t.Errorf("of a task that takes %v: %+v", work, claim)
		}
		if again, err := db.ClaimTasks(t.Context(), 1, time.Minute); err != nil || len(again) != 0 {
			t.Errorf("a task that takes %v can be claimed at once: %v, %v", work, again, err)
		}
		err = db.Process(t.Context(), claim, func(tx *store.Tx) error {
			tx.Finish(claim, cloud.TaskDone, cloud.TaskResponse{})
			return nil
		})
		if claim.Ready && err != nil || !claim.Ready && !errors.Is(err, store.ErrLeaseLost) {
			t.Errorf("process a task that takes %v: %v", work, err)
		}
	}
}
