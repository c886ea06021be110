package mcp

import (
	"testing"

	_ "github.com/understudy-dev/understudy/internal/server" // what serve is made of: go repeats no result for another one
	"github.com/understudy-dev/understudy/internal/servetest"
)

// TestMain holds a whole run to the list of operations that this client is known to carry out.
func TestMain(m *testing.M) { servetest.Recorded(m, "testdata/operations.txt") }
