package binding

import (
	"testing"

	"github.com/google/go-cmp/cmp"
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
	in := Of[placedBox]()
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
		got, err := in.Decode(Request{Path: tt.path, Body: []byte(`{"name": "a"}`)})
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&tt.want, got, cmp.AllowUnexported(placedBox{})); diff != "" {
			t.Errorf("%v: want (-), got (+):\n%s", tt.path, diff)
		}
	}
	if _, err := in.Decode(Request{Path: map[string]string{"floorId": "2"}}); err == nil {
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

// What Encode makes of a value is what Decode makes that value of.
func TestEncodeIsTheWayBack(t *testing.T) {
	t.Parallel()
	type input struct {
		placedBox
		Most int    `query:"most" json:"-"`
		Sort string `query:"sort" json:"-"`
	}
	in := Of[input]()
	floor := int64(-2)
	for _, want := range []input{
		{placedBox: placedBox{shelf{7, &floor}, "a"}, Most: 3, Sort: "x y"},
		{placedBox: placedBox{shelf: shelf{Room: 0}}},
	} {
		req, err := in.Encode(want)
		if err != nil {
			t.Fatal(err)
		}
		got, err := in.Decode(req)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, cmp.AllowUnexported(input{}, placedBox{})); diff != "" {
			t.Errorf("want (-), got (+):\n%s", diff)
		}
	}
}
