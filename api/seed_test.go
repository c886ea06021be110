package api_test

// Every sentence of "The API request lifecycle", the document that this product
// implements, in its order. doc: process-lifecycle

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

const subscriptions = "/v1/subscriptions"

func databaseBody(name string) map[string]any {
	return map[string]any{"name": name, "datasetSizeInGb": 1}
}

// "You can use the REST API to create, update, and delete subscriptions,
// databases, and other entities."
func TestCreateUpdateDelete(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	db := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", databaseBody("second")))
	a.Settle(db, "active")
	for path, body := range map[string]any{sub: map[string]any{"name": "renamed"}, db: map[string]any{"name": "renamed"}} {
		if got := a.Run(http.MethodPut, path, body); got.Get("status") != "processing-completed" {
			t.Errorf("PUT %s: %s", path, got.Body)
		}
		if got := a.Do(http.MethodGet, path, nil); got.Get("name") != "renamed" {
			t.Errorf("after PUT %s: %s", path, got.Body)
		}
		a.Settle(path, "active")
	}
	databases := a.Do(http.MethodGet, sub+"/databases", nil)
	for i := range 2 {
		path := fmt.Sprintf("%s/databases/%.0f", sub, databases.Get("subscription", 0, "databases", i, "databaseId"))
		a.Run(http.MethodDelete, path, nil)
		a.Settle(path, "")
	}
	a.Run(http.MethodDelete, sub, nil)
	a.Settle(sub, "")
}

// "All create, update, and delete API operations and some query operations run
// asynchronously": the answer is a task, and nothing has happened yet.
func TestWritesAndSomeQueriesRunAsynchronously(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("one")
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"POST", subscriptions, apitest.SubscriptionBody("two")},
		{"PUT", sub, map[string]any{"name": "renamed"}},
		{"DELETE", sub, nil},
		{"GET", sub + "/cidr", nil},
	} {
		a.Start(request.method, request.path, request.body)
	}
	if got := a.Do(http.MethodGet, sub, nil); got.Get("name") != "one" || got.Get("status") != "active" {
		t.Errorf("before anything is processed: %s", got.Body)
	}
}

// "The response object includes an ID that lets you determine the status of the
// background process as it works": `taskId`.
func TestTaskIDInTheAnswer(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	answer := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	id, _ := answer.Get("taskId").(string)
	if answer.Status != http.StatusAccepted || uuid.Validate(id) != nil {
		t.Fatalf("got %d %s, want 202 with a taskId", answer.Status, answer.Body)
	}
	for member, want := range map[string]any{"commandType": "subscriptionCreateRequest", "status": "received"} {
		if got := answer.Get(member); got != want {
			t.Errorf("%s: got %v, want %v", member, got, want)
		}
	}
	link := fmt.Sprint(answer.Get("links", 0, "href"))
	if want := a.URL + "/v1/tasks/" + id; link != want || answer.Header.Get("Location") != want {
		t.Errorf("link to the task: got %s and Location %s, want %s", link, answer.Header.Get("Location"), want)
	}
}

// "For operations that do not create or modify resources or do not require
// additional processing, the API is synchronous."
func TestPlainQueriesAreSynchronous(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, path := range []string{
		"/v1/", "/v1", "/v1/payment-methods", "/v1/regions", "/v1/regions?provider=GCP", "/v1/data-persistence",
		"/v1/database-modules", "/v1/query-performance-factors", "/v1/cloud-accounts", "/v1/cloud-accounts/1", "/v1/tasks",
		"/v1/tasks/", subscriptions, subscriptions + "/redis-versions",
	} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != http.StatusOK || got.Get("taskId") != nil {
			t.Errorf("GET %s: got %d %s", path, got.Status, got.Body)
		}
	}
}

// "Asynchronous operations have two main phases: processing and provisioning. A
// resource is not available until both phases are complete."
func TestTwoPhases(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	task := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	if got := a.Do(http.MethodGet, subscriptions, nil); !strings.Contains(string(got.Body), `"subscriptions" : [ ]`) {
		t.Errorf("before processing: %s", got.Body)
	}
	id := a.Finish(task).Get("response", "resourceId")
	path := fmt.Sprintf("%s/%.0f", subscriptions, id)
	if got := a.Do(http.MethodGet, path, nil); got.Get("status") != "pending" {
		t.Errorf("between the phases: %s", got.Body)
	}
	a.Settle(path, "active")
}

// "You can also query the state of all active tasks or recently completed tasks
// in your account."
func TestListOfActiveAndRecentTasks(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a, other := w.Account(), w.Account()
	done := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	a.Finish(done)
	a.Advance(0)
	running := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"))
	waiting := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("three"))
	other.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("other"))
	apitest.Eventually(t, "in progress", func() bool { return a.Status(running) == cloud.TaskRunning })
	list := func() map[string]string {
		var body struct {
			Tasks []struct{ TaskID, Status string }
		}
		a.Do(http.MethodGet, "/v1/tasks", nil).Into(t, &body)
		statuses := map[string]string{}
		for _, task := range body.Tasks {
			statuses[task.TaskID] = task.Status
		}
		return statuses
	}
	want := map[string]string{done: "processing-completed", running: "processing-in-progress", waiting: "received"}
	if got := list(); fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, want %v", got, want)
	}
	a.Finish(running)
	a.Finish(waiting)
	a.Advance(11 * 24 * 3600e9)
	if got := list(); len(got) != 0 {
		t.Errorf("eleven days later: got %v, want none", got)
	}
}

// "`received` - Request is received and awaits processing.
// `processing-in-progress` - A dedicated worker is processing the request.
// `processing-completed` - Request processing succeeded. A `response` segment is
// included. The response includes a `resourceId` for each resource that the
// request creates, such as Subscription or Database ID."
func TestTaskStatesOfSuccess(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Hold = 0 }).Account()
	sub := a.Subscription("one")
	first := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"))
	second := a.Start(http.MethodPost, sub+"/databases", databaseBody("second"))
	apitest.Eventually(t, "in progress", func() bool { return a.Status(first) == cloud.TaskRunning })
	get := func(id string) apitest.Answer { return a.Do(http.MethodGet, "/v1/tasks/"+id, nil) }
	if got := get(second); got.Get("status") != "received" || got.Get("response") != nil ||
		got.Header.Get("Retry-After") == "" {
		t.Errorf("waiting: %s", got.Body)
	}
	if got := get(first); got.Get("status") != "processing-in-progress" || got.Get("response") != nil {
		t.Errorf("in progress: %s", got.Body)
	}
	a.Advance(apitest.TaskTime)
	apitest.Eventually(t, "completed", func() bool { return a.Status(first).Finished() })
	done := get(first)
	if id, ok := done.Get("response", "resourceId").(float64); !ok || done.Get("status") != "processing-completed" ||
		done.Get("links", 0, "href") != fmt.Sprintf("%s%s/%.0f", a.URL, subscriptions, id) {
		t.Errorf("completed: %s", done.Body)
	}
	apitest.Eventually(t, "in progress", func() bool { return a.Status(second) == cloud.TaskRunning })
	a.Advance(apitest.TaskTime)
	apitest.Eventually(t, "completed", func() bool { return a.Status(second).Finished() })
	done = get(second)
	if got := fmt.Sprintf("%s/%.0f", subscriptions, done.Get("response", "additionalResourceId")); got != sub {
		t.Errorf("a database's task names subscription %s, want %s: %s", got, sub, done.Body)
	}
	want := fmt.Sprintf("%s%s/databases/%.0f", a.URL, sub, done.Get("response", "resourceId"))
	if done.Get("links", 0, "href") != want {
		t.Errorf("link to the resource: got %v, want %s", done.Get("links", 0, "href"), want)
	}
}

// "`processing-error` - Request processing failed. A detailed cause or reason is
// included in the task status JSON response."
func TestTaskStateOfFailure(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	task := a.Run(http.MethodPost, subscriptions+"/999/databases", databaseBody("lost"))
	want := map[string]any{"type": "SUBSCRIPTION_NOT_FOUND", "status": "404 NOT_FOUND"}
	for member, value := range want {
		if got := task.Get("response", "error", member); got != value {
			t.Errorf("error.%s: got %v, want %v", member, got, value)
		}
	}
	if task.Get("status") != "processing-error" || task.Get("response", "error", "description") == "" ||
		task.Get("links", 1) != nil {
		t.Errorf("got %s", task.Body)
	}
	if got := a.Do(http.MethodGet, subscriptions, nil); got.Get("subscriptions", 0) != nil {
		t.Errorf("a failed task left something behind: %s", got.Body)
	}
}

// "A task that reaches the `received` state cannot be cancelled."
func TestReceivedTaskCannotBeCancelled(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	task := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	for _, method := range []string{"DELETE", "PUT", "POST", "PATCH"} {
		got := a.Do(method, "/v1/tasks/"+task, `{"status":"cancelled"}`)
		if got.Status != http.StatusMethodNotAllowed || got.Header.Get("Allow") != "GET, HEAD" {
			t.Errorf("%s: got %d, Allow %q, want 405", method, got.Status, got.Header.Get("Allow"))
		}
	}
	if got := a.Finish(task); got.Get("status") != "processing-completed" {
		t.Errorf("got %s", got.Body)
	}
}

// "If you wish to undo an operation that was performed by a task, perform a
// compensating action (for example: delete a subscription)."
func TestCompensatingAction(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("unwanted")
	database := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
	a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", sub, database), nil)
	if got := a.Run(http.MethodDelete, sub, nil); got.Get("status") != "processing-completed" {
		t.Fatalf("got %s", got.Body)
	}
	a.Settle(sub, "")
}

// "You can query the resource identifier to track the progress of the
// provisioning phase": `pending`, `active`, `deleting`.
func TestProvisioningStates(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("%s/%d", subscriptions, a.Create(subscriptions, apitest.SubscriptionBody("one")))
	wantPending := func(path string) {
		if got := a.Do(http.MethodGet, path, nil); got.Get("status") != "pending" {
			t.Errorf("GET %s: got %v, want pending", path, got.Get("status"))
		}
		a.Settle(path, "active")
	}
	wantPending(sub)
	first := fmt.Sprintf("%s/databases/%.0f",
		sub, a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	another := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", `{"name": "another", "datasetSizeInGb": 1}`))
	wantPending(another)
	for _, path := range []string{another, first, sub} {
		a.Run(http.MethodDelete, path, nil)
		if got := a.Do(http.MethodGet, path, nil); got.Get("status") != "deleting" {
			t.Errorf("GET %s: got %d %v, want deleting", path, got.Status, got.Get("status"))
		}
		a.Settle(path, "")
	}
}

// "`error` - An error occurred during the provisioning phase, including the
// details of the error."
func TestProvisioningError(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	a.Fault(fault.Rule{When: fault.When{First: 1}, Effect: fault.Effect{
		Do: "provisioning-error", Code: "AWS_ERROR_INSUFFICIENT_INSTANCE_CAPACITY", Message: "No machine is left.",
	}})
	sub := fmt.Sprintf("%s/%d", subscriptions, a.Create(subscriptions, apitest.SubscriptionBody("one")))
	a.Settle(sub, "error")
	got := a.Do(http.MethodGet, sub, nil)
	if got.Get("error", "type") != "AWS_ERROR_INSUFFICIENT_INSTANCE_CAPACITY" ||
		got.Get("error", "description") != "No machine is left." {
		t.Errorf("got %s", got.Body)
	}
}
