package api_test

// Tests of idempotent requests, by the numbers of docs/idempotency.md.

import (
	"bytes"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func withHeader(name string, values ...string) func(*http.Request) {
	return func(r *http.Request) { r.Header[http.CanonicalHeaderKey(name)] = values }
}

func withKey(key string) func(*http.Request) { return withHeader("Idempotency-Key", key) }

func withToken(token string) func(*http.Request) { return withHeader("X-Client-Token", token) }

const aToken = "46436810-d999-454c-bd85-e515fd258600"

// C-4, C-8, D-6: the first answer is repeated to the byte, and marked.
func TestC8Replay(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func() apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withKey("first-key"))
	}
	first, again := send(), send()
	if first.Status != http.StatusAccepted || again.Status != first.Status || !bytes.Equal(first.Body, again.Body) {
		t.Errorf("first %d %s, again %d %s", first.Status, first.Body, again.Status, again.Body)
	}
	for _, header := range []string{"Location", "Content-Type", "Retry-After", "Idempotency-Key"} {
		if first.Header.Get(header) == "" || first.Header.Get(header) != again.Header.Get(header) {
			t.Errorf("%s: first %q, again %q", header, first.Header.Get(header), again.Header.Get(header))
		}
	}
	if first.Header.Get("Idempotent-Replayed") != "" || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("marker: first %q, again %q", first.Header.Get("Idempotent-Replayed"), again.Header.Get("Idempotent-Replayed"))
	}
	if got, want := again.Header.Get("Idempotent-Original-Request-Id"), first.Header.Get("X-Request-Id"); got != want {
		t.Errorf("original request: got %q, want %q", got, want)
	}
	a.Finish(first.Get("taskId").(string))
	if list := a.Do(http.MethodGet, subscriptions, nil); strings.Count(string(list.Body), `"status"`) != 1 {
		t.Errorf("after two requests with one key: %s", list.Body)
	}
}

// a token's outcome is repeated for 8 hours, then it is expired until
// 72 hours are over.
func TestR8LifeOfAToken(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	send := func() apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), withToken(aToken))
	}
	first := send()
	for _, step := range []struct {
		advance time.Duration
		status  int
		code    any
		same    bool
	}{
		{8*time.Hour - time.Microsecond, 202, nil, true},
		{time.Microsecond, 400, "DBS.280498", false},
		{64*time.Hour - time.Microsecond, 400, "DBS.280498", false},
		{time.Microsecond, 202, nil, false},
	} {
		a.Advance(step.advance)
		got := send()
		if got.Status != step.status || got.Get("error_code") != step.code || bytes.Equal(got.Body, first.Body) != step.same {
			t.Errorf("%v later: got %d %s, want %d %v, the first answer: %v", step.advance, got.Status, got.Body, step.status, step.code, step.same)
		}
	}
}
