package rediscloud_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
)

// A subscription with keys of its own stops on its way and waits for them.
func TestCustomerManagedKeys(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := apitest.SubscriptionBody("secret")
	body["persistentStorageEncryptionType"] = "customer-managed-key"
	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis"}}
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", body), "DATABASE_SIZE_LIMIT_NOT_DEFINED")
	body["databases"] = apitest.SubscriptionBody("")["databases"]
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))

	const keys = `{"deletionGracePeriod": "immediate", ` +
		`"customerManagedKeys": [{"resourceName": "arn:aws:kms:us-east-1:1:key/a"}]}`
	wantError(t, a.Run(http.MethodPut, sub, keys),
		"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_SUBSCRIPTION_INVALID_STATUS") // still pending
	a.Settle(sub, "encryption_key_pending")
	answer := a.Do(http.MethodGet, sub, nil)
	wantFields(t, answer, map[string]any{
		"persistentStorageEncryptionType": "customer-managed-key", "deletionGracePeriod": nil, "numberOfDatabases": 0.0,
		"cloudDetails.0.regions.0.region":                              "us-east-1",
		"customerManagedKeyAccessDetails.deletionGracePeriodOptions.0": "alerts-only",
	})
	if role, _ := answer.Get("customerManagedKeyAccessDetails", "redisIamRole").(string); role == "" {
		t.Errorf("no role to let in: %s", answer.Body)
	}
	wantError(t, a.Run(http.MethodPost, sub+"/databases", `{"name": "a", "datasetSizeInGb": 1}`),
		"SUBSCRIPTION_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPut, sub, `{"name": "other"}`), "SUBSCRIPTION_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPut, sub, `{"customerManagedKeys": [{"resourceName": "a"}]}`),
		"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_DELETION_GRACE_PERIOD_REQUIRED")

	wantDone(t, a.Run(http.MethodPut, sub, keys))
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{"status": "pending", "deletionGracePeriod": "immediate"})
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPut, sub, `{"customerManagedKeys": [{"resourceName": "another"}]}`))
	a.Settle(sub, "active")
	wantFields(t, a.Do(http.MethodGet, sub, nil), map[string]any{
		"deletionGracePeriod": "immediate", "numberOfDatabases": 1.0,
	})
	wantError(t, a.Run(http.MethodDelete, sub, nil), "SUBSCRIPTION_IN_USE")
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", sub, firstDatabase(t, a, sub)), nil))
	wantDone(t, a.Run(http.MethodDelete, sub, nil))
	a.Settle(sub, "")
}

func TestCustomerManagedKeysOfRegions(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := activeActiveBody("secret")
	body["persistentStorageEncryptionType"] = "customer-managed-key"
	waiting := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(waiting, "encryption_key_pending")
	wantDone(t, a.Run(http.MethodDelete, waiting, nil)) // without ever getting its keys

	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "encryption_key_pending")
	wantDone(t, a.Run(http.MethodPut, sub, `{"deletionGracePeriod": "1-hour", "customerManagedKeys": [
		{"resourceName": "a", "region": "us-east-1"}, {"resourceName": "b", "region": "us-east-2"}]}`))
	a.Settle(sub, "active")
	const region = `"region": "eu-west-1", "deploymentCIDR": "10.0.2.0/24"`
	wantError(t, a.Run(http.MethodPost, sub+"/regions", `{`+region+`}`),
		"ACTIVE_ACTIVE_CREATE_A_REGION_CUSTOMER_MANAGED_KEY_RESOURCE_NAME_IS_NOT_SET")
	wantError(t, a.Run(http.MethodPost, sub+"/regions", `{`+region+`, "customerManagedKeyResourceName": "a key"}`),
		"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_FORMAT")
	wantDone(t, a.Run(http.MethodPost, sub+"/regions", `{`+region+`, "customerManagedKeyResourceName": "c"}`))
	a.Settle(sub, "active")
	wantError(t, a.Run(http.MethodPut, sub, `{"customerManagedKeys": [{"resourceName": "a", "region": "us-east-1"}]}`),
		"CUSTOMER_MANAGED_PERSISTENT_STORAGE_ENCRYPTION_KEY_INVALID_NUMBER_OF_KEYS")
	wantDone(t, a.Run(http.MethodDelete, sub+"/regions",
		`{"regions": [{"region": "us-east-1"}, {"region": "us-east-2"}]}`))
	a.Settle(sub, "active")
	wantDone(t, a.Run(http.MethodPut, sub, `{"customerManagedKeys": [{"resourceName": "d", "region": "eu-west-1"}]}`))

	plain := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("plain")))
	a.Settle(plain, "active")
	wantError(t, a.Run(http.MethodPost, plain+"/regions", `{`+region+`, "customerManagedKeyResourceName": "c"}`),
		"ACTIVE_ACTIVE_CREATE_A_REGION_CUSTOMER_MANAGED_KEY_RESOURCE_NAME_SUBSCRIPTION_IS_NOT_CUSTOMER_MANAGED")
}
