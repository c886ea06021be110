package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// Wherever a deployment CIDR is given. The network is one of 256 addresses.
func TestDeploymentCIDRIsASlash24(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	global := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(global, "active")
	place := func(region, cidr string) any {
		return map[string]any{"region": region, "networking": map[string]any{"deploymentCIDR": cidr}}
	}
	create := func(body map[string]any, regions ...any) apitest.Answer {
		body["cloudProviders"] = []any{map[string]any{"provider": "AWS", "regions": regions}}
		return a.Run(http.MethodPost, "/v1/subscriptions", body)
	}
	for name, ask := range map[string]func(cidr string) apitest.Answer{
		"Pro": func(cidr string) apitest.Answer {
			return create(apitest.SubscriptionBody("shop"), place("us-east-1", cidr))
		},
		"Active-Active": func(cidr string) apitest.Answer {
			return create(activeActiveBody("shop"), place("us-east-1", "10.1.0.0/24"), place("us-east-2", cidr))
		},
		"added region": func(cidr string) apitest.Answer {
			return a.Run(http.MethodPost, global+"/regions", map[string]any{
				"region": "eu-west-1", "deploymentCIDR": cidr, "dryRun": true,
			})
		},
	} {
		for _, cidr := range []string{"172.31.0.0/16", "10.0.9.0/25", "10.0.9.7/24", "10.0.9.0", "fd00::/24", "nonsense"} {
			task := ask(cidr)
			wantError(t, task, "BAD_REQUEST")
			info, _ := task.Get("response", "additionalInfo").(string)
			const words = "Deployment CIDR range must be a valid CIDR format with a range of 256 IP addresses (i.e. '/24')"
			description, _ := task.Get("response", "error", "description").(string)
			if task.Get("response", "error", "status") != "400 BAD_REQUEST" || !strings.Contains(info, words) ||
				!strings.Contains(description, "additional info") {
				t.Errorf("%s, %s: got %s", name, cidr, task.Body)
			}
		}
		wantDone(t, ask("10.0.9.0/24"))
	}
}

// Few errors say more than what is in them.
func TestAdditionalInfo(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for _, tt := range []struct {
		path, body string
		code       cloud.Code
		want       any
	}{
		{
			"/v1/acl/redisRules", `{"name": "x", "redisRule": "not-valid"}`, "ACL_REDIS_RULE_PATTERN_NOT_VALID",
			"redis-acl-wrong-acl-rule-pattern",
		},
		{
			"/v1/acl/users", `{"name": "x", "role": "y", "password": "short"}`, "ACL_USER_PASSWORD_NOT_VALID",
			"cluster-user-password-wrong-pattern",
		},
		{"/v1/cloud-accounts/77", "", "CLOUD_ACCOUNT_NOT_FOUND", "cloud-account-does-not-exists"},
		{"/v1/subscriptions/77", "", "SUBSCRIPTION_NOT_FOUND", nil},
	} {
		method, body := http.MethodPost, any(tt.body)
		if tt.body == "" {
			method, body = http.MethodDelete, nil
		}
		task := a.Run(method, tt.path, body)
		wantError(t, task, tt.code)
		id, _ := task.Get("taskId").(string)
		for what, got := range map[string]any{
			"the task":    task.Get("response", "additionalInfo"),
			"its own GET": a.Do(http.MethodGet, "/v1/tasks/"+id, nil).Get("response", "additionalInfo"),
			"the error":   task.Get("response", "error", "additionalInfo"),
		} {
			if want := tt.want; got != want && what != "the error" || got != nil && what == "the error" {
				t.Errorf("%s: %s says %v, want %v", tt.code, what, got, want)
			}
		}
	}
}

func TestPasswordOfAUserHasEveryKindOfCharacter(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	const users = "/v1/acl/users"
	sub := a.Subscription("shop")
	var id int64
	if _, err := fmt.Sscanf(sub, "/v1/subscriptions/%d", &id); err != nil {
		t.Fatal(err)
	}
	a.Create("/v1/acl/roles", fmt.Sprintf(`{"name": "reader", "redisRules": [{"ruleName": "Read-Only",
		"databases": [{"subscriptionId": %d, "databaseId": %d}]}]}`, id, firstDatabase(t, a, sub)))
	a.Pass(apitest.SettleTime)
	user := fmt.Sprintf("%s/%d", users, a.Create(users, `{"name": "bi", "role": "reader", "password": "Aa1!aaaa"}`))
	a.Settle(user, "active")
	for _, password := range []string{
		"AA1!AAAA", "aa1!aaaa", "Aaa!aaaa", "Aa1aaaaa", "Aa1!aaa", "Aa1!" + strings.Repeat("a", 125), "12345678",
		"aaaaaaaaaaaa",
	} {
		for _, task := range []apitest.Answer{
			a.Run(http.MethodPost, users, map[string]any{"name": "other", "role": "reader", "password": password}),
			a.Run(http.MethodPut, user, map[string]any{"password": password}),
		} {
			wantError(t, task, "ACL_USER_PASSWORD_NOT_VALID")
			if task.Get("response", "error", "status") != "400 BAD_REQUEST" ||
				task.Get("response", "additionalInfo") != "cluster-user-password-wrong-pattern" {
				t.Errorf("%q: got %s", password, task.Body)
			}
		}
	}
	for _, password := range []string{"Bb2 bbbb", "Bb2#" + strings.Repeat("b", 124)} {
		wantDone(t, a.Run(http.MethodPut, user, map[string]any{"password": password}))
		a.Settle(user, "active")
	}
}

// Other than with Pro and Essentials, a password may come along.
func TestDefaultUserOfActiveActiveIsSwitchedOffWithAPassword(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	db := activeActive(t, a)
	for _, body := range []string{
		`{"globalEnableDefaultUser": false, "globalPassword": "first"}`,
		`{"globalEnableDefaultUser": false, "globalPassword": "second"}`,
		`{"regions": [{"region": "us-east-1", "enableDefaultUser": false, "password": "third"}]}`,
		`{"globalEnableDefaultUser": false, "regions": [{"region": "us-east-1", "password": "fourth"}]}`,
	} {
		wantDone(t, a.Run(http.MethodPut, db+"/regions", body))
		a.Settle(db, "active")
	}
	wantFields(t, a.Do(http.MethodGet, db, nil), map[string]any{
		"globalPassword": "second", "crdbDatabases.0.security.password": "fourth",
		"crdbDatabases.0.security.enableDefaultUser": false,
	})
	pro, fixed := kinds(a)
	for _, path := range []string{pro, fixed} {
		wantError(t, a.Run(http.MethodPut, path, `{"enableDefaultUser": false, "password": "new"}`),
			"DISABLING_THE_DEFAULT_USER_AND_UPDATING_A_NEW_PASSWORD_IS_NOT_ALLOWED")
	}
}

// Who names no version has not asked for one that brings search along.
func TestQueryPerformanceFactorNeedsSearch(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("shop")
	for members, want := range map[string]cloud.Code{
		``:                                     "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		`"modules": []`:                        "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		`"modules": [{"name": "RedisJSON"}]`:   "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		`"modules": [{"name": "RedisGraph9"}]`: "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		`"redisVersion": "7.4"`:                "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED",
		`"redisVersion": "6.2"`:                "DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED",
		`"redisVersion": "8.2"`:                "",
		`"redisVersion": "latest"`:             "",
		`"modules": [{"name": "RediSearch"}]`:  "",
	} {
		body := fmt.Sprintf(`{"name": "a", "datasetSizeInGb": 1, "dryRun": true, "queryPerformanceFactor": "4x", %s}`,
			members)
		task := a.Run(http.MethodPost, sub+"/databases", strings.Replace(body, ", }", "}", 1))
		if want == "" {
			wantDone(t, task)
			continue
		}
		wantError(t, task, want)
		description := fmt.Sprint(task.Get("response", "error", "description"))
		if want == "DATABASE_QUERY_PERFORMANCE_FACTOR_SEARCH_IS_REQUIRED" &&
			(!strings.Contains(description, "RediSearch") || !strings.Contains(description, "required") ||
				task.Get("response", "error", "status") != "400 BAD_REQUEST") {
			t.Errorf("%s: got %s", members, task.Body)
		}
	}
	first := func(factor string) apitest.Answer { // of a subscription: not held to it
		body := apitest.SubscriptionBody("other")
		body["dryRun"] = true
		body["databases"] = []any{
			map[string]any{"name": "a", "datasetSizeInGb": 1, "protocol": "redis", "queryPerformanceFactor": factor},
		}
		return a.Run(http.MethodPost, "/v1/subscriptions", body)
	}
	wantDone(t, first("4x"))
	wantError(t, first("3x"), "DATABASE_QUERY_PERFORMANCE_FACTOR_INVALID_VALUE")
}

// Every way to keep data, with plans that list none as well.
func TestEssentialsTakesEveryDataPersistence(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	options, _ := a.Do(http.MethodGet, "/v1/data-persistence", nil).Get("dataPersistence").([]any)
	if len(options) < 6 {
		t.Fatalf("got %d options: %v", len(options), options)
	}
	for _, plan := range []int{freePlan, smallPlan, biggerPlan, azurePlan, 34944} {
		body := map[string]any{"name": "shop", "planId": plan, "paymentMethodId": visa}
		if plan == freePlan {
			delete(body, "paymentMethodId")
		}
		sub := fmt.Sprintf("%s/%d", fixed, a.Create(fixed, body))
		a.Settle(sub, "active")
		for _, option := range options {
			name := option.(map[string]any)["name"]
			db := fmt.Sprintf("%s/databases/%d",
				sub, a.Create(sub+"/databases", map[string]any{"name": "a", "dataPersistence": name}))
			a.Settle(db, "active")
			wantMembers(t, "created", a.Do(http.MethodGet, db, nil), map[string]any{"dataPersistence": name})
			wantDone(t, a.Run(http.MethodPut, db, map[string]any{"dataPersistence": "none"}))
			a.Settle(db, "active")
			wantDone(t, a.Run(http.MethodPut, db, map[string]any{"dataPersistence": name}))
			a.Settle(db, "active")
			wantMembers(t, "updated", a.Do(http.MethodGet, db, nil), map[string]any{"dataPersistence": name})
			wantDone(t, a.Run(http.MethodDelete, db, nil))
			a.Settle(db, "")
		}
	}
}

func TestEveryProDatabaseCanBeFlushed(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, _ := kinds(a)
	for _, db := range []string{pro, activeActive(t, a)} {
		for _, body := range []any{nil, map[string]any{}} {
			wantDone(t, a.Run(http.MethodPut, db+"/flush", body))
		}
	}
}

// Clients send them whatever the memory is.
func TestFlashSettingsMeanNothingInRAM(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	flash := map[string]any{"averageItemSizeInBytes": 1000, "ramPercentage": 20}
	first := func(body map[string]any) map[string]any {
		maps.Copy(body["databases"].([]any)[0].(map[string]any), flash)
		return body
	}
	for name, body := range map[string]map[string]any{
		"Pro": apitest.SubscriptionBody("a"), "Active-Active": activeActiveBody("b"),
	} {
		sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", first(body)))
		a.Settle(sub, "active")
		db := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", map[string]any{
			"name": "second", "datasetSizeInGb": 1, "averageItemSizeInBytes": 1000, "ramPercentage": 20,
		}))
		a.Settle(sub, "active")
		if name == "Pro" {
			wantDone(t, a.Run(http.MethodPut, db, `{"ramPercentage": 25}`))
			a.Settle(db, "active")
		}
		for _, path := range []string{db, fmt.Sprintf("%s/databases/%d", sub, firstDatabase(t, a, sub))} {
			wantFields(t, a.Do(http.MethodGet, path, nil), map[string]any{
				"status": "active", "ramPercentage": nil, "memoryStorage": "ram",
			})
		}
	}
	body := apitest.SubscriptionBody("c")
	body["memoryStorage"] = "ram-and-flash"
	body["databases"] = []any{
		map[string]any{"name": "a", "datasetSizeInGb": 100, "protocol": "redis", "ramPercentage": 25},
	}
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", body), "DATABASE_RAM_PERCENTAGE_IS_INVALID")
}

// A refusal that names a version says who chose it, if not the request.
func TestRefusalsSayWhereTheirVersionComesFrom(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pinned := apitest.SubscriptionBody("pinned")
	pinned["redisVersion"] = "7.4"
	inPinned := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", pinned))
	a.Settle(inPinned, "active")
	sub := a.Subscription("shop")
	db := fmt.Sprintf("%s/databases/%d", inPinned, firstDatabase(t, a, inPinned))
	small := essentials(a, smallPlan)
	withModules := `"modules": [{"name": "RedisJSON"}]`
	subscription := func(version, database string) string {
		return fmt.Sprintf(`{"paymentMethodId": 24681, "redisVersion": %q,
			"cloudProviders": [{"regions": [{"region": "us-east-1"}]}],
			"databases": [{"name": "a", "protocol": "redis", "datasetSizeInGb": 1, %s}]}`, version, database)
	}
	database := func(members string) string { return `{"name": "a", "datasetSizeInGb": 1, ` + members + `}` }
	for _, tt := range []struct{ method, path, body, want string }{
		{
			"POST", sub + "/databases", database(`"redisVersion": "latest", ` + withModules),
			`Redis 8.6 ("latest" means 8.6 here) has all modules built in`,
		},
		{"POST", sub + "/databases", database(`"redisVersion": "8.6", ` + withModules), `Redis 8.6 has all modules built in`},
		{
			"POST", sub + "/databases", database(`"dataEvictionPolicy": "allkeys-lrm"`),
			`Redis 8.2 (the default, as no redisVersion is given) does not know`,
		},
		{
			"POST", sub + "/databases", database(`"dataEvictionPolicy": "allkeys-lrm", ` + withModules),
			`Redis 7.4 (the newest that modules can be asked of, as no redisVersion is given) does not know`,
		},
		{
			"POST", inPinned + "/databases", database(`"dataEvictionPolicy": "allkeys-lrm"`),
			`Redis 7.4 (that of the subscription) does not know`,
		},
		{"PUT", db, `{"dataEvictionPolicy": "allkeys-lrm"}`, `Redis 7.4 (that of the database) does not know`},
		{
			"POST", "/v1/subscriptions", subscription("latest", withModules),
			`Redis 8.6 ("latest" means 8.6 here) has all modules built in`,
		},
		{
			"POST", "/v1/subscriptions", subscription("latest", withModules+`, "redisVersion": "7.4"`),
			`Redis 8.6 ("latest" means 8.6 here), a database of it for Redis 7.4.`,
		},
		{
			"POST", small + "/databases", `{"name": "a", "protocol": "redis", "redisVersion": "latest", ` + withModules + `}`,
			`Redis 8.6 ("latest" means 8.6 here) has all modules built in`,
		},
		{
			"POST", small + "/databases", `{"name": "a", "dataEvictionPolicy": "allkeys-lrm"}`,
			`(the default, as no redisVersion is given) does not know`,
		},
	} {
		task := a.Run(tt.method, tt.path, tt.body)
		if got := fmt.Sprint(task.Get("response", "error", "description")); !strings.Contains(got, tt.want) {
			t.Errorf("%s: got %s, want %q in it", tt.body, task.Body, tt.want)
		}
	}
}
