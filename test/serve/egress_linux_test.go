package serve

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// denied has the test binary be the one that runs where there is no way out.
const denied = "UNDERSTUDY_TEST_DENIED"

// A sandbox speaks to nobody: no telemetry, no look for updates, no name that is resolved. It runs in a network of its
// own that has nothing but a loopback device, where the kernel counts whatever finds no route. Where a test may not
// make one, its connections are watched instead.
func TestNoConnectionElsewhere(t *testing.T) {
	if os.Getenv(denied) != "" {
		inside(t)
		return
	}
	t.Parallel()
	binary := servetest.Binary(t)
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v")
	cmd.Env = append(os.Environ(), denied+"=1", "UNDERSTUDY_BINARY="+binary)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if os.Geteuid() != 0 { // a user who is root nowhere may be so in a name space of users
		const netAdmin = 12
		cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWUSER
		cmd.SysProcAttr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Geteuid(), HostID: os.Geteuid(), Size: 1}}
		cmd.SysProcAttr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getegid(), HostID: os.Getegid(), Size: 1}}
		cmd.SysProcAttr.AmbientCaps = []uintptr{netAdmin}
	}
	out, err := cmd.CombinedOutput()
	switch {
	case errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOSPC):
		t.Logf("no network of its own can be made (%v): connections are watched", err)
		watched(t)
	case err != nil || !strings.Contains(string(out), "--- PASS: "+t.Name()):
		t.Errorf("%v\n%s", err, out)
	}
}

// inside runs where there is no way out.
func inside(t *testing.T) {
	if err := raiseLoopback(); err != nil {
		t.Fatal(err)
	}
	before := unroutable(t)
	if conn, err := net.Dial("udp", "192.0.2.1:9"); err == nil { // sends nothing, only asks for a route
		_ = conn.Close()
		t.Fatal("there is a way out, so nothing would be tested")
	}
	after := unroutable(t)
	if after <= before {
		t.Fatalf("the kernel counted %d and %d: it does not tell what finds no route", before, after)
	}
	drive(t, func(*servetest.Server) {})
	if n := unroutable(t) - after; n != 0 {
		t.Errorf("%d times somebody looked for a way out", n)
	}
}

// drive starts a sandbox and does what its users do.
func drive(t *testing.T, started func(*servetest.Server)) {
	s := servetest.Start(t, servetest.Options{})
	started(s)
	id := s.Accept(http.MethodPost, "/subscriptions", subscriptionBody("alone")).Response.ResourceID
	s.Until(fmt.Sprint("/subscriptions/", id), func(_ int, body []byte) bool {
		return strings.Contains(string(body), `"active"`)
	})
	for _, args := range [][]string{{"account", "list"}, {"journal", "list"}, {"doctor"}, {"healthcheck"}, {"version"}} {
		args = append(args, "--data-dir", s.Dir)
		if args[0] == "version" {
			args = args[:1]
		}
		if status, stdout, stderr := run(t, []string{"UNDERSTUDY_BINARY=", denied + "="}, args...); status != 0 {
			t.Errorf("%v: status %d, %s%s", args, status, stdout, stderr)
		}
	}
	s.Stop()
}

// raiseLoopback sets the loopback device up.
func raiseLoopback() error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("socket: %w", err)
	}
	defer func() { _ = syscall.Close(fd) }()
	request := struct {
		name  [syscall.IFNAMSIZ]byte
		flags uint16
		_     [22]byte
	}{flags: syscall.IFF_UP | syscall.IFF_RUNNING}
	copy(request.name[:], "lo")
	_, _, errno := syscall.Syscall(syscall.SYS_IOCTL, uintptr(fd), syscall.SIOCSIFFLAGS, uintptr(unsafe.Pointer(&request)))
	if errno != 0 {
		return fmt.Errorf("set lo up: %w", errno)
	}
	return nil
}

// unroutable is how often this network had no route for somebody, IPv4 and IPv6.
func unroutable(t *testing.T) (n int) {
	t.Helper()
	text, err := os.ReadFile("/proc/self/net/snmp")
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if fields[0] != "Ip:" {
			continue
		}
		if names == nil {
			names = fields
			continue
		}
		for i, name := range names {
			if name == "OutNoRoutes" {
				n, _ = strconv.Atoi(fields[i])
			}
		}
	}
	text, err = os.ReadFile("/proc/self/net/snmp6")
	if errors.Is(err, os.ErrNotExist) { // no IPv6 here
		return n
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if fields := strings.Fields(line); fields[0] == "Ip6OutNoRoutes" {
			six, _ := strconv.Atoi(fields[1])
			n += six
		}
	}
	return n
}

// watched drives a sandbox and looks at its sockets all the while.
func watched(t *testing.T) {
	end := make(chan struct{})
	var watching sync.WaitGroup
	drive(t, func(s *servetest.Server) {
		watching.Go(func() {
			tick := time.NewTicker(2 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case <-end:
					return
				case <-tick.C:
				}
				for _, address := range remotes(s.PID) {
					t.Errorf("the server is connected with %s", address)
				}
			}
		})
	})
	close(end)
	watching.Wait()
}

// remotes are the addresses, as /proc writes them, of what is not this machine and a process has a socket for.
func remotes(pid int) (found []string) {
	dir := fmt.Sprintf("/proc/%d", pid)
	own := map[string]bool{}
	files, _ := filepath.Glob(dir + "/fd/*")
	for _, file := range files {
		target, _ := os.Readlink(file)
		own[strings.TrimSuffix(strings.TrimPrefix(target, "socket:["), "]")] = true
	}
	for _, table := range []string{"tcp", "tcp6", "udp", "udp6"} {
		text, _ := os.ReadFile(dir + "/net/" + table)
		for line := range strings.Lines(string(text)) {
			fields := strings.Fields(line)
			if len(fields) < 10 || !own[fields[9]] {
				continue
			}
			address, _, _ := strings.Cut(fields[2], ":")
			loopback := strings.HasSuffix(address, "7F") && len(address) == 8 || strings.HasSuffix(address, "7F") ||
				address == "00000000000000000000000001000000"
			if !loopback && strings.Trim(address, "0") != "" {
				found = append(found, fields[2])
			}
		}
	}
	return found
}
