package api_test

import (
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// wantError holds an answer against the one shape that errors have; says is a
// part of the message. doc: errors, HTTP error body
func wantError(t *testing.T, got apitest.Answer, status int, path, says string) {
	t.Helper()
	var body map[string]any
	if err := json.Unmarshal(got.Body, &body); err != nil || got.Status != status {
		t.Errorf("%s: got %d %s, want %d", path, got.Status, got.Body, status)
		return
	}
	timestamp, message := fmt.Sprint(body["timestamp"]), fmt.Sprint(body["message"])
	if at, err := time.Parse("2006-01-02T15:04:05.000-07:00", timestamp); err != nil ||
		time.Since(at).Abs() > time.Minute {
		t.Errorf("%s: timestamp %q", path, timestamp)
	}
	if message == "" || !strings.Contains(message, says) {
		t.Errorf("%s: message %q, want one with %q", path, message, says)
	}
	want := map[string]any{
		"timestamp": timestamp, "message": message,
		"status": float64(status), "error": http.StatusText(status), "path": path,
	}
	if diff := cmp.Diff(want, body); diff != "" {
		t.Errorf("%s: error body, want (-), got (+):\n%s", path, diff)
	}
	wantHeaders(t, got, path)
}

// wantHeaders looks for what every answer carries.
func wantHeaders(t *testing.T, got apitest.Answer, path string) {
	t.Helper()
	if value := got.Header.Get("Content-Type"); value != "application/json" {
		t.Errorf("%s: Content-Type %q", path, value)
	}
	if value := got.Header.Get("X-Rate-Limit-Remaining"); value != "400" {
		t.Errorf("%s: X-Rate-Limit-Remaining %q", path, value)
	}
	if value := got.Header.Get("X-Request-Id"); uuid.Validate(value) != nil {
		t.Errorf("%s: X-Request-Id %q", path, value)
	}
}

// operations are those of the document with a path that fits each.
func operations(t *testing.T) map[*openapi.Operation]string {
	t.Helper()
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	paths := map[*openapi.Operation]string{}
	for _, op := range document.Operations() {
		path := op.Path
		for _, name := range op.PathParams() {
			path = strings.Replace(path, "{"+name+"}", "1", 1)
		}
		paths[op] = path
	}
	return paths
}

// with changes one member of the body that creates a subscription; nil removes
// it. The path has names and the index 0 only.
func with(value any, path ...string) map[string]any {
	body := apitest.SubscriptionBody("one")
	at := body
	for _, name := range path[:len(path)-1] {
		at[name] = slices.Clone(at[name].([]any))
		at = at[name].([]any)[0].(map[string]any)
	}
	if last := path[len(path)-1]; value == nil {
		delete(at, last)
	} else {
		at[last] = value
	}
	return body
}

// A body that is wrong by itself is refused with 400, and the message names the
// field. Nothing is accepted.
func TestRefusedBodies(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for name, test := range map[string]struct {
		body any
		says string
	}{
		"unknown field":         {with("x", "nam"), "nam"},
		"unknown field, nested": {with(1, "databases", "size"), "databases[0].size"},
		"wrong type":            {with([]any{7}, "name"), "name"},
		"wrong type, nested":    {with("a lot", "databases", "datasetSizeInGb"), "databases[0].datasetSizeInGb"},
		"object for a list":     {with(map[string]any{}, "databases"), "databases"},
		"fraction":              {with(1.5, "databases", "quantity"), "databases[0].quantity"},
		"too big a number": {
			with(json.RawMessage("1e400"), "databases", "datasetSizeInGb"), "databases[0].datasetSizeInGb",
		},
		"bad enum":              {with("tape", "memoryStorage"), "memoryStorage"},
		"bad enum, nested":      {with("http", "databases", "protocol"), "databases[0].protocol"},
		"missing field":         {with(nil, "cloudProviders"), "cloudProviders"},
		"missing field, nested": {with(nil, "cloudProviders", "regions", "region"), "cloudProviders[0].regions[0].region"},
		"no object":             {`[]`, "must be an object"},
		"null":                  {`null`, "body is missing"},
		"malformed":             {`{"name": "one"`, "malformed JSON at offset 14"},
		"malformed inside":      {`{"name": one}`, "malformed JSON at offset 10"},
		"data after the value":  {`{} {}`, "data after the value"},
		"not UTF-8":             {"{\"name\": \"\xff\"}", "UTF-8"},
		"no character":          {`{"name": "\u0000"}`, `\u0000`},
		"empty":                 {``, "body"},
		"none":                  {nil, "body"},
	} {
		t.Run(name, func(t *testing.T) { // in sequence: what follows looks at what they all left
			wantError(t, a.Do(http.MethodPost, subscriptions, test.body), http.StatusBadRequest, subscriptions, test.says)
		})
	}
	if got := a.Do(http.MethodGet, "/v1/tasks", nil); got.Get("tasks", 0) != nil {
		t.Errorf("something was accepted: %s", got.Body)
	}
}

// A body may have one MiB and not a byte more.
func TestBodyLimit(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body, err := json.Marshal(apitest.SubscriptionBody("one"))
	if err != nil {
		t.Fatal(err)
	}
	full := string(body) + strings.Repeat(" ", 1<<20-len(body))
	if got := a.Do(http.MethodPost, subscriptions, full); got.Status != http.StatusAccepted {
		t.Errorf("a body of 1 MiB: got %d %s, want 202", got.Status, got.Body)
	}
	wantError(t, a.Do(http.MethodPost, subscriptions, full+" "), http.StatusRequestEntityTooLarge, subscriptions, "1 MiB")
	chunked := a.Do(http.MethodPost, subscriptions, full+" ", func(r *http.Request) { r.ContentLength = -1 })
	wantError(t, chunked, http.StatusRequestEntityTooLarge, subscriptions, "1 MiB")
}

func TestMediaTypes(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for media, want := range map[string]int{
		"application/json":                  http.StatusAccepted,
		"application/json; charset=utf-8":   http.StatusAccepted,
		"Application/JSON;charset=UTF-8":    http.StatusAccepted,
		"":                                  http.StatusUnsupportedMediaType,
		"text/plain":                        http.StatusUnsupportedMediaType,
		"application/x-www-form-urlencoded": http.StatusUnsupportedMediaType,
		"application/merge-patch+json":      http.StatusUnsupportedMediaType,
		"json":                              http.StatusUnsupportedMediaType,
	} {
		got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), func(r *http.Request) {
			if r.Header.Set("Content-Type", media); media == "" {
				r.Header.Del("Content-Type")
			}
		})
		if want != http.StatusAccepted {
			wantError(t, got, want, subscriptions, "Content-Type: application/json")
		} else if got.Status != want {
			t.Errorf("Content-Type %q: got %d %s, want %d", media, got.Status, got.Body, want)
		}
	}
	for coding, want := range map[string]int{
		"identity": http.StatusAccepted, "gzip": http.StatusUnsupportedMediaType, "br": http.StatusUnsupportedMediaType,
	} {
		got := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), func(r *http.Request) {
			r.Header.Set("Content-Encoding", coding)
		})
		if want != http.StatusAccepted {
			wantError(t, got, want, subscriptions, "without Content-Encoding")
		} else if got.Status != want {
			t.Errorf("Content-Encoding %q: got %d %s, want %d", coding, got.Status, got.Body, want)
		}
	}
	got := a.Do(http.MethodGet, subscriptions, nil, func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") })
	if got.Status != http.StatusOK {
		t.Errorf("GET with a Content-Type: got %d %s, want 200", got.Status, got.Body)
	}
}

// 405 names the methods that the path has. A client without keys may learn them:
// they are in the document, which needs none.
func TestWrongMethods(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, test := range []struct{ method, path, allow string }{
		{"PATCH", subscriptions, "GET, HEAD, POST"},
		{"DELETE", subscriptions, "GET, HEAD, POST"},
		{"BREW", subscriptions, "GET, HEAD, POST"},
		{"OPTIONS", subscriptions, "GET, HEAD, POST"},
		{"POST", subscriptions + "/1", "GET, HEAD, PUT, DELETE"},
		{"PUT", subscriptions + "/1/databases", "GET, HEAD, POST"},
		{"POST", "/v1/regions", "GET, HEAD"},
		{"DELETE", "/v1/", "GET, HEAD"},
		{"PATCH", "/v1/subscriptions/1/databases/2/tags/a%2Fb", "PUT, DELETE"},
	} {
		for _, key := range []string{a.Secrets.Key, ""} {
			got := a.Do(test.method, test.path, nil, func(r *http.Request) { r.Header.Set("X-Api-Key", key) })
			if allow := got.Header.Get("Allow"); allow != test.allow {
				t.Errorf("%s %s: Allow %q, want %q", test.method, test.path, allow, test.allow)
			}
			wantError(t, got, http.StatusMethodNotAllowed, test.path, test.method)
		}
	}
}

func TestUnknownPaths(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, path := range []string{
		"/", "/v1/nope", "/v2/subscriptions", "/v1/subscriptions/1/nope", "/V1/subscriptions",
		"/v1/tasks/a/b", "//v1/subscriptions",
	} {
		for _, method := range []string{"GET", "POST", "DELETE", "BREW"} {
			wantError(t, a.Do(method, path, nil), http.StatusNotFound, path, "path was not found")
		}
	}
}

// Ids that no resource can have are refused or not found; none is an error of
// ours.
func TestBadIDs(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	a.Subscription("another") // has a database
	for id, want := range map[string]int{
		"0": http.StatusNotFound, "-1": http.StatusNotFound, "2147483647": http.StatusNotFound,
		"2147483648": http.StatusBadRequest, "99999999999999999999": http.StatusBadRequest,
		"seven": http.StatusBadRequest, "1e3": http.StatusBadRequest, "1.0": http.StatusBadRequest,
		"%FF": http.StatusBadRequest, "%2F": http.StatusBadRequest, "%20": http.StatusBadRequest, "'": http.StatusBadRequest,
	} {
		for _, path := range []string{
			subscriptions + "/" + id, subscriptions + "/" + id + "/databases", subscriptions + "/1/databases/" + id,
			"/v1/cloud-accounts/" + id,
		} {
			if got := a.Do(http.MethodGet, path, nil); got.Status != want {
				t.Errorf("GET %s: got %d %s, want %d", path, got.Status, got.Body, want)
			}
		}
		if got := a.Do(http.MethodGet, subscriptions+"/redis-versions?subscriptionId="+id, nil); got.Status != want {
			t.Errorf("redis-versions of subscription %s: got %d %s, want %d", id, got.Status, got.Body, want)
		}
	}
	task := uuid.New()
	ids := []string{"7", "seven", "%FF", task.String(), strings.ToUpper(task.String()), strings.Repeat("a", 5000)}
	// UUIDs, but not to Postgres
	for _, form := range []string{task.URN(), "{" + task.String() + "}", hex.EncodeToString(task[:])} {
		ids = append(ids, url.PathEscape(form))
	}
	for _, id := range ids {
		if got := a.Do(http.MethodGet, "/v1/tasks/"+id, nil); got.Status != http.StatusNotFound &&
			got.Status != http.StatusBadRequest {
			t.Errorf("GET task %s: got %d %s, want 404 or 400", id, got.Status, got.Body)
		}
	}
	for _, path := range []string{
		subscriptions + "/%00", subscriptions + "/%00/databases", "/v1/tasks/%00", subscriptions + "//databases",
	} {
		if got := direct(t, a, http.MethodGet, path, nil); got.Status != http.StatusBadRequest {
			t.Errorf("GET %s: got %d %s, want 400", path, got.Status, got.Body)
		}
	}
	for _, query := range []string{"offset=-1", "limit=0", "limit=x", "limit=99999999999", "offset=1.5"} {
		name, _, _ := strings.Cut(query, "=")
		path := subscriptions + "/1/databases"
		wantError(t, a.Do(http.MethodGet, path+"?"+query, nil), http.StatusBadRequest, path, name)
	}
}

// Every answer has an id of its own; HEAD has the headers of GET and no body.
func TestHeaders(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	ids := map[string]bool{}
	for _, path := range []string{"/v1/", "/v1/tasks", subscriptions, "/v1/regions"} {
		get, head := a.Do(http.MethodGet, path, nil), a.Do(http.MethodHead, path, nil)
		wantHeaders(t, get, path)
		wantHeaders(t, head, path)
		ids[get.Header.Get("X-Request-Id")], ids[head.Header.Get("X-Request-Id")] = true, true
		if len(head.Body) != 0 || head.Status != get.Status ||
			head.Header.Get("Content-Length") != fmt.Sprint(len(get.Body)) {
			t.Errorf("HEAD %s: got %d with Content-Length %s and %d bytes; GET has %d with %d bytes",
				path, head.Status, head.Header.Get("Content-Length"), len(head.Body), get.Status, len(get.Body))
		}
	}
	if got := len(slices.Collect(maps.Keys(ids))); got != 8 {
		t.Errorf("eight answers have %d ids", got)
	}
	if got := a.Do(http.MethodHead, subscriptions+"/7", nil); got.Status != http.StatusNotFound || len(got.Body) != 0 {
		t.Errorf("HEAD of what is not there: got %d %q", got.Status, got.Body)
	}
}
