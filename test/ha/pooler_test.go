package ha

import (
	"bytes"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/migrations"
)

// Three servers behind a PgBouncer that gives each connection a session need no more than its URL. Behind one that
// gives each transaction a session they need to know Postgres itself, too.
func TestServersBehindPgBouncer(t *testing.T) {
	for mode, settings := range map[string][]string{"session": nil, "transaction": {"--database-direct-url"}} {
		t.Run(mode, func(t *testing.T) {
			primary := newPrimary(t)
			bouncer := pgbouncer(t, primary, mode)
			t.Log(bouncer.version())
			for i := range settings {
				settings = append(settings[:i+1], primary.url())
			}
			if err := migrations.Up(t.Context(), primary.url()); err != nil {
				t.Fatal(err)
			}
			apitest.Watch(t, primary.url())
			servers := serve(t, 3, append([]string{"--database-url", bouncer.url()}, settings...)...)
			listening(t, primary, len(servers))
			l := newLoad(t, servers, 6, 12)
			l.more(100)
			servers[0].Kill()
			l.more(100)
			servers[0].Restart()
			l.more(100)
			l.end()
			l.check(primary.url())
			heard(t, servers)
			if n := l.refused["503"]; n > 0 { // the others were those of a dead server, and the keys that it had
				t.Errorf("%d requests were refused, with a database that was there all the time", n)
			}
		})
	}
}

// heard sees that a server hears of what another one did sooner than it would find out by itself.
func heard(t *testing.T, servers []*servetest.Server) {
	t.Helper()
	quickest := time.Hour
	for range 5 {
		m := made{name: "heard", account: "account-0"}
		l := &load{tb: t, servers: servers, refused: map[string]int{}}
		if !l.create(&m, 1) || !l.see(&m, 2) {
			return
		}
		quickest = min(quickest, m.ended.Sub(m.taken))
	}
	t.Logf("another server shows the end of a task after %v", quickest.Round(time.Millisecond))
}

// Who names only a PgBouncer that gives each transaction a session is told so, and what to do; the same with migrate.
// Nothing has been changed by then.
func TestTransactionPoolingWithoutDirectURL(t *testing.T) {
	primary := newPrimary(t)
	bouncer := pgbouncer(t, primary, "transaction")
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--data-dir", pgtest.TempDir(t), "--database-url", bouncer.url()},
		{"migrate", "--database-url", bouncer.url()},
	} {
		var stderr bytes.Buffer
		cmd := exec.CommandContext(t.Context(), servetest.Binary(t), args...)
		cmd.Stderr = &stderr
		err := cmd.Run()
		if status := cmd.ProcessState.ExitCode(); status != 2 || strings.Count(stderr.String(), "\n") != 1 ||
			!strings.Contains(stderr.String(), "--database-direct-url") {
			t.Errorf("%s: got status %d (%v), %q", args[0], status, err, &stderr)
		}
	}
	if current, _, err := migrations.Version(t.Context(), primary.url()); err != nil || current != 0 {
		t.Errorf("the database has schema %d (%v)", current, err)
	}
}

// What is asked through such a pooler has no bounds but those that the role has: a server without them says so.
func TestTransactionPoolingWithoutBounds(t *testing.T) {
	primary := newPrimary(t)
	bouncer := pgbouncer(t, primary, "transaction")
	serveThrough := func() *servetest.Server {
		return servetest.Start(t, servetest.Options{
			Args: []string{"--database-url", bouncer.url(), "--database-direct-url", primary.url()},
		})
	}
	const warning = "nothing bounds what is asked"
	s := serveThrough()
	if log := s.Log(); !strings.Contains(log, warning) || !strings.Contains(log, "statement_timeout") {
		t.Errorf("no warning: %s", log)
	}
	primary.exec("postgres", "ALTER ROLE postgres SET statement_timeout = '10s'",
		"ALTER ROLE postgres SET lock_timeout = '5s'",
		"ALTER ROLE postgres SET idle_in_transaction_session_timeout = '10s'")
	again := pgbouncer(t, primary, "transaction") // with sessions that have begun since
	bouncer = again
	s = serveThrough()
	if log := s.Log(); strings.Contains(log, warning) {
		t.Errorf("a warning all the same: %s", log)
	}
	if status, _, text := s.Do(http.MethodGet, "/subscriptions", nil); status != http.StatusOK {
		t.Errorf("got %d %s", status, text)
	}
}
