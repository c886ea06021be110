package nearest_test

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/nearest"
)

func TestOf(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		wrong string
		names []string
		want  string
		edits int
	}{
		{"flaky-5x", []string{"rate-429", "flaky-5xx"}, "flaky-5xx", 1},
		{"GETTASK", []string{"getTasks", "getTask"}, "getTask", 0},
		{"ab", []string{"ax", "xb"}, "ax", 1},
		{"", []string{"abc"}, "abc", 3},
		{"abc", nil, "", 0},
	} {
		if got, edits := nearest.Of(tt.wrong, tt.names); got != tt.want || edits != tt.edits {
			t.Errorf("%q among %q: got %q, %d edits, want %q, %d", tt.wrong, tt.names, got, edits, tt.want, tt.edits)
		}
	}
}
