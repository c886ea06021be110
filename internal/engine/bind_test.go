package engine

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"

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

// One function is enough for twins of which one has a parameter more, and their
// parameters may be those of an embedded struct.
func TestOptionalPathParameter(t *testing.T) {
	t.Parallel()
	in := inputOf[placedBox]()
	if len(in.faults) > 0 || !cmp.Equal(in.body, []string{"name"}) {
		t.Errorf("got body %v, faults %v, want the name only", in.body, in.faults)
	}
	floor := int64(2)
	for _, tt := range []struct {
		path map[string]string
		read []string
		want placedBox
	}{
		{map[string]string{"roomId": "7"}, []string{"roomId"}, placedBox{shelf{Room: 7}, "a"}},
		{map[string]string{"roomId": "7", "floorId": "2"}, []string{"floorId", "roomId"}, placedBox{shelf{7, &floor}, "a"}},
	} {
		if got := in.pathOf(keysOf(tt.path)); !cmp.Equal(got, tt.read) {
			t.Errorf("%v: reads %v, want %v", tt.path, got, tt.read)
		}
		got, err := in.decode(Request{Path: tt.path, Body: []byte(`{"name": "a"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&tt.want, got, cmp.AllowUnexported(placedBox{})); diff != "" {
			t.Errorf("%v: want (-), got (+):\n%s", tt.path, diff)
		}
	}
	if _, err := in.decode(Request{Path: map[string]string{"floorId": "2"}}); err == nil {
		t.Error("a request without a parameter that is not optional was decoded")
	}
}

func keysOf(m map[string]string) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	return names
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
	in, err := op.input.decode(Request{Path: map[string]string{"roomId": "7"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := op.find(t.Context(), nil, in); err != nil || found != 7 || len(op.input.faults) > 0 {
		t.Errorf("got room %d, error %v, faults %v, want room 7", found, err, op.input.faults)
	}
	if op := FoundBy(show, func(context.Context, *store.Tx, placedBox) error { return nil }); len(op.input.faults) == 0 {
		t.Error("an operation is found by another input than it is shown by")
	}
}
