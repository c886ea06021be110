package campaign

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestReadSaid(t *testing.T) {
	t.Parallel()
	const planned = `{"type":"planned_change","change":{"resource":{"addr":"a.b"},"action":"update"}}`
	const warned = `{"type":"diagnostic","diagnostic":{"severity":"warning","summary":"Overrides","detail":"in effect"}}`
	const failed = `{"type":"diagnostic","diagnostic":{"severity":"error","summary":"503 - {\n  \"status\": 503\n}",` +
		`"detail":"","address":"a.b"}}`
	const crashed = `{"type":"diagnostic","diagnostic":{"severity":"error","summary":"Plugin did not respond",` +
		`"detail":"The plugin encountered an error.","address":"a.b"}}`
	for name, tt := range map[string]struct {
		stdout, stderr string
		want           said
	}{
		"a plan":               {planned + "\n" + warned + "\n", "", said{changes: []string{"a.b: update"}}},
		"what is no message":   {"[DEBUG] something\n" + planned + "\n7\n", "", said{changes: []string{"a.b: update"}}},
		"an error in one line": {failed + "\n", "", said{errors: []string{`a.b: 503 - { "status": 503 }`}}},
		"a crash": {
			crashed + "\n", "panic: runtime error\n", said{
				errors: []string{"a.b: Plugin did not respond: The plugin encountered an error."}, crashed: true,
			},
		},
		"an error without a message": {"", "no\n\nconfiguration", said{errors: []string{"no configuration"}}},
		"a long error":               {"", strings.Repeat("ü", 999), said{errors: []string{strings.Repeat("ü", 300) + "…"}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := readSaid([]byte(tt.stdout), []byte(tt.stderr))
			if diff := cmp.Diff(tt.want, got, cmp.AllowUnexported(said{})); diff != "" {
				t.Errorf("want (-), got (+):\n%s", diff)
			}
		})
	}
}

// Resources are found wherever they are; what is only read is nobody's.
func TestIDsOfState(t *testing.T) {
	t.Parallel()
	got, err := idsOfState([]byte(`{"values": {"root_module": {
		"resources": [
			{"mode": "managed", "values": {"id": "100001"}},
			{"mode": "data", "values": {"id": "24681"}},
			{"mode": "managed", "values": {"bucket": "no id"}}],
		"child_modules": [{"child_modules": [{"resources": [
			{"mode": "managed", "values": {"id": "100001/51000003"}}]}]}]}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if ids := slices.Sorted(maps.Keys(got)); !slices.Equal(ids, []string{"100001", "51000003"}) {
		t.Errorf("got %v", ids)
	}
	if empty, err := idsOfState([]byte(`{"format_version": "1.0"}`)); err != nil || len(empty) > 0 {
		t.Errorf("an empty state: %v, %v", empty, err)
	}
}
