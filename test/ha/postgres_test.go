package ha

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
)

// node is a Postgres that other machines could reach, or any other program that refuses to run as root.
type node struct {
	tb   testing.TB
	dir  string
	port int
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
}

const database = "understudy"

// url is that of the database, at this node alone.
func (n *node) url() string { return urlOf("", n) }

// urlOf is the URL of the database at one of some nodes, as they follow each other.
func urlOf(more string, nodes ...*node) string {
	hosts := ""
	for i, n := range nodes {
		if i > 0 {
			hosts += ","
		}
		hosts += "127.0.0.1:" + strconv.Itoa(n.port)
	}
	return "postgres://postgres@" + hosts + "/" + database + "?sslmode=disable" + more
}

// newNode makes a directory and a port for a program.
func newNode(tb testing.TB) *node {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	defer listener.Close()
	n := &node{tb: tb, dir: pgtest.TempDir(tb), port: listener.Addr().(*net.TCPAddr).Port}
	if cred := credential(tb); cred != nil {
		if err := os.Chown(n.dir, int(cred.Uid), int(cred.Gid)); err != nil {
			tb.Fatal(err)
		}
	}
	return n
}

// credential is the user that Postgres and PgBouncer run as; nil: the present one, who is not root.
func credential(tb testing.TB) *syscall.Credential {
	tb.Helper()
	if os.Geteuid() != 0 {
		return nil
	}
	owner, err := user.Lookup("postgres")
	if err != nil {
		tb.Fatal(err)
	}
	uid, err := strconv.ParseUint(owner.Uid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	gid, err := strconv.ParseUint(owner.Gid, 10, 32)
	if err != nil {
		tb.Fatal(err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}
}

// program makes a command of Postgres, or of another package, as the user that it runs as.
func (n *node) program(ctx context.Context, name string, args ...string) *exec.Cmd {
	n.tb.Helper()
	if filepath.Base(name) == name {
		dir, err := postgres.Find()
		if err != nil {
			n.tb.Fatal(err)
		}
		name = filepath.Join(dir, name)
	}
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = n.dir
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: credential(n.tb), Pdeathsig: syscall.SIGQUIT}
	return cmd
}

// run runs a program to its end.
func (n *node) run(name string, args ...string) {
	n.tb.Helper()
	ctx, cancel := context.WithTimeout(n.tb.Context(), patience)
	defer cancel()
	if out, err := n.program(ctx, name, args...).CombinedOutput(); err != nil {
		n.tb.Fatalf("%s: %v\n%s", name, err, out)
	}
}

// launch starts a program that goes on until the test ends.
func (n *node) launch(name string, args ...string) {
	n.tb.Helper()
	log, err := os.Create(filepath.Join(n.dir, "log"))
	if err != nil {
		n.tb.Fatal(err)
	}
	defer log.Close()
	n.cmd, n.done = n.program(context.WithoutCancel(n.tb.Context()), name, args...), make(chan struct{})
	n.cmd.Stdout, n.cmd.Stderr = log, log
	started, done, cmd := make(chan error), n.done, n.cmd
	go func() {
		runtime.LockOSThread() // whose end would be taken for that of this process
		err := cmd.Start()
		started <- err
		if err == nil {
			_ = cmd.Wait() // who looks for its end wants no more
		}
		close(done)
	}()
	if err := <-started; err != nil {
		n.tb.Fatal(err)
	}
	n.tb.Cleanup(func() {
		n.end(syscall.SIGQUIT)
		if text, err := os.ReadFile(log.Name()); n.tb.Failed() && err == nil {
			n.tb.Logf("the log of %s ends:\n%s", name, text[max(0, len(text)-4096):])
		}
	})
}

// end ends the program.
func (n *node) end(sig syscall.Signal) {
	_ = n.cmd.Process.Signal(sig) // it may have ended
	select {
	case <-n.done:
	case <-time.After(patience):
		n.tb.Errorf("%s does not end by %v", n.cmd.Path, sig)
		_ = n.cmd.Process.Kill()
		<-n.done
	}
}

// newPrimary starts a Postgres with an empty database.
func newPrimary(tb testing.TB) *node {
	tb.Helper()
	n := newNode(tb)
	n.run("initdb", "--pgdata=data", "--auth=trust", "--username=postgres", "--locale=C", "--encoding=UTF8", "--no-sync")
	n.serve()
	n.exec("postgres", "CREATE DATABASE "+database)
	return n
}

// serve starts Postgres.
func (n *node) serve() {
	n.tb.Helper()
	// A standby that has lost its primary looks no sooner than it retries whether it is promoted.
	n.launch("postgres", "-D", "data", "-p", strconv.Itoa(n.port), "-c", "listen_addresses=127.0.0.1",
		"-c", "unix_socket_directories="+n.dir, "-c", "max_connections=300",
		"-c", "wal_retrieve_retry_interval=200ms")
	until(n.tb, "Postgres takes connections", func(ctx context.Context) error { return n.ask(ctx, "postgres", "SELECT") })
}

// ask runs a statement.
func (n *node) ask(ctx context.Context, database, sql string, into ...any) error {
	conn, err := pgx.Connect(ctx, fmt.Sprintf("postgres://postgres@127.0.0.1:%d/%s?sslmode=disable", n.port, database))
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	if len(into) == 0 {
		_, err = conn.Exec(ctx, sql)
		return err
	}
	return conn.QueryRow(ctx, sql).Scan(into...)
}

// exec runs statements, each by itself.
func (n *node) exec(database string, statements ...string) {
	n.tb.Helper()
	for _, sql := range statements {
		if err := n.ask(n.tb.Context(), database, sql); err != nil {
			n.tb.Fatalf("%s: %v", sql, err)
		}
	}
}

// standby starts another Postgres, without which no commit of this one is acknowledged.
func (n *node) standby(commit string) *node {
	n.tb.Helper()
	s := newNode(n.tb)
	s.run("pg_basebackup", "--pgdata=data", "--host=127.0.0.1", "--port="+strconv.Itoa(n.port), "--username=postgres",
		"--write-recovery-conf", "--checkpoint=fast", "--no-sync")
	s.serve()
	n.exec("postgres", "ALTER SYSTEM SET synchronous_standby_names = '*'",
		"ALTER SYSTEM SET synchronous_commit = '"+commit+"'", "SELECT pg_reload_conf()")
	until(n.tb, "the standby is synchronous", func(ctx context.Context) error {
		var state string
		err := n.ask(ctx, "postgres", "SELECT sync_state FROM pg_stat_replication", &state)
		if err == nil && state != "sync" {
			err = fmt.Errorf("it is %s", state)
		}
		return err
	})
	return s
}

// promote makes a standby the primary, and returns when it is.
func (n *node) promote() (at time.Time) {
	n.tb.Helper()
	n.exec("postgres", "SELECT pg_promote()")
	return time.Now()
}
