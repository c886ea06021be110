package rediscloud_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func TestDocumentsAreKeptAsTheyCame(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	root := a.Subscription("orders") + "/data-integration-workspace"
	compact := func(r *http.Request) { r.Header.Set("Accept", "application/json; indent=0") }
	deep := strings.Repeat(`{"a":`, 9_999) + "{}" + strings.Repeat("}", 9_999)
	for _, test := range []struct{ name, put, patch, want string }{
		{name: "numbers", put: `{"z":1.0,"a":[1e2,-0,1E+5,2.50]}`},
		{name: "members", put: `{"b":"<&>","a":"\u00e9é"}`},
		{name: "text", put: `"{}"`},
		{name: "deep", put: deep},
		{
			"merged", `{"z":1.0,"a":1,"b":{"d":1e2,"e":"<"}}`, `{"a":null,"b":{"c":2.50}}`,
			`{"b":{"c":2.50,"d":1e2,"e":"<"},"z":1.0}`,
		},
		{"merged-deep", deep, `{"a":{"b":1}}`, strings.TrimSuffix(deep, "}}") + `,"b":1}}`},
		{"replaced", `{"z":1.0}`, `[null,1.0]`, `[null,1.0]`},
	} {
		path, want := root+"/"+test.name, test.put
		wrote := a.Do(http.MethodPut, path, test.put, compact)
		if test.patch != "" {
			wrote, want = a.Do(http.MethodPatch, path, test.patch, compact), test.want
		}
		for what, answer := range map[string]apitest.Answer{
			"write": wrote, "read": a.Do(http.MethodGet, path, nil, compact),
		} {
			if got := string(answer.Body); answer.Status != http.StatusOK || got != want {
				t.Errorf("%s: the %s answers %d %.200s, want %.200s", test.name, what, answer.Status, got, want)
			}
		}
	}
}

func TestWorkspaceIsBounded(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	root := a.Subscription("orders") + "/data-integration-workspace"
	large := `"` + strings.Repeat("x", 1<<18-100) + `"`
	for _, step := range []struct {
		method, path, body string
		status             int
	}{
		{http.MethodPut, "/1", large, 200},
		{http.MethodPut, "/2", large, 200},
		{http.MethodPost, "/3", large, 200},
		{http.MethodPost, "/4", `{"a":0}`, 200},
		{http.MethodPatch, "/4", `{"a":` + large + `}`, 200},
		{http.MethodPut, "/5", large[:500] + `"`, 400},
		{http.MethodPost, "/" + strings.Repeat("p", 500), "0", 400},
		{http.MethodPatch, "/4", `{"b":` + large + `}`, 400},
		{http.MethodGet, "/5", "", 404},
		{http.MethodPut, "/4", large, 200}, // in place of what was there
		{http.MethodDelete, "/4", "", 200},
		{http.MethodPut, "/5", large, 200},
		{http.MethodDelete, "", "", 200},
	} {
		answer := a.Do(step.method, root+step.path, step.body)
		if answer.Status != step.status || step.status == 400 && !strings.Contains(string(answer.Body), "1 MiB at most") {
			t.Errorf("%s %.20s: got %d %.300s, want %d", step.method, step.path, answer.Status, answer.Body, step.status)
		}
	}
}

func TestWorkspaceKeepsThousandDocuments(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	root := a.Subscription("orders") + "/data-integration-workspace"
	if answer := a.Do(http.MethodPut, root, "{}"); answer.Status != http.StatusOK {
		t.Fatalf("got %d %s", answer.Status, answer.Body)
	}
	apitest.Exec(t, a.DBURL, `
		UPDATE resources
		SET body = jsonb_build_object('documents', (SELECT jsonb_object_agg(n::text, '{}') FROM generate_series(1, 1000) n))
		WHERE kind = 'data-integration-workspace'`)
	if answer := a.Do(http.MethodPut, root+"/1001", "{}"); answer.Status != http.StatusBadRequest {
		t.Errorf("one more: got %d %s, want 400", answer.Status, answer.Body)
	}
	if answer := a.Do(http.MethodPut, root+"/1000", "[]"); answer.Status != http.StatusOK {
		t.Errorf("another in its place: got %d %s", answer.Status, answer.Body)
	}
}
