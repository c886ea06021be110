package postgres

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// detachLimit bounds the wait for orphans of a killed postmaster. They notice
// its end as soon as they wait for anything.
const detachLimit = 20 * time.Second

// pidFile is what we read of postmaster.pid.
type pidFile struct {
	pid   int
	shmID int  // of its shared memory; -1: not written yet
	ready bool // accepts connections
}

func (s *installation) pidPath() string { return filepath.Join(s.data, "postmaster.pid") }

func (s *installation) pidFileExists() bool {
	_, err := os.Stat(s.pidPath())
	return err == nil
}

// readPIDFile reads the file as far as it is written: the postmaster adds
// lines while it starts.
func (s *installation) readPIDFile() (pidFile, error) {
	f := pidFile{shmID: -1}
	text, err := os.ReadFile(s.pidPath())
	if err != nil {
		return f, err
	}
	lines := strings.Split(string(text), "\n")
	f.pid, _ = strconv.Atoi(strings.TrimSpace(lines[0]))
	if len(lines) > 6 { // "key id"
		if fields := strings.Fields(lines[6]); len(fields) == 2 {
			if id, err := strconv.Atoi(fields[1]); err == nil {
				f.shmID = id
			}
		}
	}
	f.ready = len(lines) > 7 && strings.TrimSpace(lines[7]) == "ready"
	return f, nil
}

// clear removes what a killed supervisor or a killed postmaster left: a
// postmaster that is still there or still stopping, sessions that outlive
// theirs, the pid file and the lock of the socket. The pid file must not go
// before the last of those sessions: two generations in one cluster destroy it.
func (s *installation) clear(ctx context.Context) error {
	f, err := s.readPIDFile()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read the pid file: %w", err)
	}
	if err := s.stopOrphan(ctx, f.pid); err != nil {
		return err
	}
	if f, err = s.readPIDFile(); errors.Is(err, fs.ErrNotExist) {
		return nil // it shut down in good order
	} else if err != nil {
		return fmt.Errorf("read the pid file: %w", err)
	}
	if f.shmID >= 0 && !poll(ctx, detachLimit, func() bool { return attached(f.shmID) == 0 }) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("sessions of a killed Postgres still run in %s (shared memory segment %d)", s.data, f.shmID)
	}
	// Postgres would refuse to start should another process have the pid by now.
	socket := filepath.Join(s.sockets, fmt.Sprintf(".s.PGSQL.%d", port))
	for _, path := range []string{socket, socket + ".lock", s.pidPath()} {
		if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what a killed Postgres left: %w", err)
		}
	}
	return nil
}

// stopOrphan ends the postmaster of this cluster if pid is one. Any other
// process that has come to that pid is left alone.
func (s *installation) stopOrphan(ctx context.Context, pid int) error {
	gone := func() bool { return !isPostmaster(pid, s.data) }
	if pid <= 1 || gone() {
		return nil
	}
	s.logger.Debug("stopping the postgres of a killed predecessor", "pid", pid)
	for _, step := range []struct {
		signal syscall.Signal
		grace  time.Duration
	}{{syscall.SIGINT, fastStop}, {syscall.SIGQUIT, immediateStop}, {syscall.SIGKILL, immediateStop}} {
		if err := syscall.Kill(pid, step.signal); err != nil && !errors.Is(err, syscall.ESRCH) {
			return fmt.Errorf("stop the postgres of a killed predecessor (pid %d): %w", pid, err)
		}
		s.meanwhile()
		if poll(ctx, step.grace, gone) {
			return nil
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return fmt.Errorf("the postgres of a killed predecessor (pid %d) does not end", pid)
}

// runs says whether the argument vector is that of a postmaster of this cluster.
func runs(argv []string, data string) bool {
	if len(argv) < 3 || filepath.Base(argv[0]) != "postgres" || argv[1] != "-D" {
		return false
	}
	theirs, err := os.Stat(argv[2])
	if err != nil {
		return false
	}
	mine, err := os.Stat(data)
	return err == nil && os.SameFile(theirs, mine)
}
