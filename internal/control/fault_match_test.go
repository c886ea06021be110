package control_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// asked is a request of a test.
type asked struct {
	keys                      sandbox.KeyPair
	method, path, body, agent string
}

// sent sends a request and returns its id.
func (f *fixture) sent(t *testing.T, a asked) string {
	t.Helper()
	return f.requested(t, a.keys, a.method, a.path, a.body, "User-Agent", a.agent)
}

// finished sends a request that becomes a task, and returns the task's path and what it was about, when it is over.
func (f *fixture) finished(t *testing.T, a asked) (path string, id int64) {
	t.Helper()
	path = "/tasks/" + f.task(t, a.keys, a.method, a.path, a.body)
	var over struct{ Response struct{ ResourceID int64 } }
	_, answer := f.ask(t, a.keys, http.MethodGet, path, "") // which waits
	if err := json.Unmarshal([]byte(answer), &over); err != nil {
		t.Fatal(err)
	}
	return path, over.Response.ResourceID
}

// armed arms a rule that changes nothing but a header.
func (f *fixture) armed(t *testing.T, match, when string) sandbox.Fault {
	t.Helper()
	rule := fmt.Sprintf(`{"name": "it", "match": %s, "when": %s, "effect": {"do": "quota", "remaining": 5}}`, match, when)
	return must(t, f, control.ArmFault, sandbox.NewFault{Rule: json.RawMessage(rule)}).Faults[0]
}

// struck returns which rule has struck a request, as the journal has it; empty: none.
func (f *fixture) struck(t *testing.T, request string) string {
	t.Helper()
	return must(t, f, control.GetJournalEntry, control.JournalRef{Entry: request}).Fault
}

func (f *fixture) disarm(t *testing.T, rule sandbox.Fault) {
	t.Helper()
	must(t, f, control.DisarmFault, control.FaultPath{Fault: fmt.Sprint(rule.ID)})
}

// Each member of a match selects: of two requests that differ in nothing else the one is hit, and the other is not. A
// hit is in the journal with its rule, and counted.
func TestEveryMemberOfAMatchSelects(t *testing.T) {
	t.Parallel()
	f := start(t, keeping, func(c *server.Config) { c.TaskHold = 10 * time.Second })
	owner := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "mine"}).Keys
	other := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "other"}).Keys
	at := account("mine")
	nightly := must(t, f, control.CreateKey, control.NewKey{AccountPath: at, NewKey: sandbox.NewKey{Name: "nightly"}}).Keys

	post := func(path, body string) asked {
		return asked{keys: owner, method: http.MethodPost, path: path, body: body}
	}
	get := func(path string) asked { return asked{keys: owner, method: http.MethodGet, path: path} }
	database := func(name string) string { return fmt.Sprintf(`{"name": %q, "datasetSizeInGb": 1}`, name) }
	subscription, _ := f.create(t, owner)
	databases := subscription + "/databases"
	done, id := f.finished(t, post(databases, database("orders-eu")))
	orders := fmt.Sprintf("%s/%d", databases, id)
	_, id = f.finished(t, post(databases, database("sessions")))
	sessions := fmt.Sprintf("%s/%d", databases, id)
	f.sent(t, post(orders+"/tags", `{"key": "team", "value": "web"}`))
	f.sent(t, post(sessions+"/tags", `{"key": "team", "value": "data"}`))
	failed, _ := f.finished(t, post(databases, database("sessions"))) // there is one
	must(t, f, control.SetDurations, control.DurationsChange{
		AccountPath: at, DurationsChange: lengths("database.creation", "1h"),
	})
	_, id = f.finished(t, post(databases, database("slow")))
	pending := fmt.Sprintf("%s/%d", databases, id)

	as := func(a asked, keys sandbox.KeyPair) asked { a.keys = keys; return a }
	by := func(a asked, agent string) asked { a.agent = agent; return a }
	for _, tt := range []struct {
		name, match string
		hit, miss   asked
	}{
		{"account", `{"account": "mine"}`, get("/subscriptions"), as(get("/subscriptions"), other)},
		{"key", `{"key": "night*"}`, as(get(orders), nightly), get(orders)},
		{"operation", `{"operation": "getProDatabase"}`, get(orders), get(databases)},
		{"operations", `{"operation": ["getProSub*", "listPro*"]}`, get(databases), get(orders)},
		{"path", fmt.Sprintf(`{"path": %q}`, orders), get(orders), get(sessions)},
		{"pattern of paths", `{"path": "/subscriptions/*/databases/*"}`, get(orders), get(databases)},
		{
			"method", `{"method": "post"}`,
			post("/acl/redisRules", `{"name": "one", "redisRule": "+@all"}`), get("/acl/redisRules"),
		},
		{"kind", `{"kind": "database"}`, get(orders), get(subscription)},
		{"name", `{"name": "orders-*"}`, get(orders), get(sessions)},
		{
			"name that is asked for", `{"name": "orders-*"}`,
			post(databases, database("orders-us")), post(databases, database("x")),
		},
		{"state", `{"state": "pending", "kind": "database"}`, get(pending), get(orders)},
		{"tag", `{"tag": "team=w*"}`, get(orders), get(sessions)},
		{"key of a tag", `{"tag": "team"}`, get(sessions), get(pending)},
		{"user agent", `{"userAgent": "*Terraform/1.*"}`, by(get(orders), "sdk/1 Terraform/1.9"), by(get(orders), "sdk/1")},
		{"phase of a task", `{"phase": "failed"}`, get(failed), get(done)},
		{"another phase", `{"phase": "done"}`, get(done), get(failed)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			rule := f.armed(t, tt.match, `{}`)
			hit, miss := f.sent(t, tt.hit), f.sent(t, tt.miss)
			if got, want := f.struck(t, hit), fmt.Sprintf("it#%d", rule.ID); got != want {
				t.Errorf("%+v is struck by %q, want %q", tt.hit, got, want)
			}
			if got := f.struck(t, miss); got != "" {
				t.Errorf("%+v is struck by %q", tt.miss, got)
			}
			one := must(t, f, control.GetFault, control.FaultPath{Fault: fmt.Sprint(rule.ID)})
			if one.Hits != 1 || one.LastHit == nil {
				t.Errorf("the rule has %d hits, the last one at %v", one.Hits, one.LastHit)
			}
			f.disarm(t, rule)
		})
	}
}

// Each member of a when counts: x are the requests of a row that are hit, and those that the journal has as struck.
func TestEveryMemberOfAWhenCounts(t *testing.T) {
	t.Parallel()
	f := start(t, keeping)
	made := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "mine"})
	other := must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "other"}).Keys
	at := account("mine")
	nightly := must(t, f, control.CreateKey, control.NewKey{AccountPath: at, NewKey: sandbox.NewKey{Name: "nightly"}}).Keys
	rules, roles := "/acl/redisRules", "/acl/roles"
	one := func(path string) asked { return asked{keys: made.Keys, method: http.MethodGet, path: path} }
	row := func(n int, of ...asked) (requests []asked) {
		for i := range n {
			requests = append(requests, of[i%len(of)])
		}
		return requests
	}
	by := func(keys sandbox.KeyPair) asked { return asked{keys: keys, method: http.MethodGet, path: rules} }
	hour := func() {
		must(t, f, control.AdvanceClock, control.ClockAdvance{AccountPath: at, Advance: sandbox.Advance{By: "1h"}})
	}
	for _, tt := range []struct {
		when, want string
		row        []asked
		between    func()
	}{
		{`{}`, "xxx", row(3, one(rules)), nil},
		{`{"first": 2}`, "xx....", row(6, one(rules)), nil},
		{`{"nth": 3}`, "..x...", row(6, one(rules)), nil},
		{`{"every": 2}`, ".x.x.x", row(6, one(rules)), nil},
		{`{"after": 2}`, "..xxxx", row(6, one(rules)), nil},
		{`{"after": 2, "first": 1}`, "..x...", row(6, one(rules)), nil},
		{`{"after": 1, "every": 2}`, "..x.x.", row(6, one(rules)), nil},
		{`{"probability": 0}`, "....", row(4, one(rules)), nil},
		{`{"probability": 1, "seed": 7}`, "xxxx", row(4, one(rules)), nil},
		{`{"first": 1, "per": "path"}`, "xx..", row(4, one(rules), one(roles)), nil},
		{`{"first": 1, "per": "key"}`, "xx..", row(4, one(rules), by(nightly)), nil},
		{`{"first": 1, "per": "account"}`, "xx..", row(4, one(rules), by(other)), nil},
		{`{"first": 1}`, "x...", row(4, one(rules), by(other)), nil}, // all together
		{`{"window": {"from": "1h", "to": "2h"}}`, ".x..", row(4, one(rules)), hour},
		{`{"window": {"from": "2h"}, "every": 2}`, "...x.", row(5, one(rules)), hour},
	} {
		match := `{}`
		if tt.between != nil {
			match = `{"account": "mine"}`
		}
		t.Run(tt.when, func(t *testing.T) {
			rule := f.armed(t, match, tt.when)
			defer f.disarm(t, rule)
			if got := f.hits(t, rule, tt.row, tt.between); got != tt.want {
				t.Errorf("hit are %s, want %s", got, tt.want)
			}
			shown := must(t, f, control.GetFault, control.FaultPath{Fault: fmt.Sprint(rule.ID)})
			if want := int64(strings.Count(tt.want, "x")); shown.Hits != want {
				t.Errorf("%d hits are counted, want %d", shown.Hits, want)
			}
		})
	}

	// Draws follow from the seed.
	draw := func(seed int) string {
		rule := f.armed(t, `{}`, fmt.Sprintf(`{"probability": 0.5, "seed": %d}`, seed))
		defer f.disarm(t, rule)
		return f.hits(t, rule, row(40, one(rules)), nil)
	}
	first := draw(1)
	if n := strings.Count(first, "x"); first != draw(1) || first == draw(2) || n < 8 || n > 32 {
		t.Errorf("with one seed %s are hit, and not always, or with every seed", first)
	}
}

// hits sends requests and returns which of them a rule has struck.
func (f *fixture) hits(t *testing.T, rule sandbox.Fault, row []asked, between func()) (hits string) {
	t.Helper()
	var want []string
	for _, a := range row {
		request := f.sent(t, a)
		switch name := f.struck(t, request); name {
		case "":
			hits += "."
		case fmt.Sprintf("it#%d", rule.ID):
			hits, want = hits+"x", append(want, request)
		default:
			t.Errorf("%s is struck by %s", request, name)
		}
		if between != nil {
			between()
		}
	}
	var marked []string
	q := control.JournalQuery{JournalFilter: control.JournalFilter{Fault: true, Limit: 200}}
	for _, e := range f.journal(t, q) {
		if e.Fault == fmt.Sprintf("it#%d", rule.ID) {
			marked = append(marked, e.ID)
		}
	}
	if diff := cmp.Diff(want, marked); diff != "" {
		t.Errorf("the journal marks (-want +got):\n%s", diff)
	}
	return hits
}
