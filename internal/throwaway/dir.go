package throwaway

import (
	"errors"
	"os"
)

// Dir returns a new directory for the data of a server, with the Postgres in it, and what removes it at the end. Both
// go with this process also where that has no chance to remove them.
func Dir() (dir string, remove func() error, err error) {
	if dir, err = MkdirTemp(); err != nil {
		return "", nil, err
	}
	remove = func() error { return os.RemoveAll(dir) }
	if err := removeAfterUs(dir); err != nil {
		return "", nil, errors.Join(err, remove())
	}
	return dir, remove, nil
}
