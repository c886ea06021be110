package store_test

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// booth is a resource with a port, in a room.
type booth struct {
	Port int64 `json:"port,omitempty"`
}

func (booth) Kind() cloud.Kind { return cloud.Kind{Name: "booth", Parent: "room", FirstID: 1} }

// furnish gives rooms booths.
func furnish(t *testing.T, db *store.DB, caller cloud.Caller, booths map[int64][]cloud.Resource[booth]) {
	t.Helper()
	err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
		for id, all := range booths {
			store.Insert(tx, cloud.Resource[room]{ID: id, Name: "room", Status: cloud.StatusActive})
			for _, b := range all {
				id, err := store.NextID[booth](t.Context(), tx)
				if err != nil {
					return err
				}
				b.ID = id
				store.Insert(tx, b)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func beside(t *testing.T, db *store.DB, caller cloud.Caller, room int64, w store.Wanted) (s store.Siblings) {
	t.Helper()
	err := db.Read(t.Context(), caller, func(tx *store.Tx) (err error) {
		s, err = store.Beside[booth](t.Context(), tx, room, w)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// What is said of the others is what a look at all of them says.
func TestBesideSaysWhatTheOthersHave(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	random := rand.New(rand.NewPCG(1, 2))
	booths := map[int64][]cloud.Resource[booth]{1000: nil}
	const ports = 20
	for _, room := range []int64{1001, 1002, 1003} {
		for n := range int64(ports) {
			b := cloud.Resource[booth]{
				Parent: room, Name: fmt.Sprint("b", random.IntN(30)), Status: cloud.StatusActive, Body: booth{100 + n},
			}
			switch {
			case room == 1001 && n%4 == 0, room == 1002 && n == 7: // gaps
				continue
			case random.IntN(4) == 0 && room != 1003:
				b.Status = cloud.StatusDeleting
			}
			booths[room] = append(booths[room], b)
		}
	}
	furnish(t, db, caller, booths)
	for room, all := range booths {
		for try := range 40 {
			w := store.Wanted{
				Except: cloud.StatusDeleting, Name: fmt.Sprint("b", random.IntN(35)), From: 100 + random.Int64N(ports),
				First: 100, Last: 100 + ports - 1, Most: random.IntN(ports),
			}
			if try%3 == 0 { // one port alone
				w.First, w.Last = w.From, w.From
			}
			var want store.Siblings
			taken := map[int64]bool{}
			for _, b := range all {
				if b.Status != cloud.StatusDeleting {
					want.Named = want.Named || b.Name == w.Name
					want.Count = min(want.Count+1, w.Most)
					taken[b.Body.Port] = true
				}
			}
			for i, n := int64(0), w.Last-w.First+1; i < n && want.Port == 0; i++ {
				if port := w.First + (w.From-w.First+i)%n; !taken[port] {
					want.Port = port
				}
			}
			if got := beside(t, db, caller, room, w); got != want {
				t.Errorf("room %d, %+v: got %+v, want %+v", room, w, got, want)
			}
		}
	}
}

// blocks is how much of the database a question looks at.
//
// It asks three times, of which the least counts: when Postgres has just analysed a table by itself, whoever asks next
// plans anew, which is a look into the catalog.
func blocks(t *testing.T, db *store.DB, caller cloud.Caller, ask func(context.Context, *store.Tx) error) int64 {
	t.Helper()
	least := int64(math.MaxInt64)
	for range 3 {
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			before, err := tx.Blocks(t.Context())
			if err != nil {
				return err
			}
			if err := ask(t.Context(), tx); err != nil {
				return err
			}
			after, err := tx.Blocks(t.Context())
			least = min(least, after-before)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return least
}

// What one more has to know of the others costs the same, however many there are and whatever the statistics say.
func TestBesideLooksAtFew(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	var many []cloud.Resource[booth]
	for n := range int64(1000) {
		many = append(many, cloud.Resource[booth]{
			Parent: 1001, Name: fmt.Sprint("b", n), Status: cloud.StatusActive, Body: booth{10_000 + n*3},
		})
	}
	furnish(t, db, caller, map[int64][]cloud.Resource[booth]{1000: nil, 1001: many})
	ask := func(room int64) func(context.Context, *store.Tx) error {
		return func(ctx context.Context, tx *store.Tx) error {
			s, err := store.Beside[booth](ctx, tx, room, store.Wanted{
				Except: cloud.StatusDeleting, Name: "b7000", From: 10_300, First: 10_000, Last: 19_999, Most: 10,
			})
			if s.Named || room == 1001 && s.Port != 10_301 {
				t.Errorf("in room %d it is %+v", room, s)
			}
			return err
		}
	}
	for _, when := range []string{"without statistics", "with statistics"} {
		alone, crowd := blocks(t, db, caller, ask(1000)), blocks(t, db, caller, ask(1001))
		if crowd > alone+25 {
			t.Errorf("%s: among 1,000 it looks at %d blocks, and alone at %d", when, crowd, alone)
		}
		if err := db.Analyze(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

// A resource is found by its name alone, however many there are.
func TestNamedLooksAtFew(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	fill := func(from, to int64) {
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			for id := from; id < to; id++ {
				status := cloud.StatusActive
				if id%2 == 1 {
					status = cloud.StatusDeleting
				}
				store.Insert(tx, cloud.Resource[room]{ID: id, Name: fmt.Sprint("r", id/4), Status: status})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := func(ctx context.Context, tx *store.Tx) error {
		r, ok, err := store.Named[room](ctx, tx, "r1", cloud.StatusDeleting)
		if r.ID != 4 || !ok {
			t.Errorf("got %+v, %v", r, ok)
		}
		if none, ok, err := store.Named[room](ctx, tx, "r", cloud.StatusDeleting); ok || err != nil {
			t.Errorf("got %+v, %v", none, err)
		}
		return err
	}
	fill(4, 8)
	alone := blocks(t, db, caller, ask)
	fill(8, 1000)
	if crowd := blocks(t, db, caller, ask); crowd > alone+10 {
		t.Errorf("among 1,000 it looks at %d blocks, and alone at %d", crowd, alone)
	}
}

// So it does where that was planned while there were few.
func TestBesideIsPlannedForMany(t *testing.T) {
	t.Parallel()
	db, err := store.Open(t.Context(), pgtest.New(t), 1) // one session, which keeps its plans
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	account, err := db.CreateAccount(t.Context(), cloud.Account{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	caller := cloud.Caller{Account: account}
	fill := func(from, to int64) {
		t.Helper()
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			for n := from; n < to; n++ {
				store.Insert(tx, cloud.Resource[booth]{
					ID: n, Parent: 1000, Name: fmt.Sprint("b", n), Status: cloud.StatusActive, Body: booth{10_000 + n},
				})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	ask := func(ctx context.Context, tx *store.Tx) error {
		_, err := store.Beside[booth](ctx, tx, 1000, store.Wanted{
			Except: cloud.StatusDeleting, Name: "another", From: 15_000, First: 10_000, Last: 19_999, Most: 10,
		})
		return err
	}
	rooms := map[int64][]cloud.Resource[booth]{}
	for id := range int64(100) {
		rooms[1000+id] = nil
	}
	furnish(t, db, caller, rooms)
	fill(0, 1)
	if err := db.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := blocks(t, db, caller, ask)
	fill(1, 3000)
	// Each of the ten that it counts may be in a block of its own, and the three indexes are deeper.
	if last := blocks(t, db, caller, ask); last > first+40 {
		t.Errorf("among 3,000 it looks at %d blocks, and beside one at %d", last, first)
	}
}
