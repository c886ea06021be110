package api_test

import (
	"cmp"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// vain are the operations that cannot succeed here, and how their tasks end.
var vain = map[string]cloud.Code{
	// Nothing ever connects to a PrivateLink.
	"disassociatePrivateLinkConnections":             "ENTITY_NOT_FOUND",
	"disassociateActiveActivePrivateLinkConnections": "ENTITY_NOT_FOUND",
}

// common are the operations whose path names what every account has.
var common = map[string]bool{"getEssentialsPlan": true, "getUser": true, "updateUser": true, "deleteUser": true}

// Every operation of the document is carried out with the request of its example, on what the same examples have
// created: it succeeds, for nobody but the account that it belongs to. Then it is tried with each further member
// that its body may have, which may break a rule but nothing else. Answers are held against the document all along.
func TestWalkValidRequests(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	pool, err := pgxpool.New(t.Context(), w.DBURL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(pool.Close)
	all := walk(t)
	for _, op := range all {
		for name, op := range op.requests() {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				newFixture(t, w, pool, all, op).play(name, op)
			})
		}
	}
}

// play carries an operation out, and then with whatever else it takes.
func (f *fixture) play(name string, op walked) {
	path := f.lead(op)
	f.prepare(op)
	body := f.body(op)
	f.wantUnknown(op, path, body)
	answer := f.perform(op, path, body)
	if got := failure(op, answer); got != string(vain[name]) {
		f.t.Fatalf("%s %s with %v comes to %d %s, want %q", op.Method, path, body, answer.Status, answer.Body, vain[name])
	}
	f.settle()
	f.undo(op, path, answer)
	f.walkMembers(op, path)
	f.walkParameters(op, path)
	f.wantLogged()
}

// wantLogged checks that every change of the fixture is logged with the name of the key, and of what it was about.
func (f *fixture) wantLogged() {
	f.t.Helper()
	log := f.Do(http.MethodGet, "/v1/logs?limit=1000", nil)
	entries, _ := log.Get("entries").([]any)
	for _, entry := range entries {
		entry, _ := entry.(map[string]any)
		named := entry["resource"] != nil || entry["resourceId"] == nil
		if entry["apiKeyName"] != "test" || !named {
			f.t.Errorf("the log has %v", entry)
		}
	}
}

// undo deletes what an operation has created, where that is possible, so that it can be created again.
func (f *fixture) undo(op walked, path string, answer apitest.Answer) {
	f.t.Helper()
	id := cmp.Or(answer.Get("response", "resourceId"), answer.Get("instance", "id"))
	if op.Method != http.MethodPost || id == nil {
		return
	}
	for route, undo := range f.routes {
		name, one := strings.CutPrefix(route, http.MethodDelete+" "+op.Path+"/{")
		if one && !strings.Contains(name, "/") {
			f.perform(undo, path+"/"+text(id), nil)
			f.settle()
		}
	}
}

// wantUnknown checks that what a path names is not there for another account.
func (f *fixture) wantUnknown(op walked, path string, body any) {
	f.t.Helper()
	if path == op.Path || common[op.ID] {
		return
	}
	other := *f
	other.Account = f.For(f.t).Account()
	if op.rds {
		if !strings.Contains(op.Path, "{instance_id}") && op.ID != "getJob" { // names nothing but the project
			return
		}
		answer := other.perform(op, strings.Replace(path, f.Project(), other.Project(), 1), body)
		if got := failure(op, answer); got != "DBS.200002" && got != "DBS.200543" {
			f.t.Errorf("another project gets %d %s, want that there is no such thing", answer.Status, answer.Body)
		}
		if answer := other.Do(op.Method, path, body); answer.Get("error_code") != "DBS.280056" {
			f.t.Errorf("the token of another project gets %d %s", answer.Status, answer.Body)
		}
		return
	}
	answer := other.perform(op, path, body)
	read := op.Command == "" || op.Method == http.MethodGet // a task may be what answers a read
	if read && answer.Status != http.StatusNotFound {
		f.t.Errorf("another account gets %d %s, want 404", answer.Status, answer.Body)
	}
	if !read && answer.Get("response", "error", "status") != "404 NOT_FOUND" {
		f.t.Errorf("another account's task: %s, want it to end in a 404", answer.Body)
	}
}

// walkMembers tries each member that the example of a body has not.
func (f *fixture) walkMembers(op walked, path string) {
	f.t.Helper()
	if op.body == nil {
		return
	}
	for i, name := range slices.Sorted(maps.Keys(op.body.Properties)) {
		body, ok := f.body(op).(map[string]any)
		if _, given := body[name]; !ok || given {
			continue
		}
		if _, named := body["name"]; named {
			body["name"] = fmt.Sprintf("walk-%d", i)
		}
		body[name] = f.replace(copyOf(complete(op.body.Properties[name].Value)))
		f.wantNoFault(op, path, body)
	}
}

// walkParameters tries each query parameter that need not be there.
func (f *fixture) walkParameters(op walked, path string) {
	f.t.Helper()
	for _, p := range op.params {
		if p.In != openapi3.ParameterInQuery || p.Required {
			continue
		}
		value := f.member(p.Name)
		if value == nil {
			value = scalar(p.Schema.Value)
		}
		f.wantNoFault(op, path+"?"+url.Values{p.Name: {fmt.Sprint(value)}}.Encode(), f.body(op))
	}
}

// wantNoFault checks that a request breaks a rule at most.
func (f *fixture) wantNoFault(op walked, path string, body any) {
	f.t.Helper()
	answer := f.perform(op, path, body)
	if failure(op, answer) == "GENERAL_ERROR" || answer.Status >= http.StatusInternalServerError {
		f.t.Errorf("%s %s with %v comes to %d %s", op.Method, path, body, answer.Status, answer.Body)
	}
	f.settle()
	f.undo(op, path, answer)
}
