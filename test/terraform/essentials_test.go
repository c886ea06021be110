package terraform

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// The provider's sleeps for Essentials; it does not wait after an update of a subscription, nor for the end of a
// database.
const (
	essentialsCreate         = poll
	essentialsDelete         = 2 * poll
	essentialsDatabaseCreate = pause + essentialsDatabaseUpdate
	essentialsDatabaseUpdate = pause + poll
	essentialsDatabaseDelete = pause
)

// essentials is the whole life of a paid plan with a database, and of the data sources that read them.
func essentials(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "essentials")
	w.apply(essentialsCreate + essentialsDatabaseCreate)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	want := map[string]any{
		"subscription_id": created["subscription_id"], "database_id": created["database_id"],
		"public_endpoint": created["public_endpoint"], "found": true,
		"azure": "Azure west-us", "own_plan": true, "read": "stack resp3 0",
	}
	if diff := cmp.Diff(want, created); diff != "" || created["public_endpoint"] == "" {
		t.Errorf("outputs: want (-), got (+):\n%s", diff)
	}

	changed := map[string]any{
		"subscription_name": "essentials-renamed",
		"database_name":     "sessions-renamed",
		"plan":              "Single-Zone_250MB",
		"alert":             70,
		"source_ips":        []string{"198.51.100.0/24", "203.0.113.0/24"},
		"backup_path":       "s3://bucket/path",
		"tags":              map[string]string{"environment": "test"},
	}
	w.set(changed)
	w.apply(essentialsDatabaseUpdate)
	w.wantNoChanges("after the update")
	w.wantKept(created, "subscription_id", "database_id")

	imported := terraform.open(t, server, "essentials")
	imported.set(changed)
	imported.must("import", "rediscloud_essentials_subscription.small", fmt.Sprint(created["subscription_id"]))
	imported.must("import", "rediscloud_essentials_database.sessions", fmt.Sprint(created["database_id"]))
	imported.wantNoChanges("after the import")

	w.destroy(essentialsDatabaseDelete + essentialsDelete)
	wantEssentialsGone(t, server, created["subscription_id"])
}

// essentialsFree is the life of the free plan: no card, no private endpoint, a default user that is switched off, and a
// database that is deleted behind Terraform's back.
func essentialsFree(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "essentials-free")
	w.apply(essentialsCreate + essentialsDatabaseCreate)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	database := "/fixed/subscriptions/" + strings.Replace(fmt.Sprint(created["database_id"]), "/", "/databases/", 1)
	if _, _, text := server.Do(http.MethodGet, database, nil); !strings.Contains(string(text), `"password" : "`) {
		t.Errorf("got %s, want a generated password", text)
	}
	w.set(map[string]any{"subscription_name": "free-renamed", "default_user": false})
	w.apply(essentialsDatabaseUpdate)
	w.wantNoChanges("after the update")
	if _, _, text := server.Do(http.MethodGet, database, nil); strings.Contains(string(text), `"password" : "`) {
		t.Errorf("got %s, want no password of a user that is switched off", text)
	}
	deleteBehind(t, server, "/fixed/subscriptions/", created["database_id"])
	w.wantPlan("after a deletion", "rediscloud_essentials_database.toy will be created")
	w.destroy(essentialsDelete)
	wantEssentialsGone(t, server, created["subscription_id"])
}

func wantEssentialsGone(t *testing.T, server *servetest.Server, id any) {
	t.Helper()
	status, _, text := server.Do(http.MethodGet, fmt.Sprintf("/fixed/subscriptions/%v", id), nil)
	if status != http.StatusNotFound {
		t.Errorf("GET subscription %v after destroy: got %d %s, want 404", id, status, text)
	}
}
