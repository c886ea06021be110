package ha

import (
	"context"
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
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
			probes := l.probe(t, promoted)
			listening(t, second, len(servers))
			l.more(200)
			l.end()
			l.check(second.url())
			t.Logf("promoted %v after the kill", promoted.Sub(killed).Round(time.Millisecond))
			report(t, l, probes, killed, promoted)
		})
	}
}

// probe asks each server for a subscription in an account of its own, until it acknowledges one and its task has ended.
func (l *load) probe(t *testing.T, promoted time.Time) (probes []made) {
	t.Helper()
	probes = make([]made, len(l.servers))
	var all sync.WaitGroup
	for i, server := range l.servers {
		all.Go(func() {
			own := &load{tb: t, servers: []*servetest.Server{server}, refused: map[string]int{}}
			name := fmt.Sprintf("probe-%d", i)
			probes[i] = made{account: name, client: name, name: name, asked: time.Now()}
			if own.create(&probes[i], 0) {
				own.see(&probes[i], 0)
			}
		})
	}
	all.Wait()
	l.mu.Lock()
	defer l.mu.Unlock()
	l.made = append(l.made, probes...)
	for _, m := range probes {
		if m.taken.Sub(promoted) > backWithin || m.ended.Sub(promoted) > backWithin {
			t.Errorf("%s: it took too long until the server was back", m.name)
		}
	}
	return probes
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

// report says how long nobody got an answer, and holds the slowest request to the time it has.
func report(t *testing.T, l *load, probes []made, killed, promoted time.Time) {
	t.Helper()
	for i, m := range probes {
		t.Logf("server %d: first 202 %v after the kill, %v after the promotion, whose task ended %v later",
			i, m.taken.Sub(killed).Round(time.Millisecond), m.taken.Sub(promoted).Round(time.Millisecond),
			m.ended.Sub(m.taken).Round(time.Millisecond))
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
	// A task that somebody had, and whose giving back got lost with the primary, is nobody's until its lease has run out.
	if took := longest.ended.Sub(longest.asked); took > promoted.Sub(killed)+backWithin+time.Second {
		t.Errorf("%s took too long", longest.name)
	}
}
