package serve

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// The private Postgres answers on a unix socket in a directory of its user alone,
// and on no network. It does not run as root.
func TestPrivatePostgresIsPrivate(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	run := filepath.Join(s.Dir, "run")
	url := "postgres://understudy@/understudy?host=" + run
	if found := pgtest.TCP(t, url); len(found) > 0 {
		t.Errorf("Postgres answers over TCP at %v", found)
	}
	for _, path := range []string{run, filepath.Join(run, ".s.PGSQL.5432"), filepath.Join(s.Dir, "postgres")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, want 0700 (%v)", path, info.Mode(), err)
		}
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d", postmaster(t, s.Dir)))
	if err != nil {
		t.Fatal(err)
	}
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid == 0 || os.Geteuid() != 0 && uid != os.Geteuid() {
		t.Errorf("Postgres runs as user %d, the server as %d", uid, os.Geteuid())
	}
	if os.Geteuid() != 0 {
		return // only root can be another user, too
	}
	cmd := exec.Command(openBinary(t), "serve", "--listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(os.TempDir(), "none"), "--database-url", url)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}}
	p := launchCmd(t, cmd, nil)
	wantLine(t, "another user", p.wait(), 1, p.stdout.String(), p.stderr.String(), []string{run, "permission denied"})
}

// A ready file where none can be written is the user's to mend, and leaves no
// Postgres behind.
func TestReadyFileThatCannotBe(t *testing.T) {
	t.Parallel()
	data := filepath.Join(pgtest.TempDir(t), "data")
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", "/proc/no/such.json")
	if status := p.wait(); status != 2 || !strings.Contains(p.stderr.String(), "understudy: --ready-file: ") ||
		p.stdout.String() != "" {
		t.Errorf("got status %d, %q, %q", status, p.stdout.String(), p.stderr.String())
	}
	wantGone(t, data, 0)
}

// On a machine without Postgres one line says what to do. To hide a Postgres from a
// process takes rights that neither a container nor every user has, so it looks where
// there is none.
func TestNoPostgresOnThisMachine(t *testing.T) {
	t.Parallel()
	const places = `"/`
	binary := servetest.Changed(t, "internal/postgres/find.go", func(source string) string {
		return strings.ReplaceAll(source, places, `"/nowhere/`)
	})
	path := []string{"PATH=/nowhere"}
	data := filepath.Join(pgtest.TempDir(t), "data")
	p := launchCmd(t, exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data), path)
	status := p.wait()
	wantLine(t, "serve", status, 2, p.stdout.String(), p.stderr.String(), []string{
		"no Postgres found", "apt-get install postgresql", "brew install", "--database-url",
	})
	// A database of one's own needs none.
	file := data + ".json"
	cmd := exec.Command(binary, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", file,
		"--database-url", pgtest.New(t))
	p = launchCmd(t, cmd, path)
	p.ready(file)
}
