package upgrade

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// conversation is what clients have with a server that opens a data directory. It is held once, with the old server.
type conversation struct {
	*player
	exchanges    []exchange
	redirections map[string]string // ids, by who acts
	costReport   string            // id of that of the demo account
}

// say sends a request and keeps the answer; the task that it may be answered with is asked for, too, when the account
// has come to rest.
func (c *conversation) say(e exchange) apitest.Answer {
	c.t.Helper()
	e = c.play(e)
	c.exchanges = append(c.exchanges, e)
	answer := apitest.Answer{Status: e.Status, Body: []byte(e.Answer)}
	if id, _ := answer.Get("taskId").(string); id != "" && !strings.Contains(e.Request, "/tasks/") {
		return c.say(exchange{As: e.As, Request: "GET /v1/tasks/" + id})
	}
	return answer
}

func (c *conversation) get(as, path string) apitest.Answer {
	c.t.Helper()
	return c.say(exchange{As: as, Request: "GET " + path})
}

func (c *conversation) hold() {
	c.t.Helper()
	c.standing()
	c.repeated()
	c.meetFaults()
	c.reports("")
	c.goOn("")
	c.say(exchange{Share: true})
	for _, as := range owners {
		c.end(as)
		c.outcome(as)
	}
	for _, as := range owners[1:] {
		c.reports(as)
	}
	c.complete()
}

// end lets time go on, from one event to the next, until nothing of an account is left to do. Two events at the same
// time would come in any order, so each time goes a bit too far, and less than the time before.
func (c *conversation) end(as string) {
	c.t.Helper()
	for late := 200 * time.Millisecond; ; late -= time.Millisecond {
		wait, more, err := c.db.NextEvent(c.t.Context(), c.keys[as].Account)
		if err != nil {
			c.t.Fatal(err)
		}
		if !more {
			break
		}
		c.say(exchange{As: as, Advance: (wait + late).String()})
	}
	if left := c.unfinished(as); len(left) > 0 {
		c.t.Errorf("%s: unfinished are %v", as, left)
	}
}

// standing is what is there before anything goes on, for keys of every role.
func (c *conversation) standing() {
	c.t.Helper()
	for _, as := range owners {
		c.reads(as)
	}
	for _, as := range []string{"the-viewer", "the-logs-viewer", "the-billing-admin", "from-elsewhere"} {
		for _, path := range []string{"/v1/", "/v1/logs", "/v1/payment-methods", "/v1/subscriptions"} {
			c.get(as, path)
		}
		c.say(exchange{As: as, Request: "PUT /v1/subscriptions/100001", Body: `{"name": "not theirs to say"}`})
	}
}

// repeated are the requests of the story that came with idempotency keys: again, and with something else in them.
func (c *conversation) repeated() {
	c.t.Helper()
	for _, e := range append(keyed, held...) {
		c.say(e)
		c.say(e)
		e.Body = `{"name": "something else"}`
		c.say(e)
	}
}

// reads asks for everything in an account that is answered at once.
func (c *conversation) reads(as string) {
	c.t.Helper()
	for _, path := range []string{
		"/v1/", "/v1/logs", "/v1/session-logs", "/v1/payment-methods", "/v1/acl/redisRules", "/v1/acl/roles",
		"/v1/data-integration-workspaces",
	} {
		c.get(as, path)
	}
	for _, all := range []struct{ path, list, member string }{
		{"/v1/users", "users", "id"},
		{"/v1/cloud-accounts", "cloudAccounts", "id"},
		{"/v1/acl/users", "users", "id"},
		{"/v1/tasks", "tasks", "taskId"},
	} {
		for _, id := range ids(c.get(as, all.path).Get(all.list), all.member) {
			c.get(as, all.path+"/"+id)
		}
	}
	if id := c.redirections[as]; id != "" {
		c.get(as, "/v1/endpoint-redirections/"+id)
	}
	if as == "" {
		c.get(as, "/v1/cost-report/"+c.costReport)
	}
	for _, id := range ids(c.get(as, "/v1/subscriptions").Get("subscriptions"), "id") {
		sub := "/v1/subscriptions/" + id
		for _, path := range []string{
			"", "/maintenance-windows", "/pricing", "/regions",
			"/data-integration-workspace", "/data-integration-workspace/jobs",
		} {
			c.get(as, sub+path)
		}
		c.databases(as, sub, c.get(as, sub+"/databases").Get("subscription", 0, "databases"), "/certificate")
	}
	for _, id := range ids(c.get(as, "/v1/fixed/subscriptions").Get("subscriptions"), "id") {
		sub := "/v1/fixed/subscriptions/" + id
		c.get(as, sub)
		c.databases(as, sub, c.get(as, sub+"/databases").Get("subscription", "databases"))
	}
}

func (c *conversation) databases(as, sub string, list any, more ...string) {
	c.t.Helper()
	for _, id := range ids(list, "databaseId") {
		for _, path := range append(more, "", "/available-target-versions", "/slow-log", "/tags", "/traffic", "/upgrade") {
			c.get(as, sub+"/databases/"+id+path)
		}
	}
}

// outcome asks for what has become of everything in an account.
func (c *conversation) outcome(as string) {
	c.t.Helper()
	for _, path := range []string{
		"/v1/users", "/v1/cloud-accounts", "/v1/acl/redisRules", "/v1/acl/roles", "/v1/acl/users", "/v1/tasks",
	} {
		c.get(as, path)
	}
	for _, id := range ids(c.get(as, "/v1/subscriptions").Get("subscriptions"), "id") {
		c.get(as, "/v1/subscriptions/"+id+"/databases")
		c.get(as, "/v1/subscriptions/"+id+"/regions")
	}
	for _, id := range ids(c.get(as, "/v1/fixed/subscriptions").Get("subscriptions"), "id") {
		c.get(as, "/v1/fixed/subscriptions/"+id+"/databases")
	}
	if id := c.redirections[as]; id != "" {
		c.get(as, "/v1/endpoint-redirections/"+id)
	}
}

// reports asks for everything that is answered with a task.
func (c *conversation) reports(as string) {
	c.t.Helper()
	for _, id := range ids(c.get(as, "/v1/subscriptions").Get("subscriptions"), "id") {
		sub := "/v1/subscriptions/" + id
		c.get(as, sub+"/cidr")
		c.get(as, sub+"/peerings")
		c.get(as, sub+"/regions/peerings")
		paths := []string{sub}
		for _, region := range ids(c.get(as, sub+"/regions").Get("regions"), "regionId") {
			paths = append(paths, sub+"/regions/"+region)
		}
		for _, at := range paths {
			for _, path := range []string{
				"/private-link", "/private-link/endpoint-script", "/transitGateways", "/transitGateways/invitations",
			} {
				c.get(as, at+path)
			}
			c.endpoints(as, at)
		}
		c.jobs(as, sub, c.get(as, sub+"/databases").Get("subscription", 0, "databases"))
	}
	for _, id := range ids(c.get(as, "/v1/fixed/subscriptions").Get("subscriptions"), "id") {
		sub := "/v1/fixed/subscriptions/" + id
		c.jobs(as, sub, c.get(as, sub+"/databases").Get("subscription", "databases"))
	}
}

func (c *conversation) endpoints(as, at string) {
	c.t.Helper()
	service := c.get(as, at+"/private-service-connect").Get("response", "resource", "id")
	if service == nil {
		return
	}
	path := fmt.Sprintf("%s/private-service-connect/%.0f", at, service)
	for _, id := range ids(c.get(as, path).Get("response", "resource", "endpoints"), "id") {
		c.get(as, path+"/endpoints/"+id+"/creationScripts")
		c.get(as, path+"/endpoints/"+id+"/deletionScripts")
	}
}

func (c *conversation) jobs(as, sub string, list any) {
	c.t.Helper()
	for _, id := range ids(list, "databaseId") {
		c.get(as, sub+"/databases/"+id+"/backup")
		c.get(as, sub+"/databases/"+id+"/import")
	}
}

// complete fails unless the conversation is about everything that it must be about.
func (c *conversation) complete() {
	c.t.Helper()
	constant := []string{ // what is sold is not in the database
		"listDataPersistenceOptions", "listDatabaseModules", "listQueryPerformanceFactors", "listRegions",
		"listProRedisVersions", "listEssentialsPlans", "getEssentialsPlan", "listEssentialsRedisVersions",
		"listEssentialsPlansForSubscription",
	}
	known := slices.Concat(constant, c.recorder.Operations())
	for _, op := range c.recorder.Document().Operations() {
		if op.Method == http.MethodGet && !slices.Contains(known, op.ID) {
			c.t.Errorf("nothing has been read by %s", op.ID)
		}
	}
	text, err := json.Marshal(c.exchanges)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, word := range []string{
		"received", "processing-in-progress", "processing-completed", "processing-error",
		"pending", "active", "deleting", "error",
		"active-change-pending", "active-upgrade-pending", "draft", "encryption_key_pending",
	} {
		if !strings.Contains(string(text), `\"status\":\"`+word+`\"`) {
			c.t.Errorf("nothing is %s", word)
		}
	}
	for _, status := range []string{"initiating-request", "associating"} { // of what is only read when time goes on
		if !strings.Contains(c.dump, "'"+status+"'") {
			c.t.Errorf("nothing is %s", status)
		}
	}
	for _, word := range []string{
		`\"additionalInfo\":`, `\"additionalResourceId\":`, `\"resourceId\":`, `\"resource\":`,
		`"Idempotent-Replayed"`, "key-reused", "DBS.280495", "A fault of the sandbox",
	} {
		if !strings.Contains(string(text), word) {
			c.t.Errorf("nothing says %s", word)
		}
	}
}
