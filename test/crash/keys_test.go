package crash

// Idempotent requests whose server is killed, by the numbers of docs/rules.md.

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// keyed sends a write under a key. The error says that no answer came.
func keyed(s *servetest.Server, method, path string, body any, header, key string) (servetest.Answer, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	return s.Send(ctx, method, path, body, func(r *http.Request) { r.Header.Set(header, key) })
}

// creation is a way to create something under a key.
type creation struct {
	header, key string // a format of the key's number
	path        func(*servetest.Server) string
	body        func(name string) map[string]any
	count       func(*testing.T, *servetest.Server) (things, tasks int)
}

func creations() map[string]creation {
	subscriptions := func(*servetest.Server) string { return "/subscriptions" }
	const token = "00000000-0000-0000-0000-%012d"
	return map[string]creation{
		"Idempotency-Key": {"Idempotency-Key", "key-%08d", subscriptions, servetest.SubscriptionBody, countSubscriptions},
		"X-Client-Token":  {"X-Client-Token", token, subscriptions, servetest.SubscriptionBody, countSubscriptions},
		"X-Client-Token of RDS": {
			"X-Client-Token", token, func(s *servetest.Server) string { return s.Project() + "/instances" },
			servetest.InstanceBody, countInstances,
		},
	}
}

func countSubscriptions(t *testing.T, s *servetest.Server) (things, tasks int) {
	t.Helper()
	var list struct{ Subscriptions []any }
	_, _, text := s.Do(http.MethodGet, "/subscriptions", nil)
	decode(t, text, &list)
	var all struct{ Tasks []any }
	_, _, text = s.Do(http.MethodGet, "/tasks", nil)
	decode(t, text, &all)
	return len(list.Subscriptions), len(all.Tasks)
}

func countInstances(t *testing.T, s *servetest.Server) (things, tasks int) {
	t.Helper()
	return total(t, s, "/instances"), total(t, s, "/tasklist")
}

// total is how many things a list of RDS has.
func total(tb testing.TB, s *servetest.Server, path string) int {
	tb.Helper()
	var list struct {
		Total int `json:"total_count"`
	}
	status, _, text := s.Do(http.MethodGet, s.Project()+path, nil)
	if decode(tb, text, &list); status != http.StatusOK {
		tb.Fatalf("GET %s: got %d %s", path, status, text)
	}
	return list.Total
}

// killed has a server kill itself at a point of the one request that send sends,
// and starts it again.
func killed(t *testing.T, s *servetest.Server, point string, send func() (servetest.Answer, error)) {
	t.Helper()
	s.Restart("UNDERSTUDY_CRASHPOINT=" + point + ":1")
	if answer, err := send(); err == nil {
		t.Fatalf("%s: got %d %s, want no answer", point, answer.Status, answer.Body)
	}
	if err := s.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
		t.Fatalf("%s: the server ended with %v, want a kill", point, err)
	}
	s.Restart()
}

// retried sends again what a killed server may have done: it is answered at once,
// marked where it was done before, and so is the next time.
func retried(t *testing.T, point string, done bool, status int, send func() (servetest.Answer, error)) {
	t.Helper()
	first, err := send()
	if err != nil || first.Status != status || (first.Header.Get("Idempotent-Replayed") == "true") != done {
		t.Errorf("%s: the retry got %d %v %s, %v, want %d, replayed: %v",
			point, first.Status, first.Header, first.Body, err, status, done)
	}
	again, err := send()
	if err != nil || again.Status != status || !bytes.Equal(again.Body, first.Body) ||
		again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("%s: the next one got %d %v %s, %v, want %s", point, again.Status, again.Header, again.Body, err, first.Body)
	}
}

// H2, H3, H4: a server killed at any point of a creation leaves all of it or
// nothing: the retry finds the answer, or makes it.
func TestH2H3H4KilledWhileCreating(t *testing.T) {
	t.Parallel()
	for name, c := range creations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := servetest.Start(t, servetest.Options{Tags: []string{"crashpoint"}})
			points := []string{"idem.acquired", "idem.before_finish", "accept.after_commit", "resp.before_write"}
			for i, point := range points {
				send := func() (servetest.Answer, error) {
					return keyed(s, http.MethodPost, c.path(s), c.body(fmt.Sprint("made-", i)), c.header, fmt.Sprintf(c.key, i))
				}
				killed(t, s, point, send)
				retried(t, point, i >= 2, http.StatusAccepted, send)
			}
			things, tasks := 0, 0
			apitest.Eventually(t, "all are there", func() bool {
				things, tasks = c.count(t, s)
				return things >= len(points)
			})
			if things != len(points) || tasks != len(points) {
				t.Errorf("%d things of %d tasks, want %d", things, tasks, len(points))
			}
		})
	}
}

// H2, H3, H4: the same for what is written at once.
func TestH2H3H4KilledWhileWriting(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Tags: []string{"crashpoint"}, Args: []string{"--speed", "0"}})
	created := s.Accept(http.MethodPost, "/subscriptions", servetest.SubscriptionBody("one"))
	path := fmt.Sprintf("/subscriptions/%d/databases", created.Response.ResourceID)
	var list struct {
		Subscription []struct{ Databases []struct{ DatabaseID int } }
	}
	_, _, text := s.Do(http.MethodGet, path, nil)
	decode(t, text, &list)
	path = fmt.Sprintf("%s/%d/tags", path, list.Subscription[0].Databases[0].DatabaseID)
	points := []string{"idem.acquired", "idem.before_finish", "tx.before_commit", "tx.after_commit", "resp.before_write"}
	for i, point := range points {
		send := func() (servetest.Answer, error) {
			tag := map[string]any{"key": fmt.Sprint("k", i), "value": point}
			return keyed(s, http.MethodPost, path, tag, "Idempotency-Key", fmt.Sprintf("key-%08d", i))
		}
		killed(t, s, point, send)
		retried(t, point, i >= 3, http.StatusOK, send)
	}
	var tags struct{ Tags []any }
	_, _, text = s.Do(http.MethodGet, path, nil)
	decode(t, text, &tags)
	if len(tags.Tags) != len(points) {
		t.Errorf("%d tags, want %d: %s", len(tags.Tags), len(points), text)
	}
}

// H2, C-11: where servers share a database nobody knows that one of them is dead
// before its lease has run out. Then the other one carries the request out, once.
func TestH2LeaseOfAKilledServer(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	options := servetest.Options{Tags: []string{"crashpoint"}, Args: []string{"--database-url", url}}
	alive := servetest.Start(t, options)
	options.Env = []string{"UNDERSTUDY_CRASHPOINT=idem.acquired:1"}
	options.Args = append(options.Args, "--api-key", alive.APIKey, "--api-secret-key", alive.SecretKey)
	dead := servetest.Start(t, options)
	send := func(s *servetest.Server) (servetest.Answer, error) {
		body := servetest.SubscriptionBody("one")
		return keyed(s, http.MethodPost, "/subscriptions", body, "Idempotency-Key", "a-key-of-the-test")
	}
	if answer, err := send(dead); err == nil {
		t.Fatalf("got %d %s, want no answer", answer.Status, answer.Body)
	}
	if err := dead.Wait(); err == nil {
		t.Fatal("the server ended without an error, want a kill")
	}
	turnedAway := 0
	var got servetest.Answer
	apitest.Eventually(t, "the request is carried out", func() bool {
		var err error
		if got, err = send(alive); err != nil {
			t.Fatal(err)
		}
		if got.Status == http.StatusConflict {
			turnedAway++
		}
		return got.Status != http.StatusConflict
	})
	if got.Status != http.StatusAccepted || got.Header.Get("Idempotent-Replayed") != "" || turnedAway == 0 {
		t.Errorf("turned away %d times, then %d %v %s", turnedAway, got.Status, got.Header, got.Body)
	}
	var tasks struct{ Tasks []any }
	_, _, text := alive.Do(http.MethodGet, "/tasks", nil)
	decode(t, text, &tasks)
	if len(tasks.Tasks) != 1 {
		t.Errorf("%d tasks, want 1: %s", len(tasks.Tasks), text)
	}
}
