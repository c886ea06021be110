package api_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func askCompact(r *http.Request) { r.Header.Set("Accept", "application/json; indent=0") }

// compacted is a body without its layout, which every answer of a test is held to
// when it arrives.
func compacted(tb interface{ Fatal(args ...any) }, got apitest.Answer) string {
	var text bytes.Buffer
	if err := json.Compact(&text, got.Body); err != nil {
		tb.Fatal(err)
	}
	return text.String()
}

// A body is laid out as the real service's are.
func TestBodiesArePrettyPrinted(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	got := a.Do(http.MethodGet, "/v1/tasks", nil)
	want := `{
  "tasks" : [ ],
  "links" : [ {
    "rel" : "self",
    "href" : "` + a.URL + `/v1/tasks",
    "type" : "GET"
  } ]
}`
	if diff := cmp.Diff(want, string(got.Body)); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

// A client that asks for indent=0 gets the same without any blanks, as it is checked
// for every answer of a test: successes, errors, what HEAD says of them.
func TestCompactBodiesForWhoAsks(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	for _, path := range []string{
		"/v1/", "/v1/tasks", sub, sub + "/databases", "/v1/nowhere", subscriptions + "/7", "/v1/logs?limit=x",
	} {
		pretty, compact := a.Do(http.MethodGet, path, nil), a.Do(http.MethodGet, path, nil, askCompact)
		if pretty.Status != compact.Status ||
			compact.Status == http.StatusOK && compacted(t, pretty) != string(compact.Body) {
			t.Errorf("%s: got %d %s, want %s", path, compact.Status, compact.Body, pretty.Body)
		}
		head := a.Do(http.MethodHead, path, nil, askCompact)
		if value := head.Header.Get("Content-Length"); head.Status != compact.Status ||
			value != strconv.Itoa(len(compact.Body)) {
			t.Errorf("HEAD %s: got %d with Content-Length %s, want %d", path, head.Status, value, len(compact.Body))
		}
	}
}

// What is stored for a replay is compact. The replay is laid out for the request
// that gets it: asked in the same way, it has the same bytes.
func TestReplaysAreLaidOutForTheirRequest(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	post := func(change ...func(*http.Request)) apitest.Answer {
		return a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"),
			append(change, withKey("laid-out-as-asked"))...)
	}
	first, again, compact := post(), post(), post(askCompact)
	if string(first.Body) != string(again.Body) || again.Header.Get("Idempotent-Replayed") != "true" {
		t.Errorf("first %s, then %s", first.Body, again.Body)
	}
	if compacted(t, first) != string(compact.Body) {
		t.Errorf("first %s, compact %s", first.Body, compact.Body)
	}
	stored := ask[string](t, a.DBURL, `SELECT convert_from(body, 'UTF8') FROM idempotency_keys`)
	if stored != string(compact.Body) {
		t.Errorf("stored is %q", stored)
	}
}

// Documents of any JSON are laid out like every other body, as long as their blanks
// do not outgrow them.
func TestDocumentsArePrettyPrinted(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := a.Subscription("one") + "/data-integration-workspace/deep"
	for levels, pretty := range map[int]bool{5: true, 900: false} {
		text := strings.Repeat(`{"a":`, levels) + `"{\"b\": []}"` + strings.Repeat("}", levels)
		if got := a.Do(http.MethodPut, path, text); got.Status != http.StatusOK {
			t.Fatalf("%d levels: got %d %.200s", levels, got.Status, got.Body)
		}
		got := a.Do(http.MethodGet, path, nil)
		if is := bytes.Contains(got.Body, []byte("\n")); got.Status != http.StatusOK || is != pretty ||
			compacted(t, got) != text {
			t.Errorf("%d levels: got %d %.200s", levels, got.Status, got.Body)
		}
	}
}
