package journal_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/openapi"
)

func record(account int64, id string) journal.Record {
	return journal.Record{
		ID: id, Time: time.Now(), Account: account, Method: http.MethodGet, URL: &url.URL{Path: "/v1/x"}, Status: 404,
	}
}

func ids(entries []journal.Entry) (list []string) {
	for _, e := range entries {
		list = append(list, e.ID)
	}
	return list
}

func TestEachAccountKeepsItsLatest(t *testing.T) {
	t.Parallel()
	j := journal.New(2)
	for i := range 5 {
		j.Add(record(1, fmt.Sprint("one-", i)))
	}
	j.Add(record(2, "two-0"))
	for _, test := range []struct {
		q    journal.Query
		want []string
	}{
		{journal.Query{}, []string{"one-3", "one-4", "two-0"}},
		{journal.Query{Account: new(int64(1))}, []string{"one-3", "one-4"}},
		{journal.Query{Account: new(int64(3))}, nil},
		{journal.Query{Limit: 1}, []string{"two-0"}},
		{journal.Query{After: 4, Limit: 1}, []string{"one-4"}},
	} {
		if diff := cmp.Diff(test.want, ids(j.Find(test.q))); diff != "" {
			t.Errorf("%+v (-want +got):\n%s", test.q, diff)
		}
	}
	j.Forget(1)
	if got := ids(j.Find(journal.Query{})); len(got) != 1 || got[0] != "two-0" {
		t.Errorf("got %v after one account is forgotten", got)
	}
	j.Clear()
	if n, size := j.Size(); n != 0 || size != 0 {
		t.Errorf("%d entries of %d bytes are left", n, size)
	}
}

// However many accounts there are, and however long the bodies: the oldest of all go.
func TestAllTogetherAreBounded(t *testing.T) {
	t.Parallel()
	j := journal.New(1000)
	body := make([]byte, 30<<10)
	const most = 4 << 20
	for i := range 2000 {
		r := record(int64(i), fmt.Sprint(i))
		r.Body, r.Answer = body, body
		j.Add(r)
	}
	n, size := j.Size()
	if size > most || size < most/2 || n < 50 {
		t.Errorf("%d entries of %d bytes are kept", n, size)
	}
	if got := j.Find(journal.Query{Limit: 1}); got[0].ID != "1999" {
		t.Errorf("the latest is %s", got[0].ID)
	}
	r := record(1, "long")
	r.Body = make([]byte, 1<<20)
	j.Add(r)
	if e, _ := j.Entry("long"); e.Request.Size != 1<<20 || !strings.Contains(e.Request.Note, "longer") {
		t.Errorf("a long body is shown as %+v", e.Request)
	}
}

// All that is told of a request is shown again, and nothing else of its headers than what is harmless.
func TestWhatIsToldIsShown(t *testing.T) {
	t.Parallel()
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	op, _ := document.Operation("createAclUser")
	r := journal.Record{
		ID: "id", Time: time.Unix(1, 2), Duration: 3 * time.Millisecond, Account: 4, Key: "key", Method: http.MethodPost,
		URL: &url.URL{Path: "/v1/acl/a/b", RawPath: "/v1/acl/a%2Fb", RawQuery: "x=1"}, Host: "host:1", Proto: "HTTP/1.0",
		Operation: op, Document: document, Status: http.StatusAccepted, Task: "task", Fault: "fault", Once: "once",
		Outcome: "outcome", Code: "code", Err: "err", Body: []byte(`{"name":"ada"}`), Answer: []byte(`{"taskId":"task"}`),
		Header: http.Header{"User-Agent": {"me", "you"}, "X-Api-Key": {"k"}},
		Sent:   http.Header{"Content-Type": {"application/json"}, "X-Api-Key": {"k"}},
	}
	j := journal.New(1)
	j.Add(r)
	got, _ := j.Entry("id")
	got.Curl = ""
	want := journal.Entry{
		Seq: 1, ID: "id", Time: time.Unix(1, 2), Account: 4, Key: "key", Method: "POST",
		Path: "/v1/acl/a%2Fb?x=" + openapi.Redacted, Operation: "createAclUser", Status: 202, DurationMS: 3, Task: "task",
		Fault: "fault", IdempotencyKey: "once", Idempotency: "outcome", Code: "code", Error: "err",
		Request: &journal.Message{
			Headers: []journal.Header{{"User-Agent", "me"}, {"User-Agent", "you"}, {"X-Api-Key", openapi.Redacted}},
			Body:    r.Body, Size: len(r.Body),
		},
		Answer: &journal.Message{
			Headers: []journal.Header{{"Content-Type", "application/json"}, {"X-Api-Key", openapi.Redacted}},
			Body:    r.Answer, Size: len(r.Answer),
		},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if request := j.Archive(journal.Query{}, "p", "v").Log.Entries[0].Request; request.HTTPVersion != "HTTP/1.0" ||
		request.URL != "http://host:1"+want.Path {
		t.Errorf("the archive says %s of %s", request.HTTPVersion, request.URL)
	}
}

// An entry takes the memory of one that is gone, but not while somebody still looks at that.
func TestWhoLooksSeesWhatWas(t *testing.T) {
	t.Parallel()
	j := journal.New(2)
	add := func(names ...string) {
		for _, name := range names {
			j.Add(record(1, name))
		}
	}
	add("a", "b", "c", "d")
	finish := j.Look()
	add("e", "f", "g", "h")
	if diff := cmp.Diff([]string{"c", "d"}, ids(finish())); diff != "" {
		t.Errorf("begun before (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"g", "h"}, ids(j.Find(journal.Query{}))); diff != "" {
		t.Errorf("begun now (-want +got):\n%s", diff)
	}
}

func TestNoJournalKeepsNothing(t *testing.T) {
	t.Parallel()
	j := journal.New(0)
	j.Add(record(1, "x"))
	j.Forget(1)
	j.Clear()
	if _, found := j.Entry("x"); found || len(j.Find(journal.Query{})) > 0 || j.News() != nil {
		t.Error("something is kept")
	}
}

func TestNearest(t *testing.T) {
	t.Parallel()
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	for request, want := range map[string]string{
		"GET /v1/subscription":                     "GET /v1/subscriptions",
		"GET /subscriptions":                       "GET /v1/subscriptions",
		"GET /v1/subscriptions/7/database/9":       "GET /v1/subscriptions/{subscriptionId}/databases/{databaseId}",
		"PATCH /v1/subscriptions/7":                "GET /v1/subscriptions/{subscriptionId}",
		"POST /v1/fixed/subscription":              "POST /v1/fixed/subscriptions",
		"GET /v1/subscriptions/7/databases/9/tag/": "GET /v1/subscriptions/{subscriptionId}/databases/{databaseId}/tags",
		"GET /v1/task/5b6f0a52":                    "GET /v1/tasks/{taskId}",
	} {
		method, path, _ := strings.Cut(request, " ")
		r := record(1, "x")
		r.Method, r.URL, r.Document = method, &url.URL{Path: path}, document
		j := journal.New(1)
		j.Add(r)
		if got := j.Find(journal.Query{})[0].Nearest; got != want {
			t.Errorf("%s: the nearest is %s, want %s", request, got, want)
		}
	}
}

// A search looks in what is shown, so it cannot tell a secret.
func TestSearchFindsNoSecret(t *testing.T) {
	t.Parallel()
	document, err := compiled.Load(understudy.Document)
	if err != nil {
		t.Fatal(err)
	}
	j := journal.New(1)
	r := record(1, "x")
	r.Operation, _ = document.Operation("createAclUser")
	r.Body = []byte(`{"name": "ada", "role": "orders", "password": "Correct-Horse-1", "pasword": "Correct-Horse-2"}`)
	r.Header = http.Header{"X-Api-Key": {"Correct-Horse-3"}, "User-Agent": {"me"}}
	r.URL = &url.URL{Path: "/v1/acl/users", RawQuery: "password=Correct-Horse-4"}
	j.Add(r)
	if got := j.Find(journal.Query{Text: "correct"}); len(got) > 0 {
		t.Errorf("a secret is found: %+v", got)
	}
	if got := j.Find(journal.Query{Text: "ORDERS"}); len(got) != 1 {
		t.Error("a role is not found")
	}
	e, _ := j.Entry("x")
	text, err := json.Marshal(e)
	if err != nil || strings.Contains(string(text), "Correct-Horse") {
		t.Errorf("got %v, a secret is shown: %s", err, text)
	}
}
