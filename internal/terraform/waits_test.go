package terraform

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// What is a wait is a hundredth of itself afterwards; what is a limit, or computed, is left alone.
func TestShorten(t *testing.T) {
	t.Parallel()
	read := func(name string) []byte {
		text, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	got, places, err := source.Apply(read("waits.go.txt"), Shorten)
	if err != nil || places != 6 {
		t.Errorf("got %d places, %v, want 6", places, err)
	}
	if diff := cmp.Diff(string(read("waits_shortened.go.txt")), string(got)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}
