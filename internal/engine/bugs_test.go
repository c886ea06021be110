package engine_test

// Bugs that other implementations had with the leases of their jobs, by the
// numbers of docs/rules.md.

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// claimTwice has a task taken by a worker that is then taken for dead, and by
// another one.
func claimTwice(t *testing.T) (db *store.DB, dead, alive store.Claim) {
	t.Helper()
	db = openDB(t, pgtest.New(t))
	caller := newAccount(t, db)
	_, err := db.Accept(t.Context(), []store.Acceptance{{
		ID: uuid.NewString(), Account: caller.Account, Operation: "createBox", Command: "boxCreateRequest",
		Request: []byte(`{}`),
	}})
	if err != nil {
		t.Fatal(err)
	}
	claim := func() store.Claim {
		claims, err := db.ClaimTasks(t.Context(), 1, 0)
		if err != nil || len(claims) != 1 {
			t.Fatalf("claimed %v, %v", claims, err)
		}
		return claims[0]
	}
	return db, claim(), claim()
}

// finish ends a task as one of its workers.
func finish(ctx context.Context, db *store.DB, c store.Claim) error {
	return db.Process(ctx, c, func(tx *store.Tx) error {
		tx.Finish(c, cloud.TaskDone, cloud.TaskResponse{})
		return nil
	})
}

func status(t *testing.T, db *store.DB, c store.Claim) (status cloud.TaskStatus) {
	t.Helper()
	err := db.Read(t.Context(), cloud.Caller{Account: c.Account}, func(tx *store.Tx) error {
		task, _, err := tx.Task(uuid.MustParse(c.ID))
		status = task.Status
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return status
}

// B11: who believes that a task is still to be rescued does not open it again when
// it has ended.
func TestB11RescuedAfterItsEnd(t *testing.T) {
	t.Parallel()
	db, dead, alive := claimTwice(t)
	if err := finish(t.Context(), db, alive); err != nil {
		t.Fatal(err)
	}
	for _, late := range []store.Claim{dead, alive} {
		if err := db.ReleaseTask(t.Context(), late, 0, false); err != nil {
			t.Error(err)
		}
		if got := status(t, db, alive); got != cloud.TaskDone {
			t.Errorf("released after its end the task is %s", got)
		}
	}
	if claims, err := db.ClaimTasks(t.Context(), 1, 0); err != nil || len(claims) > 0 {
		t.Errorf("claimed again: %v, %v", claims, err)
	}
}

// B12: the end of an attempt that was given up does not end the newer one, and
// neither does its release.
func TestB12EndOfAnOlderAttempt(t *testing.T) {
	t.Parallel()
	db, dead, alive := claimTwice(t)
	if err := finish(t.Context(), db, dead); !errors.Is(err, store.ErrLeaseLost) {
		t.Errorf("the older attempt ends with %v, want %v", err, store.ErrLeaseLost)
	}
	if err := db.ReleaseTask(t.Context(), dead, 0, false); err != nil {
		t.Error(err)
	}
	if got := status(t, db, alive); got != cloud.TaskRunning {
		t.Errorf("the task is %s, want %s", got, cloud.TaskRunning)
	}
	if err := finish(t.Context(), db, alive); err != nil {
		t.Errorf("the newer attempt: %v", err)
	}
}

// Who has nothing to provision does not wake those who look for it.
func TestStepsAreToldOf(t *testing.T) {
	t.Parallel()
	for _, speed := range []float64{1, 0} {
		db := openDB(t, pgtest.New(t))
		caller := newAccount(t, db)
		idle, err := engine.New(config(t, db, func(c *engine.Config) {
			c.Speed = speed
			c.APIs[0].Operations[1] = engine.Task("deleteBox",
				func(ctx context.Context, tx *store.Tx, in struct {
					ID int64 `path:"boxId" json:"-"`
				},
				) (out engine.Outcome, err error) {
					if in.ID == 500 {
						store.SetStatus[box](tx, in.ID, cloud.StatusActive) // drops its steps
					}
					return out, err
				})
		}))
		if err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			name, operation, request string
			want                     bool
		}{
			{"steps, which at speed 0 are done at once", "createBox", `{"body":{"name":"a"}}`, speed > 0},
			{"nothing", "deleteBox", `{"path":{"boxId":"501"}}`, false},
			{"dropped steps", "deleteBox", `{"path":{"boxId":"500"}}`, true},
		} {
			_, err := db.Accept(t.Context(), []store.Acceptance{{
				ID: uuid.NewString(), Account: caller.Account, Operation: tt.operation, Command: "boxRequest",
				Request: []byte(tt.request),
			}})
			if err != nil {
				t.Fatal(err)
			}
			claims, err := db.ClaimTasks(t.Context(), 1, time.Minute)
			if err != nil || len(claims) != 1 {
				t.Fatalf("claimed %v, %v", claims, err)
			}
			if got, err := idle.Attempt(t.Context(), claims[0]); got != tt.want || err != nil {
				t.Errorf("at speed %v, %s: got %v, %v, want %v", speed, tt.name, got, err, tt.want)
			}
		}
	}
}
