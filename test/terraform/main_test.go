package terraform

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// TestMain holds a whole run to the list of operations that the provider is known to carry out.
func TestMain(m *testing.M) { servetest.Recorded(m, "testdata/operations.txt") }
