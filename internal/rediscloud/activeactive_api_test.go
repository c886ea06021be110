package rediscloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// activeActiveBody asks for a subscription in two regions, with one database.
func activeActiveBody(name string) map[string]any {
	region := func(name, cidr string) any {
		return map[string]any{"region": name, "networking": map[string]any{"deploymentCIDR": cidr}}
	}
	return map[string]any{
		"name":           name,
		"deploymentType": "active-active", "paymentMethodId": visa,
		"cloudProviders": []any{map[string]any{"provider": "AWS", "cloudAccountId": 1, "regions": []any{
			region("us-east-2", "10.0.1.0/24"), region("us-east-1", "10.0.0.0/24"),
		}}},
		"databases": []any{map[string]any{
			"name": "first", "protocol": "redis", "datasetSizeInGb": 1, "quantity": 1,
			"localThroughputMeasurement": []any{
				map[string]any{"region": "us-east-1", "readOperationsPerSecond": 2000, "writeOperationsPerSecond": 1000},
			},
		}},
	}
}

// wantFields checks members of an answer by their paths, written with dots.
func wantFields(tb testing.TB, answer apitest.Answer, want map[string]any) {
	tb.Helper()
	for path, value := range want {
		var members []any
		for part := range strings.SplitSeq(path, ".") {
			var i int
			if n, _ := fmt.Sscanf(part, "%d", &i); n == 1 {
				members = append(members, i)
			} else {
				members = append(members, part)
			}
		}
		if got := answer.Get(members...); got != value {
			tb.Errorf("%s: got %v, want %v\n%s", path, got, value, answer.Body)
		}
	}
}

func TestActiveActiveLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := activeActiveBody("global")
	body["dryRun"] = true
	estimate := a.Run(http.MethodPost, "/v1/subscriptions", body)
	wantFields(t, estimate, map[string]any{
		"response.resource.pricing.0.type": "Shards", "response.resource.pricing.0.region": "us-east-1",
		"response.resource.pricing.1.region": "us-east-2", "response.resource.pricing.3.type": "MinimumPrice",
		"response.resource.pricing.4": nil, "response.resourceId": nil,
	})
	delete(body, "dryRun")
	id := a.Create("/v1/subscriptions", body)
	sub := fmt.Sprintf("/v1/subscriptions/%d", id)
	wantError(t, a.Run(http.MethodPost, sub+"/regions", `{"region": "eu-west-1"}`), "SUBSCRIPTION_NOT_ACTIVE")
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{
		"deploymentType": "active-active", "numberOfDatabases": 1.0, "cloudDetails.0.provider": "AWS",
		"cloudDetails.0.regions.0.region": "us-east-1", "cloudDetails.0.regions.0.networking.0.deploymentCIDR": "10.0.0.0/24",
		"cloudDetails.0.regions.1.region": "us-east-2", "cloudDetails.0.regions.1.networking.1": nil,
	})
	wantFields(t, a.Do(http.MethodGet, sub+"/maintenance-windows", nil), map[string]any{
		"mode": "automatic", "timeZone": "America/New_York",
	})

	list := a.Do(http.MethodGet, sub+"/databases", nil)
	wantFields(t, list, map[string]any{
		"subscription.0.databases.0.activeActiveRedis": true, "subscription.0.databases.0.globalPassword": nil,
		"subscription.0.databases.0.crdbDatabases.0.readOperationsPerSecond": 2000.0,
		"subscription.0.databases.0.crdbDatabases.0.security.password":       nil,
	})
	first, _ := list.Get("subscription", 0, "databases", 0, "databaseId").(float64)
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", sub, first), nil))
	a.Settle(fmt.Sprintf("%s/databases/%.0f", sub, first), "")
	wantFields(t, a.Do(http.MethodGet, sub+"/pricing", nil), map[string]any{
		"pricing.0.type": "MinimumPrice", "pricing.0.quantity": 1.0, "pricing.0.quantityMeasurement": "subscription",
		"pricing.0.region": "us-east-1", "pricing.1.region": "us-east-2", "pricing.2": nil,
	})

	db := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", `{"name": "orders", "datasetSizeInGb": 1, "password": "all"}`))
	if got := a.Do(http.MethodGet, db, nil).Get("crdbDatabases", 0, "publicEndpoint"); got != nil {
		t.Errorf("got endpoint %v before it is active, want none", got)
	}
	a.Settle(sub, "active")
	wantError(t, a.Run(http.MethodPut, db, `{"datasetSizeInGb": 2}`),
		"UPDATING_SINGLE_REGION_DATABASE_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodGet, sub+"/cidr", nil),
		"GETTING_SINGLE_REGION_CIDR_WHITE_LIST_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodPut, sub+"/cidr", `{"cidrIps": []}`),
		"UPDATING_SINGLE_REGION_CIDR_WHITE_LIST_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION")

	wantDone(t, a.Run(http.MethodPut, db+"/regions",
		`{"dataEvictionPolicy": "allkeys-lru", "globalAlerts": [{"name": "dataset-size", "value": 60}],
		"regions": [{"region": "us-east-2", "password": "own",
				"localThroughputMeasurement": {"region": "us-east-2", "writeOperationsPerSecond": 1500}},
			{"region": "us-east-1", "remoteBackup": {"active": true, "interval": "every-12-hours", "timeUTC": "16:00",
				"storageType": "aws-s3", "storagePath": "s3://b"}}]}`))
	if got := a.Do(http.MethodGet, db, nil).Get("status"); got != "active-change-pending" {
		t.Errorf("got status %v, want a change under way", got)
	}
	a.Settle(db, "active")
	answer := a.Do(http.MethodGet, db, nil)
	wantFields(t, answer, map[string]any{
		"dataEvictionPolicy": "allkeys-lru", "globalPassword": "all", "globalAlerts.0.value": 60.0,
		"globalDataPersistence": "none", "crdbDatabases.0.security.password": "all",
		"crdbDatabases.1.security.password": "own", "crdbDatabases.1.alerts.0.value": 60.0,
		"crdbDatabases.1.writeOperationsPerSecond": 1500.0, "crdbDatabases.0.memoryLimitInGb": 2.0, "modules.0": nil,
		"crdbDatabases.0.backup.timeUTC": "16:00", "crdbDatabases.1.backup.timeUTC": nil,
	})
	endpoint, _ := answer.Get("crdbDatabases", 0, "publicEndpoint").(string)
	if want := fmt.Sprintf(".mc%d-1.us-east-1-mz.ec2.cloud.rlrcp.com:", id); !strings.Contains(endpoint, want) {
		t.Errorf("got endpoint %q, want one with %q", endpoint, want)
	}
	wantError(t, a.Run(http.MethodPut, db+"/regions",
		`{"regions": [{"region": "us-east-1", "respVersion": "best_resp_100"}]}`), "BAD_REQUEST")
	price := a.Run(http.MethodPut, db+"/regions", `{"dryRun": true, "datasetSizeInGb": 100}`)
	wantFields(t, price, map[string]any{
		"response.resource.pricing.1.region": "us-east-2", "response.resource.pricing.2": nil,
	})
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"status": "active", "crdbDatabases.0.datasetSizeInGb": 1.0,
	})

	wantError(t, a.Run(http.MethodPost, db+"/backup", `{"adhocBackupPath": "s3://backups/orders"}`),
		"ACTIVE_ACTIVE_BACKUP_MISSING_REGION_NAME")
	wantDone(t, a.Run(http.MethodPost, db+"/backup",
		`{"regionName": "us-east-1", "adhocBackupPath": "s3://backups/orders"}`))
	wantDone(t, a.Run(http.MethodGet, db+"/backup?regionName=us-east-1", nil))
	wantError(t, a.Run(http.MethodGet, db+"/backup?regionName=us-east-2", nil), "DATABASE_BACKUP_DISABLED")
	wantError(t, a.Run(http.MethodGet, db+"/backup?regionName=atlantis", nil),
		"ACTIVE_ACTIVE_INVALID_BACKUP_STATUS_REGION_NAME")

	regionsOfASubscription(t, a, sub, db)
}

// regionsOfASubscription adds a region and takes some out.
func regionsOfASubscription(t *testing.T, a *apitest.Account, sub, db string) {
	path := sub + "/regions"
	wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{
		"regions.0.region": "us-east-1", "regions.0.regionId": 1.0, "regions.0.deploymentCidr": "10.0.0.0/24",
		"regions.2":                          nil,
		"regions.0.databases.0.databaseName": "orders", "regions.1.databases.0.writeOperationsPerSecond": 1500.0,
	})
	const spec = `"region": "eu-west-1", "deploymentCIDR": "10.0.2.0/24"`
	for _, tt := range []struct {
		body string
		want cloud.Code
	}{
		{`{"region": "atlantis", "deploymentCIDR": "10.0.2.0/24"}`, "ACTIVE_ACTIVE_INVALID_CREATE_REGION_NAME"},
		{`{"region": "us-east-1", "deploymentCIDR": "10.0.2.0/24"}`, "ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE"},
		{
			`{"region": "eu-west-1", "deploymentCIDR": "10.0.1.0/24"}`,
			"ACTIVE_ACTIVE_DATABASE_INVALID_CIDR_OVERLAPPING_OTHER_REGIONS",
		},
		{`{` + spec + `, "databases": [{"name": "carts", "localThroughputMeasurement": {}}]}`, "DATABASE_NOT_FOUND"},
		{
			`{` + spec + `, "databases": [{"name": "orders"}]}`,
			"ACTIVE_ACTIVE_CREATE_A_REGION_MUST_CONTAIN_LOCAL_THROUGHPUT_MEASUREMENT_IN_DATABASE_SPEC",
		},
		{
			`{` + spec + `, "databases": [{"name": "orders", "localThroughputMeasurement": {}}, ` +
				`{"name": "orders", "localThroughputMeasurement": {}}]}`,
			"ACTIVE_ACTIVE_CREATE_A_REGION_MUST_BE_DEFINED_ONCE_PER_DATABASE",
		},
		{
			`{` + spec + `, "databases": [{"name": "orders", "localThroughputMeasurement": {"region": "us-east-1"}}]}`,
			"ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS",
		},
		{
			`{` + spec + `, "databases": [{"name": "orders", "localThroughputMeasurement": {"readOperationsPerSecond": 10}}]}`,
			"LOCAL_THROUGHPUT_READ_AND_WRITE_OPERATIONS_PER_SECOND_VALUES_MUST_BE_IN_INCREMENTS_OF_500_OR_MINIMUM",
		},
		{`{` + spec + `, "vpcId": "vpc-1"}`, "VPC_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT"},
	} {
		if task := a.Run(http.MethodPost, path, tt.body); task.Get("response", "error", "type") != string(tt.want) {
			t.Errorf("%s: got %s, want %s", tt.body, task.Body, tt.want)
		}
	}
	wantFields(t, a.Run(http.MethodPost, path, `{`+spec+`, "dryRun": true}`), map[string]any{
		"response.resource.pricing.0.region": "eu-west-1", "response.resource.pricing.5.type": "MinimumPrice",
	})
	task := a.Run(http.MethodPost, path,
		`{`+spec+`, "databases": [{"name": "orders", "localThroughputMeasurement": {"region": "eu-west-1", `+
			`"readOperationsPerSecond": 500, "writeOperationsPerSecond": null}}]}`)
	wantFields(t, task, map[string]any{"status": "processing-completed", "response.resourceId": 4.0})
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{
		"status": "pending", "cloudDetails.0.regions.0.region": "eu-west-1",
	})
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"status": "active-change-pending", "crdbDatabases.0.readOperationsPerSecond": 500.0,
		"crdbDatabases.0.writeOperationsPerSecond": 1000.0,
	})
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"status": "active", "crdbDatabases.1.security.password": "all",
	})

	for _, tt := range []struct {
		body string
		want cloud.Code
	}{
		{`{"regions": []}`, "ACTIVE_ACTIVE_INVALID_DELETE_REGION_NAME"},
		{`{"regions": [{"region": "eu-west-2"}]}`, "ACTIVE_ACTIVE_INVALID_DELETE_REGION_NAME"},
		{
			`{"regions": [{"region": "eu-west-1"}, {"region": "eu-west-1"}]}`,
			"ACTIVE_ACTIVE_DELETE_REGIONS_MUST_BE_DEFINED_ONCE",
		},
		{
			`{"regions": [{"region": "eu-west-1"}, {"region": "us-east-1"}, {"region": "us-east-2"}]}`,
			"ACTIVE_ACTIVE_DELETE_SUBSCRIPTION_MUST_BE_DEPLOYED_IN_AT_LEAST_ONE_REGION",
		},
	} {
		wantError(t, a.Run(http.MethodDelete, path+"/", tt.body), tt.want)
	}
	wantFields(t, a.Run(http.MethodDelete, path+"/", `{"regions": [{"region": "us-east-1"}], "dryRun": true}`),
		map[string]any{
			"response.resource.pricing.0.region": "eu-west-1", "response.resource.pricing.4": nil,
		})
	endpoint := a.Do(http.MethodGet, db, nil).Get("crdbDatabases", 2, "publicEndpoint")
	wantDone(t, a.Run(http.MethodDelete, path+"/", `{"regions": [{"region": "us-east-1"}]}`))
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{
		"regions.0.region": "eu-west-1", "regions.1.region": "us-east-2", "regions.2": nil,
	})
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"status": "active", "crdbDatabases.1.publicEndpoint": endpoint, "crdbDatabases.1.security.password": "own",
		"crdbDatabases.2": nil,
	})
	wantDone(t, a.Run(http.MethodDelete, db, nil))
	wantDone(t, a.Run(http.MethodDelete, sub, nil))
	a.Settle(sub, "")
}

// A region cannot speak what the version of a database does not know.
func TestRegionOfOldDatabases(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := activeActiveBody("old")
	body["redisVersion"] = "6.2"
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	const spec = `{"region": "eu-west-1", "deploymentCIDR": "10.0.2.0/24", "respVersion": "%s"}`
	wantError(t, a.Run(http.MethodPost, sub+"/regions", fmt.Sprintf(spec, "best_resp_100")), "BAD_REQUEST")
	wantError(t, a.Run(http.MethodPost, sub+"/regions", fmt.Sprintf(spec, "resp3")),
		"ACTIVE_ACTIVE_CREATE_A_REGION_DATABASE_RESP_VERSION_IS_NOT_SUPPORTED")
	wantDone(t, a.Run(http.MethodPost, sub+"/regions", fmt.Sprintf(spec, "resp2")))
}

// Calls for Active-Active about a subscription of a single region.
func TestActiveActiveCallsInASingleRegion(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	id, _ := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId").(float64)
	db := fmt.Sprintf("%s/databases/%.0f", sub, id)

	if answer := a.Do(http.MethodGet, sub+"/regions", nil); answer.Status != http.StatusBadRequest {
		t.Errorf("got %d %s, want 400", answer.Status, answer.Body)
	}
	if answer := a.Do(http.MethodGet, "/v1/subscriptions/1/regions", nil); answer.Status != http.StatusNotFound {
		t.Errorf("got %d %s, want 404", answer.Status, answer.Body)
	}
	wantError(t, a.Run(http.MethodPost, sub+"/regions", `{"region": "eu-west-1"}`),
		"ADDING_REGION_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodDelete, sub+"/regions", `{"regions": [{"region": "us-east-1"}]}`),
		"DELETING_REGION_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodPut, db+"/regions", `{"globalPassword": "x"}`),
		"UPDATING_LOCAL_PROPERTIES_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions/1/regions", `{"region": "eu-west-1"}`),
		"SUBSCRIPTION_NOT_FOUND")
	wantError(t, a.Run(http.MethodPut, sub+"/databases/1/regions", `{}`), "DATABASE_NOT_FOUND")
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{"activeActiveRedis": nil})
}
