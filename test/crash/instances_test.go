package crash

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// instances are the DB instances that the clients of a load create, each under a token, and then restart and delete,
// with what the server acknowledged of it.
type instances struct {
	tb testing.TB
	s  *servetest.Server

	mu      sync.Mutex
	tokens  map[string]string // by name, of every creation that was sent
	made    map[string]string // id by name
	jobs    []string
	doomed  map[string]bool // by id: the deletion was sent
	deleted map[string]bool // and acknowledged
	changes int             // that were acknowledged
}

func newInstances(tb testing.TB, s *servetest.Server) *instances {
	return &instances{
		tb: tb, s: s, tokens: map[string]string{}, made: map[string]string{},
		doomed: map[string]bool{}, deleted: map[string]bool{},
	}
}

// send sends a request and notes the job that it is answered with. The error says that no answer came.
func (n *instances) send(method, path string, body any, token string) (servetest.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	answer, err := n.s.Send(ctx, method, n.s.Project()+"/instances"+path, body, func(r *http.Request) {
		if token != "" {
			r.Header.Set("X-Client-Token", token)
		}
	})
	var job struct {
		ID string `json:"job_id"`
	}
	if err == nil && answer.Status == http.StatusAccepted {
		if err := json.Unmarshal(answer.Body, &job); err != nil {
			n.tb.Errorf("%s %s: got %s, %v", method, path, answer.Body, err)
		}
		n.mu.Lock()
		defer n.mu.Unlock()
		n.jobs = append(n.jobs, job.ID)
	}
	return answer, err
}

// create creates a DB instance, and reports whether to go on.
func (n *instances) create(name string) bool {
	token := uuid.NewString()
	n.mu.Lock()
	n.tokens[name] = token
	n.mu.Unlock()
	answer, err := n.send(http.MethodPost, "", servetest.InstanceBody(name), token)
	if err != nil {
		return false // killed: nothing was acknowledged
	}
	n.created(name, answer)
	return true
}

// created takes note of the answer to a creation.
func (n *instances) created(name string, answer servetest.Answer) {
	if answer.Status == http.StatusServiceUnavailable {
		return
	}
	var body struct{ Instance struct{ ID string } }
	if err := json.Unmarshal(answer.Body, &body); err != nil || answer.Status != http.StatusAccepted {
		n.tb.Errorf("create DB instance %s: got %d %s", name, answer.Status, answer.Body)
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if known := n.made[name]; known != "" && known != body.Instance.ID {
		n.tb.Errorf("DB instance %s was made as %s, and again as %s", name, known, body.Instance.ID)
	}
	n.made[name] = body.Instance.ID
}

// change restarts or deletes a DB instance of the same client, as soon as nothing else is done to it, and reports
// whether to go on.
func (n *instances) change(name string, remove bool) bool {
	n.mu.Lock()
	id := n.made[name]
	if id == "" || n.doomed[id] {
		n.mu.Unlock()
		return true
	}
	n.doomed[id] = remove
	n.mu.Unlock()
	method, path, body := http.MethodPost, "/"+id+"/action", any(map[string]any{"restart": map[string]any{}})
	if remove {
		method, path, body = http.MethodDelete, "/"+id, nil
	}
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for {
		answer, err := n.send(method, path, body, "")
		switch {
		case err != nil:
			return false
		case answer.Status == http.StatusConflict: // it is being made or restarts
			<-tick.C
			continue
		case answer.Status == http.StatusAccepted:
			n.mu.Lock()
			defer n.mu.Unlock()
			n.deleted[id] = remove
			n.changes++
		case answer.Status != http.StatusServiceUnavailable:
			n.tb.Errorf("%s %s: got %d %s", method, path, answer.Status, answer.Body)
		}
		return true
	}
}

// retry sends all creations again, under their tokens: each has one answer, and has happened once.
func (n *instances) retry() {
	n.tb.Helper()
	for name, token := range n.tokens {
		var answer servetest.Answer
		apitest.Eventually(n.tb, "the retry is answered", func() bool {
			var err error
			if answer, err = n.send(http.MethodPost, "", servetest.InstanceBody(name), token); err != nil {
				n.tb.Fatal(err)
			}
			return answer.Status != http.StatusConflict && answer.Status != http.StatusServiceUnavailable
		})
		n.created(name, answer)
	}
}

// check holds what the server has now against what it acknowledged, and what was sent under tokens.
func (n *instances) check() {
	n.tb.Helper()
	n.retry()
	for _, id := range n.jobs {
		var job struct{ Job struct{ Status string } }
		n.s.Until(n.s.Project()+"/jobs?id="+id, func(_ int, text []byte) bool {
			decode(n.tb, text, &job)
			return job.Job.Status != "Running"
		})
		if job.Job.Status != "Completed" {
			n.tb.Errorf("job %s has %s", id, job.Job.Status)
		}
	}
	count := n.list()
	for name, id := range n.made {
		switch {
		case n.deleted[id] && count[name] > 0:
			n.tb.Errorf("DB instance %s was deleted and is there %d times", name, count[name])
		case !n.doomed[id] && count[name] != 1:
			n.tb.Errorf("DB instance %s is there %d times, want 1", name, count[name])
		}
	}
	for name := range n.tokens {
		if count[name] > 1 {
			n.tb.Errorf("DB instance %s is there %d times", name, count[name])
		}
	}
}

// list waits until nothing is done any more, and returns how often there is a DB instance of each name.
func (n *instances) list() (count map[string]int) {
	n.tb.Helper()
	apitest.Eventually(n.tb, "no job runs", func() bool { return total(n.tb, n.s, "/tasklist?status=Running") == 0 })
	count = map[string]int{}
	for offset, all := 0, 1; offset < all; offset += 100 {
		var list struct {
			Instances []struct{ Name, Status string }
			Total     int `json:"total_count"`
		}
		_, _, text := n.s.Do(http.MethodGet, fmt.Sprintf("%s/instances?offset=%d", n.s.Project(), offset), nil)
		decode(n.tb, text, &list)
		all = list.Total
		for _, one := range list.Instances {
			if one.Status != "ACTIVE" {
				n.tb.Errorf("DB instance %s is %s", one.Name, one.Status)
			}
			count[one.Name[len("db-"):]]++
		}
	}
	return count
}
