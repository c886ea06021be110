package postgres

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
)

// ErrUntraversable says that the user who runs Postgres for root cannot reach
// the data directory (or the programs). The wrapping error names the directory.
var ErrUntraversable = errors.New("directory cannot be entered by the user who runs Postgres")

// ErrOwner says that the cluster belongs to another user than the calling one.
var ErrOwner = errors.New("the private Postgres belongs to another user")

// owner is the user as whom root runs Postgres, which refuses to run as root.
// The nil owner is the calling user, for whom nothing needs to be arranged.
type owner struct {
	uid, gid int
}

// name is only for messages: to look it up takes longer than to choose the owner.
func (o *owner) name() string { return userName(o.uid) }

// chooseOwner returns the user for the cluster in data: the one it belongs to,
// and for a new one postgres, else nobody.
func chooseOwner(data string) (*owner, error) {
	euid, holder := os.Geteuid(), -1
	var gid int
	if info, err := os.Stat(data); err == nil {
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			holder, gid = int(stat.Uid), int(stat.Gid)
		}
	} else if !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("look at the cluster: %w", err)
	}
	switch {
	case euid != 0 && (holder == -1 || holder == euid):
		return nil, nil
	case euid != 0:
		return nil, fmt.Errorf("%w: %s is owned by %s, not by %s", ErrOwner, data, userName(holder), userName(euid))
	case holder > 0:
		return &owner{uid: holder, gid: gid}, nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, uidErr := strconv.Atoi(u.Uid)
		gid, gidErr := strconv.Atoi(u.Gid)
		if uidErr == nil && gidErr == nil && uid > 0 {
			return &owner{uid: uid, gid: gid}, nil
		}
	}
	return nil, errors.New(
		"root cannot run Postgres and there is no user postgres or nobody to run it: start as another user",
	)
}

func userName(uid int) string {
	id := strconv.Itoa(uid)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return "user " + id
}

// own hands a file or directory to the owner.
func (o *owner) own(path string) error {
	if o == nil {
		return nil
	}
	return os.Chown(path, o.uid, o.gid)
}

// allow makes sure that the owner can reach dir and binDir. Where dir itself is
// closed to others and nobody else's, as one fresh from mktemp -d is, it lets
// others pass through it; everything private in it has its own mode.
func (o *owner) allow(dir, binDir string) error {
	if o == nil {
		return nil
	}
	closed, err := o.closed(dir)
	if err != nil {
		return err
	}
	if closed == dir && ours(dir) {
		info, err := os.Stat(dir)
		if err != nil {
			return err
		}
		if err := os.Chmod(dir, info.Mode()|0o011); err != nil {
			return err
		}
		closed = ""
	}
	if closed == "" {
		if closed, err = o.closed(binDir); err != nil {
			return err
		}
	}
	if closed != "" {
		return fmt.Errorf("%w: %s is closed to %s; choose another place (--data-dir), or allow it: chmod o+x %s",
			ErrUntraversable, closed, o.name(), closed)
	}
	return nil
}

// closed returns the first directory on the way to and including dir that the
// owner may not enter, and "" if there is none.
func (o *owner) closed(dir string) (string, error) {
	way := []string{dir}
	for dir != filepath.Dir(dir) {
		dir = filepath.Dir(dir)
		way = append(way, dir)
	}
	slices.Reverse(way)
	for _, step := range way {
		info, err := os.Stat(step)
		if err != nil {
			return "", err
		}
		stat, ok := info.Sys().(*syscall.Stat_t)
		if !ok {
			continue
		}
		need := fs.FileMode(0o001)
		switch {
		case int(stat.Uid) == o.uid:
			need = 0o100
		case int(stat.Gid) == o.gid:
			need = 0o010
		}
		if info.Mode()&need == 0 {
			return step, nil
		}
	}
	return "", nil
}

// ours says whether dir is a data directory: empty, or locked by us before.
func ours(dir string) bool {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return false
	}
	return len(entries) == 0 || slices.ContainsFunc(entries, func(e fs.DirEntry) bool {
		return e.Name() == lockName || strings.HasPrefix(e.Name(), "postgres.tmp")
	})
}
