package crash

// Idempotent requests whose server is killed, by the numbers of docs/rules.md.

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
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
	text, err := json.Marshal(body)
	if err != nil {
		return servetest.Answer{}, err
	}
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, bytes.NewReader(text))
	if err != nil {
		return servetest.Answer{}, err
	}
	for name, value := range map[string]string{
		"X-Api-Key": s.APIKey, "X-Api-Secret-Key": s.SecretKey, "Content-Type": "application/json", header: key,
	} {
		req.Header.Set(name, value)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return servetest.Answer{}, err
	}
	defer res.Body.Close()
	answer := servetest.Answer{Status: res.StatusCode, Header: res.Header}
	answer.Body, err = io.ReadAll(res.Body)
	return answer, err
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
	for header, key := range map[string]string{
		"Idempotency-Key": "key-%08d",
		"X-Client-Token":  "00000000-0000-0000-0000-%012d",
	} {
		t.Run(header, func(t *testing.T) {
			t.Parallel()
			s := servetest.Start(t, servetest.Options{Tags: []string{"crashpoint"}})
			points := []string{"idem.acquired", "idem.before_finish", "accept.after_commit", "resp.before_write"}
			for i, point := range points {
				send := func() (servetest.Answer, error) {
					return keyed(s, http.MethodPost, "/subscriptions", servetest.SubscriptionBody(point), header, fmt.Sprintf(key, i))
				}
				killed(t, s, point, send)
				retried(t, point, i >= 2, http.StatusAccepted, send)
			}
			var list struct{ Subscriptions []struct{ Name string } }
			s.Until("/subscriptions", func(_ int, text []byte) bool {
				list.Subscriptions = nil
				decode(t, text, &list)
				return len(list.Subscriptions) >= len(points)
			})
			var tasks struct{ Tasks []any }
			_, _, text := s.Do(http.MethodGet, "/tasks", nil)
			decode(t, text, &tasks)
			if len(tasks.Tasks) != len(points) {
				t.Errorf("%d tasks, want %d: %s", len(tasks.Tasks), len(points), text)
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
