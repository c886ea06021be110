package postgres

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// stranger is a user who owns nothing here, and whom nobody has named.
var stranger = &owner{uid: 54321, gid: 54321}

// openDir returns a directory to which the way is open for everybody.
func openDir(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	for _, path := range []string{dir, filepath.Dir(dir)} {
		if err := os.Chmod(path, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func mkdir(t *testing.T, path string, mode os.FileMode) string {
	t.Helper()
	if err := os.Mkdir(path, mode); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestClosedParentIsNamed(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	parent := mkdir(t, filepath.Join(root, "parent"), 0o700)
	dir := mkdir(t, filepath.Join(parent, "dir"), 0o755)
	for name, err := range map[string]error{
		"data directory": stranger.allow(dir, root),
		"programs":       stranger.allow(mkdir(t, filepath.Join(root, "data"), 0o755), dir),
	} {
		if !errors.Is(err, ErrUntraversable) {
			t.Errorf("%s: %v, want ErrUntraversable", name, err)
			continue
		}
		for _, want := range []string{parent + " is closed", stranger.name(), "chmod o+x " + parent} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %q does not say %q", name, err, want)
			}
		}
	}
	if err := (*owner)(nil).allow(dir, root); err != nil {
		t.Errorf("for ourselves: %v, want nil", err)
	}
}

func TestOnlyADataDirectoryIsOpened(t *testing.T) {
	t.Parallel()
	root := openDir(t)
	for _, test := range []struct {
		name, holds string
		opened      bool
	}{
		{"empty", "", true},
		{"used before", lockName, true},
		{"somebody's home", ".profile", false},
	} {
		dir := mkdir(t, filepath.Join(root, test.name), 0o700)
		if test.holds != "" {
			if err := os.WriteFile(filepath.Join(dir, test.holds), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		err := stranger.allow(dir, root)
		if test.opened != (err == nil) {
			t.Errorf("%s: %v, want opened: %t", test.name, err, test.opened)
		}
		info, err := os.Stat(dir)
		if err != nil {
			t.Fatal(err)
		}
		want := os.FileMode(0o700)
		if test.opened {
			want = 0o711
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", test.name, got, want)
		}
	}
}
