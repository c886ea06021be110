package api_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func containsAny(text string, parts ...string) bool {
	for _, part := range parts {
		if strings.Contains(text, part) {
			return true
		}
	}
	return false
}

// direct sends a request the way a client does that follows no redirect.
func direct(t *testing.T, a *apitest.Account, method, path string, body any) apitest.Answer {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	if body == nil {
		text = nil
	}
	req, err := http.NewRequestWithContext(t.Context(), method, a.URL+path, bytes.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"X-Api-Key": {a.Secrets.Key}, "X-Api-Secret-Key": {a.Secrets.Secret}, "Content-Type": {"application/json"},
	}
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	got := apitest.Answer{Status: res.StatusCode, Header: res.Header}
	if got.Body, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(err)
	}
	return got
}

// A client of HTTP/1.0 that sends no Host gets links to where it has connected to.
func TestNoHost(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	address := strings.TrimPrefix(a.URL, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET /v1/tasks HTTP/1.0\r\nX-Api-Key: %s\r\nX-Api-Secret-Key: %s\r\n\r\n",
		a.Secrets.Key, a.Secrets.Secret); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(conn)
	if want := `"href" : "http://` + address + `/v1/tasks"`; err != nil || !strings.Contains(string(got), want) {
		t.Errorf("got %s, %v; want %s", got, err, want)
	}
}

// The official clients end some paths with a slash. That is answered directly:
// a redirect would cost a round trip, and some clients the body.
func TestTrailingSlashes(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	for _, test := range []struct {
		method, path string
		body         any
		want         int
	}{
		{"GET", "/v1", nil, http.StatusOK},
		{"GET", "/v1/", nil, http.StatusOK},
		{"GET", "/v1/tasks/", nil, http.StatusOK},
		{"GET", subscriptions + "/", nil, http.StatusOK},
		{"GET", subscriptions + "//", nil, http.StatusOK},
		{"GET", sub + "/", nil, http.StatusOK},
		{"GET", sub + "/databases/?offset=0&limit=1", nil, http.StatusOK},
		{"POST", subscriptions + "/", apitest.SubscriptionBody("two"), http.StatusAccepted},
		{"POST", sub + "/databases/", databaseBody("second"), http.StatusAccepted},
		{"PUT", sub + "/", map[string]any{"name": "renamed"}, http.StatusAccepted},
		{"DELETE", sub + "/", nil, http.StatusAccepted},
		{"PATCH", sub + "/", nil, http.StatusMethodNotAllowed},
	} {
		if got := direct(t, a, test.method, test.path, test.body); got.Status != test.want {
			t.Errorf("%s %s: got %d %s, want %d", test.method, test.path, got.Status, got.Body, test.want)
		}
	}
	for _, path := range []string{"/nope/", "/v1/nope//", subscriptions + "/2147483647/"} {
		got := direct(t, a, http.MethodGet, path, nil)
		wantError(t, got, http.StatusNotFound, path, "") // the path as it was sent
	}
	task := direct(t, a, http.MethodPost, subscriptions+"/", apitest.SubscriptionBody("three"))
	got := direct(t, a, http.MethodGet, fmt.Sprintf("/v1/tasks/%s/", task.Get("taskId")), nil)
	if got.Get("taskId") != task.Get("taskId") {
		t.Errorf("GET of the task: got %s", got.Body)
	}
}

// The Go SDK appends a query to a path before that is escaped, so that the
// question mark arrives as %3F. It means the same.
func TestQueryInThePath(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	for i := range 2 {
		a.Create(sub+"/databases", databaseBody(fmt.Sprint("more", i)))
		a.Settle(sub, "active")
	}
	id := sub[len(subscriptions)+1:]
	for plain, escaped := range map[string]string{
		"/redis-versions?subscriptionId=" + id:     "/redis-versions%3FsubscriptionId=" + id,
		"/redis-versions?subscriptionId=7":         "/redis-versions%3fsubscriptionId=7",
		"/redis-versions?subscriptionId=x":         "/redis-versions%3FsubscriptionId=x/",
		"/" + id + "/databases?offset=1&limit=1":   "/" + id + "/databases%3Foffset=1&limit=1",
		"/" + id + "/databases?limit=1":            "/" + id + "/databases%3Flimit=1%26offset%3D0",
		"/" + id + "/databases?limit=2&offset=1":   "/" + id + "/databases/%3Flimit=2?offset=1",
		"/" + id + "/databases?offset=100&limit=1": "/" + id + "/databases%3Foffset=100",
	} {
		want, got := a.Do(http.MethodGet, subscriptions+plain, nil), direct(t, a, http.MethodGet, subscriptions+escaped, nil)
		if got.Status != want.Status {
			t.Errorf("GET %s: got %d %s, want %d as for %s", escaped, got.Status, got.Body, want.Status, plain)
		}
		if want, got := fmt.Sprint(want.Get("subscription"), want.Get("redisVersions")),
			fmt.Sprint(got.Get("subscription"), got.Get("redisVersions")); got != want {
			t.Errorf("GET %s: got %s, want %s as for %s", escaped, got, want, plain)
		}
	}
	// A question mark with no parameter behind it is part of the path.
	wantError(t, a.Do(http.MethodGet, subscriptions+"%3F", nil), http.StatusNotFound,
		subscriptions+"%3F", "path was not found")
}

// A key in the path may hold characters that mean something in paths.
func TestTagKeysInThePath(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	tags := fmt.Sprintf("%s/databases/%.0f/tags",
		sub, a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	for key, escaped := range map[string]string{
		"the team": "the%20team", "a+b": "a+b", "c:d@e": "c%3Ad%40e", "f.g": "f%2Eg",
	} {
		if got := a.Do(http.MethodPost, tags, map[string]any{"key": key, "value": "old"}); got.Status != http.StatusOK &&
			got.Status != http.StatusCreated {
			t.Fatalf("create tag %q: got %d %s", key, got.Status, got.Body)
		}
		got := a.Do(http.MethodPut, tags+"/"+escaped, map[string]any{"value": "new"})
		if got.Status != http.StatusOK || got.Get("key") != key || got.Get("value") != "new" {
			t.Errorf("PUT %s: got %d %s", escaped, got.Status, got.Body)
		}
		if got := direct(t, a, http.MethodDelete, tags+"/"+escaped+"/", nil); got.Status >= 300 {
			t.Errorf("DELETE %s: got %d %s", escaped, got.Status, got.Body)
		}
	}
	// The slash reaches the operation, which has no such tag; the route is there.
	for _, key := range []string{"a%2Fb", "a%2fb%2F", "%2F"} {
		got := a.Do(http.MethodPut, tags+"/"+key, map[string]any{"value": "new"})
		if got.Status != http.StatusNotFound || strings.Contains(string(got.Body), "path was not found") ||
			!strings.Contains(string(got.Body), "tag") {
			t.Errorf("PUT %s: got %d %s, want a tag that is not found", key, got.Status, got.Body)
		}
	}
}
