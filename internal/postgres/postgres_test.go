package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
)

func TestStartAgainKeepsData(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	c := start(t, dir)
	exec1(t, c, "CREATE TABLE kept AS SELECT 42 AS n")
	stop(t, c)

	c = start(t, dir)
	if got := query[int](t, c, "SELECT n FROM kept"); got != 42 {
		t.Errorf("n = %d, want 42", got)
	}
	for setting, want := range map[string]string{
		"fsync": "on", "synchronous_commit": "on", "full_page_writes": "on",
		"server_encoding": "UTF8", "TimeZone": "UTC", "wal_segment_size": "1MB", "autovacuum": "on",
	} {
		if got := query[string](t, c, "SHOW "+setting); got != want {
			t.Errorf("%s = %s, want %s", setting, got, want)
		}
	}
	if got := leftovers(dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
}

func TestNoSyncIsOnlyForThoseWhoAsk(t *testing.T) {
	t.Parallel()
	c, err := postgres.Start(t.Context(), postgres.Config{Dir: newDir(t), NoSync: true, MaxConnections: 7})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, c) })
	if got := query[string](t, c, "SHOW fsync"); got != "off" {
		t.Errorf("fsync = %s, want off", got)
	}
	if got := query[string](t, c, "SHOW max_connections"); got != "7" {
		t.Errorf("max_connections = %s, want 7", got)
	}
}

// A new cluster takes two programs, and who has something to do meanwhile is called at the first of them alone.
func TestMeanwhileIsCalledOnceBesideTheStart(t *testing.T) {
	t.Parallel()
	begun := make(chan struct{})
	c, err := postgres.Start(t.Context(), postgres.Config{
		Dir: newDir(t), NoSync: true, Meanwhile: func() { close(begun) },
		Prepare: func(ctx context.Context, _ string) error {
			select {
			case <-begun:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	stop(t, c)
}

func TestReachableThroughPrivateSocketOnly(t *testing.T) {
	t.Parallel()
	c := start(t, madeDir(t))
	if got := query[string](t, c, "SHOW listen_addresses"); got != "" {
		t.Errorf("listen_addresses = %q, want none", got)
	}
	info, err := os.Stat(filepath.Dir(socketPath(t, c.URL())))
	if err != nil {
		t.Fatal(err)
	}
	if got := info.Mode().Perm(); got != 0o700 {
		t.Errorf("mode of the socket directory = %o, want 700", got)
	}
	if found := pgtest.TCP(t, c.URL()); len(found) > 0 {
		t.Errorf("it answers over TCP at %v", found)
	}
}

func TestSecondStartSaysWhoHoldsTheDirectory(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	c := start(t, dir)
	_, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if !errors.Is(err, postgres.ErrLocked) {
		t.Fatalf("second Start = %v, want ErrLocked", err)
	}
	if want := fmt.Sprintf("process %d", os.Getpid()); !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), dir) {
		t.Errorf("error %q does not name %q and %q", err, dir, want)
	}
	if got := query[int](t, c, "SELECT 1"); got != 1 {
		t.Errorf("the first cluster answers %d, want 1", got)
	}
	stop(t, c)
	start(t, dir)
}

func TestStopTwice(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	c := start(t, dir)
	conn := connect(t, c.URL()) // an open session does not delay it
	stop(t, c)
	stop(t, c)
	<-c.Done()
	if err := c.Err(); err != nil {
		t.Errorf("Err after Stop = %v, want nil", err)
	}
	if err := conn.Ping(t.Context()); err == nil {
		t.Error("a session outlived Stop")
	}
	if _, err := os.Stat(filepath.Join(dir, "postgres", "postmaster.pid")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("pid file after Stop: %v, want none", err)
	}
}

func TestStopWithoutPatience(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	c := start(t, dir)
	exec1(t, c, "CREATE TABLE kept AS SELECT 42 AS n")
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if got := query[int](t, start(t, dir), "SELECT n FROM kept"); got != 42 {
		t.Errorf("n = %d, want 42", got)
	}
}

func TestCancelledStartLeavesNothing(t *testing.T) {
	t.Parallel()
	dir := newDir(t)
	ctx, cancel := context.WithCancel(t.Context())
	result := make(chan error, 1)
	go func() {
		_, err := postgres.Start(ctx, postgres.Config{Dir: dir})
		result <- err
	}()
	waitUntil(t, "initdb at work", func() bool {
		found, _ := filepath.Glob(filepath.Join(dir, "postgres.tmp*", "*"))
		return len(found) > 3
	})
	cancel()
	if err := <-result; !errors.Is(err, context.Canceled) {
		t.Errorf("Start = %v, want context.Canceled", err)
	}
	if got := leftovers(dir); len(got) > 0 {
		t.Errorf("left behind: %v", got)
	}
	start(t, dir)
}

func TestLongDirectory(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(newDir(t), strings.Repeat("long/", 30), "with blank, 100%")
	c := start(t, dir)
	socket := socketPath(t, c.URL())
	if len(socket) >= 100 {
		t.Errorf("socket path has %d bytes: %s", len(socket), socket)
	}
	if got := query[int](t, c, "SELECT 1"); got != 1 {
		t.Errorf("answer %d, want 1", got)
	}
	stop(t, c)
	if _, err := os.Stat(filepath.Dir(socket)); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("socket directory after Stop: %v, want none", err)
	}
}

func TestForeignSocketDirectoryIsRefused(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	if err := os.MkdirAll(filepath.Join(dir, "run"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(filepath.Join(dir, "run"), 0o777); err != nil {
		t.Fatal(err)
	}
	if _, err := postgres.Start(t.Context(), postgres.Config{Dir: dir}); err == nil ||
		!strings.Contains(err.Error(), "not a private directory") {
		t.Errorf("Start = %v, want a refusal of the open socket directory", err)
	}
}

func TestMissingPrograms(t *testing.T) {
	t.Parallel()
	_, err := postgres.Start(t.Context(), postgres.Config{Dir: newDir(t), BinDir: t.TempDir()})
	if !errors.Is(err, postgres.ErrNotFound) {
		t.Fatalf("Start = %v, want ErrNotFound", err)
	}
	for _, want := range []string{"apt-get install postgresql", "brew install postgresql", "--database-url"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not mention %q", err, want)
		}
	}
}

func TestClusterOfAnotherVersion(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	version := filepath.Join(dir, "postgres", "PG_VERSION")
	for _, other := range []string{"13", "99"} {
		if err := os.WriteFile(version, []byte(other+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := postgres.Start(t.Context(), postgres.Config{Dir: dir}); !errors.Is(err, postgres.ErrVersion) {
			t.Errorf("Start on a cluster of version %s = %v, want ErrVersion", other, err)
		}
	}
}

// TestAsOrdinaryUser runs the tests that start and crash as nobody when the
// tests run as root, so that both ways of starting Postgres are tried.
func TestAsOrdinaryUser(t *testing.T) {
	t.Parallel()
	if os.Geteuid() != 0 {
		return // the other tests are this test
	}
	const nobody = 65534
	dir, err := os.MkdirTemp("", "understudy-") // unlike memory, it may hold programs
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	// Not written by this process: a child that another test forks now would
	// hold the file open, and a file open for writing cannot be executed.
	binary := filepath.Join(dir, "postgres.test")
	if output, err := exec.Command("cp", os.Args[0], binary).CombinedOutput(); err != nil {
		t.Fatalf("copy the test binary: %v: %s", err, output)
	}
	tests := []string{
		"TestStartAgainKeepsData", "TestSecondStartSaysWhoHoldsTheDirectory", "TestLongDirectory",
		"TestSupervisorAndPostmasterKilled", "TestSupervisorKilledWhileStarting", "TestReachableThroughPrivateSocketOnly",
	}
	cmd := exec.CommandContext(t.Context(), binary, "-test.v", "-test.run", "^("+strings.Join(tests, "|")+")$")
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=" + os.Getenv("PATH")}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("as nobody: %v\n%s", err, output)
	}
	for _, name := range tests {
		if !strings.Contains(string(output), "--- PASS: "+name+" ") {
			t.Errorf("as nobody %s did not pass:\n%s", name, output)
		}
	}
}
