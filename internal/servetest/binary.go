package servetest

import (
	"bytes"
	"encoding/json"
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

// builds remembers the build of each set of tags, because one per test process is enough: tags -> func() (string,
// error).
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

// Changed returns the path of a binary built of the module's source with one file of it changed. Nothing of that is
// kept: the change is an overlay of the build.
func Changed(tb testing.TB, file string, change func(source string) string) string {
	tb.Helper()
	root, err := root()
	if err != nil {
		tb.Fatal(err)
	}
	file = filepath.Join(root, file)
	source, err := os.ReadFile(file)
	if err != nil {
		tb.Fatal(err)
	}
	changed := change(string(source))
	if changed == string(source) {
		tb.Fatalf("nothing of %s is changed", file)
	}
	dir := tb.TempDir()
	replacement, overlay, binary := filepath.Join(dir, "changed.go"), filepath.Join(dir, "overlay.json"),
		filepath.Join(dir, "understudy")
	list, err := json.Marshal(map[string]any{"Replace": map[string]string{file: replacement}})
	if err != nil {
		tb.Fatal(err)
	}
	for path, text := range map[string][]byte{replacement: []byte(changed), overlay: list} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			tb.Fatal(err)
		}
	}
	if err := compile(root, binary, "-overlay", overlay); err != nil {
		tb.Fatal(err)
	}
	return binary
}

// build compiles cmd/understudy with a comma-separated list of tags.
func build(tags string) (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", fmt.Errorf("locate the test executable: %w", err)
	}
	root, err := root()
	if err != nil {
		return "", err
	}
	name := "understudy.test"
	if tags != "" {
		name = "understudy-" + strings.ReplaceAll(tags, ",", "-") + ".test"
	}
	path := filepath.Join(filepath.Dir(self), name)
	if err := compile(root, path, "-tags", tags); err != nil {
		return "", err
	}
	return path, openSources(root)
}

// openSources opens the files that the binary is built of. go test sees which files a test opens, and runs it again
// when one has changed; without this it would know of no more of the server than the test itself is linked with.
func openSources(root string) error {
	const files = `{{$dir := .Dir}}{{with .Module}}{{if .Main}}{{range $.GoFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}` +
		`{{range $.EmbedFiles}}{{$dir}}/{{.}}{{"\n"}}{{end}}{{end}}{{end}}`
	list, err := run("go", "list", "-C", root, "-deps", "-f", files, "./cmd/understudy")
	if err != nil {
		return err
	}
	for _, name := range append(strings.Split(list, "\n"), filepath.Join(root, "go.mod")) {
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		_ = file.Close() // nothing is read
	}
	return nil
}

// root returns the module's directory. Asking go also works from the modules under test/, which replace it by this
// checkout.
func root() (string, error) { return run("go", "list", "-m", "-f", "{{.Dir}}", module) }

// compile builds cmd/understudy of the checkout at root. It does not ask git, which refuses to tell of a checkout that
// another user owns, as one mounted into a container is.
func compile(root, path string, flags ...string) error {
	args := append([]string{"build", "-C", root, "-buildvcs=false", "-o", path}, flags...)
	_, err := run("go", append(args, "./cmd/understudy")...)
	return err
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
