package ha

import (
	"context"
	"fmt"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/migrations"
)

// backWithin is how soon after the promotion every server must be at work again.
const backWithin = 5 * time.Second

// A primary whose commits wait for a standby is killed under load, and the standby takes its place. The servers find it
// by themselves, since their URL names both; nothing that was acknowledged is lost or there twice.
func TestPrimaryKilledUnderLoad(t *testing.T) {
	for _, commit := range []string{"on", "remote_apply"} {
		t.Run(commit, func(t *testing.T) {
			first := newPrimary(t)
			second := first.standby(commit)
			url := urlOf("&target_session_attrs=read-write", first, second)
			if err := migrations.Up(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			apitest.Watch(t, url)
			servers := serve(t, 3, "--database-url", url)
			l := newLoad(t, servers, 6, 12)
			l.more(100)
			first.end(syscall.SIGKILL)
			killed := time.Now()
			promoted := second.promote()
			for server := range servers {
				l.until(fmt.Sprintf("an answer of server %d", server), func(all []made) bool { return back(all, server, promoted) })
			}
			listening(t, second, len(servers))
			l.more(200)
			l.end()
			l.check(second.url())
			t.Logf("promoted %v after the kill", promoted.Sub(killed).Round(time.Millisecond))
			report(t, l, len(servers), killed, promoted)
		})
	}
}

// back reports whether a server has acknowledged a request after a time, and its task has ended.
func back(all []made, server int, since time.Time) bool {
	for _, m := range all {
		if m.server == server && m.taken.After(since) {
			return true
		}
	}
	return false
}

// listening waits until all servers hear of each other again.
func listening(t *testing.T, primary *node, servers int) {
	t.Helper()
	until(t, "all listen", func(ctx context.Context) error {
		var n int
		err := primary.ask(ctx, database,
			`SELECT count(DISTINCT pid)::int FROM pg_stat_activity WHERE query LIKE 'LISTEN%'`, &n)
		if err == nil && n != servers {
			err = fmt.Errorf("%d of %d servers listen", n, servers)
		}
		return err
	})
}

// report says how long nobody got an answer, and holds each server to the time it has.
func report(t *testing.T, l *load, servers int, killed, promoted time.Time) {
	t.Helper()
	for server := range servers {
		var taken, ended time.Time
		for _, m := range l.made {
			if m.server != server || !m.taken.After(killed) {
				continue
			}
			if taken.IsZero() || m.taken.Before(taken) {
				taken = m.taken
			}
			if m.ended.After(promoted) && (ended.IsZero() || m.ended.Before(ended)) {
				ended = m.ended
			}
		}
		t.Logf("server %d: first 202 %v after the kill, %v after the promotion; first task ended %v after the promotion",
			server, taken.Sub(killed).Round(time.Millisecond), taken.Sub(promoted).Round(time.Millisecond),
			ended.Sub(promoted).Round(time.Millisecond))
		if taken.Sub(promoted) > backWithin || ended.Sub(promoted) > backWithin {
			t.Errorf("server %d: that took too long", server)
		}
	}
	var longest made
	for _, m := range l.made {
		if m.ended.Sub(m.asked) > longest.ended.Sub(longest.asked) {
			longest = m
		}
	}
	t.Logf("%d subscriptions; refused: %v; the slowest one took %v: %d requests, %v to its 202",
		len(l.made), l.refused, longest.ended.Sub(longest.asked).Round(time.Millisecond), longest.attempts,
		longest.taken.Sub(longest.asked).Round(time.Millisecond))
	// A claim whose answer got lost with the primary is nobody's until its lease has run out.
	if took := longest.ended.Sub(longest.asked); took > promoted.Sub(killed)+backWithin+time.Second {
		t.Errorf("%s took too long", longest.name)
	}
}
