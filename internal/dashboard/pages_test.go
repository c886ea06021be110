package dashboard_test

import (
	"encoding/json"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

const subscription = `{"name": "orders", "paymentMethodId": 24681,
	"cloudProviders": [{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}],
	"databases": [{"name": "cache", "protocol": "redis", "datasetSizeInGb": 1}]}`

// slow lets nothing happen by itself: the clock of the demo account stands still.
func slow(t *testing.T, configure ...func(*server.Config)) *fixture {
	t.Helper()
	f := start(t, append(configure, func(c *server.Config) { c.Speed = 1 })...)
	if _, err := f.Sandbox.SetClock(t.Context(), "1000", sandbox.ClockSetting{Mode: sandbox.ClockFrozen}); err != nil {
		t.Fatal(err)
	}
	return f
}

// create makes a subscription with a database, and returns the id of its task.
func (f *fixture) create() string {
	f.t.Helper()
	p := f.api(http.MethodPost, "/subscriptions", subscription)
	var task struct{ TaskID string }
	if err := json.Unmarshal([]byte(p.text), &task); err != nil || p.status != http.StatusAccepted {
		f.t.Fatalf("got %d %s", p.status, p.text)
	}
	return task.TaskID
}

// pass lets time pass for the demo account.
func (f *fixture) pass(by sandbox.Advance) {
	f.t.Helper()
	if _, err := f.Sandbox.Advance(f.t.Context(), "1000", by); err != nil {
		f.t.Fatal(err)
	}
}

// Every page is there for an account that was never used, for one with work, and where nobody said which.
func TestEveryPageIsThere(t *testing.T) {
	t.Parallel()
	f := slow(t)
	paths := []string{
		"/", "/tasks", "/resources", "/requests", "/faults", "/clock", "/accounts", "/snapshots", "/coverage", "/reference",
		"/reference/createProSubscription", "/reference/getTask",
	}
	look := func() {
		for _, path := range paths {
			for _, account := range []string{"", "?account=1000", "?account=Demo"} {
				if p := f.get("/ui" + path + account); p.status != http.StatusOK || !strings.Contains(p.text, "</html>") {
					t.Errorf("%s%s: got %d %s", path, account, p.status, p.text)
				}
			}
		}
	}
	look()
	task := f.create()
	f.pass(sandbox.Advance{Task: task})
	f.api(http.MethodGet, "/nowhere", "")
	if _, _, err := f.Sandbox.CreateAccount(t.Context(), sandbox.NewAccount{Name: "other"}); err != nil {
		t.Fatal(err)
	}
	paths = append(paths, "/tasks/"+task, "/resources/subscription/100001", "/resources/database/51000002")
	look()
	for _, path := range []string{
		"/nowhere", "/tasks/7", "/resources/subscription/7", "/resources/x/y", "/requests/7", "/reference/x", "/?account=no",
	} {
		if p := f.get("/ui" + path); p.status != http.StatusNotFound || !strings.Contains(p.text, `role="alert"`) {
			t.Errorf("%s: got %d", path, p.status)
		}
	}
}

func TestWelcomeHasTheLinesForAShell(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.has(f.get("/ui/"), "export REDISCLOUD_URL="+f.URL, "export REDISCLOUD_ACCESS_KEY="+f.APIKey,
		"export REDISCLOUD_SECRET_KEY="+f.APISecretKey, `data-copy="exports"`)
}

// The three slots fill, and the fourth change waits for one.
func TestOverviewShowsTheSlots(t *testing.T) {
	t.Parallel()
	f := slow(t)
	var last string
	for range 4 {
		last = f.create()
	}
	f.stream(t.Context(), "/ui/").until("lanes", `data-waiting="3"`)
	f.pass(sandbox.Advance{Task: last})
	p := f.get("/ui/")
	if n := strings.Count(p.text, `data-taken="yes"`); n != 3 {
		t.Errorf("%d slots are taken, want 3", n)
	}
	f.has(p, `data-waits="1"`, "waits for a slot")
	f.pass(sandbox.Advance{Idle: true})
	p = f.get("/ui/")
	if n := strings.Count(p.text, `data-taken="no"`); n != 3 {
		t.Errorf("%d slots are free, want 3", n)
	}
}

// A task that failed is first, and its page says why.
func TestWhyATaskFailed(t *testing.T) {
	t.Parallel()
	f := slow(t)
	var failed struct{ TaskID string }
	p := f.api(http.MethodPut, "/subscriptions/99", `{"name": "other"}`)
	if err := json.Unmarshal([]byte(p.text), &failed); err != nil {
		t.Fatal(err)
	}
	f.pass(sandbox.Advance{Task: f.create()})
	p = f.get("/ui/tasks")
	f.has(p, "SUBSCRIPTION_NOT_FOUND", `data-count="failed">1<`)
	if rows := regexp.MustCompile(`<tr [^>]*data-status="(\w+)"`).FindAllStringSubmatch(p.text, -1); len(rows) != 2 ||
		rows[0][1] != "failed" {
		t.Errorf("the rows are %v", rows)
	}
	f.api(http.MethodGet, "/tasks/"+failed.TaskID, "")
	p = f.get("/ui/tasks/" + failed.TaskID)
	f.has(p, "SUBSCRIPTION_NOT_FOUND", "404 Not Found", "What a request names must be there", "leaves nothing behind",
		`<a href="https://redis.io/docs/latest/operate/rc/api/api-reference"`, "PUT /v1/subscriptions/99",
		"polls <small>1<")
	if p := f.get("/ui/tasks?q=NOT_FOUND&status=done"); strings.Contains(p.text, "data-task=") {
		t.Error("a text and a state together do not narrow the list")
	}
}

func TestStepFromTheTask(t *testing.T) {
	t.Parallel()
	f := slow(t)
	task := f.create()
	step := url.Values{"do": {"clock.advance"}, "events": {"1"}, "account": {"1000"}}
	p := f.post("/ui/tasks/"+task+"?account=1000", step)
	if p.status != http.StatusSeeOther {
		t.Fatalf("got %d %s", p.status, p.text)
	}
	f.has(f.get(p.header.Get("Location")), `data-state="done"`, "orders", `data-state="pending"`, "subscription/100001")
}

func TestNoSecretOfAResourceIsShown(t *testing.T) {
	t.Parallel()
	f := slow(t)
	f.create()
	f.pass(sandbox.Advance{Idle: true})
	p := f.api(http.MethodPost, "/subscriptions/100001/databases",
		`{"name": "second", "datasetSizeInGb": 1, "password": "swordfish-1A"}`)
	if p.status != http.StatusAccepted {
		t.Fatalf("got %d %s", p.status, p.text)
	}
	f.pass(sandbox.Advance{Idle: true})
	for _, path := range []string{"/ui/resources/database/51000003", "/ui/requests", "/ui/requests/1", "/ui/requests/2"} {
		if p := f.get(path); p.status != http.StatusOK || strings.Contains(p.text, "swordfish") {
			t.Errorf("%s: %d, and a password", path, p.status)
		}
	}
}

// What an API calls a secret is one also on a server that offers another API only.
func TestNoSecretOfAnotherDialectIsShown(t *testing.T) {
	t.Parallel()
	database, dir := pgtest.New(t), t.TempDir()
	f := slow(t, func(c *server.Config) { c.DatabaseURL, c.DataDir = database, dir })
	f.create()
	f.pass(sandbox.Advance{Idle: true})
	made := f.api(http.MethodPost, "/subscriptions/100001/databases",
		`{"name": "second", "datasetSizeInGb": 1, "replicaOf": ["redis://:swordfish-1A@192.0.2.1:6379"]}`)
	if made.status != http.StatusAccepted {
		t.Fatalf("got %d %s", made.status, made.text)
	}
	f.pass(sandbox.Advance{Idle: true})
	other := start(t, func(c *server.Config) {
		c.DatabaseURL, c.DataDir, c.Dialects = database, dir, []string{"rds"}
	})
	p := other.get("/ui/resources/database/51000003")
	if p.status != http.StatusOK || strings.Contains(p.text, "swordfish") {
		t.Errorf("got status %d, and a password: %v", p.status, strings.Contains(p.text, "swordfish"))
	}
	other.has(p, "[redacted]")
}

func TestUnmatchedRequestHasTheNearest(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.api(http.MethodGet, "/subscription", "")
	f.has(f.get("/ui/requests?only=unmatched"), "nearest: GET /v1/subscriptions")
	f.has(f.get("/ui/requests/1"), "/ui/reference/list", "curl -X GET")
}

func TestFaultIsArmedHitAndDisarmed(t *testing.T) {
	t.Parallel()
	f := start(t)
	arm := url.Values{"do": {"fault.arm"}, "preset": {"flaky-5xx"}, "account": {"1000"}}
	if p := f.post("/ui/faults?account=1000", arm); p.status != http.StatusSeeOther {
		t.Fatalf("got %d %s", p.status, p.text)
	}
	f.has(f.get("/ui/faults?account=1000"), `data-preset="flaky-5xx" data-armed="yes"`, `data-hits="0"`)
	f.api(http.MethodGet, "/tasks/"+f.create(), "")
	f.has(f.get("/ui/faults?account=1000"), `data-hits="1"`)
	f.has(f.get("/ui/requests?only=fault"), "fault flaky-5xx#1")
	f.post("/ui/faults?account=1000", url.Values{"do": {"fault.disarm"}, "fault": {"1"}})
	f.has(f.get("/ui/faults?account=1000"), `data-preset="flaky-5xx" data-armed="no"`)
	p := f.post("/ui/faults", url.Values{"do": {"fault.arm"}, "rule": {`{"effect": {"do": "stattus"}}`}})
	if p.status != http.StatusBadRequest {
		t.Errorf("got %d", p.status)
	}
	f.has(p, "FAULT_INVALID", `role="alert"`)
}

func TestClockIsFrozenSteppedAndSet(t *testing.T) {
	t.Parallel()
	f := start(t, func(c *server.Config) { c.Speed = 1 })
	act := func(form url.Values) page {
		form.Set("account", "1000")
		return f.post("/ui/clock?account=1000", form)
	}
	act(url.Values{"do": {"clock.set"}, "mode": {"frozen"}, "at": {"2026-05-01T12:00:00Z"}})
	f.has(f.get("/ui/clock"), `data-mode="frozen"`, "2026-05-01 12:00:00")
	f.create()
	f.has(act(url.Values{"do": {"clock.advance"}, "events": {"1"}, "tell": {"1"}}), "passed</strong> and 1 thing happened")
	f.has(act(url.Values{"do": {"clock.advance"}, "idle": {"1"}, "tell": {"1"}}), `data-steps="0"`)
	f.has(act(url.Values{"do": {"clock.advance"}, "by": {"soon"}}), "INVALID_LENGTH")
	act(url.Values{"do": {"clock.set"}, "mode": {"scaled"}, "rate": {"60"}})
	f.has(f.get("/ui/clock"), `data-mode="scaled"`)
}

func TestKeysAreMintedRotatedAndRevoked(t *testing.T) {
	t.Parallel()
	f := start(t)
	act := func(form url.Values) page {
		form.Set("account", "1000")
		return f.post("/ui/accounts?account=1000", form)
	}
	pair := regexp.MustCompile(`x-api-key: ([^<\s]+)\nx-api-secret-key: ([^<\s]+)<`)
	works := func(p page) bool {
		found := pair.FindStringSubmatch(p.text)
		if found == nil {
			t.Fatalf("no pair is shown: %s", p.text)
		}
		return f.do(http.MethodGet, "/v1/", "", "x-api-key", found[1], "x-api-secret-key", found[2]).status == http.StatusOK
	}
	made := act(url.Values{"do": {"key.create"}, "name": {"watcher"}, "role": {"Viewer"}})
	if !works(made) {
		t.Error("the new key does not work")
	}
	if p := f.get("/ui/accounts?account=1000"); pair.MatchString(p.text) || !strings.Contains(p.text, "watcher") {
		t.Error("the pair is shown twice, or the key not at all")
	}
	anew := act(url.Values{"do": {"key.rotate"}, "key": {"watcher"}})
	if works(made) || !works(anew) {
		t.Error("after rotating, the old pair works or the new one does not")
	}
	act(url.Values{"do": {"key.revoke"}, "key": {"watcher"}})
	if works(anew) {
		t.Error("a revoked key works")
	}
	if !works(f.post("/ui/accounts", url.Values{"do": {"account.create"}, "name": {"ci"}})) {
		t.Error("the keys of a new account do not work")
	}
	f.has(f.get("/ui/accounts?q=c"), ">ci</a>")
}

func TestSnapshotGoesAroundAndAForkGoesOn(t *testing.T) {
	t.Parallel()
	f := slow(t)
	f.pass(sandbox.Advance{Task: f.create()})
	act := func(form url.Values) page {
		form.Set("account", "1000")
		return f.post("/ui/snapshots?account=1000", form)
	}
	act(url.Values{"do": {"snapshot.save"}, "name": {"a/b <c>"}})
	file := f.get("/ui/snapshots/file?name=" + url.QueryEscape("a/b <c>"))
	if file.status != http.StatusOK || !strings.Contains(file.header.Get("Content-Disposition"), "attachment") {
		t.Fatalf("got %d %v", file.status, file.header)
	}
	var form strings.Builder
	parts := multipart.NewWriter(&form)
	for name, value := range map[string]string{"do": "snapshot.import", "name": "again", "account": "1000"} {
		if err := parts.WriteField(name, value); err != nil {
			t.Fatal(err)
		}
	}
	w, err := parts.CreateFormFile("file", "x.json")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte(file.text)); err != nil {
		t.Fatal(err)
	}
	if err := parts.Close(); err != nil {
		t.Fatal(err)
	}
	p := f.do(http.MethodPost, "/ui/snapshots?account=1000", form.String(), "Content-Type", parts.FormDataContentType())
	if p.status != http.StatusSeeOther {
		t.Fatalf("got %d %s", p.status, p.text)
	}
	f.post("/ui/accounts?account=1000", url.Values{"do": {"account.reset"}, "account": {"1000"}})
	f.has(f.get("/ui/resources"), "has no resources")
	act(url.Values{"do": {"snapshot.load"}, "name": {"again"}})
	f.has(f.get("/ui/resources"), "orders")
	f.has(act(url.Values{"do": {"account.fork"}, "name": {"ci-8"}}), "x-api-secret-key: ")
	f.has(f.get("/ui/resources?account=ci-8"), "orders")
	act(url.Values{"do": {"snapshot.delete"}, "name": {"again"}})
	p = f.get("/ui/snapshots")
	if strings.Contains(p.text, `data-snapshot="again"`) || !strings.Contains(p.text, "a/b &lt;c&gt;") {
		t.Error("the wrong snapshot is left")
	}
}

// An operation of either dialect answers a form, as the account that is chosen.
func TestTryIt(t *testing.T) {
	t.Parallel()
	f := slow(t)
	try := func(operation string, form url.Values) page {
		form.Set("do", "try")
		form.Set("operation", operation)
		form.Set("account", "1000")
		return f.post("/ui/reference/"+operation+"?account=1000", form)
	}
	f.has(try("createProSubscription", url.Values{"body": {subscription}}), `data-answer="2">202`, "its task")
	f.has(try("getProSubscription", url.Values{"path.subscriptionId": {"../../x"}}), `data-answer="4"`)
	f.has(try("getProSubscription", url.Values{}), "The path needs subscriptionId")
	f.has(try("listInstances", url.Values{}), `data-answer="2">200`, "instances")
	f.has(f.get("/ui/coverage?only=asked"), `data-operation="createProSubscription"`, `data-operation="listInstances"`)
}

// However much there is, a page has so much of it and leads to the rest.
func TestListsAreBounded(t *testing.T) {
	t.Parallel()
	f := slow(t)
	for i := range 60 {
		f.create()
		if _, _, err := f.Sandbox.CreateAccount(t.Context(), sandbox.NewAccount{Name: fmt.Sprintf("ci-%d", i)}); err != nil {
			t.Fatal(err)
		}
	}
	for path, want := range map[string]struct {
		row  string
		many int
		next string
	}{
		"/ui/":                       {`data-account="`, 6, "from=6"},
		"/ui/accounts":               {`<tr id="account-`, 25, "from=25"},
		"/ui/tasks?account=1000":     {`<tr id="task-`, 40, "from=40"},
		"/ui/tasks?q=create&from=40": {`<tr id="task-`, 20, "from="},
		"/ui/requests?account=1000":  {`<tr id="request-`, 50, "from=50"},
		"/ui/?account=1000":          {`<li id="task-`, 12, "more</a>"},
	} {
		p := f.get(path)
		if got := strings.Count(p.text, want.row); got > want.many || got < want.many-1 { // one of them may be at work
			t.Errorf("%s has %d of %q, want %d", path, got, want.row, want.many)
		}
		f.has(p, want.next)
	}
	if p := f.get("/ui/tasks?account=1000&from=40"); strings.Contains(p.text, `rel="next"`) {
		t.Error("the last page leads on")
	}
}
