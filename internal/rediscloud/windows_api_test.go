package rediscloud_test

import (
	"bytes"
	"fmt"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// A client may wait for a task, or for the resource, or for neither: what one answer shows must never contradict
// another, at any speed.

// wantAgreement reads a Pro subscription in every way there is, unless it changes meanwhile, and checks that all show
// the same: alone and in the list, its databases and what they cost.
func wantAgreement(t *testing.T, a *apitest.Account, sub string) apitest.Answer {
	t.Helper()
	one := a.Do(http.MethodGet, sub, nil)
	if one.Status != http.StatusOK {
		return one
	}
	id := int64(one.Get("id").(float64))
	listed := item(t, a, "/v1/subscriptions", "subscriptions", id)
	databases := a.Do(http.MethodGet, sub+"/databases", nil)
	pricing := a.Do(http.MethodGet, sub+"/pricing", nil)
	if again := a.Do(http.MethodGet, sub, nil); !bytes.Equal(one.Body, again.Body) {
		return wantAgreement(t, a, sub)
	}
	for _, member := range []string{"status", "numberOfDatabases", "subscriptionPricing", "cloudDetails"} {
		if diff := cmp.Diff(one.Get(member), listed[member]); diff != "" {
			t.Errorf("%s alone and in the list (-alone +listed):\n%s", member, diff)
		}
	}
	if diff := cmp.Diff(quantities(one.Get("subscriptionPricing")), quantities(pricing.Get("pricing"))); diff != "" {
		t.Errorf("the price of %s (-with it +alone):\n%s", sub, diff)
	}
	counted, priced := 0, map[any]bool{}
	shown, _ := databases.Get("subscription", 0, "databases").([]any)
	for _, db := range shown {
		if db := db.(map[string]any); db["status"] != "deleting" {
			counted++
			priced[db["name"]] = true
		}
	}
	if one.Get("numberOfDatabases") != float64(counted) {
		t.Errorf("%s has %v databases, and lists %d: %s", sub, one.Get("numberOfDatabases"), counted, databases.Body)
	}
	if n := databases.Get("subscription", 0, "numberOfDatabases"); n != nil && n != float64(counted) {
		t.Errorf("the list of %s counts %v databases, want %d", sub, n, counted)
	}
	lines, _ := pricing.Get("pricing").([]any)
	for _, line := range lines {
		if name := line.(map[string]any)["databaseName"]; name != nil && !priced[name] {
			t.Errorf("%s costs something for %v, which it does not have", sub, name)
		}
	}
	if one.Get("status") == "active" {
		for _, db := range shown {
			if s := db.(map[string]any)["status"]; s != "active" && s != "deleting" {
				t.Errorf("%s is active, and a database of it %v", sub, s)
			}
		}
	}
	return one
}

// quantities are what lines of a price come to, whichever databases they are of.
func quantities(lines any) map[string]float64 {
	sums := map[string]float64{}
	list, _ := lines.([]any)
	for _, line := range list {
		of, _ := line.(map[string]any)
		quantity, _ := of["quantity"].(float64)
		sums[fmt.Sprint(of["type"], of["typeDetails"], of["pricePerUnit"])] += quantity
	}
	return sums
}

// proBodies are subscriptions with one database, of both kinds.
func proBodies() map[string]map[string]any {
	return map[string]map[string]any{
		"single region": apitest.SubscriptionBody("one"), "Active-Active": activeActiveBody("two"),
	}
}

func TestSubscriptionBeingCreatedHasNothingYet(t *testing.T) {
	apitest.AtEverySpeed(t, func(t *testing.T, a *apitest.Account) {
		for name, body := range proBodies() {
			sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
			check := func() any {
				got := wantAgreement(t, a, sub)
				details, _ := got.Get("cloudDetails").([]any)
				pricing, _ := got.Get("subscriptionPricing").([]any)
				created := got.Get("status") != "pending"
				regions := a.Do(http.MethodGet, sub+"/regions", nil) // an error in a single region
				if _, ok := regions.Get("regions").([]any); ok && !created && regions.Get("regions", 0) != nil &&
					a.Do(http.MethodGet, sub, nil).Get("status") == "pending" {
					t.Errorf("%s: got regions %s", name, regions.Body)
				}
				if (got.Get("numberOfDatabases") == 1.0) != created || (len(details) == 1) != created ||
					(len(pricing) > 0) != created {
					t.Errorf("%s: got %s", name, got.Body)
				}
				return got.Get("status")
			}
			check()
			a.Advance(apitest.SettleTime)
			apitest.Eventually(t, "it is active", func() bool { return check() == "active" })
		}
	})
}

// The recorded answers are of this very moment.
func TestPolledSubscriptionIsEmptyUntilItIsActive(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", apitest.SubscriptionBody("one")))
	want := map[string]any{
		"status": "pending", "numberOfDatabases": 0.0, "cloudDetails": []any{}, "subscriptionPricing": []any{},
	}
	wantMembers(t, "pending", wantAgreement(t, a, sub), want)
	a.Settle(sub, "active")
	database := firstDatabase(t, a, sub)
	wantDone(t, a.Run(http.MethodPut, sub, `{"name": "other"}`)) // pending again is not created again
	wantMembers(t, "changed", wantAgreement(t, a, sub), map[string]any{"status": "pending", "numberOfDatabases": 1.0})
	if got := a.Do(http.MethodGet, fmt.Sprintf("%s/databases/%d", sub, database), nil); got.Status != http.StatusOK {
		t.Errorf("got %d %s", got.Status, got.Body)
	}
}

// What has no place and no databases yet is named by nothing else either.
func TestNothingNamesWhatASubscriptionBeingCreatedHas(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	id := a.Create("/v1/subscriptions", activeActiveBody("one"))
	sub := fmt.Sprintf("/v1/subscriptions/%d", id)
	database := id - 100_000 + 51_000_001 // ids are drawn in turn
	role := fmt.Sprintf(`{"name": "early", `+
		`"redisRules": [{"ruleName": "Full-Access", "databases": [{"subscriptionId": %d, "databaseId": %d}]}]}`, id, database)
	wantError(t, a.Run(http.MethodPost, "/v1/acl/roles", role), "DATABASE_NOT_FOUND")
	if got := resource(poll(t, a, sub+"/regions/peerings"), "regions", 0); got != nil {
		t.Errorf("got region %v", got)
	}
	wantMembers(t, "it", a.Do(http.MethodGet, sub, nil), map[string]any{"status": "pending"})
	a.Settle(sub, "active")
	if got := firstDatabase(t, a, sub); int64(got) != int64(database) {
		t.Fatalf("got database %d, want %d", got, database)
	}
	wantDone(t, a.Run(http.MethodPost, "/v1/acl/roles", role))
	if got := resource(read(t, a, sub+"/regions/peerings"), "regions", 0, "region"); got == nil {
		t.Error("got no region")
	}
}

func TestDatabaseBeingDeletedNeitherCountsNorCosts(t *testing.T) {
	apitest.AtEverySpeed(t, func(t *testing.T, a *apitest.Account) {
		for name, body := range proBodies() {
			sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
			a.Settle(sub, "active")
			wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", sub, firstDatabase(t, a, sub)), nil))
			got := wantAgreement(t, a, sub)
			wantMembers(t, name, got, map[string]any{"status": "active", "numberOfDatabases": 0.0})
			if size := got.Get("cloudDetails", 0, "totalSizeInGb"); size != 0.0 {
				t.Errorf("%s: got %v GB, want none", name, size)
			}
			lines, _ := got.Get("subscriptionPricing").([]any)
			for _, line := range lines {
				if line.(map[string]any)["type"] != "MinimumPrice" {
					t.Errorf("%s: got price %v", name, line)
				}
			}
			again := map[string]any{"name": "first", "datasetSizeInGb": 1}
			if name == "Active-Active" {
				again = body["databases"].([]any)[0].(map[string]any)
				delete(again, "quantity")
			}
			a.Create(sub+"/databases", again) // its name is free
			wantAgreement(t, a, sub)
			a.Settle(sub, "active")
			wantAgreement(t, a, sub)
		}
	})
}

func TestDatabaseBeingCreatedKeepsItsSubscriptionPending(t *testing.T) {
	apitest.AtEverySpeed(t, func(t *testing.T, a *apitest.Account) {
		sub := a.Subscription("one")
		path := fmt.Sprintf("%s/databases/%d", sub, a.Create(sub+"/databases", `{"name": "more", "datasetSizeInGb": 1}`))
		check := func() any {
			database := a.Do(http.MethodGet, path, nil).Get("status") // first: it may become active before the next line
			got := wantAgreement(t, a, sub)
			if got.Get("numberOfDatabases") != 2.0 || got.Get("status") == "active" && database != "active" &&
				a.Do(http.MethodGet, path, nil).Get("status") != "active" {
				t.Errorf("the database is %v: got %s", database, got.Body)
			}
			return got.Get("status")
		}
		check()
		a.Advance(apitest.SettleTime)
		apitest.Eventually(t, "it is active", func() bool { return check() == "active" })
	})
}

func TestFirstDatabasesExistOnceTheKeysAreThere(t *testing.T) {
	apitest.AtEverySpeed(t, func(t *testing.T, a *apitest.Account) {
		body := apitest.SubscriptionBody("secret")
		body["persistentStorageEncryptionType"] = "customer-managed-key"
		body["databases"] = []any{map[string]any{"name": "first", "datasetSizeInGb": 1, "quantity": 2, "protocol": "redis"}}
		sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
		a.Settle(sub, "encryption_key_pending")
		got := wantAgreement(t, a, sub)
		wantMembers(t, "waiting", got, map[string]any{"numberOfDatabases": 0.0, "subscriptionPricing": []any{}})
		if got.Get("cloudDetails", 0, "provider") != "AWS" {
			t.Errorf("got %s, want to see where it is", got.Body)
		}
		wantDone(t, a.Run(http.MethodPut, sub,
			`{"deletionGracePeriod": "immediate", "customerManagedKeys": [{"resourceName": "key"}]}`))
		wantAgreement(t, a, sub)
		a.Settle(sub, "active")
		wantMembers(t, "active", wantAgreement(t, a, sub), map[string]any{"numberOfDatabases": 2.0})
		wantError(t, a.Run(http.MethodDelete, sub, nil), "SUBSCRIPTION_IN_USE")
		for range 2 {
			wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", sub, firstDatabase(t, a, sub)), nil))
			a.Advance(apitest.SettleTime)
			apitest.Eventually(t, "it has gone", func() bool {
				return a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "status") != "deleting"
			})
		}
		wantDone(t, a.Run(http.MethodDelete, sub, nil))
		a.Settle(sub, "")
	})
}
