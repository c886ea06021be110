package throwaway

import (
	"os"
	"syscall"
)

// memory is where Linux keeps files in memory. Postgres makes and removes
// hundreds of files per database, which is several times faster there.
const memory = "/dev/shm"

// room is what memory must have free to be used, in bytes: containers often
// get a very small one.
const room = 4 << 30

// MkdirTemp returns a new directory that suits as the data directory of a throw-away Postgres: its path is short, the
// user who runs Postgres for root may pass through it, and it is in memory where there is room. TMPDIR, if set, has the
// last word on the place. The caller removes it.
func MkdirTemp() (string, error) {
	parent := "" // os.TempDir
	var stat syscall.Statfs_t
	if os.Getenv("TMPDIR") == "" && syscall.Statfs(memory, &stat) == nil && stat.Bavail*uint64(stat.Bsize) >= room {
		parent = memory
	}
	dir, err := os.MkdirTemp(parent, "understudy-")
	if err != nil {
		return "", err
	}
	return dir, os.Chmod(dir, 0o711) //nolint:gosec // so that the user of Postgres may pass
}
