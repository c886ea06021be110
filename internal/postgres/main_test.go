package postgres_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
)

// superviseDir, when set, makes the test binary a supervisor that starts the
// cluster of that directory, says so and stays until it is killed. superviseCache
// is its cache directory.
const (
	superviseDir   = "POSTGRES_TEST_SUPERVISE_DIR"
	superviseCache = "POSTGRES_TEST_SUPERVISE_CACHE"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(superviseDir); dir != "" {
		supervise(dir)
	}
	os.Exit(run(m))
}

// scratch is the directory of what tests share.
var scratch string

func run(m *testing.M) int {
	dir, err := os.MkdirTemp("", "understudy-")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	defer os.RemoveAll(dir)
	if err := os.Chmod(dir, 0o711); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	scratch = dir
	return m.Run()
}

func supervise(dir string) {
	fmt.Println("starting")
	cluster, err := postgres.Start(context.Background(), postgres.Config{Dir: dir, CacheDir: os.Getenv(superviseCache)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println("ready", cluster.Pid())
	select {}
}

// supervisor is another process that runs a cluster.
type supervisor struct {
	cmd   *exec.Cmd
	lines *bufio.Scanner
}

func startSupervisor(tb testing.TB, dir, cacheDir string) *supervisor {
	tb.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), superviseDir+"="+dir, superviseCache+"="+cacheDir)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		tb.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	s := &supervisor{cmd: cmd, lines: bufio.NewScanner(out)}
	tb.Cleanup(s.kill)
	if got := s.line(tb); got != "starting" {
		tb.Fatalf("supervisor said %q, want starting", got)
	}
	return s
}

func (s *supervisor) line(tb testing.TB) string {
	tb.Helper()
	if !s.lines.Scan() {
		tb.Fatalf("supervisor ended: %v", s.lines.Err())
	}
	return s.lines.Text()
}

// ready waits for the cluster and returns the pid of its postmaster.
func (s *supervisor) ready(tb testing.TB) (pid int) {
	tb.Helper()
	line := s.line(tb)
	if _, err := fmt.Sscanf(line, "ready %d", &pid); err != nil {
		tb.Fatalf("supervisor said %q, want ready and a pid", line)
	}
	return pid
}

// kill is kill -9; it returns when the process is gone.
func (s *supervisor) kill() {
	_ = s.cmd.Process.Signal(syscall.SIGKILL)
	_ = s.cmd.Wait()
}

// newDir returns a data directory that does not exist yet.
func newDir(tb testing.TB) string {
	tb.Helper()
	return filepath.Join(pgtest.TempDir(tb), "data")
}

// madeDir returns a data directory with a cluster: a copy of one, because
// initdb takes many times as long.
func madeDir(tb testing.TB) string {
	tb.Helper()
	from, err := made()
	if err != nil {
		tb.Fatalf("make a cluster: %v", err)
	}
	dir := pgtest.TempDir(tb)
	if output, err := exec.Command("cp", "-Rp", filepath.Join(from, "postgres"), dir).CombinedOutput(); err != nil {
		tb.Fatalf("copy the cluster: %v: %s", err, output)
	}
	return dir
}

// made makes the cluster that madeDir copies, once; TestMain removes it.
var made = sync.OnceValues(func() (string, error) {
	c, err := postgres.Start(context.Background(), postgres.Config{Dir: filepath.Join(scratch, "made")})
	if err != nil {
		return "", err
	}
	return filepath.Join(scratch, "made"), c.Stop(context.Background())
})

func start(tb testing.TB, dir string) *postgres.Cluster {
	tb.Helper()
	return startWith(tb, postgres.Config{Dir: dir})
}

func startWith(tb testing.TB, cfg postgres.Config) *postgres.Cluster {
	tb.Helper()
	c, err := postgres.Start(tb.Context(), cfg)
	if err != nil {
		tb.Fatalf("Start: %v", err)
	}
	tb.Cleanup(func() { stop(tb, c) })
	return c
}

func stop(tb testing.TB, c *postgres.Cluster) {
	tb.Helper()
	if err := c.Stop(context.Background()); err != nil {
		tb.Errorf("Stop: %v", err)
	}
}

func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatalf("connect: %v", err)
	}
	return conn
}

func exec1(tb testing.TB, c *postgres.Cluster, sql string) {
	tb.Helper()
	conn := connect(tb, c.URL())
	defer conn.Close(context.Background())
	if _, err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
}

func query[T any](tb testing.TB, c *postgres.Cluster, sql string) (value T) {
	tb.Helper()
	conn := connect(tb, c.URL())
	defer conn.Close(context.Background())
	if err := conn.QueryRow(tb.Context(), sql).Scan(&value); err != nil {
		tb.Fatalf("%s: %v", sql, err)
	}
	return value
}

// waitUntil polls, because what it waits for is another process.
func waitUntil(tb testing.TB, what string, done func() bool) {
	tb.Helper()
	timeout := time.After(time.Minute)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for !done() {
		select {
		case <-timeout:
			tb.Fatalf("timed out: %s", what)
		case <-tick.C:
		}
	}
}

// leftovers lists the half-made clusters in dir.
func leftovers(dir string) []string {
	found, _ := filepath.Glob(filepath.Join(dir, "postgres.tmp*"))
	return found
}

func socketPath(tb testing.TB, url string) string {
	tb.Helper()
	config, err := pgx.ParseConfig(url)
	if err != nil {
		tb.Fatal(err)
	}
	if !strings.HasPrefix(config.Host, "/") {
		tb.Fatalf("host of %s is no socket directory", url)
	}
	return filepath.Join(config.Host, ".s.PGSQL.5432")
}
