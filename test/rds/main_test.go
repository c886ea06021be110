package rds

import (
	"os"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// TestMain holds the suite to its list of operations. Started by one of the tests, the process is a user's program.
func TestMain(m *testing.M) {
	if os.Getenv(programVariable) != "" {
		program()
		return
	}
	servetest.Recorded(m, "testdata/operations.txt")
}
