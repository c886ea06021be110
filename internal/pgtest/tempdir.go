package pgtest

import (
	"os"
	"syscall"
	"testing"
)

// memory is where Linux keeps files in memory. Postgres makes and removes
// hundreds of files per database, which is several times faster there.
const memory = "/dev/shm"

// room is what memory must have free to be used, in bytes: containers often
// get a very small one.
const room = 4 << 30

// TempDir returns a new directory, removed when the test is over, that suits as
// the data directory of a throw-away Postgres: its path is short, the user who
// runs Postgres for root may pass through it, and it is in memory where there
// is room. TMPDIR, if set, has the last word on the place.
func TempDir(tb testing.TB) string {
	tb.Helper()
	dir, err := mkdirTemp()
	if err != nil {
		tb.Fatalf("pgtest: %v", err)
	}
	tb.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			tb.Errorf("pgtest: %v", err)
		}
	})
	return dir
}

func mkdirTemp() (string, error) {
	parent := "" // os.TempDir
	var stat syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memory, &stat) == nil && stat.Bavail*uint64(stat.Bsize) >= room {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "understudy-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711)
}
