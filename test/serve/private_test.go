package serve

import (
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
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
