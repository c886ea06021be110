package sdk

import (
	"os"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What docs/start.md shows is a file of this package, so it runs.
func TestStartPage(t *testing.T) {
	t.Parallel()
	const name = "start_test.go"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if shown := servetest.ReadPage(t, "../../docs/start.md").Files[name]; shown != string(text) {
		t.Errorf("docs/start.md shows another %s:\n%s", name, shown)
	}
}
