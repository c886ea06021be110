package postgres

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"

	"golang.org/x/sync/errgroup"
)

// atOnce is how many files are synced side by side: a disk, and the journal of
// its file system, do many in the time of one.
const atOnce = 16

// syncTree returns when all that is in dir is on disk, as far as fsync(2) says
// so, which is what Postgres goes by, too. Files may go meanwhile.
func syncTree(dir string) error {
	var files errgroup.Group
	files.SetLimit(atOnce)
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && (entry.IsDir() || entry.Type().IsRegular()) {
			files.Go(func() error { return gone(syncFile(path)) })
		}
		return gone(err)
	})
	return errors.Join(err, files.Wait(), syncFile(filepath.Dir(dir)))
}

// gone forgives that a file is no longer there.
func gone(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}

func syncFile(path string) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	for {
		if err := syscall.Fsync(int(file.Fd())); !errors.Is(err, syscall.EINTR) {
			return err
		}
	}
}
