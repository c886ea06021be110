package rediscloud_test

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

const (
	fixed       = "/v1/fixed/subscriptions"
	freePlan    = 34843 // 30MB in us-east-1
	smallPlan   = 34858 // 250MB in us-east-1
	biggerPlan  = 34853 // Single-Zone_250MB in us-east-1
	visa        = 24681
	azurePlan   = 35008
	anotherArea = 34947 // eu-west-1
)

// essentials creates a paid subscription and lets it become active.
func essentials(a *apitest.Account, plan int) (path string) {
	path = fmt.Sprintf("%s/%d",
		fixed, a.Create(fixed, map[string]any{"name": "small", "planId": plan, "paymentMethodId": visa}))
	a.Settle(path, "active")
	return path
}

// wantMembers checks members of an answer's top level.
func wantMembers(t *testing.T, what string, got apitest.Answer, want map[string]any) {
	t.Helper()
	for name, value := range want {
		if fmt.Sprint(got.Get(name)) != fmt.Sprint(value) {
			t.Errorf("%s: %s is %v, want %v", what, name, got.Get(name), value)
		}
	}
}

func TestEssentialsSubscriptionLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := fmt.Sprintf("%s/%d", fixed, a.Create(fixed, map[string]any{
		"name": "small", "planId": smallPlan, "paymentMethod": "credit-card", "paymentMethodId": visa,
	}))
	wantMembers(t, "new", a.Do(http.MethodGet, path, nil), map[string]any{
		"status": "pending", "name": "small", "planName": "250MB", "size": 250, "price": 5, "connections": "256",
		"paymentMethodId": visa, "paymentMethodType": "credit-card", "availability": "No replication",
	})
	wantError(t, a.Run(http.MethodPut, path, map[string]any{"name": "x"}), "SUBSCRIPTION_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPut, path, map[string]any{"planId": biggerPlan}),
		"UPDATING_A_FIXED_SUBSCRIPTION_PLAN_IS_NOT_ALLOWED_WHILE_THE_SUBSCRIPTION_OR_BDB_IS_PENDING")
	a.Settle(path, "active")

	// Clients do not wait after a new name, so the subscription stays active.
	a.Run(http.MethodPut, path, map[string]any{"name": "renamed", "planId": smallPlan, "paymentMethodId": visa})
	wantMembers(t, "renamed", a.Do(http.MethodGet, path, nil), map[string]any{"status": "active", "name": "renamed"})
	a.Run(http.MethodPut, path, map[string]any{"planId": biggerPlan})
	wantMembers(t, "in another plan", a.Do(http.MethodGet, path, nil), map[string]any{
		"status": "pending", "planId": biggerPlan, "availability": "Single-zone", "paymentMethodId": visa,
	})
	a.Settle(path, "active")
	for code, body := range map[cloud.Code]any{
		"FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_REGION_AND_SUBSCRIPTION_REGION": map[string]any{"planId": anotherArea},
		"FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN":                             map[string]any{"planId": 1},
		"SUBSCRIPTION_PI_NOT_FOUND":                                          map[string]any{"paymentMethodId": 1},
		"FIXED_SUBSCRIPTION_NAME_NOT_PROVIDED":                               map[string]any{"name": " "},
	} {
		wantError(t, a.Run(http.MethodPut, path, body), code)
	}
	a.Run(http.MethodPut, path, map[string]any{"paymentMethod": "marketplace"})
	wantMembers(t, "marketplace", a.Do(http.MethodGet, path, nil), map[string]any{
		"paymentMethodType": "marketplace", "paymentMethodId": nil,
	})

	list := a.Do(http.MethodGet, fixed, nil)
	if list.Get("subscriptions", 0, "name") != "renamed" || list.Get("subscriptions", 1) != nil {
		t.Errorf("list: got %s", list.Body)
	}
	if got := a.Do(http.MethodGet, "/v1/subscriptions", nil); got.Get("subscriptions", 0) != nil {
		t.Errorf("an Essentials subscription among the Pro ones: %s", got.Body)
	}
	a.Run(http.MethodDelete, path, nil)
	wantMembers(t, "on its way out", a.Do(http.MethodGet, path, nil), map[string]any{"status": "deleting"})
	a.Settle(path, "")
	wantError(t, a.Run(http.MethodDelete, path, nil), "SUBSCRIPTION_NOT_FOUND")
}

func TestEssentialsSubscriptionRules(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	create := func(body map[string]any) apitest.Answer { return a.Run(http.MethodPost, fixed, body) }
	wantError(t, create(map[string]any{"name": "", "planId": freePlan}), "FIXED_SUBSCRIPTION_NAME_NOT_PROVIDED")
	wantError(t, create(map[string]any{"name": "a", "planId": 1}), "FIXED_SUBSCRIPTION_CREATE_PLAN_NOT_FOUND")
	wantError(t, create(map[string]any{"name": "a", "planId": smallPlan}), "PAYMENT_INFO_NOT_PROVIDED")
	wantError(t, create(map[string]any{"name": "a", "planId": freePlan, "paymentMethodId": visa}),
		"FIXED_PAYMENT_INFO_NOT_ALLOWED_IN_FREE_FIXED_PLAN")
	if got := a.Do(http.MethodPost, fixed, map[string]any{"name": "a"}); got.Status != 400 {
		t.Errorf("without a plan id: got %d, want 400", got.Status)
	}
	free := fmt.Sprintf("%s/%d", fixed, a.Create(fixed, map[string]any{"name": "free", "planId": freePlan}))
	second := create(map[string]any{"name": "a", "planId": freePlan})
	wantError(t, second, "FIXED_SUBSCRIPTION_ACCOUNT_ALREADY_HAS_A_FREE_PLAN")
	if got := second.Get("response", "error", "status"); got != "400 BAD_REQUEST" {
		t.Errorf("the error of a second free plan has status %v, want the one that was seen, 400", got)
	}
	a.Settle(free, "active")
	a.Run(http.MethodDelete, free, nil)
	a.Create(fixed, map[string]any{"name": "again", "planId": freePlan})

	pro := a.Subscription("pro")[len("/v1/subscriptions/"):]
	for _, request := range []struct {
		method, path string
		code         cloud.Code
	}{
		{"PUT", fixed + "/" + pro, "UPDATING_A_FIXED_SUBSCRIPTION_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"},
		{"DELETE", fixed + "/" + pro, "DELETING_A_FIXED_SUBSCRIPTION_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"},
		{"POST", fixed + "/" + pro + "/databases", "CREATING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"},
		{"PUT", fixed + "/" + pro + "/databases/1", "UPDATING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"},
		{"DELETE", fixed + "/" + pro + "/databases/1", "DELETING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"},
	} {
		wantError(t, a.Run(request.method, request.path, map[string]any{"name": "a"}), request.code)
	}
	if got := a.Do(http.MethodGet, fixed+"/"+pro, nil); got.Status != 404 {
		t.Errorf("a Pro subscription as an Essentials one: got %d, want 404", got.Status)
	}
}

func TestEssentialsDatabaseLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := essentials(a, smallPlan)
	list := a.Do(http.MethodGet, sub+"/databases", nil)
	if list.Status != 200 || fmt.Sprint(list.Get("subscription", "databases")) != "[]" {
		t.Errorf("without databases: got %d %s", list.Status, list.Body)
	}
	wantError(t, a.Run(http.MethodPost, sub+"/databases", map[string]any{"name": ""}), "FIXED_DATABASE_NAME_IS_MISSING")
	path := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", map[string]any{
		"name": "scratch", "dataPersistence": "none", "replication": false, "periodicBackupPath": "", "modules": []any{},
		"sourceIps": []any{"0.0.0.0/0"}, "alerts": []any{map[string]any{"name": "throughput-higher-than", "value": 80}},
	}))
	wantMembers(t, "new", a.Do(http.MethodGet, path, nil), map[string]any{
		"status": "draft", "protocol": "stack", "activatedOn": nil, "publicEndpoint": nil, "planMemoryLimit": 250,
		"memoryLimitMeasurementUnit": "MB", "redisVersion": "8.2", "respVersion": "resp3",
	})
	wantMembers(t, "subscription of a new database", a.Do(http.MethodGet, sub, nil), map[string]any{"status": "active"})
	a.Settle(path, "active")
	got := a.Do(http.MethodGet, path, nil)
	if got.Get("publicEndpoint") == nil || got.Get("privateEndpoint") != nil || got.Get("modules", 3) == nil ||
		len(fmt.Sprint(got.Get("security", "password"))) != 32 || got.Get("alerts", 0, "value") != 80.0 {
		t.Errorf("active: got %s", got.Body)
	}
	if got.Get("modules", 1, "version") != "8.2.0" || fmt.Sprint(got.Get("modules", 1, "parameters")) != "[]" ||
		got.Get("modules", 1, "id") == got.Get("modules", 2, "id") {
		t.Errorf("modules: got %v", got.Get("modules"))
	}
	wantError(t, a.Run(http.MethodPost, sub+"/databases", map[string]any{"name": "second"}),
		"FIXED_DATABASE_FIXED_SUBSCRIPTION_REACHED_MAX_DATABASES_COUNT")
	wantError(t, a.Run(http.MethodDelete, sub, nil), "SUBSCRIPTION_IN_USE")

	a.Run(http.MethodPut, path, map[string]any{
		"name": "renamed", "periodicBackupPath": "s3://bucket/path", "sourceIps": []any{"10.0.0.0/8"},
		"enableDefaultUser": false,
	})
	got = a.Do(http.MethodGet, path, nil)
	wantMembers(t, "changed", got, map[string]any{"name": "renamed", "status": "active-change-pending"})
	if got.Get("backup", "destination") != "s3://bucket/path" || got.Get("security", "password") != nil ||
		got.Get("security", "defaultUserEnabled") != false || got.Get("security", "sourceIps", 0) != "10.0.0.0/8" {
		t.Errorf("changed: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodPut, path, map[string]any{"name": "x"}), "DATABASE_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPut, sub, map[string]any{"planId": biggerPlan}),
		"UPDATING_A_FIXED_SUBSCRIPTION_PLAN_IS_NOT_ALLOWED_WHILE_THE_SUBSCRIPTION_OR_BDB_IS_PENDING")
	a.Settle(path, "active")
	wantError(t, a.Run(http.MethodPut, path, map[string]any{"password": "new"}),
		"NOT_ALLOWED_TO_UPDATE_A_DATABASE_PASSWORD_WHEN_DEFAULT_USER_IS_DISABLED")
	a.Run(http.MethodPut, path, map[string]any{"periodicBackupPath": "", "enableDefaultUser": true})
	if got = a.Do(http.MethodGet, path, nil); got.Get("backup", "remoteBackupEnabled") != false ||
		got.Get("security", "password") == nil {
		t.Errorf("changed back: got %s", got.Body)
	}

	// A client that replaces a database does not wait for the end of the old one.
	a.Run(http.MethodDelete, path, nil)
	second := fmt.Sprintf("%s/databases/%d",
		sub, a.Create(sub+"/databases", map[string]any{"name": "renamed", "sourceIps": []any{"10.0.0.1/32", "10.0.0.2/32"}}))
	a.Settle(second, "active")
	if got := a.Do(http.MethodGet, sub+"/databases", nil); got.Get("subscription", "numberOfDatabases") != 1.0 ||
		got.Get("subscription", "databases", 0, "security", "password") != nil {
		t.Errorf("list: got %s", got.Body)
	}
	got = a.Do(http.MethodGet, sub+"/databases?offset=100", nil)
	if href := got.Get("links", 0, "href"); got.Status != 200 ||
		fmt.Sprint(got.Get("subscription", "databases")) != "[]" || href != a.URL+sub+"/databases?offset=100&limit=100" {
		t.Errorf("page past the end: got %d %s", got.Status, got.Body)
	}
	toFree := map[string]any{"planId": freePlan}
	wantError(t, a.Run(http.MethodPut, sub, toFree),
		"FIXED_SUBSCRIPTION_PLAN_MAX_SOURCE_IPS_IS_SMALLER_THEN_ONE_OF_EXISTING_DATABSE_SOURCE_IPS")
	a.Run(http.MethodDelete, second, nil)
	wantDone(t, a.Run(http.MethodPut, sub, toFree)) // what goes need not fit
	a.Settle(second, "")
	a.EventuallyStatus(sub, "active")
	a.Run(http.MethodDelete, sub, nil)
	a.Settle(sub, "")
	if got := a.Do(http.MethodGet, second, nil); got.Status != 404 {
		t.Errorf("database of a subscription that is gone: got %d, want 404", got.Status)
	}
}

// A database is found only below its own kind of subscription, whatever operation asks for it.
func TestDatabaseOfTheOtherKind(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	pro, fixed := kinds(a)
	proSub, fixedSub := path.Dir(path.Dir(pro)), path.Dir(path.Dir(fixed))
	proAsFixed, fixedAsPro := "/v1/fixed"+strings.TrimPrefix(proSub, "/v1"),
		"/v1"+strings.TrimPrefix(fixedSub, "/v1/fixed")
	below := func(sub, db string) string { return sub + "/databases/" + path.Base(db) }
	for _, tt := range []struct {
		db, missing     string // what a read says is missing
		update, removal cloud.Code
	}{
		{below(fixedAsPro, fixed), "Subscription %d was not found.", "SUBSCRIPTION_NOT_FOUND", "SUBSCRIPTION_NOT_FOUND"},
		{
			below(proAsFixed, pro), "Essentials subscription %d was not found.",
			"UPDATING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
			"DELETING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{below(proSub, fixed), "in subscription %d.", "DATABASE_NOT_FOUND", "DATABASE_NOT_FOUND"},
		{below(fixedSub, pro), "in subscription %d.", "DATABASE_NOT_FOUND", "DATABASE_NOT_FOUND"},
	} {
		missing := fmt.Sprintf(tt.missing, idOf(t, path.Dir(path.Dir(tt.db))))
		for _, what := range []string{"", "/tags", "/available-target-versions", "/slow-log", "/traffic", "/upgrade"} {
			if got := a.Do(http.MethodGet, tt.db+what, nil); got.Status != http.StatusNotFound ||
				!strings.Contains(string(got.Body), missing) {
				t.Errorf("GET %s%s: got %d, %s, want %q", tt.db, what, got.Status, got.Body, missing)
			}
		}
		wantError(t, a.Run(http.MethodPut, tt.db, map[string]any{"name": "other"}), tt.update)
		wantError(t, a.Run(http.MethodDelete, tt.db, nil), tt.removal)
	}
	for _, sub := range []string{proAsFixed, fixedAsPro} {
		if got := a.Do(http.MethodGet, sub+"/databases", nil); got.Status != http.StatusNotFound ||
			!strings.Contains(string(got.Body), "ubscription "+path.Base(sub)+" was not found.") {
			t.Errorf("GET %s/databases: got %d, %s, want that the subscription is missing", sub, got.Status, got.Body)
		}
	}
	redirection := map[string]any{
		"sourceDatabaseId": idOf(t, pro), "targetDatabaseId": idOf(t, fixed), "endpointTargetType": "public",
		"migrationProtection": true,
	}
	if got := a.Do(http.MethodPost, "/v1/endpoint-redirections", redirection); got.Status != http.StatusNotFound {
		t.Errorf("redirection to an Essentials database: got %d, %s, want 404", got.Status, got.Body)
	}
}

func TestEssentialsTags(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := essentials(a, smallPlan)
	tags := fmt.Sprintf("%s/databases/%d/tags", sub, a.Create(sub+"/databases", map[string]any{"name": "tagged"}))
	for _, request := range []struct {
		method, path string
		body         any
		status       int
	}{
		{"GET", tags, nil, 200},
		{"POST", tags, map[string]any{"key": "Team", "value": "checkout"}, 200},
		{"POST", tags, map[string]any{"key": "team", "value": "web"}, 409},
		{"PUT", tags + "/team", map[string]any{"value": "web"}, 200},
		{"PUT", tags + "/tier", map[string]any{"value": "gold"}, 404},
		{"PUT", tags, map[string]any{"tags": []any{map[string]any{"key": "tier", "value": "gold"}}}, 200},
		{"DELETE", tags + "/tier", nil, 200},
		{"DELETE", tags + "/tier", nil, 404},
		{"GET", fixed + "/1/databases/1/tags", nil, 404},
	} {
		if got := a.Do(request.method, request.path, request.body); got.Status != request.status {
			t.Errorf("%s %s: got %d %s, want %d", request.method, request.path, got.Status, got.Body, request.status)
		}
	}
}
