package upgrade

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// story is the life of a server up to the moment at which its data directory is kept: everything that it knows has
// happened in the demo account, and in the others something of every kind is under way.
type story struct {
	*player
	as           string            // who acts
	redirections map[string]string // ids, by who acts
	costReport   string
}

// Requests that the story sends under idempotency keys, and that are sent again afterwards.
var keyed = []exchange{
	// Their answer is a task,
	keyedPost("/v1/subscriptions", idempotent("keyed-0001"), subscription("keyed", "us-west-2", 9)),
	keyedPost("/v1/subscriptions", token(1), subscription("token", "us-west-2", 8)),
	// one that fails,
	keyedPost("/v1/subscriptions/999999/databases", token(3), `{"name": "lost", "datasetSizeInGb": 1}`),
	keyedPost("/v1/acl/redisRules", idempotent("keyed-0005"), `{"name": "wrong", "redisRule": "no rule"}`),
	{Request: "PUT /v1/users/1", Header: idempotent("keyed-0002"), Body: `{"name": "Nobody", "role": "Viewer"}`},
	// an error,
	keyedPost("/v1/subscriptions", idempotent("keyed-0003"), `{"name": 1, "wrong": true}`),
	keyedPost("/v1/subscriptions", token(2), `{"name": 1, "wrong": true}`),
	keyedPost("/v1/subscriptions/999999/databases/1/tags", idempotent("keyed-0004"), `{"key": "team", "value": "shop"}`),
	// and what was written at once.
	keyedPost("/v1/subscriptions/100001/data-integration-workspace/jobs", idempotent("keyed-0006"),
		`{"orders": {"price": 1.50, "list": [1, 2]}}`),
}

// held are requests under way when the server is killed.
var held = []exchange{
	heldPost(idempotent("held-0001"), subscription("held", "us-west-2", 7)),
	heldPost(token(9), subscription("held too", "us-west-2", 6)),
}

func keyedPost(path string, header map[string]string, body string) exchange {
	return exchange{Request: "POST " + path, Header: header, Body: body}
}

func heldPost(header map[string]string, body string) exchange {
	return exchange{As: "owner-of-2003", Request: "POST /v1/subscriptions", Header: header, Body: body}
}

func idempotent(key string) map[string]string { return map[string]string{"Idempotency-Key": key} }

func token(n int) map[string]string {
	return map[string]string{"X-Client-Token": fmt.Sprintf("00000000-0000-4000-8000-%012d", n)}
}

func (s *story) live() {
	s.t.Helper()
	s.everything()
	changing, connecting, moving, crashing := s.changing(), s.connecting(), s.moving(), s.crashing()
	s.restart("UNDERSTUDY_SPEED=1")
	for _, begin := range []func(){changing, connecting, moving, crashing} {
		begin()
	}
	s.restart("UNDERSTUDY_SPEED=1", "UNDERSTUDY_CRASHPOINT=task.before_commit:1")
	s.crash()
}

func (s *story) restart(env ...string) {
	s.t.Helper()
	s.db.Close()
	s.server.Restart(env...)
	s.open()
}

// crash lets the server die while it processes a task of account 2004 and holds two keys of account 2003.
func (s *story) crash() {
	s.t.Helper()
	var clients sync.WaitGroup
	locked, dead := make(chan struct{}), make(chan struct{})
	clients.Go(func() {
		_ = s.db.Write(context.WithoutCancel(s.t.Context()), cloud.Caller{Account: 2003}, func(*store.Tx) error {
			close(locked)
			<-dead
			return errors.New("the server is dead")
		})
	})
	<-locked
	for _, e := range held {
		clients.Go(func() {
			if answer, err := s.try(e); err == nil {
				s.t.Errorf("%s: got %d %s, want no answer", e.Request, answer.Status, answer.Body)
			}
		})
	}
	conn, err := pgx.Connect(s.t.Context(), s.url)
	if err != nil {
		s.t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(s.t.Context()))
	apitest.Eventually(s.t, "the keys are held", func() bool {
		var n int
		err := conn.QueryRow(s.t.Context(), `SELECT count(*) FROM idempotency_keys WHERE state = 'held'`).Scan(&n)
		return err == nil && n == len(held)
	})
	if err := s.db.Advance(s.t.Context(), 2004, commandTime); err != nil {
		s.t.Fatal(err)
	}
	if err := s.server.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		s.t.Errorf("the server ended with %v, want a kill", err)
	}
	close(dead)
	clients.Wait()
}

// commandTime is what processing a task takes.
const commandTime = 5 * time.Second

// do sends a request and returns its answer, or that of its task if it ends without time going on.
func (s *story) do(request, body string) apitest.Answer {
	s.t.Helper()
	return s.done(exchange{As: s.as, Request: request, Body: body})
}

func (s *story) done(e exchange) apitest.Answer {
	s.t.Helper()
	answer := s.send(e)
	s.rest(e.As)
	if id, _ := answer.Get("taskId").(string); id != "" {
		answer = s.send(exchange{As: e.As, Request: "GET /v1/tasks/" + id})
	}
	return answer
}

// ok is do for what must succeed; a minute goes by afterwards.
func (s *story) ok(request, body string) apitest.Answer {
	s.t.Helper()
	answer := s.do(request, body)
	failed := answer.Get("taskId") != nil && answer.Get("status") != "processing-completed"
	if answer.Status >= http.StatusBadRequest || failed {
		s.t.Errorf("%s: got %d %s", request, answer.Status, answer.Body)
	}
	if err := s.db.Advance(s.t.Context(), s.keys[s.as].Account, time.Minute); err != nil {
		s.t.Fatal(err)
	}
	return answer
}

// make is ok for what makes a resource; it returns the path of that.
func (s *story) make(path, body string) string {
	s.t.Helper()
	answer := s.ok("POST "+path, body)
	id, _ := answer.Get("response", "resourceId").(float64)
	if id == 0 {
		s.t.Errorf("POST %s: got %s, want a resource", path, answer.Body)
	}
	return fmt.Sprintf("%s/%.0f", path, id)
}

// database is the path of the first database of a subscription.
func (s *story) database(sub string) string {
	s.t.Helper()
	list := s.send(exchange{As: s.as, Request: "GET " + sub + "/databases"})
	id := list.Get("subscription", 0, "databases", 0, "databaseId")
	if id == nil {
		s.t.Fatalf("the databases of %s: %s", sub, list.Body)
	}
	return fmt.Sprintf("%s/databases/%.0f", sub, id)
}

// region is the path of the first region of an Active-Active subscription.
func (s *story) region(sub string) string {
	s.t.Helper()
	list := s.send(exchange{As: s.as, Request: "GET " + sub + "/regions"})
	return fmt.Sprintf("%s/regions/%.0f", sub, list.Get("regions", 0, "regionId"))
}

// fails is do for what must end in a failed task, or be refused.
func (s *story) fails(request, body string) {
	s.t.Helper()
	if answer := s.do(request, body); answer.Status < http.StatusBadRequest && answer.Get("status") != "processing-error" {
		s.t.Errorf("%s: got %d %s, want a failure", request, answer.Status, answer.Body)
	}
}

// begin sends a change and lets its task be processed, so that what it changes is being provisioned.
func (s *story) begin(request, body string) apitest.Answer {
	s.t.Helper()
	answer := s.do(request, body)
	if answer.Get("taskId") == nil {
		if answer.Status >= http.StatusBadRequest {
			s.t.Errorf("%s: got %d %s", request, answer.Status, answer.Body)
		}
		return answer
	}
	if answer.Get("status") != "processing-in-progress" {
		s.t.Errorf("%s: got %s, want it in progress", request, answer.Body)
	}
	if err := s.db.Advance(s.t.Context(), s.keys[s.as].Account, commandTime); err != nil {
		s.t.Fatal(err)
	}
	s.rest(s.as)
	task := s.send(exchange{As: s.as, Request: "GET /v1/tasks/" + answer.Get("taskId").(string)})
	if task.Get("status") != "processing-completed" {
		s.t.Errorf("%s: got %s, want it completed", request, task.Body)
	}
	return task
}

// wait sends a request whose task is left as it is.
func (s *story) wait(request, body string) {
	s.t.Helper()
	if answer := s.do(request, body); answer.Get("taskId") == nil {
		s.t.Errorf("%s: got %d %s, want a task", request, answer.Status, answer.Body)
	}
}
