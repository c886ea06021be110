package store_test

import (
	"encoding/json"
	"errors"
	"math"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// jar is a resource that JSON cannot always say.
type jar struct {
	Held any `json:"held"`
}

func (jar) Kind() cloud.Kind { return cloud.Kind{Name: "jar", FirstID: 1} }

// newAccount opens a database and creates an account in it.
func newAccount(t *testing.T) (*store.DB, cloud.Caller) {
	t.Helper()
	db, err := store.Open(t.Context(), pgtest.New(t), 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	account, err := db.CreateAccount(t.Context(), cloud.Account{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	return db, cloud.Caller{Account: account}
}

// jars reads what is committed.
func jars(t *testing.T, db *store.DB, caller cloud.Caller) (all []cloud.Resource[jar]) {
	t.Helper()
	err := db.Read(t.Context(), caller, func(tx *store.Tx) (err error) {
		all, err = store.All[jar](t.Context(), tx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

// The first error of a write is returned by every question after it and by the commit, whatever is written besides and
// though the function that ran says nothing of it. Nothing is committed.
func TestWriteErrorIsKept(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	insert := func(tx *store.Tx, id int64, held any) {
		store.Insert(tx, cloud.Resource[jar]{ID: id, Status: cloud.StatusActive, Body: jar{held}})
	}
	isValue := func(err error) bool { _, ok := errors.AsType[*json.UnsupportedValueError](err); return ok }
	cases := map[string]struct {
		write func(*store.Tx)
		is    func(error) bool
	}{
		"Insert cannot encode": {func(tx *store.Tx) { insert(tx, 2, math.NaN()) }, isValue},
		"two cannot": {
			func(tx *store.Tx) {
				insert(tx, 2, math.NaN())
				insert(tx, 3, func() {}) // which is an error of another type
			},
			isValue,
		},
		"Update cannot encode": {
			func(tx *store.Tx) { store.Update(tx, cloud.Resource[jar]{ID: 1, Body: jar{math.Inf(1)}}) },
			isValue,
		},
		"Finish cannot encode": {
			func(tx *store.Tx) {
				c := store.Claim{Task: cloud.Task{ID: uuid.NewString()}}
				tx.Finish(c, cloud.TaskDone, cloud.TaskResponse{Resource: json.RawMessage(`{`)})
			},
			func(err error) bool { _, ok := errors.AsType[*json.MarshalerError](err); return ok },
		},
		"Postgres refuses": {
			func(tx *store.Tx) { insert(tx, 1, "of an id that is taken") },
			func(err error) bool {
				pgErr, ok := errors.AsType[*pgconn.PgError](err)
				return ok && pgErr.Code == "23505"
			},
		},
	}
	for name, c := range cases {
		for _, questions := range []int{0, 1, 2} {
			err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
				insert(tx, 1, "sent before")
				if _, ok, err := store.Get[jar](t.Context(), tx, 1); err != nil || !ok {
					t.Errorf("%s: before it the question is answered %v, %v", name, ok, err)
				}
				c.write(tx)
				for range questions {
					if _, err := store.All[jar](t.Context(), tx); !c.is(err) {
						t.Errorf("%s: a question is answered %v", name, err)
					}
				}
				insert(tx, 4, "written after")
				return nil
			})
			if !c.is(err) {
				t.Errorf("%s, and %d questions after it: the commit returns %v", name, questions, err)
			}
			if left := jars(t, db, caller); len(left) > 0 {
				t.Errorf("%s, and %d questions after it: committed are %v", name, questions, left)
			}
		}
	}
}

// What is written is what a value was when it was handed over, whatever becomes of it before it is sent.
func TestWriteIsOfItsTime(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
		held := map[string]string{"at": "first"}
		store.Insert(tx, cloud.Resource[jar]{ID: 1, Status: cloud.StatusActive, Body: jar{held}})
		held["at"] = "last"
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := jars(t, db, caller)[0].Body.Held.(map[string]any)["at"]; got != "first" {
		t.Errorf("committed is %v", got)
	}
}
