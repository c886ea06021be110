// Package serve runs the real binary for what only a process can show: its flags
// and their twins in the environment, files, signals, exit statuses, and what
// becomes of the Postgres under it.
package serve

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// limit bounds everything that shall happen soon, on a busy machine.
const limit = 30 * time.Second

// subscriptionBody is apitest's: a subscription with one database.
func subscriptionBody(name string) any { return apitest.SubscriptionBody(name) }

// process is a run of the binary as a user would start it: nothing is added to
// its arguments.
type process struct {
	t              *testing.T
	cmd            *exec.Cmd
	stdout, stderr apitest.Output
	done           chan struct{}
}

// launch starts a program, by default the binary, in an environment without the
// developer's settings and with those of env. The end of the test stops it.
func launch(t *testing.T, env []string, args ...string) *process {
	t.Helper()
	return launchCmd(t, exec.Command(servetest.Binary(t), args...), env)
}

func launchCmd(t *testing.T, cmd *exec.Cmd, env []string) *process {
	t.Helper()
	p := &process{t: t, cmd: cmd, done: make(chan struct{})}
	inherited := slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, "UNDERSTUDY_") })
	cmd.Env = slices.Concat(inherited, env)
	cmd.Stdout, cmd.Stderr = &p.stdout, &p.stderr
	cmd.WaitDelay = time.Second // an orphan may hold the pipes
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		_ = cmd.Wait() // its status is read from ProcessState
		close(p.done)
	}()
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		p.wait()
		if t.Failed() {
			t.Logf("%s\nstdout:\n%s\nstderr:\n%s", cmd, &p.stdout, &p.stderr)
		}
	})
	return p
}

func (p *process) signal(sig syscall.Signal) { _ = p.cmd.Process.Signal(sig) } // it may have ended

// wait waits for the end and returns the exit status; -1 after a kill.
func (p *process) wait() int {
	p.t.Helper()
	select {
	case <-p.done:
	case <-time.After(limit):
		p.signal(syscall.SIGKILL)
		<-p.done
		p.t.Errorf("%s was still running after %v", p.cmd, limit)
	}
	return p.cmd.ProcessState.ExitCode()
}

// run runs the binary to its end.
func run(t *testing.T, env []string, args ...string) (status int, stdout, stderr string) {
	t.Helper()
	p := launch(t, env, args...)
	return p.wait(), p.stdout.String(), p.stderr.String()
}

// wantRefusal runs the binary, which must end with a status, exactly one line on
// standard error that holds what it says, and nothing else.
func wantRefusal(t *testing.T, status int, says []string, env []string, args ...string) {
	t.Helper()
	got, stdout, stderr := run(t, env, args...)
	wantLine(t, strings.Join(append(env, args...), " "), got, status, stdout, stderr, says)
}

func wantLine(t *testing.T, what string, got, status int, stdout, stderr string, says []string) {
	t.Helper()
	if got != status || stdout != "" || strings.Count(stderr, "\n") != 1 ||
		!strings.HasPrefix(stderr, "understudy: ") || !strings.HasSuffix(stderr, "\n") {
		t.Errorf("%s:\ngot status %d, stdout %q, stderr %q\nwant status %d and one line", what, got, stdout, stderr, status)
	}
	for _, part := range says {
		if !strings.Contains(stderr, part) {
			t.Errorf("%s: stderr %q does not say %q", what, stderr, part)
		}
	}
}

// readiness is the content of a ready file.
type readiness struct {
	URL, APIKey, APISecretKey string
	PID                       int
	Dialects                  map[string]string
}

// ready waits for the ready file.
func (p *process) ready(file string) (r readiness) {
	p.t.Helper()
	p.until("the ready file is there", func() bool {
		data, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			return false
		}
		if err := errors.Join(err, json.Unmarshal(data, &r)); err != nil {
			p.t.Fatalf("ready file %q: %v", data, err)
		}
		return true
	})
	return r
}

// until waits for a state that comes while the process runs.
func (p *process) until(what string, holds func() bool) {
	p.t.Helper()
	deadline := time.After(2 * limit)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !holds() {
		select {
		case <-tick.C:
		case <-p.done:
			p.t.Fatalf("ended before %s", what)
		case <-deadline:
			p.t.Fatalf("not so after %v: %s", 2*limit, what)
		}
	}
}

// ask sends a request with the keys and returns the answer.
func (r readiness) ask(t *testing.T, method, path string, body any) (status int, answer map[string]any) {
	t.Helper()
	var reader io.Reader
	if body != nil {
		data, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		reader = bytes.NewReader(data)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), limit)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, r.URL+path, reader)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", r.APIKey)
	req.Header.Set("X-Api-Secret-Key", r.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatalf("%s %s: %v", method, path, err)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	_ = json.Unmarshal(data, &answer) // nil where it is no object
	return res.StatusCode, answer
}

// postmaster is the process id of the private Postgres of a data directory; 0
// without one.
func postmaster(t *testing.T, dataDir string) int {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dataDir, "postgres", "postmaster.pid"))
	if errors.Is(err, os.ErrNotExist) {
		return 0
	}
	first, _, _ := strings.Cut(string(data), "\n")
	pid, convErr := strconv.Atoi(first)
	if err := errors.Join(err, convErr); err != nil {
		t.Fatal(err)
	}
	return pid
}

// wantGone fails unless no process has the id any more and the data directory is
// free.
func wantGone(t *testing.T, dataDir string, pid int) {
	t.Helper()
	if pid > 0 {
		if err := syscall.Kill(pid, 0); !errors.Is(err, syscall.ESRCH) {
			t.Errorf("Postgres runs on as process %d (%v)", pid, err)
		}
	}
	if now := postmaster(t, dataDir); now != 0 {
		t.Errorf("the pid file of Postgres is still there: %d", now)
	}
}
