package terraform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// dataSources reads what the account offers, and a subscription and a database that were not made by terraform.
func dataSources(t *testing.T, server *servetest.Server, terraform *command) {
	subscription := seed(t, server, "seeded")
	w := terraform.open(t, server, "lookups")
	w.apply(0)
	w.wantNoChanges("of data sources")
	want := map[string]any{
		"aws_region":      true,
		"gcp_region":      true,
		"module":          true,
		"persistence":     true,
		"internal":        "Redis Internal Resources",
		"subscription_id": fmt.Sprint(subscription),
		"status":          "active",
		"databases":       1.0,
		"deployment_cidr": "10.31.0.0/24",
		"maintenance":     "automatic",
		"price":           "Shards",
		"database_size":   1.0,
		"database_region": "eu-west-1",
		"alert":           "dataset-size",
	}
	if diff := cmp.Diff(want, w.outputs()); diff != "" {
		t.Errorf("outputs: want (-), got (+):\n%s", diff)
	}
}

// noMatch is how the provider says that the account has no such cloud account.
func noMatch(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "no-account")
	if status, out := w.run("plan"); status != 1 || !strings.Contains(out, "Your query returned no results") {
		t.Errorf("plan: got status %d, want 1 and no results:\n%s", status, out)
	}
}

// seed makes a subscription of this name, with a database as testdata/lookups reads it, and returns its id.
func seed(t *testing.T, server *servetest.Server, name string) int {
	t.Helper()
	task := server.Accept(http.MethodPost, "/subscriptions", map[string]any{
		"name": name, "paymentMethodId": servetest.Card,
		"cloudProviders": []any{map[string]any{"provider": "AWS", "regions": []any{map[string]any{
			"region": "eu-west-1", "networking": map[string]any{"deploymentCIDR": "10.31.0.0/24"},
		}}}},
		"databases": []any{map[string]any{"name": "ledger", "protocol": "redis", "datasetSizeInGb": 1}},
	})
	if task.Response.Error != nil {
		t.Fatalf("create the subscription: %+v", *task.Response.Error)
	}
	id := task.Response.ResourceID
	path := fmt.Sprintf("/subscriptions/%d", id)
	awaitActive(t, server, path)

	var list struct {
		Subscription []struct {
			Databases []struct {
				ID int `json:"databaseId"`
			} `json:"databases"`
		} `json:"subscription"`
	}
	status, _, text := server.Do(http.MethodGet, path+"/databases", nil)
	if err := json.Unmarshal(text, &list); err != nil || len(list.Subscription) != 1 ||
		len(list.Subscription[0].Databases) != 1 {
		t.Fatalf("list the databases: got %d %s, want one", status, text)
	}
	database := fmt.Sprintf("%s/databases/%d", path, list.Subscription[0].Databases[0].ID)
	task = server.Accept(http.MethodPut, database, map[string]any{
		"alerts": []any{map[string]any{"name": "dataset-size", "value": 70}},
	})
	if task.Response.Error != nil {
		t.Fatalf("update the database: %+v", *task.Response.Error)
	}
	awaitActive(t, server, database)
	awaitActive(t, server, path)
	return id
}

// awaitActive waits until a resource is active.
func awaitActive(t *testing.T, server *servetest.Server, path string) {
	t.Helper()
	server.Until(path, func(status int, text []byte) bool {
		var resource struct{ Status string }
		if err := json.Unmarshal(text, &resource); err != nil || status != http.StatusOK || resource.Status == "error" {
			t.Fatalf("GET %s: got %d %s, want a resource on its way", path, status, text)
		}
		return resource.Status == "active"
	})
}
