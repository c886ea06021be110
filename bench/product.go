package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/understudy-dev/understudy/internal/store"
)

const (
	readyTimeout = 30 * time.Second
	stopTimeout  = 30 * time.Second
)

// product is a running `understudy serve`.
type product struct {
	cmd  *exec.Cmd
	done chan error
	log  string
	addr string // host:port
	took time.Duration
}

// demoKeys are given to every product: the ready file need not be asked for them.
func demoKeys() store.Secrets { return store.Secrets{Key: "bench-key", Secret: "bench-secret"} }

// serve starts the product, with its log in a file at the default level, and
// waits until it is ready. took is the time from its exec to its ready file.
func (e *env) serve(ctx context.Context, args ...string) (*product, error) {
	if e.profile == "" {
		return e.serveAs(ctx, e.binary, args...)
	}
	profile := filepath.Join(e.profile, fmt.Sprintf("%02d.pprof", e.runs+1))
	return e.serveAs(ctx, e.self, append(args, "--cpu-profile", profile)...)
}

// serveAs is serve for a binary of the product.
func (e *env) serveAs(ctx context.Context, binary string, args ...string) (*product, error) {
	e.runs++
	file := filepath.Join(e.dir, fmt.Sprintf("ready-%d.json", e.runs))
	p := &product{log: filepath.Join(e.dir, fmt.Sprintf("log-%d", e.runs)), done: make(chan error, 1)}
	log, err := os.Create(p.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	args = append([]string{
		"serve", "--listen", "127.0.0.1:0", "--ready-file", file,
		"--api-key", demoKeys().Key, "--api-secret-key", demoKeys().Secret,
	}, args...)
	p.cmd = exec.Command(binary, args...) //nolint:noctx // it is asked to stop, not killed
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.Env = without(os.Environ(), "UNDERSTUDY_")
	begin := time.Now()
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the product: %w", err)
	}
	go func() { p.done <- p.cmd.Wait() }()
	if err := p.waitReady(ctx, file); err != nil {
		return nil, errors.Join(err, p.stop())
	}
	p.took = time.Since(begin)
	return p, p.readAddress(file)
}

func (p *product) waitReady(ctx context.Context, file string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		if _, err := os.Stat(file); err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case err := <-p.done:
			p.done <- err
			return fmt.Errorf("the product ended before it was ready: %w\n%s", err, p.logTail())
		case <-ctx.Done():
			return fmt.Errorf("the product is not ready: %w", ctx.Err())
		}
	}
}

func (p *product) readAddress(file string) error {
	var ready struct{ URL string }
	data, err := os.ReadFile(file)
	if err == nil {
		err = json.Unmarshal(data, &ready)
	}
	if err != nil {
		return errors.Join(fmt.Errorf("read the ready file: %w", err), p.stop())
	}
	p.addr = strings.TrimSuffix(strings.TrimPrefix(ready.URL, "http://"), "/v1")
	return nil
}

func (p *product) pid() int { return p.cmd.Process.Pid }

// stop asks the product to stop and waits for it.
func (p *product) stop() error {
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended
	select {
	case err := <-p.done:
		p.done <- err
		if err != nil {
			return fmt.Errorf("the product ended: %w\n%s", err, p.logTail())
		}
		return nil
	case <-time.After(stopTimeout):
		p.kill()
		return fmt.Errorf("the product did not stop in %v", stopTimeout)
	}
}

// logTail is the end of what the product logged.
func (p *product) logTail() []byte {
	const enough = 4 << 10
	text, _ := os.ReadFile(p.log) // shown as far as it is there
	return text[max(0, len(text)-enough):]
}

// kill ends the product as a crash would and waits until it is gone.
func (p *product) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	p.done <- <-p.done
}

// residentMB is the memory the process has now.
func (p *product) residentMB() (float64, error) {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid()))
	if err != nil {
		return 0, fmt.Errorf("read the memory of the product: %w", err)
	}
	for line := range strings.Lines(string(text)) {
		if rest, ok := strings.CutPrefix(line, "VmRSS:"); ok {
			kb, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(rest), " kB"), 64)
			return kb / 1024, err
		}
	}
	return 0, errors.New("the system does not say what memory a process has")
}

// without is the environment without the developer's own settings.
func without(env []string, prefix string) []string {
	var kept []string
	for _, pair := range env {
		if !strings.HasPrefix(pair, prefix) {
			kept = append(kept, pair)
		}
	}
	return kept
}
