package api_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/store"
)

// shop is an account that speaks two dialects.
type shop struct {
	*apitest.Account
	tb testing.TB
}

func openShop(t *testing.T) shop {
	t.Helper()
	w := apitest.Speaking(t, pgtest.New(t), func(c *engine.Config) { c.Hold = 0 },
		apitest.Dialect(t, account.Setup{}), toys(t))
	s := shop{Account: w.Account(), tb: t}
	if err := w.DB.EnsureKey(t.Context(), s.ID, "toys", store.Secrets{Key: "tess", Secret: "please"}); err != nil {
		t.Fatal(err)
	}
	return s
}

type toyAnswer struct {
	status int
	header http.Header
	body   map[string]any
}

// toy sends a request in the other dialect. Headers come in pairs of a name and a value.
func (s shop) toy(method, path, body string, headers ...string) toyAnswer {
	s.tb.Helper()
	req, err := http.NewRequestWithContext(s.tb.Context(), method, s.URL+path, strings.NewReader(body))
	if err != nil {
		s.tb.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.tb.Fatal(err)
	}
	defer resp.Body.Close()
	answer := toyAnswer{status: resp.StatusCode, header: resp.Header}
	text, err := io.ReadAll(resp.Body)
	if err == nil {
		err = json.Unmarshal(text, &answer.body)
	}
	if err != nil {
		s.tb.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
	return answer
}

// job reads the state of a job.
func (s shop) job(id any) any {
	s.tb.Helper()
	return s.toy(http.MethodGet, "/shop/tess/jobs/"+id.(string), "", "Toy-Password", "please").body["state"]
}

func TestErrorsAreThoseOfTheDialect(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	const made = "/shop/tess/toys"
	for _, test := range []struct {
		name, method, path, body string
		headers                  []string
		status                   int
		want                     string
	}{
		{"unknown path", http.MethodGet, "/shop/tess", "", nil, 404, "Not Found"},
		{"method", http.MethodPut, made, "", nil, 405, "Method Not Allowed"},
		{"no credentials", http.MethodPost, made, `{"name": "bear"}`, nil, 401, "Unauthorized"},
		{"wrong credentials", http.MethodPost, made, `{"name": "bear"}`, []string{"Toy-Password", "now"}, 403, "Forbidden"},
		{
			"keys of the other", http.MethodPost, made, `{"name": "bear"}`,
			[]string{"X-Api-Key", s.Secrets.Key, "X-Api-Secret-Key", s.Secrets.Secret},
			401,
			"Unauthorized",
		},
		{"body", http.MethodPost, made, `{"nam": "bear"}`, []string{"Toy-Password", "please"}, 400, "Bad Request"},
		{
			"odd key", http.MethodPost, made, `{"name": "bear"}`,
			[]string{"Toy-Password", "please", "Idempotency-Key", "ODD-KEY-0001"},
			400,
			"ODD_KEY",
		},
		{"no job", http.MethodGet, "/shop/tess/jobs/7", "", []string{"Toy-Password", "please"}, 404, "NO_JOB"},
	} {
		got := s.toy(test.method, test.path, test.body, test.headers...)
		if got.status != test.status || got.body["oops"] != test.want || len(got.body) != 2 ||
			got.header.Get("Toy-Quota") != "plenty" ||
			got.header.Get("X-Rate-Limit-Remaining") != "" {
			t.Errorf("%s: got %d %v %v, want %d %s", test.name, got.status, got.body, got.header, test.status, test.want)
		}
	}
	for path, status := range map[string]int{"/v1/nowhere": 404, "/shops": 404, "/": 404, subscriptions + "/7": 404} {
		got := s.Do(http.MethodGet, path, nil)
		wantError(t, got, status, path, "")
		if got.Header.Get("X-Rate-Limit-Remaining") == "" || got.Header.Get("Toy-Quota") != "" {
			t.Errorf("%s: got headers %v, want those of the first dialect", path, got.Header)
		}
	}
	got := s.toy(http.MethodGet, "/v1/tasks", "", "Toy-Password", "please")
	if got.status != http.StatusUnauthorized || got.body["oops"] != nil {
		t.Errorf("the password at the first dialect: got %d %v", got.status, got.body)
	}
}

// One queue takes the tasks of both dialects, in the order in which they came; each dialect sees its own.
func TestDialectsShareTheQueueOfAnAccount(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	first := s.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("orders")).Get("taskId").(string)
	bear := s.toy(http.MethodPost, "/shop/tess/toys", `{"name": "bear"}`, "Toy-Password", "please")
	if bear.status != http.StatusAccepted || bear.body["state"] != "waiting" ||
		bear.header.Get("Job") != bear.body["job"] {
		t.Fatalf("got %d %v", bear.status, bear.body)
	}
	unicorn := s.toy(http.MethodPost, "/shop/tess/toys", `{"name": "unicorn"}`, "Toy-Password", "please")
	task := func() any { return s.Do(http.MethodGet, "/v1/tasks/"+first, nil).Get("status") }
	for _, step := range []struct{ task, bear, unicorn string }{
		{"processing-in-progress", "waiting", "waiting"},
		{"processing-completed", "at it", "waiting"},
		{"processing-completed", "made", "at it"},
		{"processing-completed", "made", "not made"},
	} {
		var got []any
		apitest.Eventually(t, step.task+", "+step.bear+", "+step.unicorn, func() bool {
			got = []any{task(), s.job(bear.body["job"]), s.job(unicorn.body["job"])}
			return cmp.Equal(got, []any{step.task, step.bear, step.unicorn})
		})
		s.Advance(5 * time.Second)
	}
	got := s.toy(http.MethodGet, "/shop/tess/jobs/"+unicorn.body["job"].(string), "", "Toy-Password", "please")
	if got.body["oops"] != "SOLD_OUT" {
		t.Errorf("got %v, want SOLD_OUT", got.body)
	}

	if got := s.Do(http.MethodGet, "/v1/tasks/"+bear.body["job"].(string), nil); got.Status != http.StatusNotFound {
		t.Errorf("the first dialect shows a task of the other: %d %s", got.Status, got.Body)
	}
	if got := s.toy(http.MethodGet, "/shop/tess/jobs/"+first, "",
		"Toy-Password", "please"); got.status != http.StatusNotFound {
		t.Errorf("the other shows a task of the first: %d %v", got.status, got.body)
	}
	if got := s.Do(http.MethodGet, "/v1/tasks", nil); got.Get("tasks", 0, "taskId") != first ||
		got.Get("tasks", 1) != nil {
		t.Errorf("got %s, want the one task of the first dialect", got.Body)
	}
	if got := s.Do(http.MethodGet, "/v1/logs", nil); got.Get("entries", 0) == nil || got.Get("entries", 1) != nil {
		t.Errorf("got %s, want one change by the first dialect", got.Body)
	}
}

// The same key in the same header of the same account is another one in another dialect.
func TestKeysStayInTheirDialect(t *testing.T) {
	t.Parallel()
	s := openShop(t)
	const key = "the-same-key"
	keyed := func(r *http.Request) { r.Header.Set("Idempotency-Key", key) }
	first := s.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("orders"), keyed)
	order := func(name string) toyAnswer {
		return s.toy(http.MethodPost, "/shop/tess/toys", `{"name": "`+name+`"}`, "Toy-Password", "please",
			"Idempotency-Key", key)
	}
	bear, again, doll := order("bear"), order("bear"), order("doll")
	if bear.status != http.StatusAccepted || bear.header.Get("Idempotent-Replayed") != "" {
		t.Errorf("after the first dialect: got %d %v %v, want a job", bear.status, bear.body, bear.header)
	}
	if again.header.Get("Idempotent-Replayed") != "true" || !cmp.Equal(bear.body, again.body) {
		t.Errorf("again: got %v %v, want %v replayed", again.body, again.header, bear.body)
	}
	if doll.status != http.StatusConflict || doll.body["oops"] != "KEY_TAKEN" {
		t.Errorf("another toy: got %d %v, want 409 KEY_TAKEN", doll.status, doll.body)
	}
	replay := s.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("orders"), keyed)
	if replay.Header.Get("Idempotent-Replayed") != "true" || replay.Get("taskId") != first.Get("taskId") {
		t.Errorf("the first dialect again: got %d %s %v, want its task replayed", replay.Status, replay.Body, replay.Header)
	}
}

func TestDialectsThatCannotBeServedTogether(t *testing.T) {
	t.Parallel()
	if _, err := api.New(api.Config{}); err == nil {
		t.Error("an edge without a dialect was made")
	}
	other := toys(t)
	other.Name = "more toys"
	_, err := api.New(api.Config{Dialects: []api.Dialect{toys(t), other}})
	for _, want := range []string{
		"POST /shop/{owner}/toys is an operation of toys and of more toys",
		"GET /shop/{owner}/jobs/{job} is an operation of toys and of more toys",
		"idempotency keys toy-key are those of toys and of more toys",
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s too", err, want)
		}
	}
}
