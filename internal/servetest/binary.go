package servetest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// module is the module whose cmd/understudy is built, wherever the test that asks lives.
const module = "github.com/understudy-dev/understudy"

// builds remembers the build of each set of tags, because one per test process is enough: tags -> func() (string, error).
var builds sync.Map

// Binary returns the path of the understudy binary built with the given tags: $UNDERSTUDY_BINARY when that is set,
// else a build of the module's source, made once per test process. The file lies beside the test executable, which
// `go test` removes together with its directory.
func Binary(tb testing.TB, tags ...string) string {
	tb.Helper()
	if path := os.Getenv("UNDERSTUDY_BINARY"); path != "" {
		return path
	}
	key := strings.Join(tags, ",")
	once, _ := builds.LoadOrStore(key, sync.OnceValues(func() (string, error) { return build(key) }))
	path, err := once.(func() (string, error))()
	if err != nil {
		tb.Fatal(err)
	}
	return path
}

// build compiles cmd/understudy with a comma-separated list of tags.
func build(tags string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("locate the test executable: %w", err)
	}
	// Asking go for the module's directory also works from the modules under test/, which replace it by this checkout.
	root, err := run("go", "list", "-m", "-f", "{{.Dir}}", module)
	if err != nil {
		return "", err
	}
	name := "understudy.test"
	if tags != "" {
		name = "understudy-" + strings.ReplaceAll(tags, ",", "-") + ".test"
	}
	path := filepath.Join(filepath.Dir(self), name)
	if _, err := run("go", "build", "-C", root, "-tags", tags, "-o", path, "./cmd/understudy"); err != nil {
		return "", err
	}
	return path, nil
}

// run returns the trimmed standard output of a command; the error carries what it said on standard error.
func run(name string, args ...string) (string, error) {
	var stderr bytes.Buffer
	cmd := exec.Command(name, args...)
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s: %w\n%s", cmd, err, &stderr)
	}
	return strings.TrimSpace(string(out)), nil
}
