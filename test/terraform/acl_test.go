package terraform

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// Version 1.9.0 looks at a rule 5 seconds after it began to wait for it; at a role and a user twice, with 15 seconds
// between. It looks at them before it deletes them, too, and at once at what it has deleted.
const (
	aclLook      = 5 * time.Second
	aclPause     = 15 * time.Second
	aclRule      = aclLook
	aclHolder    = aclLook + aclPause + aclLook
	aclDelete    = aclLook
	accountWaits = 10 * time.Second
)

func accessControl(t *testing.T, server *servetest.Server, terraform *command) {
	seed(t, server, "guarded")
	w := terraform.open(t, server, "access")
	w.apply(aclRule + 2*aclHolder)
	w.wantNoChanges("after the creation")
	created := w.outputs()
	want := map[string]any{
		"default_rule": "+@read ~*", "role_rule": "orders", "user_role": "clerk",
		"rule_id": created["rule_id"], "role_id": created["role_id"], "user_id": created["user_id"],
	}
	if diff := cmp.Diff(want, created); diff != "" {
		t.Errorf("outputs: want (-), got (+):\n%s", diff)
	}

	changed := map[string]any{"rule": "+@read +@write ~orders:*", "role_name": "head-clerk"}
	w.set(changed)
	w.apply(aclRule + 2*aclHolder)
	w.wantNoChanges("after the update")
	updated := w.wantKept(created, "rule_id", "role_id", "user_id")
	if updated["user_role"] != "head-clerk" {
		t.Errorf("got the role %v of the user, want the renamed one", updated["user_role"])
	}

	imported := terraform.open(t, server, "access")
	imported.set(changed)
	// No answer of the API has a password.
	imported.ignore("rediscloud_acl_user", "bi", "password")
	imported.must("import", "rediscloud_acl_rule.orders", fmt.Sprint(created["rule_id"]))
	imported.must("import", "rediscloud_acl_role.clerk", fmt.Sprint(created["role_id"]))
	imported.must("import", "rediscloud_acl_user.bi", fmt.Sprint(created["user_id"]))
	imported.wantNoChanges("after the import")

	w.destroy(2 * aclDelete)
	for path, left := range map[string]int{"/acl/redisRules": 3, "/acl/roles": 0, "/acl/users": 0} {
		_, _, text := server.Do(http.MethodGet, path, nil)
		var list struct{ RedisRules, Roles, Users []any }
		if err := json.Unmarshal(text, &list); err != nil {
			t.Fatal(err)
		}
		if got := len(list.RedisRules) + len(list.Roles) + len(list.Users); got != left {
			t.Errorf("GET %s after destroy: got %s, want %d left", path, text, left)
		}
	}
}

func ownCloudAccount(t *testing.T, server *servetest.Server, terraform *command) {
	w := terraform.open(t, server, "cloud-account")
	w.apply(accountWaits + subscriptionCreate(1))
	w.wantNoChanges("after the creation")
	created := w.outputs()
	if created["found"] != "AKIATERRAFORM" {
		t.Errorf("got the access key %v, want the configured one", created["found"])
	}
	changed := map[string]any{"account_name": "renamed", "allowed": []string{"10.90.0.0/16", "10.91.0.0/16"}}
	w.set(changed)
	w.apply(subscriptionUpdate)
	w.wantNoChanges("after the update")
	if got := w.outputs()["account_id"]; got != created["account_id"] {
		t.Errorf("got account %v after the update, want %v", got, created["account_id"])
	}

	imported := terraform.open(t, server, "cloud-account")
	imported.set(changed)
	// No answer of the API has the credentials.
	imported.ignore("rediscloud_cloud_account", "own", "access_secret_key", "console_username", "console_password",
		"sign_in_login_url")
	imported.must("import", "rediscloud_cloud_account.own", fmt.Sprint(created["account_id"]))
	imported.must("import", "rediscloud_subscription.shop", fmt.Sprint(created["subscription_id"]))
	imported.wantNoChanges("after the import")

	w.destroy(subscriptionDelete)
	wantGone(t, server, created["subscription_id"])
	server.Until(fmt.Sprintf("/cloud-accounts/%v", created["account_id"]), func(status int, _ []byte) bool {
		return status == http.StatusNotFound
	})
}

// ignore makes the module leave alone what a resource has in these arguments.
func (w *workspace) ignore(resource, name string, arguments ...string) {
	w.t.Helper()
	text := fmt.Sprintf("resource %q %q {\n  lifecycle {\n    ignore_changes = [\n", resource, name)
	for _, argument := range arguments {
		text += "      " + argument + ",\n"
	}
	text += "    ]\n  }\n}\n"
	if err := os.WriteFile(filepath.Join(w.dir, name+"_override.tf"), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
}
