package engine

import (
	"context"
	"testing"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/store"
)

type shelf struct {
	Room  int64  `path:"roomId" json:"-"`
	Floor *int64 `path:"floorId,optional" json:"-"`
}

type placedBox struct {
	shelf
	Name string `json:"name"`
}

// What is only looked for is not shown, and both take the same input.
func TestFoundBy(t *testing.T) {
	t.Parallel()
	show := Answer("show", func(context.Context, *store.Tx, shelf) (struct{}, error) { panic("it is shown") })
	var found int64
	op := FoundBy(show, func(_ context.Context, _ *store.Tx, in shelf) error {
		found = in.Room
		return nil
	})
	in, err := op.input.Decode(binding.Request{Path: map[string]string{"roomId": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := op.find(t.Context(), nil, in); err != nil || found != 7 || len(op.faults) > 0 {
		t.Errorf("got room %d, error %v, faults %v, want room 7", found, err, op.faults)
	}
	if op := FoundBy(show, func(context.Context, *store.Tx, placedBox) error { return nil }); len(op.faults) == 0 {
		t.Error("an operation is found by another input than it is shown by")
	}
}
