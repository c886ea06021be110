package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"path"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// idOf is the id that a path ends in.
func idOf(tb testing.TB, of string) int64 {
	tb.Helper()
	id, err := strconv.ParseInt(path.Base(of), 10, 64)
	if err != nil {
		tb.Fatal(err)
	}
	return id
}

// holdsIn lists where the first rule of a role holds.
func holdsIn(tb testing.TB, a *apitest.Account, role int64) any {
	tb.Helper()
	rules, _ := item(tb, a, "/v1/acl/roles", "roles", role)["redisRules"].([]any)
	if len(rules) == 0 {
		tb.Fatalf("role %d has no rules", role)
	}
	return rules[0].(map[string]any)["databases"]
}

func grantOf(databases ...map[string]any) map[string]any {
	return map[string]any{
		"name": "reporter", "redisRules": []any{map[string]any{"ruleName": "Read-Only", "databases": databases}},
	}
}

// A role may hold in databases of both kinds of subscriptions at once.
func TestRoleInBothKindsOfSubscriptions(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	at := func(db string, change map[string]any) map[string]any {
		where := map[string]any{"subscriptionId": idOf(t, path.Dir(path.Dir(db))), "databaseId": idOf(t, db)}
		maps.Copy(where, change)
		return where
	}
	role := a.Create("/v1/acl/roles", grantOf(at(pro, nil), at(fixed, nil)))
	shown := func(db, name string) any {
		return map[string]any{
			"subscriptionId": float64(idOf(t, path.Dir(path.Dir(db)))), "databaseId": float64(idOf(t, db)), "databaseName": name,
		}
	}
	if diff := cmp.Diff([]any{shown(pro, "first"), shown(fixed, "fixed")}, holdsIn(t, a, role)); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}
	a.Pass(apitest.SettleTime)
	roles := fmt.Sprintf("/v1/acl/roles/%d", role)
	apitest.Eventually(t, "the role is active", func() bool {
		return item(t, a, "/v1/acl/roles", "roles", role)["status"] == "active"
	})

	for _, tt := range []struct {
		grant map[string]any
		want  cloud.Code
	}{
		{at(fixed, map[string]any{"databaseId": 1}), "DATABASE_NOT_FOUND"},
		{at(fixed, map[string]any{"databaseId": idOf(t, pro)}), "DATABASE_NOT_FOUND"},
		{at(pro, map[string]any{"databaseId": idOf(t, fixed)}), "DATABASE_NOT_FOUND"},
		{at(fixed, map[string]any{"subscriptionId": 1}), "SUBSCRIPTION_NOT_FOUND"},
		{at(fixed, map[string]any{"regions": []string{"us-east-1"}}), "ACL_ROLE_REDIS_RULES_DATABASES_REGION_MUST_BE_CRDB"},
	} {
		wantError(t, a.Run(http.MethodPut, roles, grantOf(tt.grant)), tt.want)
	}
	// Of several that are wrong the first is told of.
	elsewhere, missing, placed := at(fixed, map[string]any{"subscriptionId": 1}), at(pro, map[string]any{"databaseId": 1}),
		at(fixed, map[string]any{"regions": []string{"us-east-1"}})
	wantError(t, a.Run(http.MethodPut, roles, grantOf(at(pro, nil), elsewhere, missing)), "SUBSCRIPTION_NOT_FOUND")
	wantError(t, a.Run(http.MethodPut, roles, grantOf(at(pro, nil), missing, elsewhere)), "DATABASE_NOT_FOUND")
	wantError(t, a.Run(http.MethodPut, roles, grantOf(at(pro, nil), placed, missing)),
		"ACL_ROLE_REDIS_RULES_DATABASES_REGION_MUST_BE_CRDB")
	// A database that goes leaves no trace in the role.
	wantDone(t, a.Run(http.MethodDelete, fixed, nil))
	wantError(t, a.Run(http.MethodPut, roles, grantOf(at(fixed, nil))), "DATABASE_NOT_FOUND")
	a.Settle(fixed, "")
	if diff := cmp.Diff([]any{shown(pro, "first")}, holdsIn(t, a, role)); diff != "" {
		t.Errorf("role of a deleted database (-want +got):\n%s", diff)
	}
}

// What roles, backups and connections have in a region goes with it, and is not
// there again when the region is.
func TestRegionsTakeTheirOwnAlong(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")
	id := firstDatabase(t, a, sub)
	db := fmt.Sprintf("%s/databases/%d", sub, id)
	where := func(regions ...string) map[string]any {
		return map[string]any{
			"subscriptionId": subscriptionID(t, sub), "databaseId": id, "regions": append([]string{}, regions...),
		}
	}
	both := a.Create("/v1/acl/roles", grantOf(where("us-east-1", "us-east-2")))
	named := func(name string, grant map[string]any) map[string]any { grant["name"] = name; return grant }
	one := a.Create("/v1/acl/roles", named("one", grantOf(where("us-east-2"))))
	all := a.Create("/v1/acl/roles", named("all", grantOf(where())))
	wantDone(t, a.Run(http.MethodPost, db+"/backup",
		`{"regionName": "us-east-2", "adhocBackupPath": "s3://backups/orders"}`))

	wantDone(t, a.Run(http.MethodDelete, sub+"/regions", `{"regions": [{"region": "us-east-2"}]}`))
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPost, sub+"/regions", `{"region": "us-east-2", "deploymentCIDR": "10.0.1.0/24"}`))
	a.Settle(sub, "active")
	wantError(t, a.Run(http.MethodGet, db+"/backup?regionName=us-east-2", nil), "DATABASE_BACKUP_DISABLED")
	shown := map[string]any{
		"subscriptionId": float64(subscriptionID(t, sub)), "databaseId": float64(id), "databaseName": "first",
	}
	for role, want := range map[int64][]any{
		both: {map[string]any{
			"subscriptionId": shown["subscriptionId"], "databaseId": shown["databaseId"], "databaseName": "first",
			"regions": []any{"us-east-1"},
		}},
		one: {},
		all: {shown},
	} {
		if diff := cmp.Diff(want, holdsIn(t, a, role)); diff != "" {
			t.Errorf("role %d (-want +got):\n%s", role, diff)
		}
	}
}
