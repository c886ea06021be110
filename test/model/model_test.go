package model_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/rds"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/store"
	"github.com/understudy-dev/understudy/test/model"
)

// A quick round. A long one: go test -run AllFamilies$ -rapid.checks=2000 -rapid.steps=100 -timeout=1h
func TestMain(m *testing.M) {
	// The command line wins: it is read later.
	for name, value := range map[string]string{"rapid.checks": "2", "rapid.steps": "30"} {
		if err := flag.Set(name, value); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
	}
	pgtest.Main(m)
}

// Every operation of the document is called: a new one wants its line in the table.
func TestEveryOperationIsCalled(t *testing.T) {
	t.Parallel()
	m, err := model.New(documents(t)...)
	if err != nil {
		t.Fatal(err)
	}
	for _, op := range m.Missing() {
		t.Errorf("no action calls %s", op)
	}
}

// documents are those of all dialects.
func documents(tb testing.TB) (all []*openapi.Document) {
	tb.Helper()
	for _, text := range [][]byte{understudy.Document, rds.Document} {
		doc, err := compiled.Load(text)
		if err != nil {
			tb.Fatal(err)
		}
		all = append(all, doc)
	}
	return all
}

// Random requests of all families to two accounts, at random times and at every speed.
func TestAllFamilies(t *testing.T) {
	t.Parallel()
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			allFamilies(t, speed)
		})
	}
}

func allFamilies(t *testing.T, speed servetest.Speed) {
	w := apitest.New(t, func(c *engine.Config) { c.Speed, c.Hold = speed.Factor, speed.Hold })
	conn, err := pgx.Connect(t.Context(), w.DBURL)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close(context.WithoutCancel(t.Context())) }()
	docs := documents(t)
	outcomes := map[string]int{}
	rapid.Check(t, func(rt *rapid.T) {
		m := &machine{}
		for _, name := range []string{"anna", "bert"} {
			a := &actor{ctx: t.Context(), name: name, conn: conn, account: w.Account(), speed: speed}
			if a.model, err = model.New(docs...); err != nil {
				rt.Fatal(err)
			}
			a.model.Project, a.model.Sole = a.account.Secrets.Key, true
			a.clock(rt)
			m.actors = append(m.actors, a)
			if rapid.Bool().Draw(rt, name+" is refused a fourth change") {
				a.exec(rt, `UPDATE accounts SET cap_policy = 'reject' WHERE id = $1`)
			}
			if mostly(rt, name+" has something") {
				a.open(rt)
			}
		}
		rt.Repeat(map[string]func(*rapid.T){
			"":            m.check,
			"request":     m.request,
			"a request":   m.request,
			"and do":      m.requestAndWait,
			"and do it":   m.requestAndWait,
			"and do that": m.requestAndWait,
			"wait":        m.wait,
			"settle":      m.settle,
		})
		for _, a := range m.actors {
			a.end(rt)
			for _, c := range a.model.Calls() {
				outcomes[fmt.Sprintf("%s %d %s %s", c.Operation, c.Status, c.State, c.Why())]++
			}
		}
	})
	report(t, outcomes)
}

func mostly(rt *rapid.T, label string) bool { return rapid.IntRange(0, 3).Draw(rt, label) > 0 }

// machine is two clients of the server.
type machine struct{ actors []*actor }

// actor is the client of one account, and what it knows.
type actor struct {
	ctx     context.Context
	name    string
	conn    *pgx.Conn
	account *apitest.Account
	speed   servetest.Speed
	model   *model.Model
	now     model.Snapshot
	ended   []*model.Call // since the last check
	touched bool          // since the last check
}

func (m *machine) draw(rt *rapid.T) *actor {
	return m.actors[rapid.IntRange(0, len(m.actors)-1).Draw(rt, "who")]
}

func (m *machine) request(rt *rapid.T) { m.draw(rt).request(rt) }

func (m *machine) requestAndWait(rt *rapid.T) {
	a := m.draw(rt)
	a.request(rt)
	for a.check(rt); len(a.model.Unfinished()) > 0; a.check(rt) {
		a.advance(rt, apitest.TaskTime)
	}
}

func (m *machine) wait(rt *rapid.T) {
	a := m.draw(rt)
	times := []time.Duration{
		time.Second, 5 * time.Second, 15 * time.Second, time.Minute, 3 * time.Minute, apitest.SettleTime,
	}
	a.advance(rt, rapid.SampledFrom(times).Draw(rt, "time"))
}

func (m *machine) settle(rt *rapid.T) {
	for _, a := range m.actors {
		a.settle(rt)
	}
}

func (m *machine) check(rt *rapid.T) {
	for _, a := range m.actors {
		a.check(rt)
	}
}

// request sends a request made up at random.
func (a *actor) request(rt *rapid.T) {
	c := a.model.Draw(func(label string, n int) int { return rapid.IntRange(0, n-1).Draw(rt, label) })
	a.call(rt, c)
}

func (a *actor) call(rt *rapid.T, c *model.Call) {
	problems := a.model.Sent(c, a.account.Do(c.Method, c.Path, c.Body, c.Head))
	rt.Logf("%s: %v", a.name, c)
	a.fail(rt, problems)
	a.touched = true
	if c.Ended() {
		a.ended = append(a.ended, c)
	}
}

// open makes something of each sort to begin with.
func (a *actor) open(rt *rapid.T) {
	for stage := 0; ; stage++ {
		calls := a.model.Opening(stage)
		for _, c := range calls {
			a.call(rt, c)
		}
		for a.check(rt); len(a.model.Unfinished()) > 0; a.check(rt) {
			a.advance(rt, apitest.TaskTime)
		}
		if len(calls) == 0 || !mostly(rt, "at rest") {
			return
		}
		a.settle(rt)
	}
}

// advance lets time of speed 1 pass, from one thing that is due to the next: two at once would be done in any order,
// and a run could not be repeated. A clock that runs skips it.
func (a *actor) advance(rt *rapid.T, d time.Duration) {
	rt.Logf("%s: %v pass", a.name, d)
	a.touched = true
	if !a.speed.Stepped {
		a.account.Advance(time.Duration(float64(d) / max(a.speed.Factor, 1)))
		return
	}
	for d > 0 {
		a.awaitQuiet(rt)
		step := min(d, a.next(rt)+time.Millisecond)
		a.account.Advance(step)
		d -= step
	}
}

// settle lets everything come to its end.
func (a *actor) settle(rt *rapid.T) {
	for range 200 {
		a.check(rt)
		if len(a.model.Unfinished()) == 0 && len(a.model.AtRest(a.now)) == 0 {
			return
		}
		a.advance(rt, apitest.SettleTime)
	}
	a.fail(rt, a.model.AtRest(a.now))
}

// end reads everything in every way there is.
func (a *actor) end(rt *rapid.T) {
	a.settle(rt)
	a.fail(rt, a.model.Jobs(model.Reader{Send: a.send}, a.now, true))
	a.fail(rt, a.shown(model.Reader{Send: a.send, Await: a.account.Finish}, a.now, true))
}

// stand stops the clock, unless it stands still anyway, so that nothing changes while a test looks at it. The
// function that it returns lets it run on from there.
func (a *actor) stand(rt *rapid.T) (run func()) {
	if a.speed.Stepped {
		return func() {}
	}
	change := func(clock func(store.Clock) store.Clock) {
		if err := a.account.DB.SetClock(a.ctx, a.account.ID, clock); err != nil {
			rt.Fatal(err)
		}
		a.account.Engine.Wake()
	}
	at := func(rate float64) func(store.Clock) store.Clock {
		return func(was store.Clock) store.Clock { return store.Clock{Now: was.Now, Real: was.Real, Rate: rate} }
	}
	change(at(0))
	return func() { change(at(1)) }
}

func (a *actor) send(method, path string, body any) apitest.Answer {
	return a.account.Do(method, path, body)
}

// check holds what there is against what must be. What nobody touched must be as it was, unless its clock runs.
func (a *actor) check(rt *rapid.T) {
	defer a.stand(rt)()
	if !a.speed.Stepped {
		a.touched = true
	}
	if a.touched {
		a.awaitQuiet(rt)
		a.clock(rt)
		for _, c := range a.model.Tasks(a.tasks(rt)) {
			rt.Logf("%s: ended %v", a.name, c)
			a.ended = append(a.ended, c)
		}
	}
	now := a.snapshot(rt)
	problems := append(a.model.Overtaken(), a.model.Step(a.now, now, a.ended)...)
	difference := cmp.Diff(a.now, now, cmpopts.EquateEmpty())
	if a.touched {
		problems = append(problems, a.broken(rt)...)
		problems = append(problems, a.stuck(rt, now)...)
	} else if difference != "" {
		problems = append(problems, "something has changed that nobody touched:\n"+difference)
	}
	if a.touched {
		problems = append(problems, a.model.Jobs(model.Reader{Send: a.send}, now, false)...)
	}
	if difference != "" || len(a.ended) > 0 || a.model.Foresees() {
		problems = append(problems, a.shown(model.Reader{Send: a.send}, now, false)...)
		problems = append(problems, a.model.Agree(model.Reader{Send: a.send}, a.now, now, a.ended)...)
	}
	a.fail(rt, problems)
	a.model.SeeAhead(now)
	a.now, a.ended, a.touched = now, nil, false
}

// shown returns where the API shows something else than there is.
func (a *actor) shown(api model.Reader, now model.Snapshot, single bool) []string {
	view, problems := a.model.Read(api, single)
	problems = append(problems, a.model.Compare(view, now)...)
	return append(problems, a.model.Written(api, view, now)...)
}

func (a *actor) fail(rt *rapid.T, problems []string) {
	if len(problems) > 0 {
		rt.Fatalf("%s: %s", a.name, strings.Join(problems, "\n"))
	}
}

// awaitQuiet waits until the server has done all that is to be done before the clock moves on.
func (a *actor) awaitQuiet(rt *rapid.T) {
	deadline := time.After(apitest.Patience)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !a.quiet(rt) {
		select {
		case <-tick.C:
		case <-deadline:
			rt.Fatalf("%s: the server still has something to do after %v", a.name, apitest.Patience)
		}
	}
}

// report logs, for -v, what the requests led to.
func report(t *testing.T, outcomes map[string]int) {
	for _, outcome := range slices.Sorted(maps.Keys(outcomes)) {
		t.Logf("%5d %s", outcomes[outcome], outcome)
	}
}
