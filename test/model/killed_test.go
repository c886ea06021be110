package model_test

// Random requests of all families to a server that is killed, as test/crash kills it.

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/test/model"
)

// rounds is how often the server is killed: $UNDERSTUDY_TEST_ROUNDS, for long runs.
func rounds(t *testing.T) int {
	t.Helper()
	n, err := strconv.Atoi(os.Getenv("UNDERSTUDY_TEST_ROUNDS"))
	if err != nil {
		return 4
	}
	return n
}

// TestAllFamiliesKilled kills the server at random under requests of all families. What was acknowledged ends, once
// and in order, and what is there is what the tasks say.
func TestAllFamiliesKilled(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	apitest.Watch(t, url)
	for name, args := range map[string][]string{"private Postgres": nil, "given Postgres": {"--database-url", url}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := servetest.Options{Args: append(args, "--speed", "2000")} // something is under way at every kill
			servers := []*servetest.Server{servetest.Start(t, options)}
			if args != nil { // which another server can use, too
				servers = append(servers, servetest.Start(t, options))
			}
			f := newFamilies(t, servers)
			for range rounds(t) {
				f.start()
				for _, i := range rand.Perm(len(servers)) {
					f.until(1 + rand.Int64N(120))
					servers[i].Kill()
				}
				f.running.Wait()
				for _, s := range servers {
					s.Restart()
				}
			}
			f.check()
			if args != nil {
				apitest.CheckHistory(t, url, len(f.tasks()))
			}
		})
	}
}

// families is some clients of one account.
type families struct {
	tb       testing.TB
	servers  []*servetest.Server // on one database
	models   []*model.Model
	running  sync.WaitGroup // the clients
	answered atomic.Int64   // requests
}

func newFamilies(tb testing.TB, servers []*servetest.Server) *families {
	tb.Helper()
	docs := documents(tb)
	f := &families{tb: tb, servers: servers}
	for i := range 3 {
		m, err := model.New(docs...)
		if err != nil {
			tb.Fatal(err)
		}
		m.Project = servers[0].APIKey
		m.Client = fmt.Sprintf("client-%d-", i)
		f.models = append(f.models, m)
	}
	return f
}

// start starts the clients, which go on until no server answers any more.
func (f *families) start() {
	for _, m := range f.models {
		c := f.client(m)
		f.running.Go(func() {
			var opening []*model.Call
			for i := 0; len(c.alive) > 0; i++ {
				if i%20 == 0 {
					c.learn()
					opening = m.Opening(i / 20)
				}
				next := m.Draw(func(_ string, n int) int { return rand.IntN(n) })
				if len(opening) > 0 {
					next, opening = opening[0], opening[1:]
				}
				c.call(next)
				f.answered.Add(1)
			}
		})
	}
}

// until waits for n more answers.
func (f *families) until(n int64) {
	f.tb.Helper()
	enough := f.answered.Load() + n
	apitest.Eventually(f.tb, "the clients are answered", func() bool { return f.answered.Load() >= enough })
}

// client is one of them.
type client struct {
	tb    testing.TB
	model *model.Model
	alive []*servetest.Server // those that have always answered
	keys  func(*http.Request) // of the account, whose key is its project
}

func (f *families) client(m *model.Model) *client {
	key, secret := f.servers[0].APIKey, f.servers[0].SecretKey // other servers have made other ones
	return &client{tb: f.tb, model: m, alive: slices.Clone(f.servers), keys: func(r *http.Request) {
		r.Header.Set("X-Api-Key", key)
		r.Header.Set("X-Api-Secret-Key", secret)
		r.Header.Set("X-Auth-Token", secret)
	}}
}

// send sends a request; a status of 0 says that no answer came.
func (c *client) send(method, path string, body any) apitest.Answer {
	return c.sendWith(func(*http.Request) {}, method, path, body)
}

// sendWith is send with other headers, to any of the servers.
func (c *client) sendWith(head func(*http.Request), method, path string, body any) apitest.Answer {
	if len(c.alive) == 0 {
		return apitest.Answer{}
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	i := rand.IntN(len(c.alive))
	answer, err := c.alive[i].Send(ctx, method, strings.TrimPrefix(path, "/v1"), body, c.keys, head)
	if err != nil {
		c.alive = slices.Delete(c.alive, i, i+1)
		return apitest.Answer{}
	}
	return apitest.Answer(answer)
}

// learn looks what there is.
func (c *client) learn() {
	view, problems := c.model.Read(model.Reader{Send: c.send}, false)
	if len(problems) == 0 {
		c.model.Learn(view)
	}
}

// call sends a request, and waits for its task or not.
func (c *client) call(next *model.Call) {
	answer := c.sendWith(next.Head, next.Method, next.Path, next.Body)
	if answer.Status == 0 {
		c.model.Lost(next)
		return
	}
	for _, problem := range c.model.Sent(next, answer) {
		c.tb.Error(problem)
	}
	if next.Task == "" || rand.IntN(2) == 0 {
		return
	}
	if task := c.send(http.MethodGet, "/v1/tasks/"+next.Task, nil); task.Status == http.StatusOK {
		c.model.Tasks([]any{task.Get()})
	}
}

// tasks waits until all tasks and jobs have ended, and returns them.
func (f *families) tasks() (tasks []any) {
	f.tb.Helper()
	f.servers[0].Until("/tasks", func(_ int, body []byte) bool {
		var list struct{ Tasks []any }
		if err := json.Unmarshal(body, &list); err != nil {
			f.tb.Fatalf("decode %s: %v", body, err)
		}
		tasks = list.Tasks
		return !slices.ContainsFunc(tasks, func(task any) bool {
			status, _ := task.(map[string]any)["status"].(string)
			return status != "processing-completed" && status != "processing-error"
		})
	})
	var jobs []any
	apitest.Eventually(f.tb, "all jobs are over", func() bool {
		list, problems := f.models[0].JobList(model.Reader{Send: f.client(nil).send})
		jobs = model.AsTasks(list)
		return len(problems) == 0 && !slices.ContainsFunc(jobs, func(job any) bool {
			return job.(map[string]any)["status"] == nil
		})
	})
	return append(tasks, jobs...)
}

// check waits until everything has ended, and holds it against what was asked for.
func (f *families) check() {
	f.tb.Helper()
	tasks := f.tasks()
	acknowledged := 0
	for _, m := range f.models {
		m.Tasks(tasks)
		for _, c := range m.Unfinished() {
			f.tb.Errorf("an acknowledged task is not there: %v", c)
		}
		var last time.Time
		for _, c := range m.Calls() {
			if at, ok := c.EndedAt(); ok {
				acknowledged++
				if at.Before(last) {
					f.tb.Errorf("it was processed before an earlier one: %v", c)
				}
				last = at
			}
		}
	}
	if acknowledged == 0 {
		f.tb.Fatal("nothing was acknowledged, so nothing was tested")
	}
	f.tb.Logf("%d tasks, %d of them acknowledged", len(tasks), acknowledged)

	m := f.models[0]
	api := model.Reader{Send: f.client(m).send, Await: func(task string) apitest.Answer {
		finished := f.servers[0].Task(task)
		body, err := json.Marshal(finished)
		if err != nil {
			f.tb.Fatal(err)
		}
		return apitest.Answer{Status: http.StatusOK, Body: body}
	}}
	apitest.Eventually(f.tb, "everything is at rest", func() bool {
		view, wrong := m.Read(model.Reader{Send: api.Send}, false)
		return len(wrong) == 0 && m.Rests(view)
	})
	view, problems := m.Read(api, true)
	for _, m := range f.models {
		problems = append(problems, m.Twice(view)...)
	}
	for _, problem := range append(problems, m.Ledger(tasks, view)...) {
		f.tb.Error(problem)
	}
}
