// Package servetest runs the real `understudy serve` for a test: it builds the binary, starts it on a port of its own
// with a data directory of its own, and stops it when the test ends. It is for what only a process can show: flags,
// signals, kill -9, official clients. Everything else is quicker with apitest.
package servetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

const (
	startTimeout = 3 * time.Minute // a cold start with initdb on a busy machine
	stopTimeout  = 30 * time.Second
	waitTimeout  = 60 * time.Second // for an end that comes by itself
	logTail      = 16 << 10         // bytes of the log shown when a test fails
)

// Options says how a server is started. The zero value is the default sandbox on its private Postgres.
type Options struct {
	Dir  string   // data directory; empty: a fresh one, removed at the end
	Args []string // further arguments of `understudy serve`
	Env  []string // further environment of the first run, "NAME=value"; the developer's UNDERSTUDY_… are not passed on
	Tags []string // build tags of the binary
	// Binary is another program than that of this source; empty: it is not.
	Binary string
}

// Server is a started `understudy serve`. Requests may be sent from any goroutine, also while another one kills and
// restarts it; the fields change with Restart.
type Server struct {
	URL       string // where the API answers, with /v1
	APIKey    string // of the demo account
	SecretKey string
	PID       int
	Dir       string // data directory

	tb      testing.TB
	opts    Options
	binary  string
	home    string // log and ready file, and the data directory unless one was given
	ready   atomic.Pointer[readiness]
	process *process // nil: stopped
}

// readiness is what the server writes into its ready file.
type readiness struct {
	URL       string `json:"url"`
	APIKey    string `json:"apiKey"`
	SecretKey string `json:"apiSecretKey"`
	PID       int    `json:"pid"`
}

// process is one run of the binary. err is its end, readable once done is closed.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
	err  error
}

// Start starts a server and waits until it is ready. The end of the test stops it and fails when it does not stop
// cleanly; when the test has failed, the end of the server's log is shown.
func Start(tb testing.TB, opts Options) *Server {
	tb.Helper()
	binary := opts.Binary
	if binary == "" {
		binary = Binary(tb, opts.Tags...)
	}
	// Not tb.TempDir: its path is long and, to the user Postgres runs as, closed.
	home, err := os.MkdirTemp("", "understudy-")
	if err != nil {
		tb.Fatal(err)
	}
	s := &Server{tb: tb, opts: opts, binary: binary, home: home, Dir: opts.Dir}
	tb.Cleanup(s.cleanup)
	if err := os.Chmod(home, 0o755); err != nil {
		tb.Fatal(err)
	}
	if s.Dir == "" {
		s.Dir = filepath.Join(home, "data")
	}
	s.start(opts.Env)
	return s
}

// Kill ends the server with SIGKILL, as a crash would, and waits until it is gone.
func (s *Server) Kill() {
	s.tb.Helper()
	_ = s.end(syscall.SIGKILL) // an end by a signal is what was asked for
}

// Stop ends the server with SIGTERM and fails the test unless it exits with status 0.
func (s *Server) Stop() {
	s.tb.Helper()
	if err := s.end(syscall.SIGTERM); err != nil {
		s.tb.Errorf("understudy serve stopped with SIGTERM: %v", err)
	}
}

// Wait waits until the server ends by itself, as it does at a crash point, and returns how it ended: nil for exit
// status 0, else an *exec.ExitError. It fails the test when the server goes on.
func (s *Server) Wait() error {
	s.tb.Helper()
	p := s.process
	select {
	case <-p.done:
		s.process = nil
		return p.err
	case <-time.After(waitTimeout):
		s.tb.Fatalf("understudy serve still runs after %v", waitTimeout)
		return nil
	}
}

// Restart starts the server again on the same data, on a new port, with this further environment and not that of the
// options; one that still runs is stopped first. No other goroutine may read the fields meanwhile.
func (s *Server) Restart(env ...string) {
	s.tb.Helper()
	if s.process != nil {
		s.Stop()
	}
	s.start(env)
}

// Replace stops the server and starts that of another program on the same data. Restart says more.
func (s *Server) Replace(binary string) {
	s.tb.Helper()
	s.binary = binary
	s.Restart()
}

// Log returns what the server has logged so far, over all its runs.
func (s *Server) Log() string {
	s.tb.Helper()
	text, err := os.ReadFile(filepath.Join(s.home, "log"))
	if err != nil {
		s.tb.Error(err)
	}
	return string(text)
}

// start runs the binary and waits for its ready file.
func (s *Server) start(env []string) {
	s.tb.Helper()
	file := filepath.Join(s.home, "ready.json")
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		s.tb.Fatal(err)
	}
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", s.Dir, "--ready-file", file}
	process, err := spawn(s.binary, append(args, s.opts.Args...), environ(os.Environ(), env), filepath.Join(s.home, "log"))
	if err != nil {
		s.tb.Fatal(err)
	}
	s.process = process

	deadline := time.After(startTimeout)
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-process.done:
			s.process = nil
			s.tb.Fatalf("understudy serve ended before it was ready: %v", process.err)
		case <-deadline:
			s.tb.Fatalf("understudy serve is not ready after %v", startTimeout)
		case <-tick.C:
		}
		text, err := os.ReadFile(file)
		if errors.Is(err, os.ErrNotExist) {
			continue
		}
		var ready readiness
		if err := errors.Join(err, json.Unmarshal(text, &ready)); err != nil {
			s.tb.Fatalf("read the ready file %q: %v", text, err) // it is written atomically: half a file is a bug
		}
		s.ready.Store(&ready)
		s.URL, s.APIKey, s.SecretKey, s.PID = ready.URL, ready.APIKey, ready.SecretKey, ready.PID
		return
	}
}

// end signals the server and waits for its exit; the error is that of the process. One that ignores the signal is
// asked for its goroutines and killed.
func (s *Server) end(sig syscall.Signal) error {
	s.tb.Helper()
	p := s.process
	if p == nil {
		return nil
	}
	s.process = nil
	if err := p.cmd.Process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.tb.Errorf("signal understudy serve: %v", err)
	}
	for _, last := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		select {
		case <-p.done:
			return p.err
		case <-time.After(stopTimeout):
			s.tb.Errorf("understudy serve still runs %v after %v", stopTimeout, sig)
			_ = p.cmd.Process.Signal(last) // it may have ended just now
		}
	}
	<-p.done
	return p.err
}

// cleanup stops the server and removes what it left.
func (s *Server) cleanup() {
	if s.process != nil {
		s.Stop()
	}
	if s.tb.Failed() {
		s.tb.Logf("the log of understudy serve ends:\n%s", tail(s.Log()))
	}
	// After a kill the orphaned Postgres is still shutting down and writes into the directory that is being removed.
	deadline := time.After(stopTimeout)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := os.RemoveAll(s.home)
		if err == nil {
			return
		}
		select {
		case <-deadline:
			s.tb.Errorf("remove the server's directory: %v", err)
			return
		case <-tick.C:
		}
	}
}

// environ is the test's environment without the developer's settings of the server, and with those of the options.
func environ(inherited, more []string) []string {
	env := slices.DeleteFunc(slices.Clone(inherited), func(pair string) bool {
		return strings.HasPrefix(pair, "UNDERSTUDY_")
	})
	return append(env, more...)
}

// spawn runs the binary with its output appended to the log.
func spawn(binary string, args, env []string, logFile string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open the log: %w", err)
	}
	cmd := exec.Command(binary, args...)
	// A file and not a pipe: waiting for the server must not wait for an orphan that inherited it.
	cmd.Stdout, cmd.Stderr, cmd.Env, cmd.SysProcAttr = log, log, env, dieWithParent()

	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		defer close(p.done)
		defer log.Close()
		// The death signal is tied to the thread that starts the child, so this one must live as long as the child.
		runtime.LockOSThread()
		err := cmd.Start()
		started <- err
		if err == nil {
			p.err = cmd.Wait()
		}
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start understudy serve: %w", err)
	}
	return p, nil
}

// tail returns the end of a log.
func tail(log string) string {
	return log[max(0, len(log)-logTail):]
}
