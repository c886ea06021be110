package api_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// nowhere is a path of an operation, to what the account does not have.
func (op walked) nowhere(a *apitest.Account) string { return op.fill(a, op.Path) }

// fill puts what does not exist into the places of a path that are still open, and adds the query that is needed.
func (op walked) fill(a *apitest.Account, path string) string {
	path = strings.Replace(path, "{project_id}", a.Secrets.Key, 1)
	for _, name := range op.PathParams() {
		path = strings.Replace(path, "{"+name+"}", "1", 1)
	}
	query := url.Values{}
	for _, p := range op.params {
		if p.In == openapi3.ParameterInQuery && p.Required {
			query.Set(p.Name, "1")
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	return path
}

// wantRefused checks that a request is refused with 400, and that the message names what is wrong.
func (op walked) wantRefused(t *testing.T, what string, got apitest.Answer, path, says string) {
	t.Helper()
	if op.wantError(t, got, http.StatusBadRequest, path, says); t.Failed() {
		t.Fatalf("the request that fails: %s", what)
	}
}

// wantError holds an answer against the one shape that errors of the dialect have; says is a part of the message.
func (op walked) wantError(t *testing.T, got apitest.Answer, status int, path, says string) {
	t.Helper()
	path, _, _ = strings.Cut(path, "?")
	if !op.rds {
		wantError(t, got, status, path, says)
		return
	}
	status = cmp.Or(instanceCreation().renders[status], status)
	var body map[string]string
	if err := json.Unmarshal(got.Body, &body); err != nil || got.Status != status || len(body) != 2 ||
		body["error_code"] == "" || !strings.Contains(body["error_msg"], says) {
		t.Errorf("%s: got %d %s, want %d with a code and %q", path, got.Status, got.Body, status, says)
	}
	if got.Header.Get("Content-Type") != "application/json" || uuid.Validate(got.Header.Get("X-Request-Id")) != nil {
		t.Errorf("%s: headers %v", path, got.Header)
	}
}

// A mistake anywhere in a request, in each member of a body and each parameter of every operation, is refused with a
// message that names the place, and nothing is accepted.
func TestWalkInvalidRequests(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, op := range walk(t) {
		t.Run(op.ID, func(t *testing.T) { // in sequence: they share an account, and what they leave is counted at the end
			a := a.At(a.For(t))
			op.walkBody(t, a)
			op.walkPath(t, a)
			op.walkQuery(t, a)
			op.walkHeaders(t, a)
		})
	}
	wantEffects(t, a, 0)
	if n := ask[int](t, a.DBURL, `SELECT count(*) FROM resources`); n != 0 {
		t.Errorf("%d resources have come of it", n)
	}
}

func (op walked) walkBody(t *testing.T, a *apitest.Account) {
	if op.body == nil {
		return
	}
	path := op.nowhere(a)
	for _, d := range defects(op.body) {
		what := fmt.Sprintf("%s: %s", d.field, d.what)
		says := ""
		if d.field != "" {
			says = "(at " + d.field + ")"
		}
		body := d.value
		if body == nil {
			body = "null"
		}
		op.wantRefused(t, what, a.Do(op.Method, path, body), path, says)
	}
	op.wantRefused(t, "cut short", a.Do(op.Method, path, `{"a`), path, "malformed JSON at offset 3")
	op.wantRefused(t, "two values", a.Do(op.Method, path, `{} {}`), path, "malformed JSON at offset 3")
	if op.needed {
		op.wantRefused(t, "no body", a.Do(op.Method, path, nil), path, "body is missing")
	}
	op.wantError(t, a.Do(op.Method, path, strings.Repeat(" ", 1<<20+1)), http.StatusRequestEntityTooLarge, path, "1 MiB")
	asText := func(r *http.Request) { r.Header.Set("Content-Type", "text/plain") }
	op.wantError(t, a.Do(op.Method, path, "{}", asText), http.StatusUnsupportedMediaType, path, "application/json")
}

func (op walked) walkPath(t *testing.T, a *apitest.Account) {
	for _, p := range op.params {
		if p.In != openapi3.ParameterInPath || p.Name == "project_id" { // which says who asks
			continue
		}
		for what, text := range misspelt(p.Schema.Value) {
			path := op.fill(a, strings.Replace(op.Path, "{"+p.Name+"}", url.PathEscape(text), 1))
			op.wantRefused(t, p.Name+": "+what, a.Do(op.Method, path, nil), path, "path parameter "+p.Name+":")
		}
	}
}

func (op walked) walkQuery(t *testing.T, a *apitest.Account) {
	for _, p := range op.params {
		if p.In != openapi3.ParameterInQuery {
			continue
		}
		path, required, _ := strings.Cut(op.nowhere(a), "?")
		others, _ := url.ParseQuery(required) // as it was encoded
		others.Del(p.Name)
		with := func(values url.Values) string { return path + "?" + values.Encode() }
		for what, text := range misspelt(p.Schema.Value) {
			values := maps.Clone(others)
			values.Set(p.Name, text)
			query := with(values)
			op.wantRefused(t, p.Name+": "+what, a.Do(op.Method, query, nil), query, "query parameter "+p.Name+":")
		}
		if p.Required {
			says := "query parameter " + p.Name + ": is missing"
			op.wantRefused(t, p.Name+": missing", a.Do(op.Method, with(others), nil), path, says)
		}
	}
}

func (op walked) walkHeaders(t *testing.T, a *apitest.Account) {
	for _, p := range op.params {
		if p.In != openapi3.ParameterInHeader || p.Schema.Value.Pattern == "" {
			continue
		}
		got := a.Do(op.Method, op.nowhere(a), op.typical(), func(r *http.Request) { r.Header.Set(p.Name, "?") })
		if got.Status != http.StatusBadRequest || !strings.Contains(string(got.Body), p.Name) {
			t.Errorf("a malformed %s: got %d %s, want 400 that names it", p.Name, got.Status, got.Body)
		}
	}
}

// A method that a path does not have is answered with those that it has.
func TestWalkWrongMethods(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	all := walk(t)
	hole := regexp.MustCompile(`\{[^}]*\}`)
	for _, op := range all {
		path, _, _ := strings.Cut(op.nowhere(a), "?")
		var has []string
		for _, other := range all {
			// A path of words may also be one with an id in it.
			if !regexp.MustCompile("^" + hole.ReplaceAllString(other.Path, "[^/]+") + "$").MatchString(path) {
				continue
			}
			if has = append(has, other.Method); other.Method == http.MethodGet {
				has = append(has, http.MethodHead)
			}
		}
		slices.Sort(has)
		got := a.Do("BREW", path, nil)
		op.wantError(t, got, http.StatusMethodNotAllowed, path, "BREW")
		allow := strings.Split(got.Header.Get("Allow"), ", ")
		if slices.Sort(allow); !slices.Equal(allow, slices.Compact(has)) {
			t.Errorf("%s: Allow %v, want %v", path, allow, has)
		}
	}
}
