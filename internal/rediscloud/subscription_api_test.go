package rediscloud_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// wantError fails unless a finished task ended in an error with that code.
func wantError(tb testing.TB, task apitest.Answer, code cloud.Code) {
	tb.Helper()
	if got := task.Get("response", "error", "type"); got != string(code) {
		tb.Errorf("got error %v, want %s\n%s", got, code, task.Body)
	}
}

// wantDone fails unless a finished task was completed.
func wantDone(tb testing.TB, task apitest.Answer) {
	tb.Helper()
	if got := task.Get("status"); got != "processing-completed" {
		tb.Errorf("got status %v, want a completed task\n%s", got, task.Body)
	}
}

func TestLookups(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()

	for _, tt := range []struct {
		path   string
		member []any
		want   any
	}{
		{"/v1/", []any{"account", "key", "owner", "email"}, "tess@test.example"},
		{"/v1/", []any{"account", "key", "httpSourceIp"}, "127.0.0.1"},
		{"/v1/payment-methods", []any{"paymentMethods", 0, "creditCardEndsWith"}, 5556.0},
		{"/v1/regions", []any{"regions", 0, "provider"}, "AWS"},
		{"/v1/regions?provider=GCP", []any{"regions", 0, "provider"}, "GCP"},
		{"/v1/data-persistence", []any{"dataPersistence", 0, "name"}, "none"},
		{"/v1/database-modules", []any{"modules", 2, "name"}, "RediSearch"},
		{"/v1/query-performance-factors", []any{"queryPerformanceFactors", 0}, "Standard"},
		{"/v1/cloud-accounts", []any{"cloudAccounts", 0, "id"}, 1.0},
		{"/v1/cloud-accounts/1", []any{"name"}, "Redis Internal Resources"},
		{"/v1/subscriptions", []any{"accountId"}, float64(a.ID)},
		{"/v1/subscriptions/redis-versions", []any{"redisVersions", 0, "version"}, "8.6"},
	} {
		answer := a.Do(http.MethodGet, tt.path, nil)
		if got := answer.Get(tt.member...); answer.Status != http.StatusOK || got != tt.want {
			t.Errorf("GET %s: got %d with %v = %v, want %v\n%s", tt.path, answer.Status, tt.member, got, tt.want, answer.Body)
		}
	}
	for _, path := range []string{
		"/v1/cloud-accounts/2",
		"/v1/subscriptions/1",
		"/v1/subscriptions/1/pricing",
		"/v1/subscriptions/1/maintenance-windows",
		"/v1/subscriptions/redis-versions?subscriptionId=1",
	} {
		if answer := a.Do(http.MethodGet, path, nil); answer.Status != http.StatusNotFound {
			t.Errorf("GET %s: got %d, want 404\n%s", path, answer.Status, answer.Body)
		}
	}
}

func TestSubscriptionLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()

	body := apitest.SubscriptionBody("orders")
	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis", "datasetSizeInGb": 1, "quantity": 2}}
	path := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))

	sub := a.Do(http.MethodGet, path, nil)
	if got := sub.Get("status"); got != "pending" {
		t.Errorf("got status %v, want pending", got)
	}
	wantError(t, a.Run(http.MethodPut, path, `{"name": "x"}`), "SUBSCRIPTION_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodDelete, path, nil), "SUBSCRIPTION_NOT_ACTIVE")
	a.Settle(path, "active")

	sub = a.Do(http.MethodGet, path, nil)
	for _, tt := range []struct {
		member []any
		want   any
	}{
		{[]any{"name"}, "orders"},
		{[]any{"paymentMethodType"}, "credit-card"},
		{[]any{"paymentMethodId"}, 24681.0},
		{[]any{"numberOfDatabases"}, 2.0},
		{[]any{"subscriptionPricing", 0, "databaseName"}, nil}, // of both together
		{[]any{"subscriptionPricing", 0, "quantity"}, 4.0},
		{[]any{"subscriptionPricing", 1}, nil},
		{[]any{"publicEndpointAccess"}, true},
		{[]any{"cloudDetails", 0, "cloudAccountId"}, 1.0},
		{[]any{"cloudDetails", 0, "totalSizeInGb"}, 4.0},
		{[]any{"cloudDetails", 0, "regions", 0, "networking", 0, "deploymentCIDR"}, "10.0.0.0/24"},
		{[]any{"cloudDetails", 0, "regions", 0, "networking", 0, "vpcId"}, nil},
		{[]any{"cloudDetails", 0, "regions", 0, "preferredAvailabilityZones", 1}, nil},
		{[]any{"deletionGracePeriod"}, nil},
	} {
		if got := sub.Get(tt.member...); got != tt.want {
			t.Errorf("%v: got %v, want %v\n%s", tt.member, got, tt.want, sub.Body)
		}
	}
	for _, member := range [][]any{
		{"cloudDetails", 0, "awsAccountId"},
		{"cloudDetails", 0, "regions", 0, "networking", 0, "subnetId"},
		{"cloudDetails", 0, "regions", 0, "preferredAvailabilityZones", 0},
	} {
		if got, _ := sub.Get(member...).(string); got == "" {
			t.Errorf("%v is not there\n%s", member, sub.Body)
		}
	}
	if got := a.Do(http.MethodGet, path+"/pricing", nil); got.Get("pricing", 1, "databaseName") != "first-2" ||
		got.Get("pricing", 1, "quantity") != 2.0 {
		t.Errorf("pricing of two databases: got %s", got.Body)
	}

	wantDone(t, a.Run(http.MethodPut, path, `{"name": "", "publicEndpointAccess": false}`))
	sub = a.Do(http.MethodGet, path, nil)
	if sub.Get("status") != "pending" || sub.Get("name") != "" || sub.Get("publicEndpointAccess") != false {
		t.Errorf("got %s, want it pending and yet changed", sub.Body)
	}
	a.Settle(path, "active")
	wantError(t, a.Run(http.MethodPut, path,
		`{"deletionGracePeriod": "immediate", "customerManagedKeys": [{"resourceName": "key"}]}`),
		"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_NOT_ALLOWED_WITH_CLOUD_PROVIDER_MANAGED_KEY")

	wantError(t, a.Run(http.MethodDelete, path, nil), "SUBSCRIPTION_IN_USE")
	for i := range 2 {
		list := a.Do(http.MethodGet, path+"/databases", nil)
		id, _ := list.Get("subscription", 0, "databases", i, "databaseId").(float64)
		wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", path, id), nil))
	}
	wantDone(t, a.Run(http.MethodDelete, path, nil)) // its databases are still on their way out
	if got := a.Do(http.MethodGet, path, nil).Get("status"); got != "deleting" {
		t.Errorf("got status %v, want deleting", got)
	}
	wantError(t, a.Run(http.MethodDelete, path, nil), "SUBSCRIPTION_NOT_ACTIVE")
	a.Settle(path, "")
	if list := a.Do(http.MethodGet, "/v1/subscriptions", nil); list.Get("subscriptions", 0) != nil {
		t.Errorf("got %s, want no subscriptions", list.Body)
	}
	wantError(t, a.Run(http.MethodDelete, path, nil), "SUBSCRIPTION_NOT_FOUND")
}

func TestSubscriptionDryRun(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()

	body := apitest.SubscriptionBody("orders")
	body["dryRun"] = true
	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis", "datasetSizeInGb": 0.1, "quantity": 3}}
	task := a.Run(http.MethodPost, "/v1/subscriptions", body)
	wantDone(t, task)
	for _, tt := range []struct {
		member []any
		want   any
	}{
		{[]any{0, "typeDetails"}, "micro"},
		{[]any{0, "quantity"}, 6.0},
		{[]any{1, "type"}, "MinimumPrice"},
		{[]any{2}, nil},
	} {
		if got := task.Get(append([]any{"response", "resource", "pricing"}, tt.member...)...); got != tt.want {
			t.Errorf("pricing %v: got %v, want %v\n%s", tt.member, got, tt.want, task.Body)
		}
	}
	if got := task.Get("response", "resourceId"); got != nil {
		t.Errorf("got resource %v, want none", got)
	}
	if list := a.Do(http.MethodGet, "/v1/subscriptions", nil); list.Get("subscriptions", 0) != nil {
		t.Errorf("got %s, want no subscriptions", list.Body)
	}

	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis"}}
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", body), "DATABASE_SIZE_LIMIT_NOT_DEFINED")
}

// What fails on its last database leaves nothing of the others.
func TestSubscriptionIsCreatedWholeOrNot(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()

	body := apitest.SubscriptionBody("orders")
	body["databases"] = []any{
		map[string]any{"name": "good", "protocol": "redis", "datasetSizeInGb": 1},
		map[string]any{"name": "bad", "protocol": "redis"},
	}
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", body), "DATABASE_SIZE_LIMIT_NOT_DEFINED")
	if list := a.Do(http.MethodGet, "/v1/subscriptions", nil); list.Get("subscriptions", 0) != nil {
		t.Errorf("got %s, want no subscriptions", list.Body)
	}
}

func TestAllowList(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := a.Subscription("orders") + "/cidr"

	list := func() map[string]any {
		t.Helper()
		task := a.Run(http.MethodGet, path, nil)
		wantDone(t, task)
		got, _ := task.Get("response", "resource").(map[string]any)
		return got
	}
	want := map[string]any{"cidr_ips": []any{}, "security_group_ids": []any{}, "errors": []any{}}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}
	wantDone(t, a.Run(http.MethodPut, path, `{"cidrIps": ["192.168.0.0/16"], "securityGroupIds": ["sg-01234567"]}`))
	wantDone(t, a.Run(http.MethodPut, path, `{"cidrIps": ["10.1.0.0/16", "203.0.113.7"]}`))
	wantError(t, a.Run(http.MethodPut, path, `{"cidrIps": ["here"]}`), "CIDR_WHITELIST_INVALID_CIDRS")
	want["cidr_ips"] = []any{"10.1.0.0/16", "203.0.113.7"}
	if diff := cmp.Diff(want, list()); diff != "" {
		t.Errorf("replaced (-want +got):\n%s", diff)
	}
}

func TestMaintenanceWindows(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", apitest.SubscriptionBody("orders")))
	path := sub + "/maintenance-windows"

	if got := a.Do(http.MethodGet, path, nil).Status; got != http.StatusNotFound {
		t.Errorf("before it is active: got %d, want 404", got)
	}
	a.Settle(sub, "active")
	answer := a.Do(http.MethodGet, path, nil)
	if answer.Get("mode") != "automatic" || answer.Get("windows") != nil || answer.Get("timeZone") != "America/New_York" {
		t.Errorf("at first: got %s", answer.Body)
	}

	const windows = `[{"startHour":22,"durationInHours":8,"days":["Friday","Monday"]},` +
		`{"startHour":0,"durationInHours":4,"days":["Sunday"]}]`
	wantDone(t, a.Run(http.MethodPut, path, `{"mode": "manual", "windows": `+windows+`}`))
	var got struct {
		Mode    string
		Windows []struct {
			StartHour, DurationInHours int
			Days                       []string
		}
	}
	answer = a.Do(http.MethodGet, path, nil)
	answer.Into(t, &got)
	if got.Mode != "manual" || len(got.Windows) != 2 || got.Windows[1].StartHour != 0 ||
		!cmp.Equal(got.Windows[0].Days, []string{"Friday", "Monday"}) {
		t.Errorf("manual: got %s", answer.Body)
	}

	// Clients know these two texts.
	for body, text := range map[string]string{
		`{"mode": "manual", "windows": []}`: "Must provide " +
			"at least one maintenance window with manual maintenance mode",
		`{"mode": "automatic", "windows": ` + windows + `}`: "Automatic mode cannot be set with a manual maintenance window",
	} {
		if task := a.Run(http.MethodPut, path, body); task.Get("response", "error", "description") != text {
			t.Errorf("%s: got %s, want %q", body, task.Body, text)
		}
	}
	wantDone(t, a.Run(http.MethodPut, path, `{"mode": "automatic"}`))
	if answer := a.Do(http.MethodGet, path, nil); answer.Get("mode") != "automatic" || answer.Get("windows") != nil {
		t.Errorf("automatic again: got %s", answer.Body)
	}
}

// A change of a part of something links to the whole; what is no resource of its own
// and what was deleted have no link.
func TestLinkToWhatWasChanged(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub, db := a.Subscription("one"), activeActive(t, a)
	for _, tt := range []struct {
		method, path string
		body         any
		want         string
	}{
		{http.MethodPut, sub + "/maintenance-windows", `{"mode": "automatic"}`, sub},
		{http.MethodPut, sub + "/cidr", `{"cidrIps": []}`, sub},
		{http.MethodPut, sub + "/transitGateways/invitations/101/accept", nil, ""},
		{http.MethodPut, sub, `{"name": "two"}`, sub},
		{http.MethodPut, db + "/regions", `{"dataEvictionPolicy": "noeviction"}`, db},
		{http.MethodDelete, db, nil, ""},
	} {
		task := a.Run(tt.method, tt.path, tt.body)
		wantDone(t, task)
		a.Pass(time.Hour)
		rels := []any{"self", nil}
		if tt.want != "" {
			rels = []any{"resource", "self", nil}
			if got := task.Get("links", 0, "href"); got != a.URL+tt.want {
				t.Errorf("%s %s links to %v, want %s", tt.method, tt.path, got, tt.want)
			}
		}
		for i, rel := range rels {
			if got := task.Get("links", i, "rel"); got != rel {
				t.Errorf("%s %s: link %d is %v, want %v", tt.method, tt.path, i, got, rel)
			}
		}
	}
}
