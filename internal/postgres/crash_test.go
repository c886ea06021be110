package postgres_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/postgres"
)

func TestSupervisorKilled(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	for round := range 2 {
		s := startSupervisor(t, dir, "")
		s.ready(t)
		s.kill()
		c := start(t, dir)
		exec1(t, c, "CREATE TABLE IF NOT EXISTS rounds (n int)")
		exec1(t, c, "INSERT INTO rounds VALUES (0)")
		if got := query[int](t, c, "SELECT count(*) FROM rounds"); got != round+1 {
			t.Errorf("round %d: %d rows, want %d", round, got, round+1)
		}
		stop(t, c)
	}
}

// Everything dies at once, with a session at work that outlives its postmaster.
func TestSupervisorAndPostmasterKilled(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	for round := range 2 {
		s := startSupervisor(t, dir, "")
		pid := s.ready(t)
		url := "postgres://understudy@/understudy?sslmode=disable&host=" + filepath.Join(dir, "run")
		writer := connect(t, url)
		if _, err := writer.Exec(t.Context(), "CREATE TABLE IF NOT EXISTS kept (n int)"); err != nil {
			t.Fatal(err)
		}
		if _, err := writer.Exec(t.Context(), "INSERT INTO kept VALUES (1)"); err != nil {
			t.Fatal(err)
		}
		sleeper := connect(t, url)
		slept := make(chan error, 1)
		go func(ctx context.Context) {
			_, err := sleeper.Exec(ctx, "SELECT pg_sleep(60)")
			slept <- err
		}(t.Context())
		var asleep bool
		waitUntil(t, "session asleep", func() bool {
			err := writer.QueryRow(t.Context(),
				"SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event = 'PgSleep')").Scan(&asleep)
			return err == nil && asleep
		})
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		s.kill()
		c := start(t, dir)
		if got := query[int](t, c, "SELECT count(*) FROM kept"); got != round+1 {
			t.Errorf("round %d: %d rows, want %d", round, got, round+1)
		}
		if err := <-slept; err == nil {
			t.Error("a session outlived its postmaster")
		}
		stop(t, c)
		closeAll(writer, sleeper)
	}
}

func closeAll(conns ...*pgx.Conn) {
	for _, conn := range conns {
		_ = conn.Close(context.Background())
	}
}

// The supervisor dies at any moment of its start: the first one, whose cluster initdb makes, or a further one, which
// copies.
func TestSupervisorKilledWhileStarting(t *testing.T) {
	t.Parallel()
	exists := func(pattern string) func() bool {
		return func() bool {
			found, _ := filepath.Glob(pattern)
			return len(found) > 0
		}
	}
	for _, kind := range []string{"initdb", "initdb, packed", "copied"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			dir, cacheDir := newDir(t), ""
			cluster := filepath.Join(dir, "postgres")
			type moment struct {
				name    string
				reached func() bool
			}
			moments := []moment{
				{"the making begins", exists(filepath.Join(dir, "postgres.tmp*"))},
				{"it is at work", exists(filepath.Join(dir, "postgres.tmp*", "base", "1", "*"))},
			}
			switch kind {
			case "initdb, packed":
				cacheDir = t.TempDir()
				moments = append(moments, moment{"packing begins", exists(filepath.Join(cacheDir, "*.tar.new*"))})
			case "copied":
				cacheDir = t.TempDir()
				stop(t, startWith(t, postgres.Config{Dir: newDir(t), CacheDir: cacheDir}))
			}
			moments = append(moments,
				moment{"cluster renamed", exists(filepath.Join(cluster, "PG_VERSION"))},
				moment{"server begins", exists(filepath.Join(cluster, "postmaster.pid"))},
				moment{"socket there", exists(filepath.Join(dir, "run", ".s.PGSQL.5432"))},
			)
			for _, moment := range moments {
				s := startSupervisor(t, dir, cacheDir)
				waitUntil(t, moment.name, moment.reached)
				s.kill()
			}
			c := startWith(t, postgres.Config{Dir: dir, CacheDir: cacheDir})
			if got := query[int](t, c, "SELECT 1"); got != 1 {
				t.Errorf("answer %d, want 1", got)
			}
			if got := leftovers(dir); len(got) > 0 {
				t.Errorf("left behind: %v", got)
			}
		})
	}
}

func TestPostmasterKilled(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	c := start(t, dir)
	exec1(t, c, "CREATE TABLE kept AS SELECT 42 AS n")
	if err := c.Err(); err != nil {
		t.Errorf("Err of a running cluster = %v, want nil", err)
	}
	if err := syscall.Kill(c.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	if err := c.Err(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Errorf("Err = %v, want one that says killed", err)
	}
	if _, err := postgres.Start(t.Context(), postgres.Config{Dir: dir}); err == nil {
		t.Error("Start before Stop succeeded")
	}
	stop(t, c)
	if err := c.Err(); err == nil {
		t.Error("Err after Stop of a crashed cluster = nil")
	}
	if got := query[int](t, start(t, dir), "SELECT n FROM kept"); got != 42 {
		t.Errorf("n = %d, want 42", got)
	}
}

// Pids are used again, in containers at once: that of the dead postmaster is ours here.
func TestPidOfDeadPostmasterIsSomebodyElses(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	c := start(t, dir)
	if err := syscall.Kill(c.Pid(), syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	<-c.Done()
	stop(t, c)
	path := filepath.Join(dir, "postgres", "postmaster.pid")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(text), "\n")
	if err := os.WriteFile(path, []byte(strconv.Itoa(os.Getpid())+"\n"+rest), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

// The supervisor dies after it has named the database, and before it has noted that.
func TestSupervisorKilledOnceTheDatabaseHasItsName(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	mark := filepath.Join(dir, "postgres", "understudy.unfinished")
	if _, err := os.Stat(mark); err == nil {
		t.Fatal("a cluster that was started is not finished")
	}
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := query[int](t, start(t, dir), "SELECT 1"); got != 1 {
		t.Errorf("answer %d, want 1", got)
	}
	if _, err := os.Stat(mark); err == nil {
		t.Error("the cluster is still noted as unfinished")
	}
}

// What prepares the database may fail: then nothing is left running, and a new cluster is as unfinished as before.
func TestPreparationFails(t *testing.T) {
	t.Parallel()
	dir := madeDir(t)
	mark := filepath.Join(dir, "postgres", "understudy.unfinished")
	if err := os.WriteFile(mark, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	unfinished := func() bool {
		_, err := os.Stat(mark)
		return err == nil
	}
	failure := errors.New("not like this")
	for _, want := range []error{failure, nil} {
		prepared := false
		c, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, Prepare: func(ctx context.Context, url string) error {
			prepared = unfinished()
			conn := connect(t, url)
			defer conn.Close(context.WithoutCancel(ctx))
			return errors.Join(conn.Ping(ctx), want)
		}})
		if !errors.Is(err, want) || !prepared {
			t.Fatalf("Start: %v, prepared while the cluster is unfinished: %v; want %v, true", err, prepared, want)
		}
		if unfinished() != (want != nil) {
			t.Errorf("after %v the cluster is noted as unfinished: %v", err, want == nil)
		}
		if c != nil {
			stop(t, c)
		}
	}
}
