package store_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type room struct{}

func (room) Kind() cloud.Kind { return cloud.Kind{Name: "room", FirstID: 1} }

// shelf is a resource of some members, in a room.
type shelf struct {
	shelfSize

	Labels []string          `json:"labels,omitempty"`
	Notes  map[string]string `json:"notes,omitempty"`
	Wood   string            `json:"wood,omitempty"`
}

type shelfSize struct {
	Width int64 `json:"width,omitempty"`
}

func (shelf) Kind() cloud.Kind { return cloud.Kind{Name: "shelf", Parent: "room", FirstID: 1} }

// seen is what is read of a shelf, of all that can be.
type seen struct {
	Name   string
	Width  int64    `json:"width"`
	Labels []string `json:"labels"`
	ID     int64
	Notes  map[string]string `json:"notes"`
	Status cloud.Status
	Parent int64
}

// A projection reads the fields that it has, in whatever order, and what a body goes without as zero.
func TestProjection(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	shelves := store.Project[shelf, seen]()
	full := shelf{shelfSize{120}, []string{"jam", "'honey'"}, map[string]string{"on": "loan"}, "oak"}
	err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
		store.Insert(tx, cloud.Resource[room]{ID: 9, Name: "cellar", Status: cloud.StatusActive})
		store.Insert(tx, cloud.Resource[room]{ID: 8, Name: "attic", Status: cloud.StatusActive})
		for id, r := range map[int64]cloud.Resource[shelf]{
			1: {Parent: 9, Name: "full", Status: cloud.StatusActive, Body: full},
			2: {Parent: 9, Name: "bare", Status: cloud.StatusPending},
			3: {Parent: 9, Name: "broken", Status: cloud.StatusDeleting},
			4: {Parent: 8, Name: "elsewhere", Status: cloud.StatusActive},
		} {
			r.ID = id
			store.Insert(tx, r)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	one := fmt.Sprint(seen{"full", 120, full.Labels, 1, full.Notes, cloud.StatusActive, 9})
	two := fmt.Sprint(seen{Name: "bare", ID: 2, Status: cloud.StatusPending, Parent: 9})
	three := fmt.Sprint(seen{Name: "broken", ID: 3, Status: cloud.StatusDeleting, Parent: 9})
	check := func(question string, got []seen, err error, want ...string) {
		var texts []string
		for _, s := range got {
			texts = append(texts, fmt.Sprint(s))
		}
		slices.Sort(texts)
		slices.Sort(want)
		if err != nil || !slices.Equal(texts, want) {
			t.Errorf("%s: %v, %v; want %v", question, texts, err, want)
		}
	}
	err = db.Read(t.Context(), caller, func(tx *store.Tx) error {
		found, err := shelves.Find(t.Context(), tx, []int64{3, 1, 77, 2})
		check("those with an id", found, err, one, two, three)
		none, err := shelves.Find(t.Context(), tx, nil)
		check("none", none, err)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// A projection that does not fit is found when it is made, which is when the program starts.
func TestProjectionMustFit(t *testing.T) {
	t.Parallel()
	for name, project := range map[string]func(){
		"of a member that the body does not have": func() {
			store.Project[shelf, struct {
				Depth int64 `json:"depth"`
			}]()
		},
		"to another type": func() {
			store.Project[shelf, struct {
				Width []int64 `json:"width"`
			}]()
		},
		"to a type that is not read": func() {
			store.Project[shelf, struct {
				Wood string `json:"wood"`
			}]()
		},
		"of a field that resources do not have": func() { store.Project[shelf, struct{ Colour string }]() },
		"of a field to another type":            func() { store.Project[shelf, struct{ ID string }]() },
		"of a field that it does not read":      func() { store.Project[shelf, struct{ Body shelf }]() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: it is made", name)
				}
			}()
			project()
		}()
	}
}
