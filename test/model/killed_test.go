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
			// Slow enough for something to be under way at every kill.
			f := newFamilies(t, servetest.Start(t, servetest.Options{Args: append(args, "--speed", "2000")}))
			for range rounds(t) {
				f.start()
				f.until(1 + rand.IntN(120))
				f.s.Kill()
				f.clients.Wait()
				f.s.Restart()
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
	tb      testing.TB
	s       *servetest.Server
	models  []*model.Model
	clients sync.WaitGroup
	ended   chan struct{} // closed when the clients have ended
	acks    chan struct{}
}

func newFamilies(tb testing.TB, s *servetest.Server) *families {
	tb.Helper()
	docs := documents(tb)
	f := &families{tb: tb, s: s, acks: make(chan struct{})}
	for i := range 3 {
		m, err := model.New(docs...)
		if err != nil {
			tb.Fatal(err)
		}
		m.Project = s.APIKey
		m.Client = fmt.Sprintf("client-%d-", i)
		f.models = append(f.models, m)
	}
	return f
}

// start starts the clients, which go on until the server no longer answers.
func (f *families) start() {
	ended := make(chan struct{})
	for _, m := range f.models {
		f.clients.Go(func() {
			var opening []*model.Call
			for i := 0; ; i++ {
				if i%20 == 0 {
					if !f.learn(m) {
						return
					}
					opening = m.Opening(i / 20)
				}
				c := m.Draw(func(_ string, n int) int { return rand.IntN(n) })
				if len(opening) > 0 {
					c, opening = opening[0], opening[1:]
				}
				if !f.call(m, c) {
					return
				}
				select {
				case f.acks <- struct{}{}:
				case <-ended:
				}
			}
		})
	}
	f.ended = ended
}

// until waits for n answers, and lets the clients go on.
func (f *families) until(n int) {
	for range n {
		select {
		case <-f.acks:
		case <-time.After(time.Minute):
			f.tb.Fatal("no client has been answered for a minute")
		}
	}
	close(f.ended)
}

// send sends a request; a status of 0 says that no answer came.
func (f *families) send(method, path string, body any) apitest.Answer {
	return f.sendWith(func(*http.Request) {}, method, path, body)
}

// sendWith is send with other headers.
func (f *families) sendWith(head func(*http.Request), method, path string, body any) apitest.Answer {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := f.s.Send(ctx, method, strings.TrimPrefix(path, "/v1"), body, head)
	if err != nil {
		return apitest.Answer{}
	}
	return apitest.Answer(answer)
}

// learn looks what there is, and reports whether the server answers.
func (f *families) learn(m *model.Model) bool {
	view, problems := m.Read(model.Reader{Send: f.send}, false)
	if len(problems) == 0 {
		m.Learn(view)
	}
	return f.send(http.MethodGet, "/v1/", nil).Status == http.StatusOK
}

// call sends a request, waits for its task or not, and reports whether to go on.
func (f *families) call(m *model.Model, c *model.Call) bool {
	answer := f.sendWith(c.Head, c.Method, c.Path, c.Body)
	if answer.Status == 0 {
		m.Lost(c)
		return false
	}
	for _, problem := range m.Sent(c, answer) {
		f.tb.Error(problem)
	}
	if c.Task == "" || rand.IntN(2) == 0 {
		return true
	}
	task := f.send(http.MethodGet, "/v1/tasks/"+c.Task, nil)
	if task.Status == http.StatusOK {
		m.Tasks([]any{task.Get()})
	}
	return task.Status != 0
}

// tasks waits until all tasks and jobs have ended, and returns them.
func (f *families) tasks() (tasks []any) {
	f.tb.Helper()
	f.s.Until("/tasks", func(_ int, body []byte) bool {
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
		list, problems := f.models[0].JobList(model.Reader{Send: f.send})
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
	api := model.Reader{Send: f.send, Await: func(task string) apitest.Answer {
		finished := f.s.Task(task)
		body, err := json.Marshal(finished)
		if err != nil {
			f.tb.Fatal(err)
		}
		return apitest.Answer{Status: http.StatusOK, Body: body}
	}}
	apitest.Eventually(f.tb, "everything is at rest", func() bool {
		view, wrong := m.Read(model.Reader{Send: f.send}, false)
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
