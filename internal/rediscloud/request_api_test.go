package rediscloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// What the official description calls optional, or gives a default, may be left out, also where its list of required
// members names it.

func TestFirstDatabaseWithoutProtocolIsRedis(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, body := range []map[string]any{apitest.SubscriptionBody("pro"), activeActiveBody("global")} {
		body["databases"] = []any{map[string]any{"name": "d", "memoryLimitInGb": 0.1}}
		sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
		a.Settle(sub, "active")
		wantFields(t, a.Do(http.MethodGet, sub+"/databases", nil), map[string]any{
			"subscription.0.databases.0.protocol": "redis",
		})
		db := a.Create(sub+"/databases", `{"name": "e", "memoryLimitInGb": 0.1}`)
		wantFields(t, a.Do(http.MethodGet, fmt.Sprintf("%s/databases/%d", sub, db), nil), map[string]any{"protocol": "redis"})
	}
}

func TestMaintenanceWithoutModeIsAutomatic(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := a.Subscription("orders") + "/maintenance-windows"
	wantDone(t, a.Run(http.MethodPut, path,
		`{"mode": "manual", "windows": [{"startHour": 1, "durationInHours": 8, "days": ["Monday"]}]}`))
	wantDone(t, a.Run(http.MethodPut, path, `{"windows": null}`))
	wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{"mode": "automatic", "windows": nil})
}

func TestReplicaWithoutSourcesChangesNothing(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	db := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", `{"name": "copy", "datasetSizeInGb": 1, "replicaOf": ["redis://other:1"]}`))
	a.Settle(sub, "active")
	for _, body := range []string{
		`{"replica": {}}`, `{"replica": {"syncSources": null}}`, `{"replica": null, "replicaOf": null}`,
	} {
		wantDone(t, a.Run(http.MethodPut, db, body))
		wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{"replica.syncSources.0.endpoint": "redis://other:1"})
		a.Settle(sub, "active")
	}
	wantDone(t, a.Run(http.MethodPut, db, `{"replica": {"syncSources": []}}`))
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{"replica": nil})
}

func TestAddedRegionWithoutCIDRHasTheDefault(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPost, sub+"/regions", `{"region": "eu-west-1", "deploymentCIDR": null}`))
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, sub+"/regions", nil), map[string]any{
		"regions.0.region": "eu-west-1", "regions.0.deploymentCidr": "192.168.0.0/24",
	})
	wantError(t, a.Run(http.MethodPost, sub+"/regions", `{"region": "eu-west-2"}`),
		"ACTIVE_ACTIVE_DATABASE_INVALID_CIDR_OVERLAPPING_OTHER_REGIONS")
}

// Null means that something is not sent.
func TestNullIsNotSent(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := apitest.SubscriptionBody("orders")
	body["deploymentType"], body["memoryStorage"], body["persistentStorageEncryptionType"] = nil, nil, nil
	body["databases"] = []any{map[string]any{
		"name": "first", "datasetSizeInGb": 1, "port": nil, "quantity": nil, "throughputMeasurement": nil, "modules": nil,
	}}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	db := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", `{"name": "a", "datasetSizeInGb": 1, "port": null, "password": null,
		"remoteBackup": null, "alerts": null, "clientTlsCertificates": null, "enableTls": true}`))
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPut, db,
		`{"name": null, "datasetSizeInGb": null, "enableTls": null, "sourceIp": null, `+
			`"dataPersistence": "aof-every-1-second"}`))
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"name": "a", "datasetSizeInGb": 1.0, "dataPersistence": "aof-every-1-second", "security.enableTls": true,
	})
	wantMessage(t, a.Do(http.MethodPost, sub+"/databases", `{"name": null, "datasetSizeInGb": 1}`),
		"required field is missing (at name)")
	wantMessage(t, a.Do(http.MethodPut, db+"/tags", `{"tags": null}`), "required field is missing (at tags)")
	wantMessage(t, a.Do(http.MethodPut, db, `{"nam": null}`), `Unrecognized field "nam"`)
	wantMessage(t, a.Do(http.MethodPut, db, `{"sourceIp": [null]}`), "null is not accepted (at sourceIp[0])")
}

// A scalar is taken for what is declared, where it reads as that.
func TestScalarsInAnotherType(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	databases := sub + "/databases"
	trial := a.Run(http.MethodPost, databases, `{"name": "a", "datasetSizeInGb": "1", "dryRun": "true"}`)
	wantDone(t, trial)
	if trial.Get("response", "resourceId") != nil || trial.Get("response", "resource", "pricing") == nil {
		t.Errorf("a dry run that is asked for by a text: %s", trial.Body)
	}
	db := fmt.Sprintf("%s/%d", databases, a.Create(databases, `{"name": true, "datasetSizeInGb": "1", "port": "12345",
		"replication": "false", "dryRun": "false", "password": 12345678, "redisVersion": 7.4,
		"throughputMeasurement": {"by": "operations-per-second", "value": "2000"}}`))
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"name": "true", "datasetSizeInGb": 1.0, "replication": false, "throughputMeasurement.value": 2000.0,
		"security.password": "12345678", "redisVersion": "7.4",
	})
	for body, says := range map[string]string{
		`{"name": "b", "port": "many"}`:              "value must be an integer, not a string (at port)",
		`{"name": "b", "port": "1.5"}`:               "value must be an integer, not a string (at port)",
		`{"name": "b", "port": "2147483648"}`:        "value is not a 32-bit integer (at port)",
		`{"name": "b", "datasetSizeInGb": ""}`:       "value must be a number, not a string (at datasetSizeInGb)",
		`{"name": "b", "dryRun": "yes"}`:             "value must be a boolean, not a string (at dryRun)",
		`{"name": "b", "dryRun": 1}`:                 "value must be a boolean, not a number (at dryRun)",
		`{"name": {"a": 1}, "datasetSizeInGb": "1"}`: "value must be a string, not an object (at name)",
		`{"name": "b", "protocol": 1, "dryRun": true}`: "not one of the values " +
			"accepted for Enum class: [redis, memcached] (at protocol)",
	} {
		wantMessage(t, a.Do(http.MethodPost, databases, body), says)
	}
}

// What a request may not say, as the description marks it read-only, is ignored: the path decides.
func TestReadOnlyMembersAreIgnored(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	db := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", `{"subscriptionId": 7, "commandType": "any", "name": "a", "datasetSizeInGb": 1,
		"remoteBackup": {"active": false, "backupInterval": "EVERY_1_HOURS", "databaseBackupTimeUTC": 7}}`))
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPut, db, `{"databaseId": {"not": ["even", 1]}, "subscriptionId": null, "name": "b"}`))
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{"name": "b"})
	wantDone(t, a.Run(http.MethodPut, sub, `{"subscriptionId": 7, "name": "shop"}`))
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{"name": "shop"})
	tag := a.Do(http.MethodPost, db+"/tags",
		`{"subscriptionId": 7, "databaseId": 7, "commandType": "", "key": "team", "value": 1}`)
	wantFields(t, tag, map[string]any{"key": "team", "value": "1"})
	wantMessage(t, a.Do(http.MethodPost, sub+"/databases", `{"databaseId": 7, "name": "c", "datasetSizeInGb": 1}`),
		`Unrecognized field "databaseId", known fields: [`)
}

// wantMessage checks that a request was refused with 400, in words that hold some.
func wantMessage(tb testing.TB, answer apitest.Answer, says string) {
	tb.Helper()
	var got struct{ Message string }
	if err := json.Unmarshal(answer.Body, &got); err != nil || answer.Status != http.StatusBadRequest ||
		!strings.Contains(got.Message, says) {
		tb.Errorf("got %d %s, want 400 with %s", answer.Status, answer.Body, says)
	}
}
