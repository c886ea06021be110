package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// What a list shows of a thing is what the thing's own GET shows, passwords aside,
// which the real lists leave out, too.
func TestListsShowWhatTheGetOfOneShows(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("orders")
	global := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(global, "active")
	plan := essentials(a, biggerPlan)
	a.Settle(fmt.Sprintf("%s/databases/%d", plan, a.Create(plan+"/databases", `{"name": "small"}`)), "active")
	database, _ := a.Do(http.MethodGet, sub+"/databases", nil).
		Get("subscription", 0, "databases", 0, "databaseId").(float64)
	a.Create("/v1/acl/roles", fmt.Sprintf(`{"name": "reader", "redisRules": [{"ruleName": "Read-Only", "databases": [
		{"subscriptionId": %s, "databaseId": %.0f}]}]}`, strings.TrimPrefix(sub, "/v1/subscriptions/"), database))
	a.Pass(time.Hour)
	a.Create("/v1/acl/users", `{"name": "one", "role": "reader", "password": "Secret-7-word"}`)
	for _, tt := range []struct {
		list, id string
		items    []any
		lacks    []string // of the single GET
	}{
		{"/v1/subscriptions", "id", []any{"subscriptions"}, nil},
		{sub + "/databases", "databaseId", []any{"subscription", 0, "databases"}, []string{"security.password"}},
		{global + "/databases", "databaseId", []any{"subscription", 0, "databases"}, []string{
			"crdbDatabases.0.security.password", "crdbDatabases.1.security.password", "globalPassword", "security.password",
		}},
		{"/v1/fixed/subscriptions", "id", []any{"subscriptions"}, nil},
		{plan + "/databases", "databaseId", []any{"subscription", "databases"}, []string{"security.password"}},
		{"/v1/fixed/plans", "id", []any{"plans"}, nil},
		{"/v1/cloud-accounts", "id", []any{"cloudAccounts"}, nil},
		{"/v1/acl/users", "id", []any{"users"}, nil},
		{"/v1/users", "id", []any{"users"}, nil},
		{"/v1/tasks", "taskId", []any{"tasks"}, nil},
	} {
		items, _ := a.Do(http.MethodGet, tt.list, nil).Get(tt.items...).([]any)
		if len(items) == 0 {
			t.Errorf("%s: the list is empty", tt.list)
		}
		for _, item := range items[:min(len(items), 3)] {
			item, _ := item.(map[string]any)
			id := fmt.Sprint(item[tt.id])
			if n, ok := item[tt.id].(float64); ok {
				id = fmt.Sprintf("%.0f", n)
			}
			var one map[string]any
			a.Do(http.MethodGet, tt.list+"/"+id, nil).Into(t, &one)
			delete(item, "links")
			delete(one, "links")
			had, has := leaves("", item), leaves("", one)
			var lacks []string
			for _, path := range slices.Sorted(maps.Keys(has)) {
				if value, ok := had[path]; !ok {
					lacks = append(lacks, path)
				} else if value != has[path] {
					t.Errorf("%s: the list says %v of %s, the GET of %s says %v", tt.list, value, path, id, has[path])
				}
				delete(had, path)
			}
			if diff := cmp.Diff(tt.lacks, lacks); diff != "" || len(had) > 0 {
				t.Errorf("%s: an item lacks (want -, got +):\n%sand has besides %v", tt.list, diff, had)
			}
		}
	}
}

// leaves are the values in a value that have none in them, by their paths.
func leaves(at string, value any) map[string]string {
	all := map[string]string{}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			maps.Copy(all, leaves(at+"."+name, member))
		}
	case []any:
		all[strings.TrimPrefix(at, ".")] = fmt.Sprintf("%d items", len(v))
		for i, item := range v {
			maps.Copy(all, leaves(fmt.Sprintf("%s.%d", at, i), item))
		}
	default:
		all[strings.TrimPrefix(at, ".")] = fmt.Sprint(value)
	}
	return all
}
