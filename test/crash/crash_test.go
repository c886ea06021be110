// Package crash kills the real server, and the real Postgres under it, and looks
// at what is left: every acknowledged task ends, every resource settles, nothing
// is there twice, and order and cap were held.
package crash

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// points are where the server can be made to kill itself.
var points = []string{
	"accept.after_commit",
	"task.claimed", "task.effects", "task.before_commit", "task.after_commit",
	"step.due", "step.before_commit", "step.after_commit",
}

// quick is a speed at which the cap of three does not make a load last.
const quick = "20000"

// turns are how often a server gets to a point before it is killed there: at first with a subscription, then with the
// creation, the restart and the deletion of a DB instance, where nothing but these comes there.
var turns = []int{3, 2, 5, 9}

// TestKilledAtPoint kills the server with -9 at every named point, starts it again
// on the same data and checks the outcome.
func TestKilledAtPoint(t *testing.T) {
	t.Parallel()
	for _, point := range points {
		t.Run(point, func(t *testing.T) {
			t.Parallel()
			s := servetest.Start(t, servetest.Options{Tags: []string{"crashpoint"}})
			l := newLoad(t, s)
			for i, turn := range turns {
				group := []int{1, -2, -16}[i%3] // the tasks of one account meet there only one by one
				s.Restart(fmt.Sprintf("UNDERSTUDY_CRASHPOINT=%s:%d", point, turn), fmt.Sprint("UNDERSTUDY_GROUP=", group))
				l.write(1, 8)
				if err := s.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
					t.Fatalf("turn %d: the server ended with %v, want a kill", turn, err)
				}
				l.wait()
			}
			s.Restart()
			l.check()
		})
	}
}

// TestKilledUnderLoad kills the server at random while clients write to it.
func TestKilledUnderLoad(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--speed", quick}})
	l := newLoad(t, s)
	for range 4 {
		l.write(4, 40)
		l.until(1 + rand.IntN(60))
		s.Kill()
		l.wait()
		s.Restart()
	}
	if l.rds.changes == 0 {
		t.Error("no DB instance was restarted or deleted, so none of that was tested")
	}
	l.check()
}

// TestPostgresStoppedUnderLoad stops the private Postgres in the harshest way
// that it has, again and again while clients write. The server starts it again.
func TestPostgresStoppedUnderLoad(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--speed", quick}})
	l := newLoad(t, s)
	for range 4 {
		l.write(4, 40)
		l.until(1 + rand.IntN(60))
		before := postmaster(t, s)
		if err := syscall.Kill(before, syscall.SIGQUIT); err != nil { // pg_ctl stop -m immediate
			t.Fatal(err)
		}
		l.wait()
		s.Until("/subscriptions", func(status int, _ []byte) bool { return status == 200 && postmaster(t, s) != before })
	}
	l.check()
}

// postmaster is the process id of the server's private Postgres; 0 while there
// is none.
func postmaster(tb testing.TB, s *servetest.Server) int {
	tb.Helper()
	file, err := os.ReadFile(filepath.Join(s.Dir, "postgres", "postmaster.pid"))
	if os.IsNotExist(err) {
		return 0
	}
	first, _, _ := strings.Cut(string(file), "\n")
	pid, convErr := strconv.Atoi(first)
	if err != nil || convErr != nil {
		tb.Fatalf("postmaster.pid: %v, %v", err, convErr)
	}
	return pid
}

// TestServersSharingADatabaseKilled has two servers on one database, kills them
// in turn under load, and holds what happened against the rules, and what was told of
// it against what happened.
func TestServersSharingADatabaseKilled(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	apitest.Watch(t, url)
	var servers []*servetest.Server
	var loads []*load
	for range 2 {
		s := servetest.Start(t, servetest.Options{Args: []string{"--database-url", url, "--speed", quick}})
		servers, loads = append(servers, s), append(loads, newLoad(t, s))
	}
	told := watch(t, servers)
	for round := range 4 {
		for _, l := range loads {
			l.write(2, 15)
		}
		victim := round % 2
		loads[victim].until(1 + rand.IntN(30))
		servers[victim].Kill()
		loads[victim].wait()
		servers[victim].Restart()
		told.moved(victim, servers[victim])
		loads[1-victim].wait()
	}
	for _, l := range loads {
		l.check()
	}
	// One account: the tasks of both, those included that were never acknowledged.
	var all struct{ Tasks []struct{ Status string } }
	servers[0].Until("/tasks", func(_ int, text []byte) bool {
		all.Tasks = nil
		decode(t, text, &all)
		for _, task := range all.Tasks {
			if !strings.HasPrefix(task.Status, "processing-completed") {
				return false
			}
		}
		return true
	})
	apitest.CheckHistory(t, url, len(all.Tasks)+total(t, servers[0], "/tasklist"))
	told.until(newest(t, servers[0]))
	if acknowledged := len(loads[0].acknowledged) + len(loads[1].acknowledged); len(all.Tasks) < acknowledged {
		t.Errorf("%d tasks are there, fewer than the %d acknowledged ones", len(all.Tasks), acknowledged)
	}
}
