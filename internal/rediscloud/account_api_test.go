package rediscloud_test

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	noon := pgtest.Now().Truncate(24 * time.Hour).Add(12 * time.Hour) // what is done at once is of one day
	a.Freeze(noon)
	const system, session = "/v1/logs", "/v1/session-logs"
	wantFields(t, a.Do(http.MethodGet, system, nil), map[string]any{"entries.0": nil})
	wantFields(t, a.Do(http.MethodGet, session, nil), map[string]any{"entries.0": nil})

	sub := a.Subscription("orders")
	a.Run(http.MethodGet, sub+"/cidr", nil) // only reads: not logged
	a.Run(http.MethodPut, sub, `{"paymentMethodId": 1}`)
	a.Advance(24 * time.Hour)
	db := a.Create(sub+"/databases", `{"name": "a", "datasetSizeInGb": 1}`)

	answer := a.Do(http.MethodGet, system, nil)
	wantFields(t, answer, map[string]any{
		"entries.0.type":        "Database",
		"entries.0.description": "Database create completed", "entries.0.resourceId": float64(db),
		"entries.0.resource": "a", "entries.0.originator": "Tess Tester", "entries.0.id": 4.0, "entries.0.apiKeyName": "test",
		"entries.1.type": "Subscription", "entries.1.description": "Subscription update failed: SUBSCRIPTION_PI_NOT_FOUND",
		"entries.1.apiKeyName": "test", "entries.1.resource": nil,
		"entries.2.description": "Subscription create completed", "entries.2.resource": "orders",
		"entries.2.apiKeyName": "test", "entries.3": nil,
	})
	first, _ := answer.Get("entries", 2, "time").(string)
	for query, want := range map[string]any{
		"?limit=1":                            4.0,
		"?limit=1&offset=1":                   3.0,
		"?offset=3":                           nil,
		"?endTime=" + first:                   1.0,
		"?startTime=2100-01-01T00:00:00Z":     nil,
		fmt.Sprintf("?resourceId=%d", db):     4.0,
		"?resourceId=1":                       nil,
		"?startTime=" + first + "&limit=1000": 4.0,
	} {
		wantFields(t, a.Do(http.MethodGet, system+query, nil), map[string]any{"entries.0.id": want})
	}
	for _, query := range []string{"?limit=0", "?limit=1001", "?offset=-1", "?startTime=yesterday", "?endTime=1"} {
		if answer := a.Do(http.MethodGet, system+query, nil); answer.Status != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", query, answer.Status)
		}
	}
	if answer := a.Do(http.MethodGet, session+"?limit=101", nil); answer.Status != http.StatusBadRequest {
		t.Errorf("a page of 101 sessions: got %d, want 400", answer.Status)
	}
	wantFields(t, a.Do(http.MethodGet, session, nil), map[string]any{
		"entries.0.user": "tess@test.example", "entries.0.action": "Login", "entries.1.userRole": "Owner", "entries.2": nil,
	})
	wantFields(t, a.Do(http.MethodGet, session+"?limit=1&offset=1&endTime=2100-01-01T00:00:00Z", nil), map[string]any{
		"entries.0.userRole": "Owner", "entries.1": nil,
	})
}

// The system log names what a change was about as it was called at that time, and the
// keys that it was asked for with, also when both are gone.
func TestSystemLogNamesResourcesAndKeys(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	id := a.Create("/v1/acl/redisRules", `{"name": "readers", "redisRule": "+@read ~*"}`)
	rule := fmt.Sprintf("/v1/acl/redisRules/%d", id)
	a.Pass(time.Hour)
	wantDone(t, a.Run(http.MethodPut, rule, `{"name": "looks", "redisRule": "+@read ~*"}`))
	a.Pass(time.Hour)
	second := store.Secrets{Key: "second-" + a.Secrets.Key, Secret: "second"}
	if err := a.DB.EnsureKey(t.Context(), a.ID, "pipeline", second); err != nil {
		t.Fatal(err)
	}
	other := *a
	other.Secrets = second
	wantDone(t, other.Run(http.MethodDelete, rule, nil))
	wantFields(t, a.Do(http.MethodGet, "/v1/logs", nil), map[string]any{
		"entries.0.resource": "looks", "entries.0.apiKeyName": "pipeline",
		"entries.1.resource": "looks", "entries.1.apiKeyName": "test",
		"entries.2.resource": "readers", "entries.2.apiKeyName": "test", "entries.3": nil,
	})
}

// An account logs in once a day. Days are those of UTC, wherever the server is.
func TestLoginsAreByTheDayOfUTC(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	midnight := pgtest.Now().Truncate(24 * time.Hour).Add(24 * time.Hour)
	for _, at := range []struct {
		after  time.Duration // midnight
		logins int
	}{
		{-12 * time.Hour, 1},
		{-time.Microsecond, 1},
		{0, 2},
		{12 * time.Hour, 2},
		{24*time.Hour - time.Microsecond, 2},
		{24 * time.Hour, 3},
	} {
		a.Freeze(midnight.Add(at.after))
		a.Start(http.MethodPost, "/v1/subscriptions", apitest.SubscriptionBody("orders"))
		log := a.Do(http.MethodGet, "/v1/session-logs", nil)
		if entries, _ := log.Get("entries").([]any); len(entries) != at.logins {
			t.Errorf("%v after midnight: got %s, want %d logins", at.after, log.Body, at.logins)
		}
	}
}

func TestCostReport(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	id, _ := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId").(float64)
	answer := a.Do(http.MethodPost, fmt.Sprintf("%s/databases/%.0f/tags", sub, id), `{"key": "team", "value": "web"}`)
	if answer.Status != http.StatusOK {
		t.Fatalf("tag: got %s", answer.Body)
	}
	empty := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("empty")))
	a.Settle(empty, "active")
	first, _ := a.Do(http.MethodGet, empty+"/databases", nil).
		Get("subscription", 0, "databases", 0, "databaseId").(float64)
	gone := fmt.Sprintf("%s/databases/%.0f", empty, first)
	wantDone(t, a.Run(http.MethodDelete, gone, nil))
	a.Settle(gone, "")
	bare, used := essentials(a, smallPlan), essentials(a, biggerPlan)
	fixedDB := fmt.Sprintf("%s/databases/%d", used, a.Create(used+"/databases", `{"name": "small"}`))
	if answer := a.Do(http.MethodPost, fixedDB+"/tags",
		`{"key": "team", "value": "ops"}`); answer.Status != http.StatusOK {
		t.Fatalf("tag: got %s", answer.Body)
	}
	start := pgtest.Now().Format(time.DateOnly)
	a.Advance(48 * time.Hour)
	end := pgtest.Now().Add(24 * time.Hour).Format(time.DateOnly)

	order := func(members string) string {
		t.Helper()
		task := a.Run(http.MethodPost, "/v1/cost-report", `{"startDate": "`+start+`", "endDate": "`+end+`"`+members+`}`)
		name, _ := task.Get("response", "resource", "costReportId").(string)
		if name == "" || task.Get("response", "resourceId") != nil {
			t.Fatalf("got %s, want the id of a report alone", task.Body)
		}
		return name
	}
	name := order("")
	report := a.Do(http.MethodGet, "/v1/cost-report/"+name, nil)
	if got := report.Header.Get("Content-Disposition"); got != `attachment; filename=`+name ||
		report.Header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("got headers %v, want an attachment %s", report.Header, name)
	}
	records, err := csv.NewReader(strings.NewReader(string(report.Body))).ReadAll()
	if err != nil || len(records) != 6 || len(records[0]) != 34 {
		t.Fatalf("got %s, %v, want names, a database, two regions and two plans", report.Body, err)
	}

	var rows []map[string]any
	a.Do(http.MethodGet, "/v1/cost-report/"+order(`, "format": "json"`), nil).Into(t, &rows)
	var got []any
	for _, row := range rows {
		if len(row) != len(records[0]) {
			t.Errorf("got %d members in %v, want a member for each column", len(row), row)
		}
		got = append(got, fmt.Sprint(row["ResourceType"], " ", row["ResourceName"], " ", row["RegionId"], " ", row["Tags"]))
		if cost, _ := row["BilledCost"].(float64); cost <= 0 {
			t.Errorf("got cost %v, want some", row["BilledCost"])
		}
	}
	want := []any{
		"Database first us-east-1 map[team:web]", "Subscription empty us-east-1 map[]", "Subscription empty us-east-2 map[]",
		"Subscription small us-east-1 map[]", "Database small us-east-1 map[team:ops]",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	for members, want := range map[string]int{
		`"subscriptionType": "essentials"`:                                           2,
		`"subscriptionType": "pro"`:                                                  3,
		`"tags": [{"key": "team", "value": "web"}]`:                                  1,
		`"tags": [{"key": "team", "value": "ops"}]`:                                  1,
		`"subscriptionType": "pro", "tags": [{"key": "team", "value": "ops"}]`:       0,
		`"regions": ["us-east-2"]`:                                                   1,
		fmt.Sprintf(`"databaseIds": [%d]`, idOf(t, fixedDB)):                         1,
		fmt.Sprintf(`"subscriptionIds": [%d]`, idOf(t, bare)):                        1,
		`"subscriptionIds": [` + strings.TrimPrefix(sub, "/v1/subscriptions/") + `]`: 1,
	} {
		a.Do(http.MethodGet, "/v1/cost-report/"+order(`, "format": "json", `+members), nil).Into(t, &rows)
		if len(rows) != want {
			t.Errorf("%s: got %d rows, want %d", members, len(rows), want)
		}
	}
	wantError(t, a.Run(http.MethodPost, "/v1/cost-report", `{}`), "COST_REPORT_START_DATE_IS_MISSING")
	for _, other := range []string{"x", strings.Replace(name, ".csv", ".json", 1)} {
		if answer := a.Do(http.MethodGet, "/v1/cost-report/"+other, nil); answer.Status != http.StatusNotFound {
			t.Errorf("report %s: got %d, want 404", other, answer.Status)
		}
	}
	stranger := a.Account()
	if answer := stranger.Do(http.MethodGet, "/v1/cost-report/"+name, nil); answer.Status != http.StatusNotFound {
		t.Errorf("report of another account: got %d, want 404", answer.Status)
	}
}

func TestDataIntegrationWorkspace(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	root := sub + "/data-integration-workspace"
	for _, step := range []struct {
		method, path string
		body         any
		status       int
		want         string // JSON; empty: not looked at
	}{
		{http.MethodGet, root, nil, 404, ""},
		{http.MethodPost, root, `{"name": "first"}`, 200, `{"name": "first"}`},
		{http.MethodPut, root, `{"name": "feed"}`, 200, `{"name": "feed"}`},
		{http.MethodPost, root, `{"name": "other"}`, 409, ""},
		{http.MethodPost, root + "/pipelines/a/jobs", `[1, 2.50]`, 200, `[1, 2.50]`},
		{http.MethodGet, root + "/pipelines/a/jobs/", nil, 200, `[1, 2.50]`},
		{http.MethodGet, root + "/pipelines/a", nil, 404, ""},
		{http.MethodPatch, root, `{"name": null, "size": {"gb": 1}}`, 200, `{"size": {"gb": 1}}`},
		{http.MethodPatch, root + "/none", `{}`, 404, ""},
		{http.MethodPost, root + "/source", `{"host": "db", "port": 5432}`, 200, ""},
		{http.MethodPatch, root + "/source", `{"port": 5433}`, 200, `{"host": "db", "port": 5433}`},
		{http.MethodDelete, root + "/source", nil, 200, ""},
		{http.MethodPut, root + "/null", `null`, 200, `null`},
		{http.MethodGet, root + "/null", nil, 200, `null`},
		{http.MethodPost, root + "/start", nil, 200, `{}`},
		{http.MethodPut, root, `{"a"`, 400, ""},
		{http.MethodPut, root, `{"a": 1e200000}`, 400, ""},
		{http.MethodPatch, root, `{"a": [1e131000]}`, 400, ""},
		{http.MethodDelete, root + "/pipelines", nil, 200, `{}`}, // with all that is below
		{http.MethodGet, root + "/pipelines/a/jobs", nil, 404, ""},
		{http.MethodDelete, root + "/pipelines", nil, 404, ""},
		{http.MethodGet, root, nil, 200, `{"size": {"gb": 1}}`},
	} {
		answer := a.Do(step.method, step.path, step.body)
		if answer.Status != step.status {
			t.Errorf("%s %s: got %d %s, want %d", step.method, step.path, answer.Status, answer.Body, step.status)
			continue
		}
		var got, want any
		if step.want == "" {
			continue
		}
		answer.Into(t, &got)
		if err := json.Unmarshal([]byte(step.want), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s %s (-want +got):\n%s", step.method, step.path, diff)
		}
	}
	wantFields(t, a.Do(http.MethodGet, "/v1/data-integration-workspaces", nil), map[string]any{
		"workspaces.0.paths.0": "", "workspaces.0.paths.1": "null", "workspaces.0.paths.2": "start", "workspaces.1": nil,
	})
	if answer := a.Do(http.MethodDelete, root, nil); answer.Status != http.StatusOK {
		t.Errorf("delete the workspace: got %d %s", answer.Status, answer.Body)
	}
	wantFields(t, a.Do(http.MethodGet, "/v1/data-integration-workspaces", nil), map[string]any{"workspaces.0": nil})

	// A workspace begins with the first thing kept, also after it was emptied.
	a.Advance(time.Hour)
	if answer := a.Do(http.MethodPost, root+"/source", nil); answer.Status != http.StatusOK {
		t.Errorf("post again: got %d %s", answer.Status, answer.Body)
	}
	again := a.Do(http.MethodGet, "/v1/data-integration-workspaces", nil)
	if created, updated := again.Get("workspaces", 0, "createdAt"),
		again.Get("workspaces", 0, "updatedAt"); created != updated || created == nil {
		t.Errorf("a new workspace was created at %v and updated at %v, want the same", created, updated)
	}

	pending := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", apitest.SubscriptionBody("new")))
	if answer := a.Do(http.MethodPut, pending+"/data-integration-workspace", `{}`); answer.Status != http.StatusForbidden {
		t.Errorf("in a subscription that is not active: got %d, want 403", answer.Status)
	}
	for _, method := range []string{http.MethodGet, http.MethodPut} {
		answer := a.Do(method, "/v1/subscriptions/1/data-integration-workspace/x", `{}`)
		if answer.Status != http.StatusNotFound {
			t.Errorf("%s in no subscription: got %d, want 404", method, answer.Status)
		}
	}
}

func TestTasksOfAnAccount(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a, other := w.Account(), w.Account()
	first := a.Start(http.MethodPost, "/v1/subscriptions", apitest.SubscriptionBody("one"))
	wantDone(t, a.Finish(first))
	second := a.Start(http.MethodPost, "/v1/subscriptions", apitest.SubscriptionBody("two"))
	wantFields(t, a.Do(http.MethodGet, "/v1/tasks", nil), map[string]any{
		"tasks.0.taskId": second, "tasks.1.taskId": first, "tasks.1.status": "processing-completed", "tasks.2": nil,
	})
	wantFields(t, other.Do(http.MethodGet, "/v1/tasks", nil), map[string]any{"tasks.0": nil})
	if got := other.Do(http.MethodGet, "/v1/tasks/"+first, nil).Status; got != http.StatusNotFound {
		t.Errorf("a task of another account: got %d, want 404", got)
	}
}
