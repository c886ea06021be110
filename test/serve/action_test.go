package serve

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// job is a job of a CI system, with a directory and the files by which its steps tell each other something.
type job struct {
	t    *testing.T
	temp string
	env  []string
}

func newJob(t *testing.T, env ...string) *job {
	t.Helper()
	temp := pgtest.TempDir(t)
	j := &job{t: t, temp: temp, env: append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + temp, "RUNNER_TEMP=" + temp, "UNDERSTUDY_LISTEN=127.0.0.1:0",
		"UNDERSTUDY_DATABASE_URL=" + pgtest.New(t),
	}, env...)}
	for _, name := range []string{"GITHUB_ENV", "GITHUB_PATH", "GITHUB_OUTPUT"} {
		j.env = append(j.env, name+"="+filepath.Join(temp, name))
	}
	return j
}

// step runs the script of the action.
func (j *job) step(verb string) (out string, err error) {
	j.t.Helper()
	ctx := context.WithoutCancel(j.t.Context()) // the last step comes when the test is over
	cmd := exec.CommandContext(ctx, "../../scripts/action.sh", verb)
	cmd.Env = j.env
	text, err := cmd.CombinedOutput()
	return string(text), err
}

func (j *job) must(verb string) string {
	j.t.Helper()
	out, err := j.step(verb)
	if err != nil {
		j.t.Fatalf("%s: %v\n%s", verb, err, out)
	}
	return out
}

// read reads what steps have told each other.
func (j *job) read(name string) string {
	j.t.Helper()
	text, err := os.ReadFile(filepath.Join(j.temp, name))
	if err != nil {
		j.t.Fatal(err)
	}
	return string(text)
}

// release serves a release of a version whose program is the binary of the tests, altered after it was summed if so.
func release(t *testing.T, version string, altered bool) (url string) {
	t.Helper()
	program, err := os.ReadFile(servetest.Binary(t))
	if err != nil {
		t.Fatal(err)
	}
	name := fmt.Sprintf("understudy_%s_%s_%s", strings.TrimPrefix(version, "v"), runtime.GOOS, runtime.GOARCH)
	var archive bytes.Buffer
	zipped, _ := gzip.NewWriterLevel(&archive, gzip.NoCompression)
	files := tar.NewWriter(zipped)
	within := "understudy_" + strings.TrimPrefix(version, "v") + "/understudy"
	header := tar.Header{Name: within, Mode: 0o755, Size: int64(len(program))}
	if err := files.WriteHeader(&header); err != nil {
		t.Fatal(err)
	}
	if _, err := files.Write(program); err != nil {
		t.Fatal(err)
	}
	if err := files.Close(); err != nil {
		t.Fatal(err)
	}
	if err := zipped.Close(); err != nil {
		t.Fatal(err)
	}
	sums := fmt.Sprintf("%x  %s.tar.gz\n", sha256.Sum256(archive.Bytes()), name)
	if altered {
		archive.WriteString("more")
	}
	served := map[string][]byte{
		"/" + version + "/" + name + ".tar.gz": archive.Bytes(), "/" + version + "/checksums.txt": []byte(sums),
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if served[r.URL.Path] == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = w.Write(served[r.URL.Path])
	}))
	t.Cleanup(s.Close)
	return s.URL
}

// What the action does in a job: the further steps find the sandbox, a failure can show what was asked, and then it
// ends.
func TestAction(t *testing.T) {
	t.Parallel()
	const version = "v1.2.3"
	j := newJob(t, "ACTION_VERSION="+version, "ACTION_DOWNLOADS="+release(t, version, false), "UNDERSTUDY_SPEED=")
	t.Cleanup(func() { _, _ = j.step("stop") }) // also where the test has failed before
	out := j.must("start")
	values := map[string]string{}
	for line := range strings.Lines(j.read("GITHUB_ENV")) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		values[name] = value
	}
	for _, name := range []string{"REDISCLOUD_ACCESS_KEY", "REDISCLOUD_SECRET_KEY", "HUAWEICLOUD_SDK_SK"} {
		if values[name] == "" || !strings.Contains(out, "::add-mask::"+values[name]+"\n") {
			t.Errorf("%s is %q, and the job was told:\n%s", name, values[name], out)
		}
	}
	r := readiness{
		URL: values["REDISCLOUD_URL"], APIKey: values["REDISCLOUD_ACCESS_KEY"], APISecretKey: values["REDISCLOUD_SECRET_KEY"],
	}
	if status, answer := r.ask(t, http.MethodGet, "/subscriptions/4711", nil); status != http.StatusNotFound {
		t.Errorf("got %d %v, want 404", status, answer)
	}
	for _, want := range []string{"url=" + r.URL + "\n", "dashboard=http"} {
		if got := j.read("GITHUB_OUTPUT"); !strings.Contains(got, want) {
			t.Errorf("the outputs are %q, want %s", got, want)
		}
	}
	command := exec.CommandContext(t.Context(), filepath.Join(strings.TrimSpace(j.read("GITHUB_PATH")), "understudy"),
		"account", "list")
	command.Env = []string{"UNDERSTUDY_DATA_DIR=" + values["UNDERSTUDY_DATA_DIR"]}
	if out, err := command.CombinedOutput(); err != nil || !strings.Contains(string(out), "Demo") {
		t.Errorf("a command in a further step: %v\n%s", err, out)
	}
	if out := j.must("journal"); !strings.Contains(out, "/v1/subscriptions/4711") {
		t.Errorf("the journal is\n%s", out)
	}
	j.must("stop")
	if conn, err := net.Dial("tcp", strings.TrimSuffix(strings.TrimPrefix(r.URL, "http://"), "/v1")); err == nil {
		_ = conn.Close()
		t.Error("the sandbox still listens")
	}
	if out, err := j.step("stop"); err == nil {
		t.Errorf("a second stop: %s", out)
	}
}

// Elsewhere than at GitHub the variables are in a file for the shell.
func TestActionInAnotherCI(t *testing.T) {
	t.Parallel()
	j := newJob(t, "ACTION_BINARY="+servetest.Binary(t))
	j.env = slices.DeleteFunc(j.env, func(pair string) bool { return strings.HasPrefix(pair, "GITHUB_") })
	t.Cleanup(func() { _, _ = j.step("stop") }) // what the test is about is over
	j.must("start")
	script := `. "$RUNNER_TEMP/understudy/env.sh"; understudy account list; echo "$REDISCLOUD_URL"`
	cmd := exec.CommandContext(t.Context(), "sh", "-euc", script)
	cmd.Env = j.env
	if out, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(out), "Demo") ||
		!strings.Contains(string(out), "http://127.0.0.1:") {
		t.Errorf("got %v\n%s", err, out)
	}
}

// without is a path with what the script calls before it looks for Go.
func without(t *testing.T) (path string) {
	t.Helper()
	path = t.TempDir()
	for _, name := range []string{"dirname", "grep", "mkdir"} {
		file, err := exec.LookPath(name)
		if err == nil {
			err = os.Symlink(file, filepath.Join(path, name))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// What is wrong is an error of the job, with its reason.
func TestActionThatFails(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		env  []string
		says string
	}{
		"altered":   {[]string{"ACTION_VERSION=v1.2.3", "ACTION_DOWNLOADS=" + release(t, "v1.2.3", true)}, "checksums.txt"},
		"missing":   {[]string{"ACTION_VERSION=v1.2.4", "ACTION_DOWNLOADS=" + release(t, "v1.2.3", false)}, "v1.2.4"},
		"bad input": {[]string{"ACTION_BINARY=" + servetest.Binary(t), "UNDERSTUDY_SPEED=fast"}, "fast"},
		"no Go":     {[]string{"ACTION_VERSION=main", "PATH=" + without(t)}, "setup-go"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out, err := newJob(t, test.env...).step("start")
			if err == nil || !strings.Contains(out, "::error::") || !strings.Contains(out, test.says) {
				t.Errorf("got %v, want an error that says %q:\n%s", err, test.says, out)
			}
		})
	}
	if out, err := newJob(t).step("nonsense"); err == nil || !strings.Contains(out, "usage:") {
		t.Errorf("got %v %s", err, out)
	}
}
