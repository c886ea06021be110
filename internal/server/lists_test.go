package server_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// listers are servers on one database, of whom each keeps as many texts of tasks as it has room for.
type listers struct {
	t       *testing.T
	servers map[string]*alone
	conn    *pgx.Conn
	*tenant // a client of one of them
}

func newListers(t *testing.T) *listers {
	t.Helper()
	l := &listers{t: t, servers: map[string]*alone{}}
	url := pgtest.New(t)
	for what, room := range map[string]int64{"much": server.DefaultCache, "little": 300 << 10, "none": 0} {
		l.servers[what] = startAlone(t, pgtest.TempDir(t), func(c *server.Config) { c.DatabaseURL, c.Cache = url, room })
	}
	var err error
	if l.conn, err = pgx.Connect(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.conn.Close(t.Context()) })
	l.tenant = &tenant{
		server: l.servers["much"], client: http.DefaultClient, id: "Demo",
		keys: sandbox.KeyPair{APIKey: "key", APISecretKey: "secret"},
	}
	return l
}

// copies makes copies of the first task of the account, until it has so many.
func (l *listers) copies(n int) {
	l.t.Helper()
	_, err := l.conn.Exec(l.t.Context(), `
		WITH last AS (
			SELECT last_seq AS seq FROM accounts WHERE name = 'Demo'
		), copied AS (
			INSERT INTO tasks
			SELECT copy.*
			FROM (SELECT tasks AS task FROM tasks WHERE seq = 1) first, last, generate_series(last.seq + 1, $1) n,
				jsonb_populate_record(task, jsonb_build_object('id', gen_random_uuid(), 'seq', n)) copy
		)
		UPDATE accounts SET last_seq = $1, done_seq = $1 WHERE name = 'Demo'`, n)
	if err != nil {
		l.t.Fatal(err)
	}
}

// same wants all servers to answer alike, in every form and more than once, and returns the ids that are listed.
func (l *listers) same(when string) (ids []string) {
	l.t.Helper()
	for _, form := range []struct{ method, host, accept string }{
		{http.MethodGet, "localhost:1", "*/*"},
		{http.MethodGet, "localhost:22", "*/*"},
		{http.MethodGet, "localhost:1", "application/json;indent=0"},
		{http.MethodHead, "localhost:1", "*/*"},
	} {
		ask := func(s *alone) answer {
			a := s.ask(form.method, "/tasks", form.host, form.accept)
			a.header.Del("X-Request-Id")
			a.header.Del("Date")
			return a
		}
		want := ask(l.servers["none"])
		if want.status != http.StatusOK {
			l.t.Fatalf("%s: %v", when, want)
		}
		for what, s := range l.servers {
			for n := range 2 {
				if got := ask(s); fmt.Sprint(got) != fmt.Sprint(want) {
					l.t.Errorf("%s: with %s room the list of %v is, asked %d times, %.2000v, want %.2000v",
						when, what, form, n+1, got, want)
				}
			}
		}
	}
	return listed(l.t, l.servers["much"])
}

// listed are the ids of the tasks that a server lists as finished.
func listed(t *testing.T, s *alone) (ids []string) {
	t.Helper()
	var list struct {
		Tasks []struct{ TaskID, Status string }
	}
	if err := json.Unmarshal([]byte(s.ask(http.MethodGet, "/tasks", "", "*/*").body), &list); err != nil {
		t.Error(err)
	}
	for _, task := range list.Tasks {
		if task.Status == "processing-completed" {
			ids = append(ids, task.TaskID)
		}
	}
	return ids
}

// A list of tasks is the same to the byte however many of its texts a server has kept, whatever becomes of the tasks
// and whichever server it is done at: they may have the ids that others had before.
func TestListsAreTheSameWhateverIsKept(t *testing.T) {
	t.Parallel()
	l := newListers(t)
	ctx, box := t.Context(), l.server.Sandbox
	must := func(_ any, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	subscribe := func(name string) {
		t.Helper()
		if _, _, ok := l.finish(http.MethodPost, "/subscriptions", servetest.SubscriptionBody(name)); !ok {
			t.FailNow()
		}
	}
	must(box.SetClock(ctx, "Demo", sandbox.ClockSetting{Mode: sandbox.ClockFrozen}))
	l.same("without a task")
	subscribe("one")
	l.same("with one")
	l.copies(400)
	l.same("with many")
	subscribe("another")
	status, text := l.do(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("waiting"))
	if status != http.StatusAccepted {
		t.Fatalf("%d %s", status, text)
	}
	must(box.Advance(ctx, "Demo", sandbox.Advance{By: "1s"}))
	before := l.same("with some on their way")
	l.sizes()
	must(box.SaveSnapshot(ctx, "Demo", "saved", false))
	seed := int64(7)
	var ids []string
	for _, name := range []string{"first", "second"} {
		must(box.Reset(ctx, "Demo", sandbox.Reset{Seed: &seed}))
		l.same("after a reset")
		if name == "second" { // which fails, and had succeeded
			_, text := l.do(http.MethodDelete, "/subscriptions/7", nil)
			must(box.Advance(ctx, "Demo", sandbox.Advance{Idle: true}))
			var task struct{ TaskID string }
			must(nil, json.Unmarshal(text, &task))
			if len(ids) != 1 || task.TaskID != ids[0] {
				t.Errorf("from one seed come %s and %s", ids, text)
			}
		} else {
			subscribe(name)
		}
		ids = l.same("after a seed, " + name)
	}
	must(box.LoadSnapshot(ctx, "Demo", "saved"))
	if after := l.same("after a snapshot was loaded"); fmt.Sprint(after) != fmt.Sprint(before) {
		t.Errorf("after a snapshot was loaded %d tasks are listed, want %d", len(after), len(before))
	}
	must(l.conn.Exec(ctx, `UPDATE tasks SET command = 'byHand' WHERE seq % 100 = 0`))
	l.same("after somebody has changed them by hand")
	for _, by := range []string{"1h", "240h", "721h"} {
		must(box.Advance(ctx, "Demo", sandbox.Advance{By: by}))
		l.same(by + " later")
	}
	if stillThere := l.same("in the end"); len(stillThere) > 0 {
		t.Errorf("after a month %d tasks are listed", len(stillThere))
	}
}

// sizes wants the journals of all to say the same of a list that is too long for them.
func (l *listers) sizes() {
	l.t.Helper()
	seen := map[string]bool{}
	for what, s := range l.servers {
		entries, err := s.Sandbox.Journal(l.t.Context(), sandbox.JournalQuery{
			Account: "Demo", Operation: "listTasks", Method: http.MethodGet, Bodies: true, Limit: 2,
		})
		if err != nil {
			l.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Answer.Size < 64<<10 || e.Answer.Note == "" {
				l.t.Errorf("with %s room the journal has %+v", what, e.Answer)
			}
			seen[fmt.Sprint(e.Answer.Size, e.Answer.Note)] = true
		}
	}
	if len(seen) > 3 { // by the lengths of their addresses
		l.t.Errorf("the journals say %v", seen)
	}
}

// Who has been told that a task is finished finds it so in every list that is asked for from then on, at every server,
// while others read and write, too.
func TestListsShowWhatIsKnown(t *testing.T) {
	t.Parallel()
	l := newListers(t)
	if _, _, ok := l.finish(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("first")); !ok {
		t.FailNow()
	}
	l.copies(300)
	var mu sync.Mutex
	known := map[string]bool{}
	over := make(chan struct{})
	var reading sync.WaitGroup
	for _, s := range l.servers {
		for range 2 {
			reading.Go(func() {
				for last := false; !last; {
					select {
					case <-over:
						last = true
					default:
					}
					mu.Lock()
					want := make([]string, 0, len(known))
					for id := range known {
						want = append(want, id)
					}
					mu.Unlock()
					shown := map[string]bool{}
					for _, id := range listed(t, s) {
						if shown[id] {
							t.Errorf("task %s is listed twice", id)
						}
						shown[id] = true
					}
					for _, id := range want {
						if !shown[id] {
							t.Errorf("task %s is known to be finished, and not listed so", id)
						}
					}
				}
			})
		}
	}
	for i := range 20 {
		id, _, ok := l.finish(http.MethodPost, "/subscriptions", servetest.SubscriptionBody(fmt.Sprint("sub ", i)))
		if !ok {
			break
		}
		mu.Lock()
		known[id] = true
		mu.Unlock()
	}
	close(over)
	reading.Wait()
	if len(known) != 20 {
		t.Errorf("%d tasks were finished", len(known))
	}
}
