package control_test

// The random test of control: random commands to a running server, and requests in between, each answer held against a
// model of accounts, keys, clocks, fault rules and snapshots.

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

func TestModelOfControl(t *testing.T) {
	t.Parallel()
	f := start(t, realistic, logged(t))
	round := 0
	rapid.Check(t, func(rt *rapid.T) {
		round++
		m := &model{
			T: rt, f: f, ctx: t.Context(), prefix: fmt.Sprintf("round%d-", round), snapshots: map[string]*snapshot{},
		}
		defer m.cleanUp()
		m.createAccount("")
		rt.Repeat(m.commands())
	})
}

// logged lets the server tell of errors in the log of the test.
func logged(t *testing.T) func(*server.Config) {
	return func(cfg *server.Config) {
		cfg.Logger = slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelError}))
	}
}

// commands by their names. Those that come first by them are drawn more often, and so are those that are there twice.
func (m *model) commands() map[string]func(*rapid.T) {
	all := map[string]func(){
		"": m.lookAtSome, "all is seen": m.lookAtAll, "nothing is seen": m.lookForNothing,
		"a task": m.create, "a task again": m.create, "a task more": m.create, "a task is stuck": m.stuck,
		"a rule is deleted": m.deleteARule,
		"advance":           m.advance, "advance until a task": m.advanceUntilTask, "advance until idle": m.advanceUntilIdle,
		"arm": m.arm, "arm again": m.arm, "disarm": m.disarm, "disarm all": m.clear, "list": m.list,
		"clock": m.setClock, "clock jumps": m.jump, "clock steps": m.step,
		"durations": m.setDurations, "durations as usual": m.resetDurations,
		"fork": m.fork, "reset": m.reset, "reset all": m.resetAll, "file": m.byFile,
		"snapshot": m.save, "load": m.load, "load again": m.load, "snapshot is deleted": m.deleteSnapshot,
		"account": m.newAccount, "account changes": m.changeAccount, "account is deleted": m.deleteAccount,
		"key": m.mintKey, "key rotates": m.rotateKey, "key is revoked": m.revokeKey, "key is dead": m.useDeadKey,
	}
	commands := map[string]func(*rapid.T){}
	for name, do := range all {
		commands[name] = func(rt *rapid.T) {
			m.T = rt
			do()
		}
	}
	return commands
}

// model is what the server has by the commands so far.
type model struct {
	*rapid.T
	f         *fixture
	ctx       context.Context
	prefix    string // of all names of this round
	named     int    // what was named by number
	accounts  []*modelled
	changed   []*modelled // since they were looked at
	rules     []*rule     // for all accounts
	snapshots map[string]*snapshot
	dead      []sandbox.KeyPair
}

// modelled is an account of the model.
type modelled struct {
	id      int64
	name    string
	keys    []key
	revoked []sandbox.KeyPair
	*life
}

func (a *modelled) ref() string               { return fmt.Sprint(a.id) }
func (a *modelled) path() control.AccountPath { return account(a.ref()) }

type key struct {
	id         int64
	name, role string
	nowhere    bool // its allow list lets nobody in from here
	pair       sandbox.KeyPair
}

// snapshot is a snapshot of the model.
type snapshot struct {
	account string
	at      time.Time
	running bool // at was then
	*life
}

// call calls an operation, which has to work, or to be refused with a code.
func call[In, Out any](m *model, o control.Operation[In, Out], in In, code string) Out {
	m.Helper()
	out, err := o.Call(m.ctx, m.f.client, in)
	if got := codeOf(err); got != code {
		m.Fatalf("%s with %+v: got %q (%v), want %q", o, in, got, err, code)
	}
	return out
}

func codeOf(err error) string {
	problem := &control.Problem{}
	switch {
	case err == nil:
		return ""
	case errors.As(err, &problem):
		return problem.Code
	}
	return "no answer"
}

// one draws one of some things; where there are none the command is another one.
func one[T any](m *model, what string, from []T) T {
	if len(from) == 0 {
		m.Skip("there is none")
	}
	return from[rapid.IntRange(0, len(from)-1).Draw(m.T, what)]
}

func (m *model) account() *modelled {
	a := one(m, "account", m.accounts)
	m.changed = append(m.changed, a)
	return a
}

// stopped is an account whose clock stands still.
func (m *model) stopped() *modelled {
	a := m.account()
	if a.rate != 0 {
		m.Skip("its clock runs")
	}
	return a
}

func draw[T any](m *model, what string, from ...T) T { return rapid.SampledFrom(from).Draw(m.T, what) }

func (m *model) chance(what string) bool { return rapid.Bool().Draw(m.T, what) }

// ask sends a request and returns the answer. It is held against what the key may and what strikes it; carried reports
// whether it came through.
func (m *model) ask(
	a *modelled, k key, operation, method, path, body string,
) (status int, answer string, carried bool) {
	m.Helper()
	req, err := http.NewRequestWithContext(m.ctx, method, m.f.URL+path, strings.NewReader(body))
	if err != nil {
		m.Fatal(err)
	}
	req.Header.Set("X-Api-Key", k.pair.APIKey)
	req.Header.Set("X-Api-Secret-Key", k.pair.APISecretKey)
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		m.Fatal(err)
	}
	text, err := io.ReadAll(res.Body)
	_ = res.Body.Close() // it is read
	if err != nil {
		m.Fatal(err)
	}
	want, mark := 0, ""
	switch {
	case slices.Contains(m.dead, k.pair):
		want = http.StatusUnauthorized
	case k.nowhere || k.role == "Viewer" && method != http.MethodGet:
		want = http.StatusForbidden
	default:
		if hit := m.strikes(a, operation, "status"); hit != nil {
			want, mark = http.StatusServiceUnavailable, fmt.Sprintf("status#%d", hit.id)
		}
	}
	if got := res.Header.Get("Sandbox-Fault"); want != 0 && (res.StatusCode != want || got != mark) {
		m.Fatalf("%s %s: got %d %s, marked %q, want %d, marked %q", method, path, res.StatusCode, text, got, want, mark)
	}
	return res.StatusCode, string(text), want == 0
}

// strikes counts a request for the rules that it fits and do one of some things, until one hits.
func (m *model) strikes(a *modelled, operation string, do ...string) *rule {
	all := slices.Concat(m.rules, a.rules)
	slices.SortFunc(all, func(a, b *rule) int { return int(a.id - b.id) })
	for _, r := range all {
		if slices.Contains(do, r.do) && r.fits(operation) && r.count() {
			return r
		}
	}
	return nil
}

// cleanUp takes all away that this round has made.
func (m *model) cleanUp() {
	for _, a := range m.accounts {
		_, _ = control.DeleteAccount.Call(m.ctx, m.f.client, a.path()) // it failed already, if so
	}
	for name := range m.snapshots {
		_, _ = control.DeleteSnapshot.Call(m.ctx, m.f.client, control.SnapshotPath{Snapshot: name})
	}
	_, _ = control.ClearFaults.Call(m.ctx, m.f.client, control.FaultQuery{})
}
