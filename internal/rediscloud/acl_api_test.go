package rediscloud_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// item finds what has an id in a list.
func item(tb testing.TB, a *apitest.Account, path, member string, id int64) map[string]any {
	tb.Helper()
	list, _ := a.Do(http.MethodGet, path, nil).Get(member).([]any)
	for _, each := range list {
		if each, ok := each.(map[string]any); ok && each["id"] == float64(id) {
			return each
		}
	}
	return nil
}

// firstDatabase returns the id of the first database of a subscription.
func firstDatabase(tb testing.TB, a *apitest.Account, sub string) int64 {
	tb.Helper()
	list := a.Do(http.MethodGet, sub+"/databases", nil)
	id, ok := list.Get("subscription", 0, "databases", 0, "databaseId").(float64)
	if !ok {
		tb.Fatalf("no database in %s", list.Body)
	}
	return int64(id)
}

func subscriptionID(tb testing.TB, sub string) (id int64) {
	tb.Helper()
	if _, err := fmt.Sscanf(sub, "/v1/subscriptions/%d", &id); err != nil {
		tb.Fatal(err)
	}
	return id
}

func TestRuleLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	const rules = "/v1/acl/redisRules"
	rule := func(id int64) map[string]any { return item(t, a, rules, "redisRules", id) }

	want := []any{
		map[string]any{
			"id": 76.0, "name": "Full-Access", "acl": "+@all ~*", "isDefault": true, "status": "active", "links": []any{},
		},
		map[string]any{
			"id": 77.0, "name": "Read-Write", "acl": "+@all -@dangerous ~*", "isDefault": true, "status": "active",
			"links": []any{},
		},
		map[string]any{
			"id": 78.0, "name": "Read-Only", "acl": "+@read ~*", "isDefault": true, "status": "active", "links": []any{},
		},
	}
	if diff := cmp.Diff(want, a.Do(http.MethodGet, rules, nil).Get("redisRules")); diff != "" {
		t.Errorf("at first (-want +got):\n%s", diff)
	}

	id := a.Create(rules, `{"name": "reader", "redisRule": "+@read  ~a:*"}`)
	path := fmt.Sprintf("%s/%d", rules, id)
	wantRule := map[string]any{
		"id": float64(id), "name": "reader", "acl": "+@read  ~a:*", "isDefault": false, "status": "pending", "links": []any{},
	}
	if diff := cmp.Diff(wantRule, rule(id)); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	wantError(t, a.Run(http.MethodPut, path, `{"redisRule": "+@all"}`), "ACL_REDIS_RULE_NOT_ACTIVE")
	a.Pass(apitest.SettleTime)
	apitest.Eventually(t, "the rule is active", func() bool { return rule(id)["status"] == "active" })

	for body, code := range map[string]cloud.Code{
		`{"name": "reader", "redisRule": "+get"}`:      "ACL_REDIS_RULE_NAME_ALREADY_EXISTS",
		`{"name": "Full-Access", "redisRule": "+get"}`: "ACL_REDIS_RULE_NAME_ALREADY_EXISTS",
		`{"name": "", "redisRule": "+get"}`:            "ACL_REDIS_RULE_NAME_IS_MISSING",
		`{"name": "x", "redisRule": "not-valid"}`:      "ACL_REDIS_RULE_PATTERN_NOT_VALID",
	} {
		task := a.Run(http.MethodPost, rules, body)
		wantError(t, task, code)
		got := task.Get("response", "additionalInfo")
		if (got == "redis-acl-wrong-acl-rule-pattern") != (code == "ACL_REDIS_RULE_PATTERN_NOT_VALID") {
			t.Errorf("%s: got additionalInfo %v", code, got)
		}
	}
	wantError(t, a.Run(http.MethodPut, rules+"/76", `{"name": "mine", "redisRule": "+get"}`),
		"ACL_REDIS_RULE_CANNOT_UPDATE_DEFAULT")
	wantError(t, a.Run(http.MethodDelete, rules+"/76", nil), "ACL_REDIS_RULE_CANNOT_DELETE_DEFAULT")
	wantError(t, a.Run(http.MethodPut, rules+"/5", `{"redisRule": "+get"}`), "ACL_REDIS_RULE_NOT_FOUND")
	wantError(t, a.Run(http.MethodDelete, rules+"/5", nil), "ACL_REDIS_RULE_NOT_FOUND")
	wantError(t, a.Run(http.MethodPut, path, `{"name": "Read-Only"}`), "ACL_REDIS_RULE_NAME_ALREADY_EXISTS")
	for _, body := range []string{
		`{"name": "x"}`, `{"name": "x", "redisRule": [1]}`, `{"name": "x", "redisRule": "+get", "acl": ""}`,
	} {
		if got := a.Do(http.MethodPost, rules, body).Status; got != http.StatusBadRequest {
			t.Errorf("%s: got %d, want 400", body, got)
		}
	}

	wantDone(t, a.Run(http.MethodPut, path, `{"name": "writer", "redisRule": "+@write ~*"}`))
	if got := rule(id); got["name"] != "writer" || got["acl"] != "+@write ~*" || got["status"] != "pending" {
		t.Errorf("updated: got %v", got)
	}
	wantDone(t, a.Run(http.MethodDelete, path, nil))
	if got := rule(id)["status"]; got != "deleting" {
		t.Errorf("got status %v, want deleting", got)
	}
	a.Pass(apitest.SettleTime)
	apitest.Eventually(t, "the rule is gone", func() bool { return rule(id) == nil })
}

func TestRoleAndUserLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	db, subID := firstDatabase(t, a, sub), subscriptionID(t, sub)
	settle := func() {
		t.Helper()
		a.Pass(apitest.SettleTime)
		apitest.Eventually(t, "nothing is pending", func() bool {
			for path, member := range map[string]string{
				"/v1/acl/redisRules": "redisRules", "/v1/acl/roles": "roles", "/v1/acl/users": "users",
			} {
				list, _ := a.Do(http.MethodGet, path, nil).Get(member).([]any)
				for _, each := range list {
					if each, _ := each.(map[string]any); each["status"] != "active" {
						return false
					}
				}
			}
			return true
		})
	}
	grant := func(rule string) string {
		return fmt.Sprintf(`[{"ruleName": %q, "databases": [{"subscriptionId": %d, "databaseId": %d}]}]`, rule, subID, db)
	}

	rule := a.Create("/v1/acl/redisRules", `{"name": "reader", "redisRule": "+@read ~*"}`)
	// A rule need not be active yet.
	role := a.Create("/v1/acl/roles", `{"name": "reporter", "redisRules": `+grant("reader")+`}`)
	user := a.Create("/v1/acl/users", `{"name": "bi", "role": "reporter", "password": "Vq7!rTz2#pLm9"}`)
	rulePath, rolePath, userPath := fmt.Sprintf("/v1/acl/redisRules/%d", rule), fmt.Sprintf("/v1/acl/roles/%d", role),
		fmt.Sprintf("/v1/acl/users/%d", user)
	a.EventuallyStatus(userPath, "pending")
	settle()

	wantRole := map[string]any{
		"id": float64(role), "name": "reporter", "status": "active", "links": []any{},
		"users": []any{map[string]any{"id": float64(user), "name": "bi"}},
		"redisRules": []any{map[string]any{"ruleId": float64(rule), "ruleName": "reader", "databases": []any{
			map[string]any{"subscriptionId": float64(subID), "databaseId": float64(db), "databaseName": "first"},
		}}},
	}
	if diff := cmp.Diff(wantRole, item(t, a, "/v1/acl/roles", "roles", role)); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}
	wantUser := map[string]any{"id": float64(user), "name": "bi", "role": "reporter", "status": "active", "links": []any{}}
	if diff := cmp.Diff(wantUser, item(t, a, "/v1/acl/users", "users", user)); diff != "" {
		t.Errorf("user (-want +got):\n%s", diff)
	}

	for _, tt := range []struct {
		method, path, body string
		want               cloud.Code
	}{
		{
			"POST", "/v1/acl/roles", `{"name": "reporter", "redisRules": ` + grant("reader") + `}`,
			"ACL_ROLE_NAME_ALREADY_EXISTS",
		},
		{"POST", "/v1/acl/roles", `{"name": "x", "redisRules": ` + grant("nobody") + `}`, "ACL_REDIS_RULE_DOES_NOT_EXISTS"},
		{"POST", "/v1/acl/roles", `{"name": "x", "redisRules": []}`, "ACL_ROLE_REDIS_RULES_IS_MISSING"},
		{
			"POST", "/v1/acl/roles",
			`{"name": "x", "redisRules": [{"ruleName": "reader", "databases": [{"subscriptionId": 1, "databaseId": 1}]}]}`,
			"SUBSCRIPTION_NOT_FOUND",
		},
		{
			"POST", "/v1/acl/roles",
			fmt.Sprintf(`{"name": "x", "redisRules": [{"ruleName": "reader", `+
				`"databases": [{"subscriptionId": %d, "databaseId": 1}]}]}`, subID), "DATABASE_NOT_FOUND",
		},
		{"PUT", "/v1/acl/roles/1", `{"name": "x"}`, "ACL_ROLE_NOT_FOUND"},
		{"DELETE", "/v1/acl/roles/1", "", "ACL_ROLE_NOT_FOUND"},
		{"DELETE", rolePath, "", "ACL_ROLE_HAS_ACTIVE_USERS_AND_CANNOT_BE_DELETED"},
		{"DELETE", rulePath, "", "ACL_REDIS_RULE_CANNOT_DELETE_WHEN_ASSOCIATED_WITH_ROLES"},
		{
			"POST", "/v1/acl/users", `{"name": "bi", "role": "reporter", "password": "Vq7!rTz2#pLm9"}`,
			"ACL_USER_NAME_ALREADY_EXISTS",
		},
		{"POST", "/v1/acl/users", `{"name": "x", "role": "nobody", "password": "Vq7!rTz2#pLm9"}`, "ACL_ROLE_DOES_NOT_EXISTS"},
		{"POST", "/v1/acl/users", `{"name": "x", "role": "reporter", "password": "short"}`, "ACL_USER_PASSWORD_NOT_VALID"},
		{"PUT", userPath, `{"role": "nobody"}`, "ACL_ROLE_DOES_NOT_EXISTS"},
		{"PUT", userPath, `{"password": "short"}`, "ACL_USER_PASSWORD_NOT_VALID"},
		{"PUT", "/v1/acl/users/1", `{"password": "Long-enough-1"}`, "ACL_USER_NOT_FOUND"},
		{"DELETE", "/v1/acl/users/1", "", "ACL_USER_NOT_FOUND"},
	} {
		var body any
		if tt.body != "" {
			body = tt.body
		}
		wantError(t, a.Run(tt.method, tt.path, body), tt.want)
	}
	task := a.Run(http.MethodPost, "/v1/acl/users", `{"name": "x", "role": "nobody", "password": "Vq7!rTz2#pLm9"}`)
	if task.Get("response", "error", "status") != "400 BAD_REQUEST" {
		t.Errorf("unknown role: got %s, want 400 BAD_REQUEST as observed", task.Body)
	}
	if got := a.Do(http.MethodGet, "/v1/acl/users/1", nil).Status; got != http.StatusNotFound {
		t.Errorf("unknown user: got %d, want 404", got)
	}

	// What changes for a rule changes for its roles and their users.
	wantDone(t, a.Run(http.MethodPut, rulePath, `{"name": "lookup", "redisRule": "+get ~*"}`))
	got := item(t, a, "/v1/acl/roles", "roles", role)
	if rules, _ := got["redisRules"].([]any); got["status"] != "pending" ||
		rules[0].(map[string]any)["ruleName"] != "lookup" {
		t.Errorf("role of a changed rule: got %v", got)
	}
	if got := a.Do(http.MethodGet, userPath, nil).Get("status"); got != "pending" {
		t.Errorf("user of a changed rule: got status %v, want pending", got)
	}
	settle()
	before := a.Start(http.MethodPut, rolePath, `{"name": "analyst"}`)
	next := a.Start(http.MethodPut, rolePath, `{"name": "again"}`)
	wantDone(t, a.Finish(before))
	if got := a.Do(http.MethodGet, userPath, nil); got.Get("role") != "analyst" || got.Get("status") != "pending" {
		t.Errorf("user of a renamed role: got %s", got.Body)
	}
	wantError(t, a.Finish(next), "ACL_ROLE_IS_IN_PENDING_STATUS_AND_CANNOT_BE_UPDATED")
	settle()
	wantDone(t, a.Run(http.MethodPut, rolePath, `{"redisRules": `+grant("Read-Only")+`}`))
	settle()
	wantDone(t, a.Run(http.MethodDelete, rulePath, nil)) // no longer part of a role
	wantDone(t, a.Run(http.MethodPut, userPath, `{"password": "Another-long-1"}`))
	if got := a.Do(http.MethodGet, userPath, nil).Get("status"); got != "pending" {
		t.Errorf("user with a new password: got status %v, want pending", got)
	}
	settle()

	// A database that goes leaves no trace in the role.
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", sub, db), nil))
	wantError(t, a.Run(http.MethodPut, rolePath, `{"redisRules": `+grant("Read-Only")+`}`), "DATABASE_NOT_FOUND")
	a.Settle(fmt.Sprintf("%s/databases/%d", sub, db), "")
	roles := a.Do(http.MethodGet, "/v1/acl/roles", nil)
	if got, _ := roles.Get("roles", 0, "redisRules", 0, "databases").([]any); got == nil || len(got) > 0 {
		t.Errorf("role of a deleted database: got %s", roles.Body)
	}

	wantDone(t, a.Run(http.MethodDelete, userPath, nil))
	a.EventuallyStatus(userPath, "deleting")
	wantError(t, a.Run(http.MethodDelete, userPath, nil), "ACL_USER_NOT_FOUND")
	a.Settle(userPath, "")
	wantDone(t, a.Run(http.MethodDelete, rolePath, nil))
	settled := func() bool { return item(t, a, "/v1/acl/roles", "roles", role) == nil }
	a.Pass(apitest.SettleTime)
	apitest.Eventually(t, "the role is gone", settled)
}

func TestUsers(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()

	list := a.Do(http.MethodGet, "/v1/users", nil)
	if list.Get("account") != float64(a.ID) || list.Get("users", 0, "name") != "Tess Tester" ||
		list.Get("users", 0, "role") != "Owner" {
		t.Errorf("at first: got %s, want the owner first", list.Body)
	}
	owner, other := "/v1/users/90001", "/v1/users/90002"
	wantDone(t, a.Run(http.MethodPut, other, `{"name": "Mina O.", "role": "Logs Viewer (API use only)"}`))
	if got := a.Do(http.MethodGet, other, nil); got.Get("name") != "Mina O." ||
		got.Get("role") != "Logs Viewer (API use only)" {
		t.Errorf("changed: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodPut, other, `{"name": "Mina"}`))
	if got := a.Do(http.MethodGet, other, nil); got.Get("name") != "Mina" ||
		got.Get("role") != "Logs Viewer (API use only)" {
		t.Errorf("renamed: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodPut, owner, `{"name": "Tess", "role": "Owner"}`))
	if got := a.Do(http.MethodGet, "/v1/", nil); got.Get("account", "key", "owner", "name") != "Tess" ||
		got.Get("account", "key", "userAccountId") != 90001.0 {
		t.Errorf("the owner renamed: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodPut, owner, `{"name": "Tess", "role": "Viewer"}`), "USER_CANNOT_UPDATE_IT_IS_OWN_ROLE")
	wantError(t, a.Run(http.MethodDelete, owner, nil), "USER_CANNOT_DELETE_OWN_USER")
	wantError(t, a.Run(http.MethodPut, other, `{"name": ""}`), "USER_NAME_IS_INVALID")
	wantError(t, a.Run(http.MethodPut, "/v1/users/1", `{"name": "x"}`), "USER_NOT_FOUND")
	if got := a.Do(http.MethodPut, other, `{"name": "x", "role": "King"}`).Status; got != http.StatusBadRequest {
		t.Errorf("unknown role: got %d, want 400", got)
	}

	wantDone(t, a.Run(http.MethodDelete, other, nil))
	wantError(t, a.Run(http.MethodDelete, other, nil), "USER_NOT_FOUND")
	if got := a.Do(http.MethodGet, other, nil).Status; got != http.StatusNotFound {
		t.Errorf("deleted: got %d, want 404", got)
	}
	if got := item(t, a, "/v1/users", "users", 90002); got != nil {
		t.Errorf("deleted, and yet listed: %v", got)
	}
}
