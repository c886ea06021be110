package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// book is a log in which requests can be looked up.
type book struct{ apitest.Output }

// entry waits for the line of a request and gives it back.
func (b *book) entry(t *testing.T, request string) (entry map[string]any) {
	t.Helper()
	apitest.Eventually(t, "the request is logged", func() bool {
		for line := range strings.Lines(b.String()) {
			entry = nil
			if err := json.Unmarshal([]byte(line), &entry); err != nil {
				t.Fatalf("log line %q: %v", line, err)
			}
			if entry["msg"] == "request" && entry["request"] == request {
				return true
			}
		}
		return false
	})
	return entry
}

// logging is apitest.New with everything that is logged, down to the last
// detail, in a book.
func logging(t *testing.T, change func(*engine.Config)) (*apitest.World, *book) {
	t.Helper()
	log := &book{}
	logger := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w := apitest.New(t, func(c *engine.Config) {
		c.Logger = logger
		if change != nil {
			change(c)
		}
	})
	edge, err := api.New(api.Config{
		Dialects: apitest.Dialects(t), Engine: w.Engine, DB: w.DB, Logger: logger,
	})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(edge)
	t.Cleanup(server.Close)
	w.URL = server.URL
	return w, log
}

// A panic is a 500 that tells the client nothing and the log everything; the
// server lives on.
func TestPanic(t *testing.T) {
	t.Parallel()
	var once sync.Once
	w, log := logging(t, func(c *engine.Config) {
		c.Hook = func(point string) {
			if point == "accept.after_commit" {
				once.Do(func() { panic("something unheard-of") })
			}
		}
	})
	a := w.Account()
	got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	wantError(t, got, http.StatusInternalServerError, subscriptions, "")
	if strings.Contains(string(got.Body), "unheard-of") {
		t.Errorf("the client learns of it: %s", got.Body)
	}
	entry := log.entry(t, got.Header.Get("X-Request-Id"))
	if text := fmt.Sprint(entry["error"]); entry["level"] != "ERROR" || !strings.Contains(text, "something unheard-of") ||
		!strings.Contains(text, "upkeep_test.go") {
		t.Errorf("logged as %v, want the panic with its stack", entry)
	}
	if got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("two")); got.Status != http.StatusAccepted {
		t.Errorf("after the panic: got %d %s", got.Status, got.Body)
	}
}

// One line tells of each request who did what, and what became of it.
func TestRequestLog(t *testing.T) {
	t.Parallel()
	w, log := logging(t, nil)
	a := w.Account()
	accepted := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	refused := a.Do(http.MethodGet, subscriptions+"/7", nil)
	unknown := a.Do(http.MethodGet, "/v1/nope", nil)
	for _, test := range []struct {
		answer apitest.Answer
		want   map[string]any
	}{
		{accepted, map[string]any{
			"level": "INFO", "method": "POST", "path": subscriptions, "status": 202.0,
			"operation": "createProSubscription", "account": float64(a.ID), "task": accepted.Get("taskId"),
		}},
		{refused, map[string]any{
			"level": "INFO", "path": subscriptions + "/7", "status": 404.0, "operation": "getProSubscription", "task": nil,
			"error": nil,
		}},
		{unknown, map[string]any{"level": "INFO", "path": "/v1/nope", "status": 404.0, "operation": nil, "error": nil}},
	} {
		entry := log.entry(t, test.answer.Header.Get("X-Request-Id"))
		for name, want := range test.want {
			if entry[name] != want {
				t.Errorf("%s: got %v, want %v in %v", name, entry[name], want, entry)
			}
		}
		if duration, ok := entry["duration"].(float64); !ok || duration <= 0 {
			t.Errorf("duration %v in %v", entry["duration"], entry)
		}
	}
	if got := strings.Count(log.String(), `"msg":"request"`); got != 3 {
		t.Errorf("three requests made %d lines:\n%s", got, log)
	}
}

// A client that hangs up before it has read the answer takes nothing back.
func TestClientHangsUp(t *testing.T) {
	t.Parallel()
	committed, gone := make(chan struct{}), make(chan struct{})
	a := apitest.New(t, func(c *engine.Config) {
		c.Hook = func(point string) {
			if point == "accept.after_commit" {
				close(committed)
				<-gone
			}
		}
	}).Account()
	ctx, hangUp := context.WithCancel(t.Context())
	body, err := json.Marshal(apitest.SubscriptionBody("one"))
	if err != nil {
		t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, a.URL+subscriptions, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"X-Api-Key": {a.Secrets.Key}, "X-Api-Secret-Key": {a.Secrets.Secret}, "Content-Type": {"application/json"},
	}
	var client sync.WaitGroup
	client.Go(func() {
		if res, err := http.DefaultClient.Do(req); err == nil {
			res.Body.Close()
			t.Errorf("the client has hung up and got %s", res.Status)
		}
	})
	<-committed
	hangUp()
	client.Wait()
	close(gone)
	task, _ := a.Do(http.MethodGet, "/v1/tasks", nil).Get("tasks", 0, "taskId").(string)
	if got := a.Finish(task); got.Get("status") != "processing-completed" {
		t.Errorf("the task of the client that hung up: got %s", got.Body)
	}
}

// Requests that wait for the end of a task hold no database connection: many
// more of them than there are connections hinder nobody.
func TestHeldRequestsHoldNoConnection(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	task := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	apitest.Eventually(t, "in progress", func() bool { return a.Status(task) == cloud.TaskRunning })
	var held sync.WaitGroup
	for range 40 { // apitest has 10 connections
		held.Go(func() {
			if got := a.Do(http.MethodGet, "/v1/tasks/"+task, nil); got.Get("status") != "processing-completed" {
				t.Errorf("the held request got %s", got.Body)
			}
		})
	}
	for range 20 {
		if got := a.Do(http.MethodGet, "/v1/", nil); got.Status != http.StatusOK {
			t.Errorf("meanwhile: got %d %s", got.Status, got.Body)
		}
	}
	a.Advance(apitest.TaskTime)
	held.Wait()
}

// While the database is away the answer is 503, with a hint when to try again;
// nothing is acknowledged. When it is back, so is everything else.
func TestDatabaseAway(t *testing.T) {
	t.Parallel()
	dir := pgtest.TempDir(t)
	var cluster *postgres.Cluster
	start := func() {
		var err error
		if cluster, err = postgres.Start(t.Context(), postgres.Config{Dir: dir, NoSync: true}); err != nil {
			t.Fatal(err)
		}
	}
	stop := func() {
		if err := cluster.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	start()
	t.Cleanup(func() { stop() })
	if err := migrations.Up(t.Context(), cluster.URL()); err != nil {
		t.Fatal(err)
	}
	a := apitest.On(t, cluster.URL(), nil).Account()
	sub := a.Subscription("one")

	stop()
	for range 2 {
		for _, request := range []struct {
			method, path string
			body         any
		}{
			{"GET", sub, nil},
			{"GET", "/v1/tasks/7f3b2f0c-8f8e-4d52-9c0e-0d6f5a3f8e11", nil},
			{"POST", subscriptions, apitest.SubscriptionBody("two")},
			{"DELETE", sub, nil},
		} {
			got := a.Do(request.method, request.path, request.body)
			wantError(t, got, http.StatusServiceUnavailable, request.path, "database")
			if got.Header.Get("Retry-After") != "1" {
				t.Errorf("%s %s: Retry-After %q", request.method, request.path, got.Header.Get("Retry-After"))
			}
		}
		// Neither keys nor a body are needed to be told what is wrong with the path.
		wantError(t, a.Do(http.MethodGet, "/v1/nope", nil), http.StatusNotFound, "/v1/nope", "")
	}

	start()
	apitest.Eventually(t, "the API answers again", func() bool {
		return a.Do(http.MethodGet, sub, nil).Status == http.StatusOK
	})
	if got := a.Do(http.MethodGet, subscriptions, nil); got.Get("subscriptions", 1) != nil {
		t.Errorf("something was accepted meanwhile: %s", got.Body)
	}
	a.Subscription("three")
}

// A wrong pair of keys is not taken for a database that is away, nor the other
// way round, however many come at once.
func TestManyWrongKeys(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	var clients sync.WaitGroup
	for i := range 50 {
		clients.Go(func() {
			got := a.Do(http.MethodGet, subscriptions, nil, func(r *http.Request) {
				r.Header.Set("X-Api-Secret-Key", fmt.Sprint(i))
			})
			if got.Status != http.StatusUnauthorized {
				t.Errorf("got %d %s", got.Status, got.Body)
			}
		})
	}
	done := make(chan struct{})
	go func() { clients.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(time.Minute):
		t.Fatal("not answered within a minute")
	}
}

// An answer is sent before its line is written, for which nobody has to wait.
func TestAnswersDoNotWaitForTheLog(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	answer := httptest.NewRecorder()
	var sent []bool // when a line was written
	edge, err := api.New(api.Config{
		Dialects: apitest.Dialects(t), Engine: w.Engine, DB: w.DB,
		Logger: slog.New(slog.NewTextHandler(writer(func([]byte) { sent = append(sent, answer.Flushed) }), nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	edge.ServeHTTP(answer, httptest.NewRequest(http.MethodPost, subscriptions, nil))
	if answer.Code != http.StatusUnauthorized || !slices.Equal(sent, []bool{true}) {
		t.Errorf("a request was answered %d, and its lines were written after that: %v", answer.Code, sent)
	}
}

// writer is a function as an io.Writer.
type writer func([]byte)

func (w writer) Write(text []byte) (int, error) {
	w(text)
	return len(text), nil
}
