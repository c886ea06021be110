package api_test

import (
	"net/http"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// wantLeft looks for a status and for how many requests are left.
func wantLeft(t *testing.T, what string, got apitest.Answer, status int, left string) {
	t.Helper()
	if value := got.Header.Get("X-Rate-Limit-Remaining"); got.Status != status || value != left {
		t.Errorf("%s: got %d with %s requests left, want %d with %s\n%s", what, got.Status, value, status, left, got.Body)
	}
}

// endMinute lets the present minutes of all accounts end.
func endMinute(t *testing.T, w *apitest.World) {
	t.Helper()
	apitest.Exec(t, w.DBURL, `UPDATE rate_windows SET ends_at = now()`)
}

// An account may send so many requests in a minute. Every answer says how many are
// left; one more is refused, and says for how long.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	w := apitest.Limited(t, pgtest.New(t), 5)
	a, other := w.Account(), w.Account()
	unknown := func(r *http.Request) { r.Header.Set("X-Api-Key", "unknown") }
	wantLeft(t, "nobody", a.Do(http.MethodGet, subscriptions, nil, unknown), http.StatusUnauthorized, "5")
	wantLeft(t, "no path", a.Do(http.MethodGet, "/v1/nothing", nil), http.StatusNotFound, "5")
	wantLeft(t, "a read", a.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "4")
	apitest.Exec(t, w.DBURL, `UPDATE rate_windows SET ends_at = ends_at - interval '30 s'`) // half of the minute goes by
	wantLeft(t, "a write", a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one")), http.StatusAccepted, "3")
	wantLeft(t, "an unknown thing", a.Do(http.MethodGet, subscriptions+"/7", nil), http.StatusNotFound, "2")
	wantLeft(t, "a bad body", a.Do(http.MethodPost, subscriptions, "{}"), http.StatusBadRequest, "1")
	wantLeft(t, "nobody", a.Do(http.MethodGet, subscriptions, nil, unknown), http.StatusUnauthorized, "5")
	wantLeft(t, "the last one", a.Do(http.MethodGet, "/v1/tasks", nil), http.StatusOK, "0")
	for range 3 {
		got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"))
		wantLeft(t, "one too many", got, http.StatusTooManyRequests, "0")
		if seconds, err := strconv.Atoi(got.Header.Get("Retry-After")); err != nil || seconds < 1 || seconds > 30 {
			t.Errorf("Retry-After %q", got.Header.Get("Retry-After"))
		}
		if value := got.Header.Get("x-rate-limit-retry-after-seconds"); value != got.Header.Get("Retry-After") {
			t.Errorf("x-rate-limit-retry-after-seconds %q, Retry-After %q", value, got.Header.Get("Retry-After"))
		}
		if got.Get("status") != 429.0 || got.Get("error") != "Too Many Requests" || got.Get("path") != subscriptions {
			t.Errorf("the body is %s", got.Body)
		}
	}
	wantLeft(t, "another account", other.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "4")
	a.Advance(time.Hour)
	wantLeft(t, "an hour later on the account's clock", a.Do(http.MethodGet, subscriptions, nil),
		http.StatusTooManyRequests, "0")
	endMinute(t, w)
	wantLeft(t, "the next minute", a.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "4")
	if got := a.Do(http.MethodGet, "/v1/tasks", nil); got.Get("tasks", 1) != nil {
		t.Errorf("what was refused was done: %s", got.Body)
	}
}

// Several servers on one database give out no more than one does, however many
// ask at once.
func TestServersShareTheRateLimit(t *testing.T) {
	t.Parallel()
	const limit = 50
	url := pgtest.New(t)
	servers := []*apitest.World{apitest.Limited(t, url, limit), apitest.Limited(t, url, limit)}
	a := servers[0].Account()
	var wait sync.WaitGroup
	var passed, refused atomic.Int64
	left := make([]atomic.Int64, limit)
	for i := range 4 {
		wait.Go(func() {
			client := a.At(servers[i%2])
			for range limit / 2 {
				got := client.Do(http.MethodGet, "/v1/", nil)
				n, err := strconv.Atoi(got.Header.Get("X-Rate-Limit-Remaining"))
				switch {
				case err != nil || n < 0 || n >= limit:
					t.Errorf("left: %q", got.Header.Get("X-Rate-Limit-Remaining"))
				case got.Status == http.StatusOK:
					passed.Add(1)
					left[n].Add(1)
				case got.Status == http.StatusTooManyRequests:
					refused.Add(1)
				}
			}
		})
	}
	wait.Wait()
	if passed.Load() != limit || refused.Load() != limit {
		t.Errorf("%d passed and %d were refused, want %d of each", passed.Load(), refused.Load(), limit)
	}
	for n := range left {
		if left[n].Load() != 1 {
			t.Errorf("%d answers said that %d are left", left[n].Load(), n)
		}
	}
}

// What is forbidden does not count. D-2
func TestRateLimitBesideOtherRefusals(t *testing.T) {
	t.Parallel()
	w := apitest.Limited(t, pgtest.New(t), 2)
	a := w.Account()
	viewer := declare(t, a, cloud.Key{Role: "Viewer"})[0]
	wantLeft(t, "forbidden", viewer.Do(http.MethodDelete, subscriptions+"/7", nil), http.StatusForbidden, "2")
	if _, left, err := a.DB.Requests(t.Context(), a.ID); err != nil || left != 0 {
		t.Errorf("what is forbidden has begun a minute: %v of it are left, %v", left, err)
	}
	wantLeft(t, "a read", viewer.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "1")
	wantLeft(t, "forbidden", viewer.Do(http.MethodDelete, subscriptions+"/7", nil), http.StatusForbidden, "1")
	wantLeft(t, "the account's other key", a.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "0")
}

// What is counted out leaves the idempotency key alone, and a replay counts. D-2
func TestRateLimitBeforeKeys(t *testing.T) {
	everyKeyed(t, func(t *testing.T, k keyed) {
		w := apitest.Limited(t, pgtest.New(t), 2)
		a := w.Account()
		for range 2 {
			a.Do(http.MethodGet, subscriptions, nil)
		}
		for what, with := range map[string]func(*http.Request){
			"with a key": k.with, "with a malformed key": withHeader(k.header, "?"),
		} {
			got := k.send(a, "one", with)
			if got.Status != http.StatusTooManyRequests || got.Header.Get("Retry-After") == "" ||
				got.Header.Get(k.header) != "" {
				t.Errorf("%s: got %d %v %s, want 429", what, got.Status, got.Header, got.Body)
			}
		}
		wantEffects(t, a, 0)
		endMinute(t, w)
		first := k.create(a)
		wantStatus(t, "the next minute", first, http.StatusAccepted, "")
		wantReplay(t, k.create(a), first)
		if got := k.create(a); got.Status != http.StatusTooManyRequests {
			t.Errorf("after a replay, which counts: got %d %s", got.Status, got.Body)
		}
	})
}

// Without a limit nothing is counted.
func TestNoRateLimit(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for range 3 {
		wantLeft(t, "a read", a.Do(http.MethodGet, subscriptions, nil), http.StatusOK, "400")
	}
	if used, _, err := a.DB.Requests(t.Context(), a.ID); err != nil || used != 0 {
		t.Errorf("%d requests were counted, %v", used, err)
	}
}
