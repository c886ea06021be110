package postgres

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
)

const lockName = "lock"

// ErrLocked says that another supervisor runs on the data directory. The
// wrapping error names the directory and, where known, the process.
var ErrLocked = errors.New("data directory is in use")

// dirLock is the right to run the Postgres of a data directory. The kernel
// takes it back when the process ends, however it ends.
type dirLock struct {
	file *os.File
	once sync.Once
}

func lockDir(dir string) (*dirLock, error) {
	file, err := os.OpenFile(filepath.Join(dir, lockName), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		defer file.Close()
		if !errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("lock the data directory: %w", err)
		}
		holder := "another process"
		if text, err := io.ReadAll(io.LimitReader(file, 20)); err == nil {
			if pid, err := strconv.Atoi(strings.TrimSpace(string(text))); err == nil {
				holder = fmt.Sprintf("process %d", pid)
			}
		}
		return nil, fmt.Errorf("%w: %s is held by %s", ErrLocked, dir, holder)
	}
	// Only the message of the next one depends on what the file says.
	_ = file.Truncate(0)
	_, _ = file.WriteAt([]byte(strconv.Itoa(os.Getpid())+"\n"), 0)
	return &dirLock{file: file}, nil
}

// release may be called more than once. It unlocks explicitly, because a child
// forked at this moment holds a copy of the descriptor until it has executed.
func (l *dirLock) release() {
	l.once.Do(func() {
		_ = syscall.Flock(int(l.file.Fd()), syscall.LOCK_UN)
		_ = l.file.Close()
	})
}
