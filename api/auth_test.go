package api_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/store"
)

// Without a pair of keys that belong together there is no answer to anything.
func TestWrongKeys(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	a, b := w.Account(), w.Account()
	for name, secrets := range map[string]store.Secrets{
		"none":                     {},
		"no secret":                {Key: a.Secrets.Key},
		"no key":                   {Secret: a.Secrets.Secret},
		"wrong key":                {Key: "wrong", Secret: a.Secrets.Secret},
		"wrong secret":             {Key: a.Secrets.Key, Secret: "wrong"},
		"swapped":                  {Key: a.Secrets.Secret, Secret: a.Secrets.Key},
		"another account's secret": {Key: a.Secrets.Key, Secret: b.Secrets.Secret},
		"the start of the secret":  {Key: a.Secrets.Key, Secret: a.Secrets.Secret[:3]},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			use := func(r *http.Request) {
				r.Header.Set("X-Api-Key", secrets.Key)
				r.Header.Set("X-Api-Secret-Key", secrets.Secret)
			}
			wantError(t, a.Do(http.MethodGet, subscriptions, nil, use), http.StatusUnauthorized,
				subscriptions, "x-api-secret-key")
			// Twice, since good pairs are remembered for a moment and bad ones must not be.
			wantError(t, a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"), use), http.StatusUnauthorized,
				subscriptions, "x-api-key")
		})
	}
	if got := a.Do(http.MethodGet, subscriptions, nil); got.Status != http.StatusOK {
		t.Errorf("the right pair: got %d %s", got.Status, got.Body)
	}
}

// No operation of the document forgets to ask for keys.
func TestEveryOperationNeedsKeys(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	for op, path := range operations(t) {
		got := a.Do(op.Method, path, nil, func(r *http.Request) { r.Header.Del("X-Api-Secret-Key") })
		wantError(t, got, http.StatusUnauthorized, path, "x-api-secret-key")
	}
}

// Another account's resource is not there: 404 at once on what answers at once,
// a 404 in the task of what answers with one. It stays as it is.
func TestAnotherAccountsResource(t *testing.T) {
	t.Parallel()
	w := apitest.New(t, nil)
	owner, other := w.Account(), w.Account()
	sub := owner.Subscription("one")
	db := fmt.Sprintf("%s/databases/%.0f",
		sub, owner.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId"))
	owner.Do(http.MethodPost, db+"/tags", map[string]any{"key": "team", "value": "a"})
	task := owner.Start(http.MethodGet, sub+"/cidr", nil)
	owner.Finish(task)
	paths := []string{
		sub, sub + "/databases", sub + "/pricing", sub + "/maintenance-windows", db, db + "/tags", db + "/certificate",
		"/v1/tasks/" + task,
	}
	before := map[string]string{}
	for _, path := range paths {
		got := owner.Do(http.MethodGet, path, nil)
		if before[path] = string(got.Body); got.Status != http.StatusOK {
			t.Fatalf("the owner's GET %s: got %d %s", path, got.Status, got.Body)
		}
		wantError(t, other.Do(http.MethodGet, path, nil), http.StatusNotFound, path, "")
	}
	path := subscriptions + "/redis-versions"
	wantError(t, other.Do(http.MethodGet, path+"?subscriptionId="+sub[len(subscriptions)+1:], nil),
		http.StatusNotFound, path, "")

	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"GET", sub + "/cidr", nil}, // a task, for the owner
		{"POST", db + "/tags", map[string]any{"key": "mine", "value": "b"}},
		{"PUT", db + "/tags", map[string]any{"tags": []any{}}},
		{"PUT", db + "/tags/team", map[string]any{"value": "b"}},
		{"DELETE", db + "/tags/team", nil},
	} {
		wantError(t, other.Do(request.method, request.path, request.body), http.StatusNotFound, request.path, "")
	}
	for _, request := range []struct {
		method, path string
		body         any
	}{
		{"PUT", sub, map[string]any{"name": "mine"}},
		{"DELETE", sub, nil},
		{"PUT", sub + "/cidr", map[string]any{"cidrIps": []any{"10.1.1.0/32"}}},
		{"PUT", sub + "/maintenance-windows", map[string]any{"mode": "automatic"}},
		{"POST", sub + "/databases", databaseBody("mine")},
		{"PUT", db, map[string]any{"name": "mine"}},
		{"DELETE", db, nil},
	} {
		got := other.Run(request.method, request.path, request.body)
		if got.Get("status") != "processing-error" || got.Get("response", "error", "status") != "404 NOT_FOUND" {
			t.Errorf("%s %s: got %s, want a task that ends in a 404", request.method, request.path, got.Body)
		}
	}
	for _, path := range paths {
		if got := owner.Do(http.MethodGet, path, nil); string(got.Body) != before[path] {
			t.Errorf("GET %s is now %s, was %s", path, got.Body, before[path])
		}
	}
	for _, path := range []string{subscriptions, "/v1/tasks"} {
		if got := other.Do(http.MethodGet, path, nil); got.Status != http.StatusOK ||
			containsAny(string(got.Body), sub, task) {
			t.Errorf("the other account's GET %s: got %s", path, got.Body)
		}
	}
}
