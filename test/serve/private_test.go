package serve

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// A second server on the same data directory is refused and says who is there;
// the first one does not notice.
func TestSecondServerOnADataDirectory(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	wantRefusal(t, 2, []string{s.Dir, fmt.Sprintf("process %d", s.PID)}, nil,
		"serve", "--listen", "127.0.0.1:0", "--data-dir", s.Dir)
	if status, _, body := s.Do(http.MethodGet, "/", nil); status != http.StatusOK {
		t.Errorf("the first server: got %d %s", status, body)
	}
	pid := postmaster(t, s.Dir)
	s.Stop()
	wantGone(t, s.Dir, pid)
}

// A data directory that cannot be made, or not be entered by the user who runs
// Postgres, is named in one line.
func TestClosedDataDirectory(t *testing.T) {
	t.Parallel()
	closed := filepath.Join(pgtest.TempDir(t), "closed")
	if err := os.Mkdir(closed, 0o500); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(closed, "file"), nil, 0o600); os.Geteuid() == 0 && err != nil {
		t.Fatal(err)
	}
	wantRefusal(t, 2, []string{closed}, nil,
		"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(closed, "data"))
}

// A data directory of another user is refused in one line that says whose it is,
// or what is closed.
func TestDataDirectoryOfAnotherUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		t.Skip("only root can be two users")
	}
	s := servetest.Start(t, servetest.Options{})
	s.Stop()
	binary, empty := openBinary(t), pgtest.TempDir(t)
	for dir, says := range map[string]string{s.Dir: "belongs to another user", empty: "permission denied"} {
		cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", dir)
		cmd.Dir = "/"
		cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}}
		p := launchCmd(t, cmd, nil)
		wantLine(t, "as another user", p.wait(), 2, p.stdout.String(), p.stderr.String(), []string{dir, says})
	}
}

// A cold start with nothing wrong says nothing wrong.
func TestColdStartIsQuiet(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	for line := range strings.Lines(s.Log()) {
		if strings.Contains(line, "level=WARN") || strings.Contains(line, "level=ERROR") || strings.Contains(line, "FATAL") {
			t.Errorf("logged: %s", line)
		}
	}
}

// The Postgres of a new data directory is kept where the flag, its twin or the user's environment says, and where none
// of them says so, or a place that is of no use, the server starts all the same.
func TestCacheDir(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	named, twin, user := filepath.Join(home, "named"), filepath.Join(home, "twin"), filepath.Join(home, "user")
	userEnv := []string{"HOME=" + user, "XDG_CACHE_HOME=" + user}
	for _, test := range []struct {
		args, env []string
		kept      string // empty: nowhere
	}{
		{[]string{"--cache-dir", named}, append(userEnv, "UNDERSTUDY_CACHE_DIR="+twin), named},
		{nil, append(userEnv, "UNDERSTUDY_CACHE_DIR="+twin), twin},
		{[]string{"--cache-dir", "none"}, userEnv, ""},
		{nil, append(userEnv, "UNDERSTUDY_CACHE_DIR=none"), ""},
		{[]string{"--cache-dir", file}, userEnv, ""},
		{nil, []string{"HOME=", "XDG_CACHE_HOME="}, ""},
		{nil, append(userEnv, "UNDERSTUDY_CACHE_DIR="), filepath.Join(user, "understudy")},
	} {
		s := servetest.Start(t, servetest.Options{Args: test.args, Env: test.env})
		if status, _, _ := s.Do(http.MethodGet, "/subscriptions", nil); status != http.StatusOK {
			t.Errorf("%v, %v: got %d", test.args, test.env, status)
		}
		s.Stop()
		var found []string
		for _, dir := range []string{named, twin, filepath.Join(user, "understudy")} {
			archives, _ := filepath.Glob(filepath.Join(dir, "postgres-*.tar")) // the pattern is well formed
			found = append(found, archives...)
		}
		var in string
		if len(found) > 0 {
			in = filepath.Dir(found[0])
		}
		if len(found) > 1 || in != test.kept {
			t.Errorf("%v, %v: found %v, want one in %q", test.args, test.env, found, test.kept)
		}
		for _, path := range found {
			if err := os.Remove(path); err != nil {
				t.Fatal(err)
			}
		}
		if said := strings.Contains(s.Log(), "is not kept"); said != slices.Contains(test.args, file) {
			t.Errorf("%v, %v: it says that nothing is kept: %v", test.args, test.env, said)
		}
	}
}
