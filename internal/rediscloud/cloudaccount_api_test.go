package rediscloud_test

import (
	"fmt"
	"maps"
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/apitest"
)

func cloudAccountBody(name, key string) map[string]any {
	return map[string]any{
		"name": name, "provider": "AWS", "accessKeyId": key, "accessSecretKey": "secret", "consoleUsername": "console",
		"consolePassword": "word", "signInLoginUrl": "https://example.signin.aws.amazon.com/console",
	}
}

func TestCloudAccountLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	const accounts = "/v1/cloud-accounts"

	id := a.Create(accounts, cloudAccountBody("ours", "AKIA1"))
	path := fmt.Sprintf("%s/%d", accounts, id)
	a.EventuallyStatus(path, "draft")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", inAccount(id, nil)), "CLOUD_ACCOUNT_NOT_ACTIVE")
	a.Settle(path, "active")
	got := a.Do(http.MethodGet, path, nil)
	for member, want := range map[string]any{"name": "ours", "provider": "AWS", "accessKeyId": "AKIA1"} {
		if got.Get(member) != want {
			t.Errorf("%s: got %v, want %v", member, got.Get(member), want)
		}
	}
	if listed := item(t, a, accounts, "cloudAccounts", id); listed["name"] != "ours" ||
		item(t, a, accounts, "cloudAccounts", 1) == nil {
		t.Errorf("listed: got %v, and want account 1 as well", listed)
	}

	noName, noSecret := cloudAccountBody("", "AKIA2"), cloudAccountBody("other", "AKIA2")
	noSecret["accessSecretKey"] = ""
	wantError(t, a.Run(http.MethodPost, accounts, cloudAccountBody("ours", "AKIA2")), "CLOUD_ACCOUNT_NAME_EXISTS")
	wantError(t, a.Run(http.MethodPost, accounts, cloudAccountBody("other", "AKIA1")), "CLOUD_ACCOUNT_ACCESS_KEY_EXISTS")
	wantError(t, a.Run(http.MethodPost, accounts, noName), "BAD_REQUEST")
	wantError(t, a.Run(http.MethodPost, accounts, noSecret), "CLOUD_ACCOUNT_INVALID_CREDS")

	change := cloudAccountBody("renamed", "AKIA3")
	delete(change, "provider")
	wantError(t, a.Run(http.MethodPut, accounts+"/1", change), "CLOUD_ACCOUNT_PERMISSION_FAILED")
	wantError(t, a.Run(http.MethodDelete, accounts+"/1", nil), "CLOUD_ACCOUNT_PERMISSION_FAILED")
	wantError(t, a.Run(http.MethodPut, accounts+"/2", change), "CLOUD_ACCOUNT_NOT_FOUND")
	wantError(t, a.Run(http.MethodDelete, accounts+"/2", nil), "CLOUD_ACCOUNT_NOT_FOUND")
	wantDone(t, a.Run(http.MethodPut, path, change))
	got = a.Do(http.MethodGet, path, nil)
	if got.Get("name") != "renamed" || got.Get("accessKeyId") != "AKIA3" || got.Get("status") != "change-draft" {
		t.Errorf("changed: got %s", got.Body)
	}
	a.Settle(path, "active")
	delete(change, "name")
	wantDone(t, a.Run(http.MethodPut, path, change))
	a.Settle(path, "active")
	if got := a.Do(http.MethodGet, path, nil).Get("name"); got != "renamed" {
		t.Errorf("got name %v, want it kept", got)
	}

	wantDone(t, a.Run(http.MethodDelete, path, nil))
	if got := a.Do(http.MethodGet, path, nil); got.Status != http.StatusNotFound {
		t.Errorf("deleted: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, path, nil), "CLOUD_ACCOUNT_NOT_FOUND")
}

// inAccount is the body of a subscription in a customer's own cloud account.
func inAccount(id int64, networking map[string]any) map[string]any {
	place := map[string]any{"deploymentCIDR": "10.7.0.0/24"}
	maps.Copy(place, networking)
	body := apitest.SubscriptionBody("own")
	body["cloudProviders"] = []any{map[string]any{
		"provider": "AWS", "cloudAccountId": id,
		"regions":      []any{map[string]any{"region": "us-east-1", "networking": place}},
		"resourceTags": []any{map[string]any{"key": "team", "value": "web"}},
	}}
	return body
}

func TestSubscriptionInOwnAccount(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	id := a.Create("/v1/cloud-accounts", cloudAccountBody("ours", "AKIA1"))
	account := fmt.Sprintf("/v1/cloud-accounts/%d", id)
	a.Settle(account, "active")

	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", inAccount(2, nil)), "CLOUD_ACCOUNT_NOT_FOUND")
	google := cloudAccountBody("google", "AKIA2")
	google["provider"] = "GCP"
	other := a.Create("/v1/cloud-accounts", google)
	a.Settle(fmt.Sprintf("/v1/cloud-accounts/%d", other), "active")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", inAccount(other, nil)), "SUBSCRIPTION_CA_PROVIDER_MISMATCH")
	wantError(t, a.Run(http.MethodPost, "/v1/subscriptions", inAccount(id, map[string]any{"deploymentCIDR": ""})),
		"NETWORKING_CIDR_MISSING")

	dry := inAccount(id, nil)
	dry["dryRun"] = true
	task := a.Run(http.MethodPost, "/v1/subscriptions", dry)
	if task.Get("response", "resource", "pricing", 0, "type") != "Shards" ||
		task.Get("response", "resource", "pricing", 1) != nil {
		t.Errorf("dry run: got %s, want no minimum price", task.Body)
	}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", inAccount(id, map[string]any{
		"vpcId": "vpc-1", "subnetIds": []string{"subnet-7"}, "securityGroupId": "sg-1",
	})))
	a.Settle(sub, "active")
	got := a.Do(http.MethodGet, sub, nil)
	if got.Get("cloudDetails", 0, "cloudAccountId") != float64(id) {
		t.Errorf("got %s, want it in account %d", got.Body, id)
	}
	wantPlace := map[string]any{"deploymentCIDR": "10.7.0.0/24", "vpcId": "vpc-1", "subnetId": "subnet-7"}
	if diff := cmp.Diff(wantPlace, got.Get("cloudDetails", 0, "regions", 0, "networking", 0)); diff != "" {
		t.Errorf("networking (-want +got):\n%s", diff)
	}
	tags := func() any { return a.Do(http.MethodGet, sub, nil).Get("cloudDetails", 0, "resourceTags") }
	if diff := cmp.Diff([]any{map[string]any{"key": "team", "value": "web"}}, tags()); diff != "" {
		t.Errorf("resource tags (-want +got):\n%s", diff)
	}

	wantDone(t, a.Run(http.MethodPut, sub+"/resource-tags",
		`{"resourceTags": [{"key": "team", "value": "data"}, {"key": "cost", "value": ""}]}`))
	want := []any{map[string]any{"key": "team", "value": "data"}, map[string]any{"key": "cost", "value": ""}}
	if diff := cmp.Diff(want, tags()); diff != "" {
		t.Errorf("replaced resource tags (-want +got):\n%s", diff)
	}
	wantError(t, a.Run(http.MethodPut, sub+"/resource-tags", `{"resourceTags": [{"key": "team"}]}`),
		"RESOURCE_TAGS_MISSING_VALUE")
	wantDone(t, a.Run(http.MethodPut, sub+"/resource-tags", `{"resourceTags": []}`))
	if got := tags(); got != nil {
		t.Errorf("got resource tags %v, want none", got)
	}
	for path, body := range map[string]any{
		"/peerings": `{"region": "us-east-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", ` +
			`"vpcCidr": "172.20.0.0/16"}`,
		"/private-link":                   `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`,
		"/transitGateways/101/attachment": nil,
		"/private-service-connect":        nil,
	} {
		wantError(t, a.Run(http.MethodPost, sub+path, body), "CONNECTIVITY_REQUESTS_ON_CUSTOMER_MANAGED_VPC_SUBSCRIPTION")
	}
	wantDone(t, a.Run(http.MethodGet, sub+"/peerings", nil))
	internal := a.Subscription("internal")
	wantError(t, a.Run(http.MethodPut, internal+"/resource-tags", `{"resourceTags": [{"key": "team", "value": "web"}]}`),
		"RESOURCE_TAGS_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT")
	wantError(t, a.Run(http.MethodPut, "/v1/subscriptions/1/resource-tags", `{"resourceTags": []}`),
		"SUBSCRIPTION_NOT_FOUND")

	wantError(t, a.Run(http.MethodDelete, account, nil), "CLOUD_ACCOUNT_USED")
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%d", sub, firstDatabase(t, a, sub)), nil))
	wantDone(t, a.Run(http.MethodDelete, sub, nil))
	a.Settle(sub, "")
	wantDone(t, a.Run(http.MethodDelete, account, nil))
	a.Settle(account, "")
}
