package terraform

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// wholeLife is the main story: create, nothing to change, update in place, import elsewhere, destroy.
func wholeLife(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "subscription")
	w.apply(subscriptionCreate(1) + databaseCreate)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	for _, name := range []string{"public_endpoint", "private_endpoint"} {
		if created[name] == "" {
			t.Errorf("output %s is empty", name)
		}
	}
	if created["password"] != "correct-horse-battery" {
		t.Errorf("got the password %q, want the configured one", created["password"])
	}

	changed := map[string]any{
		"subscription_name": "shop-renamed",
		"dataset_size":      3,
		"throughput":        3000,
		"alerts":            map[string]int{"dataset-size": 60, "latency": 7},
		"tags":              map[string]string{"team": "checkout"},
	}
	w.set(changed)
	w.apply(subscriptionUpdate + databaseUpdate)
	w.wantNoChanges("after the update")
	w.wantKept(created, "subscription_id", "database_id")

	imported := terraform.open(t, server, "subscription")
	imported.set(changed)
	imported.must("import", "rediscloud_subscription.shop", fmt.Sprint(created["subscription_id"]))
	imported.must("import", "rediscloud_subscription_database.orders", fmt.Sprint(created["database_id"]))
	imported.wantNoChanges("after the import")

	w.destroy(databaseDelete + subscriptionDelete)
	wantGone(t, server, created["subscription_id"])
}

// anotherModule differs in all a module may choose: cloud, version, modules, several databases, maintenance windows.
// One of the databases is deleted behind Terraform's back.
func anotherModule(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "modules")
	w.apply(subscriptionCreate(2) + 2*databaseCreate)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	deleteBehind(t, server, "/subscriptions/", created["sessions_id"])
	w.wantPlan("after a deletion", "rediscloud_subscription_database.sessions will be created")
	w.destroy(databaseDelete + subscriptionDelete)
	wantGone(t, server, created["subscription_id"])
}

// deleteBehind deletes a database without Terraform; its id there is that of the subscription and its own.
func deleteBehind(t *testing.T, server *servetest.Server, subscriptions string, id any) {
	t.Helper()
	path := subscriptions + strings.Replace(fmt.Sprint(id), "/", "/databases/", 1)
	if task := server.Accept(http.MethodDelete, path, nil); task.Response.Error != nil {
		t.Fatalf("DELETE %s: got %+v", path, *task.Response.Error)
	}
	server.Until(path, func(status int, _ []byte) bool { return status == http.StatusNotFound })
}

// wantGone checks that the API no longer knows a subscription.
func wantGone(t *testing.T, server *servetest.Server, id any) {
	t.Helper()
	for _, path := range []string{fmt.Sprintf("/subscriptions/%v", id), fmt.Sprintf("/subscriptions/%v/databases", id)} {
		if status, _, text := server.Do(http.MethodGet, path, nil); status != http.StatusNotFound {
			t.Errorf("GET %s after destroy: got %d %s, want 404", path, status, text)
		}
	}
}
