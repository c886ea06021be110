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

// listening are the inodes of all TCP sockets on this machine that listen.
func listening(t *testing.T) map[string]bool {
	t.Helper()
	const listen = "0A"
	inodes := map[string]bool{}
	for _, file := range []string{"/proc/net/tcp", "/proc/net/tcp6"} {
		data, err := os.ReadFile(file)
		if os.IsNotExist(err) {
			continue // a kernel without IPv6
		}
		if err != nil {
			t.Fatal(err)
		}
		for line := range strings.Lines(string(data)) {
			if fields := strings.Fields(line); len(fields) > 9 && fields[3] == listen {
				inodes[fields[9]] = true
			}
		}
	}
	return inodes
}

// sockets are the inodes of the sockets that a process has open.
func sockets(t *testing.T, pid int) (inodes []string) {
	t.Helper()
	links, err := filepath.Glob(fmt.Sprintf("/proc/%d/fd/*", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, link := range links {
		target, err := os.Readlink(link)
		if err != nil {
			continue // closed just now
		}
		if inode, ok := strings.CutPrefix(target, "socket:["); ok {
			inodes = append(inodes, strings.TrimSuffix(inode, "]"))
		}
	}
	return inodes
}

// The private Postgres listens on a unix socket in a directory of its user alone,
// and on no network. It does not run as root.
func TestPrivatePostgresIsPrivate(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	pid := postmaster(t, s.Dir)
	tcp := listening(t)
	found := false
	for _, inode := range sockets(t, s.PID) {
		found = found || tcp[inode]
	}
	if !found {
		t.Error("the server's own listener is not found, so nothing is tested")
	}
	mine := sockets(t, pid)
	if len(mine) == 0 {
		t.Error("Postgres has no sockets at all, so nothing is tested")
	}
	for _, inode := range mine {
		if tcp[inode] {
			t.Errorf("Postgres listens on a TCP socket, inode %s", inode)
		}
	}
	socket, err := filepath.Glob(filepath.Join(s.Dir, "run", ".s.PGSQL.*[0-9]"))
	if err != nil || len(socket) != 1 {
		t.Fatalf("sockets: %v, %v", socket, err)
	}
	for _, path := range []string{filepath.Dir(socket[0]), socket[0], filepath.Join(s.Dir, "postgres")} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("%s: mode %v, want 0700 (%v)", path, info.Mode(), err)
		}
	}
	info, err := os.Stat(fmt.Sprintf("/proc/%d", pid))
	if err != nil {
		t.Fatal(err)
	}
	if uid := int(info.Sys().(*syscall.Stat_t).Uid); uid == 0 || os.Geteuid() != 0 && uid != os.Geteuid() {
		t.Errorf("Postgres runs as user %d, the server as %d", uid, os.Geteuid())
	}
}

// A ready file where none can be written is the user's to mend, and leaves no
// Postgres behind.
func TestReadyFileThatCannotBe(t *testing.T) {
	t.Parallel()
	data := filepath.Join(pgtest.TempDir(t), "data")
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", "/proc/no/such.json")
	if status := p.wait(); status != 2 || !strings.Contains(p.stderr.String(), "understudy: --ready-file: ") || p.stdout.String() != "" {
		t.Errorf("got status %d, %q, %q", status, p.stdout.String(), p.stderr.String())
	}
	wantGone(t, data, 0)
}

// On a machine without Postgres one line says what to do. The test makes such a
// machine: a mount namespace in which the places where Postgres may be are empty.
func TestNoPostgresOnThisMachine(t *testing.T) {
	t.Parallel()
	hide := `for dir in /usr/lib/postgresql /usr/libexec /usr/local/pgsql /usr/local/opt /home/linuxbrew; do
		if [ -d "$dir" ]; then mount -t tmpfs none "$dir" || exit 99; fi
	done
	PATH=/nowhere exec "$0" "$@"`
	private := &syscall.SysProcAttr{Unshareflags: syscall.CLONE_NEWNS} // what is mounted stays inside
	if os.Geteuid() != 0 {
		private.Cloneflags = syscall.CLONE_NEWUSER
		private.UidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getuid(), Size: 1}}
		private.GidMappings = []syscall.SysProcIDMap{{ContainerID: 0, HostID: os.Getgid(), Size: 1}}
	}
	command := func(program string, args ...string) *exec.Cmd {
		cmd := exec.Command("/bin/sh", append([]string{"-c", hide, program}, args...)...)
		cmd.SysProcAttr = private
		return cmd
	}
	if out, err := command("/bin/true").CombinedOutput(); err != nil {
		t.Skipf("this machine lets its users hide nothing from a process: %v, %s", err, out)
	}
	data := filepath.Join(pgtest.TempDir(t), "data")
	p := launchCmd(t, command(servetest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data-dir", data), nil)
	status := p.wait()
	wantLine(t, "serve", status, 2, p.stdout.String(), p.stderr.String(), []string{"no Postgres found", "apt-get install postgresql", "brew install", "--database-url"})
	// A database of one's own needs none.
	file := data + ".json"
	p = launchCmd(t, command(servetest.Binary(t), "serve", "--listen", "127.0.0.1:0", "--data-dir", data, "--ready-file", file, "--database-url", pgtest.New(t)), nil)
	p.ready(file)
}
