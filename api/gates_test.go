package api_test

import (
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
)

// gates let a test act at the named points that a server's requests come to.
type gates struct {
	mu   sync.Mutex
	next map[string][]func()
}

// hook is for engine.Config.
func (g *gates) hook(point string) {
	g.mu.Lock()
	var do func()
	if waiting := g.next[point]; len(waiting) > 0 {
		do, g.next[point] = waiting[0], waiting[1:]
	}
	g.mu.Unlock()
	if do != nil {
		do()
	}
}

// on has the next request that comes to the point, and that nothing else was
// asked for, do something.
func (g *gates) on(point string, do func()) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.next == nil {
		g.next = map[string][]func(){}
	}
	g.next[point] = append(g.next[point], do)
}

// gate is where a request waits for the test.
type gate struct {
	tb      testing.TB
	point   string
	reached chan struct{}
	open    func()
}

// stop has the next request that comes to the point wait there; then it goes on
// with what else is given.
func (g *gates) stop(tb testing.TB, point string, then ...func()) *gate {
	reached, opened := make(chan struct{}), make(chan struct{})
	one := &gate{tb: tb, point: point, reached: reached, open: sync.OnceFunc(func() { close(opened) })}
	tb.Cleanup(one.open) // a test that fails must not leave a request behind
	g.on(point, func() {
		close(reached)
		<-opened
		for _, do := range then {
			do()
		}
	})
	return one
}

// await returns when a request waits.
func (g *gate) await() {
	g.tb.Helper()
	select {
	case <-g.reached:
	case <-time.After(apitest.Patience):
		g.tb.Fatalf("no request came to %s", g.point)
	}
}

// gated is a server with gates.
func gated(tb testing.TB, change ...func(*engine.Config)) (*apitest.World, *gates) {
	tb.Helper()
	g := &gates{}
	return apitest.New(tb, func(c *engine.Config) {
		c.Hook = g.hook
		for _, f := range change {
			f(c)
		}
	}), g
}

// later runs a request beside the test. A request that fails the test sends nothing.
func later(send func() apitest.Answer) <-chan apitest.Answer {
	answer := make(chan apitest.Answer, 1)
	go func() {
		defer close(answer)
		answer <- send()
	}()
	return answer
}

// connect opens a connection behind the server's back.
func connect(tb testing.TB, url string) *pgx.Conn {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = conn.Close(context.WithoutCancel(tb.Context())) })
	return conn
}

// ask reads one value behind the server's back.
func ask[V any](tb testing.TB, url, sql string, args ...any) (v V) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(tb.Context()))
	if err := conn.QueryRow(tb.Context(), sql, args...).Scan(&v); err != nil {
		tb.Fatal(err)
	}
	return v
}

// effects are how many tasks an account has.
func effects(tb testing.TB, a *apitest.Account) int {
	tb.Helper()
	return ask[int](tb, a.DBURL, `SELECT count(*) FROM tasks WHERE account_id = $1`, a.ID)
}

// wantEffects checks how many tasks an account has.
func wantEffects(tb testing.TB, a *apitest.Account, want int) {
	tb.Helper()
	if got := effects(tb, a); got != want {
		tb.Errorf("%d tasks, want %d", got, want)
	}
}

// wantReplay checks that an answer is another one, to the byte, and marked.
func wantReplay(tb testing.TB, got, first apitest.Answer) {
	tb.Helper()
	if got.Status != first.Status || string(got.Body) != string(first.Body) ||
		got.Header.Get("Idempotent-Replayed") != "true" {
		tb.Errorf("got %d %s (replayed: %q), want %d %s",
			got.Status, got.Body, got.Header.Get("Idempotent-Replayed"), first.Status, first.Body)
	}
}

// wantStatus checks a status and what the body says is wrong: the error_code of a
// token, or the last part of the type of a problem; "" is neither.
func wantStatus(tb testing.TB, what string, got apitest.Answer, status int, code string) {
	tb.Helper()
	said, _ := got.Get("error_code").(string)
	if problem, ok := got.Get("type").(string); ok {
		said = problem[strings.LastIndex(problem, "/")+1:]
	}
	if got.Status != status || said != code {
		tb.Errorf("%s: got %d %s, want %d %s", what, got.Status, got.Body, status, code)
	}
}

// expireLeases lets the leases of all keys run out.
func expireLeases(tb testing.TB, w *apitest.World) {
	tb.Helper()
	apitest.Exec(tb, w.DBURL, `UPDATE idempotency_keys SET lease_until = clock_timestamp() WHERE state = 'held'`)
}
