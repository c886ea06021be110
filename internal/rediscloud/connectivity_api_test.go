package rediscloud_test

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
	"github.com/understudy-dev/understudy/internal/store"
)

// googleSubscription is Account.Subscription on GCP.
func googleSubscription(a *apitest.Account) (path string) {
	body := apitest.SubscriptionBody("google")
	body["cloudProviders"] = []any{map[string]any{
		"provider": "GCP", "regions": []any{map[string]any{"region": "us-east1"}},
	}}
	path = fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(path, "active")
	return path
}

// googleRegion is googleSubscription for a region of an Active-Active one.
func googleRegion(a *apitest.Account) (path string) {
	body := activeActiveBody("google")
	region := func(name, cidr string) any {
		return map[string]any{"region": name, "networking": map[string]any{"deploymentCIDR": cidr}}
	}
	body["cloudProviders"] = []any{map[string]any{
		"provider": "GCP", "regions": []any{region("us-east1", "10.0.0.0/24"), region("us-central1", "10.0.1.0/24")},
	}}
	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	return sub + "/regions/27"
}

// inBothLocations tells a story in the only region of a subscription and in one of an
// Active-Active subscription: the operations are twins.
func inBothLocations(t *testing.T, provider string, story func(t *testing.T, a *apitest.Account, place string)) {
	t.Helper()
	places := map[string]func(*testing.T, *apitest.Account) string{
		"AWS": func(_ *testing.T, a *apitest.Account) string { return a.Subscription("amazon") },
		"AWS region": func(t *testing.T, a *apitest.Account) string {
			return path.Dir(path.Dir(activeActive(t, a))) + "/regions/59"
		},
		"GCP":        func(_ *testing.T, a *apitest.Account) string { return googleSubscription(a) },
		"GCP region": func(_ *testing.T, a *apitest.Account) string { return googleRegion(a) },
	}
	for _, name := range []string{provider, provider + " region"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			story(t, a, places[name](t, a))
		})
	}
}

// read runs a GET that is answered with a task, and fails unless it is completed
// and names the subscription.
func read(tb testing.TB, a *apitest.Account, path string) apitest.Answer {
	tb.Helper()
	task := a.Run(http.MethodGet, path, nil)
	wantDone(tb, task)
	if sub := fmt.Sprintf("/v1/subscriptions/%v/", task.Get("response", "resourceId")); !strings.HasPrefix(path, sub) {
		tb.Errorf("GET %s names %s, want its subscription", path, sub)
	}
	return task
}

// resource looks up a member of what a task has read.
func resource(task apitest.Answer, path ...any) any {
	return task.Get(append([]any{"response", "resource"}, path...)...)
}

// await lets time pass until the only resource of a kind is in a state by then; ""
// means gone. One that is on its way out may be there for a moment longer. The state is
// looked up without a task, which would let more time pass.
func await[B cloud.Body](tb testing.TB, a *apitest.Account, d time.Duration, want cloud.Status) {
	tb.Helper()
	a.Advance(d)
	apitest.Eventually(tb, fmt.Sprintf("%T is %q", *new(B), want), func() bool {
		var list []cloud.Resource[B]
		err := a.DB.Read(tb.Context(), cloud.Caller{Account: a.ID}, func(tx *store.Tx) (err error) {
			list, err = store.All[B](tb.Context(), tx)
			return err
		})
		if err != nil {
			tb.Fatal(err)
		}
		return len(list) == 0 && want == "" || len(list) == 1 && list[0].Status == want
	})
}

func TestPeeringLife(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := a.Subscription("peered")
	path := sub + "/peerings"

	if got := read(t, a, path); fmt.Sprint(resource(got, "peerings")) != "[]" {
		t.Errorf("before any: got %s", got.Body)
	}
	body := map[string]any{
		"region": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-0f9e8d7c6b5a43210",
		"vpcCidrs": []string{"172.20.0.0/16"},
	}
	id := a.Create(path, body)
	peering := fmt.Sprintf("%s/%d", path, id)
	await[network.Peering](t, a, 0, "initiating-request")
	wantError(t, a.Run(http.MethodPost, path, body), "VPC_PEERING_ALREADY_EXIST")
	wantError(t, a.Run(http.MethodPut, peering, `{"vpcCidr": "172.21.0.0/16"}`), "VPC_PEERING_NOT_ACTIVE")
	await[network.Peering](t, a, 0, "pending-acceptance")
	await[network.Peering](t, a, time.Minute, cloud.StatusActive)
	got := read(t, a, path)
	for _, tt := range []struct {
		member string
		want   any
	}{
		{"vpcPeeringId", float64(id)},
		{"status", "active"},
		{"awsAccountId", "210987654321"},
		{"vpcUid", "vpc-0f9e8d7c6b5a43210"},
		{"vpcCidr", "172.20.0.0/16"},
		{"vpcCidrs", nil},
		{"regionName", "eu-west-1"},
		{"projectUid", nil},
	} {
		if value := resource(got, "peerings", 0, tt.member); value != tt.want {
			t.Errorf("%s: got %v, want %v", tt.member, value, tt.want)
		}
	}
	wantDone(t, a.Run(http.MethodPut, peering, `{"vpcCidrs": ["172.21.0.0/16", "172.22.0.0/16"]}`))
	got = read(t, a, path)
	if resource(got, "peerings", 0, "vpcCidrs", 1, "vpcCidr") != "172.22.0.0/16" ||
		resource(got, "peerings", 0, "vpcCidrs", 1, "active") != "true" {
		t.Errorf("after the change: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, peering, nil))
	if got := read(t, a, path); resource(got, "peerings", 0) != nil {
		t.Errorf("after the deletion: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, peering, nil), "VPC_PEERING_NOT_FOUND")
	a.Create(path, body) // the network is free again
	await[network.Peering](t, a, time.Hour, cloud.StatusActive)
}

// acceptPeering does what the owner of a VPC does, for which the API has nothing.
func acceptPeering(tb testing.TB, a *apitest.Account, id int64) {
	tb.Helper()
	err := a.DB.Write(tb.Context(), cloud.Caller{Account: a.ID}, func(tx *store.Tx) error {
		return network.AcceptPeering(tb.Context(), tx, id)
	})
	if err != nil {
		tb.Fatal(err)
	}
}

func TestGooglePeering(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := googleSubscription(a) + "/peerings"

	id := a.Create(path, `{"provider": "gcp", "vpcProjectUid": "cloud-api-123456", "vpcNetworkName": "shop"}`)
	await[network.Peering](t, a, 5*time.Second, "inactive")
	got := read(t, a, path)
	for _, member := range []string{"projectUid", "networkName", "redisProjectUid", "redisNetworkName", "cloudPeeringId"} {
		if text, _ := resource(got, "peerings", 0, member).(string); text == "" {
			t.Errorf("%s is not there: %s", member, got.Body)
		}
	}
	await[network.Peering](t, a, time.Hour, "inactive")
	acceptPeering(t, a, id)
	await[network.Peering](t, a, 0, cloud.StatusActive)
	wantError(t, a.Run(http.MethodPut, fmt.Sprintf("%s/%d", path, id), `{"vpcCidr": "172.21.0.0/16"}`),
		"VPC_PEERING_BELONGS_TO_DIFFERENT_CLOUD_PROVIDER")
}

func TestGooglePeeringOfARegion(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := path.Dir(googleRegion(a)) + "/peerings/"

	id := a.Create(path,
		`{"provider": "gcp", "sourceRegion": "us-central1", "vpcProjectUid": "cloud-api-123456", "vpcNetworkName": "shop"}`)
	await[network.Peering](t, a, time.Hour, "inactive")
	got := read(t, a, path)
	for member, want := range map[string]any{
		"id": float64(id), "vpcProjectUid": "cloud-api-123456", "vpcNetworkName": "shop", "sourceRegion": "us-central1",
		"destinationRegion": nil, "awsAccountId": nil,
	} {
		if value := resource(got, "regions", 0, "vpcPeerings", 0, member); value != want {
			t.Errorf("%s: got %v, want %v", member, value, want)
		}
	}
	for _, member := range []string{"redisProjectUid", "redisNetworkName", "cloudPeeringId"} {
		if text, _ := resource(got, "regions", 0, "vpcPeerings", 0, member).(string); text == "" {
			t.Errorf("%s is not there: %s", member, got.Body)
		}
	}
	wantError(t, a.Run(http.MethodPost, path,
		`{"provider": "gcp", "sourceRegion": "us-west1", "vpcProjectUid": "cloud-api-123456", "vpcNetworkName": "shop"}`),
		"ACTIVE_ACTIVE_VPC_PEERING_INVALID_SOURCE_REGION_NAME")
	wantError(t, a.Run(http.MethodDelete, path+"1", nil), "ACTIVE_ACTIVE_VPC_PEERING_NOT_FOUND")
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s%d", path, id), nil))
	await[network.Peering](t, a, time.Minute, "")
}

func TestTransitGatewayLife(t *testing.T) {
	t.Parallel()
	inBothLocations(t, "AWS", transitGatewayLife)
}

func transitGatewayLife(t *testing.T, a *apitest.Account, place string) {
	path := place + "/transitGateways"
	first := read(t, a, path+"/invitations")
	invitation := fmt.Sprintf("%s/invitations/%.0f", path, resource(first, "resources", 0, "id"))
	if got := resource(first, "resources", 0, "status"); got != "pending" {
		t.Errorf("first invitation: got %v, want it pending", got)
	}
	if got := read(t, a, path); fmt.Sprint(resource(got, "tgws")) != "[]" {
		t.Errorf("before it is accepted: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodPut, path+"/invitations/1/accept", nil), "TGW_RESOURCE_SHARE_DOES_NOT_EXIST")
	for range 2 {
		wantDone(t, a.Run(http.MethodPut, invitation+"/accept", nil))
	}
	wantError(t, a.Run(http.MethodPut, invitation+"/reject", nil), "TGW_RESOURCE_SHARE_DOES_NOT_EXIST")
	if got := read(t, a, path+"/invitations"); resource(got, "resources", 0, "status") != "accepted" {
		t.Errorf("got %s, want it accepted", got.Body)
	}

	got := read(t, a, path)
	if resource(got, "tgws", 0, "status") != "available" || resource(got, "tgws", 0, "attachmentStatus") != nil {
		t.Errorf("before it is attached: got %s", got.Body)
	}
	attachment := fmt.Sprintf("%s/%.0f/attachment", path, resource(got, "tgws", 0, "id"))
	wantError(t, a.Run(http.MethodPut, attachment, `{"cidrs": []}`), "TGW_ATTACHMENT_DOES_NOT_EXIST")
	wantError(t, a.Run(http.MethodDelete, attachment, nil), "TGW_ATTACHMENT_DOES_NOT_EXIST")
	wantError(t, a.Run(http.MethodPost, path+"/1/attachment", nil), "TGW_DOES_NOT_EXIST")
	wantDone(t, a.Run(http.MethodPost, attachment, nil))
	await[network.GatewayAttachment](t, a, 0, "initiating-request")
	await[network.GatewayAttachment](t, a, 5*time.Second, "pending")
	wantError(t, a.Run(http.MethodPost, attachment, nil), "CONFLICT_ERROR")
	got = read(t, a, path)
	if resource(got, "tgws", 0, "status") != "pending" || resource(got, "tgws", 0, "attachmentStatus") != "pending" {
		t.Errorf("while it is attached: got %s", got.Body)
	}
	await[network.GatewayAttachment](t, a, 25*time.Second, "available")
	wantDone(t, a.Run(http.MethodPut, attachment, `{"cidrs": ["10.20.0.0/16", {"cidrAddress": "10.10.0.0/16"}]}`))
	got = read(t, a, path)
	if resource(got, "tgws", 0, "cidrs", 0, "cidrAddress") != "10.20.0.0/16" ||
		resource(got, "tgws", 0, "cidrs", 1, "cidrAddress") != "10.10.0.0/16" {
		t.Errorf("got %s, want both CIDRs in their order", got.Body)
	}
	wantError(t, a.Run(http.MethodPut, attachment, `{"cidrs": ["10.20.0.0/16", "10.10.0.0/16"]}`),
		"TGW_ATTACHMENT_CIDRS_ARE_THE_SAME_AS_EXISTING_ONES")
	wantDone(t, a.Run(http.MethodPut, attachment, `{"cidrs": null}`)) // as the official SDK writes no list at all
	if got = read(t, a, path); resource(got, "tgws", 0, "cidrs", 0) != nil {
		t.Errorf("got %s, want no CIDRs", got.Body)
	}
	wantDone(t, a.Run(http.MethodPut, attachment, `{"cidrs": []}`))
	wantDone(t, a.Run(http.MethodDelete, attachment, nil))
	await[network.GatewayAttachment](t, a, 0, "")
	got = read(t, a, path)
	if resource(got, "tgws", 0, "status") != "available" || resource(got, "tgws", 0, "attachmentUid") != nil {
		t.Errorf("after it was detached: got %s", got.Body)
	}
}

func TestTransitGatewayRejected(t *testing.T) {
	t.Parallel()
	inBothLocations(t, "AWS", transitGatewayRejected)
}

func transitGatewayRejected(t *testing.T, a *apitest.Account, place string) {
	path := place + "/transitGateways"
	wantDone(t, a.Run(http.MethodPut, path+"/invitations/101/reject", nil))
	wantError(t, a.Run(http.MethodPut, path+"/invitations/101/accept", nil), "TGW_RESOURCE_SHARE_DOES_NOT_EXIST")
	if got := read(t, a, path+"/invitations"); resource(got, "resources", 0, "status") != "rejected" {
		t.Errorf("got %s, want it rejected", got.Body)
	}
	if got := read(t, a, path); resource(got, "tgws", 0) != nil {
		t.Errorf("got %s, want no gateway", got.Body)
	}
}
