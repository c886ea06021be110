package rediscloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// members checks some members of an answer; nil: not there.
type members map[string]any

func (m members) check(tb testing.TB, answer apitest.Answer) {
	tb.Helper()
	for name, want := range m {
		var path []any
		for part := range strings.SplitSeq(name, ".") {
			if i := strings.IndexAny(part, "0123456789"); i == 0 {
				path = append(path, int(part[0]-'0'))
				continue
			}
			path = append(path, part)
		}
		if got := answer.Get(path...); got != want {
			tb.Errorf("%s: got %v, want %v\n%s", name, got, want, answer.Body)
		}
	}
}

func TestDatabaseLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")

	id := a.Create(sub+"/databases", `{
		"name": "orders", "memoryLimitInGb": 3, "redisVersion": "7.4", "respVersion": "resp2", "port": 12345,
		"modules": [{"name": "RedisJSON"}], "alerts": [{"name": "latency", "value": 5}], "replicaOf": ["redis://other:1"],
		"remoteBackup": {"active": true, "interval": "every-24-hours", "timeUTC": "14:00",
			"storageType": "aws-s3", "storagePath": "s3://b/p"}
	}`)
	path := fmt.Sprintf("%s/databases/%d", sub, id)
	members{
		"status": "pending", "publicEndpoint": nil, "privateEndpoint": nil, "dynamicEndpoints": nil, "activatedOn": nil,
		"lastModified": nil, "name": "orders", "memoryLimitInGb": 3.0, "datasetSizeInGb": 1.5,
	}.check(t, a.Do(http.MethodGet, path, nil))
	members{"status": "pending"}.check(t, a.Do(http.MethodGet, sub, nil))
	wantError(t, a.Run(http.MethodPut, path, `{"name": "x"}`), "DATABASE_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPost, sub+"/databases", `{"name": "second", "datasetSizeInGb": 1}`),
		"SUBSCRIPTION_NOT_ACTIVE")

	a.Settle(path, "active")
	a.EventuallyStatus(sub, "active")
	created := a.Do(http.MethodGet, path, nil)
	members{
		"redisVersion": "7.4", "respVersion": "resp2", "modules.0.name": "RedisJSON", "modules.0.version": "2.8.4",
		"modules.1": nil, "alerts.0.name": "latency", "alerts.0.value": 5.0, "alerts.0.defaultValue": 10.0,
		"backup.enableRemoteBackup": true, "backup.destination": "s3://b/p", "backup.timeUTC": "14:00",
		"replicaOf.endpoints.0": "redis://other:1", "replica.syncSources.0.endpoint": "redis://other:1",
		"clustering.regexRules.0.ordinal": 0.0, "clustering.regexRules.1.ordinal": 1.0,
		"clustering.hashingPolicy":   "standard",
		"security.enableDefaultUser": true, "security.sourceIps.0": "0.0.0.0/0", "ramPercentage": nil,
		"queryPerformanceFactor": "Standard", "provider": "AWS", "region": "us-east-1", "links.0.rel": "self",
	}.check(t, created)
	for _, name := range []string{"publicEndpoint", "privateEndpoint"} {
		if got, _ := created.Get(name).(string); !strings.HasSuffix(got, ".ec2.cloud.rlrcp.com:12345") {
			t.Errorf("got %s %q, want one with port 12345", name, got)
		}
	}
	if got, _ := created.Get("security", "password").(string); len(got) != 32 {
		t.Errorf("got password %q, want 32 characters", got)
	}

	wantDone(t, a.Run(http.MethodPut, path, `{
		"name": "orders-2", "replication": false, "datasetSizeInGb": 4, "alerts": [], "replicaOf": [], "enableTls": true,
		"password": "staple", "clientTlsCertificates": null, "regexRules": ["a(?<tag>.*)", "b(?<tag>.*)", "c(?<tag>.*)"],
		"remoteBackup": {"active": false}
	}`))
	members{
		"status": "active-change-pending", "name": "orders-2", "memoryLimitInGb": 4.0, "datasetSizeInGb": 4.0,
		"alerts.0": nil, "replicaOf": nil,
		"security.enableTls": true, "security.tlsClientAuthentication": false, "security.password": "staple",
		"clustering.regexRules.2.pattern": "c(?<tag>.*)", "clustering.hashingPolicy": "custom",
		"backup.enableRemoteBackup": false,
		"publicEndpoint":            created.Get("publicEndpoint"), "redisVersion": "7.4", "modules.0.name": "RedisJSON",
	}.check(t, a.Do(http.MethodGet, path, nil))
	members{"status": "active"}.check(t, a.Do(http.MethodGet, sub, nil))
	wantError(t, a.Run(http.MethodPut, path, `{"name": "x"}`), "DATABASE_NOT_ACTIVE")
	a.Settle(path, "active")
	wantError(t, a.Run(http.MethodPut, path, `{"name": "first"}`), "DATABASE_NAME_EXISTS")
	wantError(t, a.Run(http.MethodPut, path, `{"enableTls": true, "clientTlsCertificates": ["nonsense"]}`),
		"DATABASE_INVALID_CERT")
	members{ // clients know this text
		"response.error.description": "Bad Request: JSON parameter contains unsupported fields / values. " +
			"JSON parse error: Cannot deserialize value of type `mappings.RespVersion` from String \"best_resp_100\": " +
			"not one of the values accepted for Enum class: [resp2, resp3]",
	}.check(t, a.Run(http.MethodPut, path, `{"respVersion": "best_resp_100"}`))
	members{"name": "orders-2", "status": "active"}.check(t, a.Do(http.MethodGet, path, nil))

	wantDone(t, a.Run(http.MethodPut, path,
		`{"supportOSSClusterApi": true, "regexRules": [".*\\{(?<tag>.*)\\}.*", "(?<tag>.*)"]}`))
	members{
		"status": "proxy-policy-change-pending", "supportOSSClusterApi": true,
	}.check(t, a.Do(http.MethodGet, path, nil))
	a.Settle(path, "active")

	task := a.Run(http.MethodDelete, path, nil)
	wantDone(t, task)
	members{"response.resourceId": float64(id)}.check(t, task)
	members{"status": "deleting"}.check(t, a.Do(http.MethodGet, path, nil))
	wantError(t, a.Run(http.MethodDelete, path, nil), "DATABASE_NOT_ACTIVE")
	a.Settle(path, "")
	wantError(t, a.Run(http.MethodDelete, path, nil), "DATABASE_NOT_FOUND")
}

func TestDatabaseDryRun(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")

	task := a.Run(http.MethodPost, sub+"/databases", `{"name": "orders", "datasetSizeInGb": 1, "dryRun": true}`)
	members{
		"response.resourceId": nil, "response.resource.pricing.0.databaseName": "orders",
		"response.resource.pricing.0.quantity": 2.0,
	}.check(t, task)
	wantError(t, a.Run(http.MethodPost, sub+"/databases", `{"name": "first", "datasetSizeInGb": 1, "dryRun": true}`),
		"DATABASE_NAME_EXISTS")

	list := a.Do(http.MethodGet, sub+"/databases", nil)
	members{"subscription.0.numberOfDatabases": 1.0}.check(t, list)
	path := fmt.Sprintf("%s/databases/%.0f", sub, list.Get("subscription", 0, "databases", 0, "databaseId"))
	task = a.Run(http.MethodPut, path, `{"replication": false, "dryRun": true}`)
	members{"response.resource.pricing.0.quantity": 1.0}.check(t, task)
	members{"replication": true, "status": "active"}.check(t, a.Do(http.MethodGet, path, nil))
}

func TestDatabaseList(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := apitest.SubscriptionBody("shop")
	body["databases"] = []any{map[string]any{"name": "many", "protocol": "redis", "datasetSizeInGb": 1, "quantity": 3}}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	all := sub + "/databases"

	members{
		"subscription.0.databases.0.name": "many-1", "subscription.0.databases.2.name": "many-3",
		"subscription.0.numberOfDatabases": 3.0, "subscription.0.databases.0.security.password": nil,
		"subscription.0.databases.0.security.tlsClientAuthentication": false,
		"links.0.href": a.URL + all + "?offset=0&limit=100",
	}.check(t, a.Do(http.MethodGet, all, nil))
	members{
		"subscription.0.databases.0.name": "many-2", "subscription.0.databases.1": nil,
		"subscription.0.numberOfDatabases": 3.0, "links.0.href": a.URL + all + "?offset=1&limit=1",
	}.check(t, a.Do(http.MethodGet, all+"?limit=1&offset=1", nil))
	for _, path := range []string{all + "?offset=3", "/v1/subscriptions/1/databases"} {
		if got := a.Do(http.MethodGet, path, nil); got.Status != http.StatusNotFound {
			t.Errorf("GET %s: got %d %s, want 404", path, got.Status, got.Body)
		}
	}
	wantError(t, a.Run(http.MethodPost, all, `{"name": "many-2", "datasetSizeInGb": 1}`), "DATABASE_NAME_EXISTS")
}

// Clients take a subscription for gone when the request itself is answered so, and not
// when its task ends so.
func TestReadsInNoSubscription(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, path := range []string{
		"subscriptions/1/cidr", "subscriptions/1/peerings", "subscriptions/1/regions/peerings",
		"subscriptions/1/transitGateways", "subscriptions/1/regions/1/transitGateways/invitations",
		"subscriptions/1/private-service-connect", "subscriptions/1/regions/1/private-service-connect/1",
		"subscriptions/1/private-link", "subscriptions/1/databases/1/backup", "subscriptions/1/databases/1/import",
		"fixed/subscriptions/1/databases/1/backup", "fixed/subscriptions/1/databases/1/import",
	} {
		if got := a.Do(http.MethodGet, "/v1/"+path, nil); got.Status != http.StatusNotFound {
			t.Errorf("GET %s: got %d %s, want 404", path, got.Status, got.Body)
		}
	}
	if got := a.Do(http.MethodGet, "/v1/tasks", nil); got.Get("tasks", 0) != nil {
		t.Errorf("got %s, want no tasks", got.Body)
	}
}

func TestDatabaseInAnotherSubscription(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	one, other := a.Subscription("one"), a.Subscription("other")
	id := a.Do(http.MethodGet, one+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
	path := fmt.Sprintf("%s/databases/%.0f", other, id)

	for _, suffix := range []string{"", "/certificate", "/tags"} {
		if got := a.Do(http.MethodGet, path+suffix, nil); got.Status != http.StatusNotFound {
			t.Errorf("GET %s: got %d %s, want 404", path+suffix, got.Status, got.Body)
		}
	}
	wantError(t, a.Run(http.MethodPut, path, `{}`), "DATABASE_SUBSCRIPTION_MISMATCH")
	wantError(t, a.Run(http.MethodDelete, path, nil), "DATABASE_SUBSCRIPTION_MISMATCH")
	missing := fmt.Sprintf("/v1/subscriptions/1/databases/%.0f", id)
	wantError(t, a.Run(http.MethodPut, missing, `{}`), "SUBSCRIPTION_NOT_FOUND")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions/1/databases", `{"name": "x", "datasetSizeInGb": 1}`),
		"SUBSCRIPTION_NOT_FOUND")
	stranger := *a
	stranger.Secrets = a.World.Account().Secrets
	got := stranger.Do(http.MethodGet, fmt.Sprintf("%s/databases/%.0f", one, id), nil)
	if got.Status != http.StatusNotFound {
		t.Errorf("another account: got %d %s, want 404", got.Status, got.Body)
	}
}

// A database can be deleted while it is being created; its subscription is then
// pending no longer.
func TestDeleteWins(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")

	path := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", `{"name": "orders", "datasetSizeInGb": 1}`))
	members{"status": "pending"}.check(t, a.Do(http.MethodGet, sub, nil))
	wantDone(t, a.Run(http.MethodDelete, path, nil))
	members{"status": "active"}.check(t, a.Do(http.MethodGet, sub, nil))
	members{"status": "deleting"}.check(t, a.Do(http.MethodGet, path, nil))
	a.Settle(path, "")
}

func TestPublicAccessOfDatabases(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")
	id := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
	path := fmt.Sprintf("%s/databases/%.0f", sub, id)

	wantDone(t, a.Run(http.MethodPut, sub, `{"publicEndpointAccess": false}`))
	members{
		"publicEndpoint": nil, "dynamicEndpoints.public": nil, "security.sourceIps.0": "10.0.0.0/8",
		"security.sourceIps.3": "100.64.0.0/10",
	}.check(t, a.Do(http.MethodGet, path, nil))
}

func TestDatabaseTags(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")
	id := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
	path := fmt.Sprintf("%s/databases/%.0f", sub, id)
	tags := path + "/tags"

	for _, tt := range []struct {
		method, path, body string
		status             int
		want               members
	}{
		{"GET", tags, "", 200, members{"accountId": float64(a.ID), "tags.0": nil}},
		{"POST", tags, `{"key": "costCenter", "value": "42"}`, 200, members{"key": "costcenter", "value": "42"}},
		{"POST", tags, `{"key": "costcenter", "value": "43"}`, http.StatusConflict, nil},
		{"POST", tags, `{"key": "a/b", "value": "43"}`, 400, nil},
		{"PUT", tags + "/costCenter", `{"value": "44"}`, 200, members{"key": "costcenter", "value": "44"}},
		{"PUT", tags + "/team", `{"value": "x"}`, 404, nil},
		{
			"PUT", tags, `{"tags": [{"key": "team", "value": "x"}, {"key": "with space", "value": "y"}]}`, 200,
			members{"tags.0.key": "team", "tags.1.key": "with space"},
		},
		{"PUT", tags, `{"tags": [{"key": "team", "value": "x"}, {"key": "Team", "value": "y"}]}`, 400, nil},
		{"DELETE", tags + "/with%20space", "", 200, nil},
		{"DELETE", tags + "/with%20space", "", 404, nil},
		{"GET", tags, "", 200, members{"tags.0.key": "team", "tags.1": nil}},
		{"PUT", tags, `{"tags": []}`, 200, members{"tags.0": nil}},
		{"GET", tags, "", 200, members{"tags.0": nil}},
	} {
		var body any
		if tt.body != "" {
			body = tt.body
		}
		answer := a.Do(tt.method, tt.path, body)
		if answer.Status != tt.status {
			t.Errorf("%s %s %s: got %d %s, want %d", tt.method, tt.path, tt.body, answer.Status, answer.Body, tt.status)
		}
		tt.want.check(t, answer)
	}

	certificate := a.Do(http.MethodGet, path+"/certificate", nil)
	got, _ := certificate.Get("publicCertificatePEMString").(string)
	if !strings.HasPrefix(got, "-----BEGIN CERTIFICATE-----") {
		t.Errorf("got certificate %s, want PEM", certificate.Body)
	}
}
