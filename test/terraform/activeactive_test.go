package terraform

import (
	"fmt"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// activeActive is a subscription of two regions with a database that differs in one of them; then a region is added,
// another taken out, and the third sized anew.
func activeActive(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "active-active")
	w.apply(activeActiveCreate + activeActiveDatabaseCreate)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	if created["data_eviction"] != "volatile-lru" || created["status"] != "active" || created["endpoint"] == "" {
		t.Errorf("got outputs %v, want the default eviction, an active subscription and an endpoint", created)
	}

	changed := map[string]any{
		"subscription_name": "global-renamed",
		"dataset_size":      2,
		"data_persistence":  "aof-every-1-second",
		"alert":             60,
		"regions": map[string]any{
			"us-east-1": map[string]any{"cidr": "10.41.0.0/24", "operations": 1500},
			"eu-west-1": map[string]any{"cidr": "10.43.0.0/24", "operations": 500},
		},
	}
	w.set(changed)
	w.apply(subscriptionUpdate + activeActiveDatabaseUpdate + 3*regionChange)
	w.wantNoChanges("after the update")
	w.wantKept(created, "subscription_id", "database_id", "endpoint")

	// What holds for all regions of a database the provider cannot import, so only the subscription is without changes.
	imported := terraform.open(t, server, "active-active")
	imported.set(changed)
	imported.must("import", "rediscloud_active_active_subscription.global", fmt.Sprint(created["subscription_id"]))
	imported.must("import", "rediscloud_active_active_subscription_database.orders", fmt.Sprint(created["database_id"]))
	imported.must("import", "rediscloud_active_active_subscription_regions.global", fmt.Sprint(created["subscription_id"]))
	const target = "-target=rediscloud_active_active_subscription.global"
	if status, out := imported.run("plan", "-detailed-exitcode", target); status != 0 {
		t.Errorf("plan after the import: got status %d, want 0 (nothing to change):\n%s", status, out)
	}

	w.destroy(activeActiveDatabaseDelete + subscriptionDelete)
	wantGone(t, server, created["subscription_id"])
}
