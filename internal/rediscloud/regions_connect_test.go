package rediscloud_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
)

func TestConnectionsOfRegions(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")

	peerings := sub + "/regions/peerings/"
	body := `{"sourceRegion": "us-east-2", "destinationRegion": "eu-west-1", "awsAccountId": "210987654321", ` +
		`"vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`
	id := a.Create(peerings, body)
	await[network.Peering](t, a, time.Hour, cloud.StatusActive)
	wantDone(t, a.Run(http.MethodPut, fmt.Sprintf("%s%d", peerings, id), `{"vpcCidr": "172.21.0.0/16"}`))
	got := read(t, a, peerings)
	if resource(got, "regions", 0, "vpcPeerings", 0) != nil ||
		resource(got, "regions", 1, "vpcPeerings", 0, "vpcCidr") != "172.21.0.0/16" {
		t.Errorf("after the change: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s%d", peerings, id), nil))
	await[network.Peering](t, a, time.Minute, "")
	wantError(t, a.Run(http.MethodDelete, fmt.Sprintf("%s%d", peerings, id), nil),
		"DELETING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_FOR_A_SUBSCRIPTION_WITH_NO_VPC_PEERINGS")
	wantError(t, a.Run(http.MethodPut, fmt.Sprintf("%s%d", peerings, id), `{"vpcCidr": "172.21.0.0/16"}`),
		"ACTIVE_ACTIVE_VPC_PEERING_NOT_FOUND")
	wantError(t, a.Run(http.MethodPost, peerings, strings.Replace(body, "210987654321", "4291", 1)),
		"ACTIVE_ACTIVE_VPC_PEERING_INVALID_AWS_ACCOUNT")
	wantError(t, a.Run(http.MethodGet, sub+"/peerings", nil),
		"GETTING_SINGLE_REGION_VPC_PEERINGS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodGet, sub+"/private-link", nil),
		"PRIVATE_LINK_GET_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION")
	wantError(t, a.Run(http.MethodGet, sub+"/regions/77/private-link", nil), "SUBSCRIPTION_INVALID_REGION_ID")

	link := sub + "/regions/59/private-link"
	a.Create(link, `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`)
	await[network.PrivateLink](t, a, time.Minute, cloud.StatusActive)
	if got := read(t, a, link); resource(got, "databases", 0) == nil {
		t.Errorf("the region's PrivateLink: got %s", got.Body)
	}
	if got := read(t, a, sub+"/regions/1/private-link"); fmt.Sprint(resource(got)) != "map[links:[]]" {
		t.Errorf("the other region: got %s", got.Body)
	}
	gateways := sub + "/regions/59/transitGateways"
	wantDone(t, a.Run(http.MethodPut, gateways+"/invitations/101/accept", nil))
	got = read(t, a, gateways)
	wantDone(t, a.Run(http.MethodPost, fmt.Sprintf("%s/%.0f/attachment", gateways, resource(got, "tgws", 0, "id")), nil))
	await[network.GatewayAttachment](t, a, time.Minute, "available")
	if got := read(t, a, sub+"/regions/1/transitGateways"); resource(got, "tgws", 0) != nil {
		t.Errorf("the other region: got %s", got.Body)
	}

	// What connects a region goes with it.
	a.Create(peerings, body)
	wantDone(t, a.Run(http.MethodDelete, sub+"/regions", `{"regions": [{"region": "us-east-2"}]}`))
	a.Settle(sub, "active")
	await[network.Peering](t, a, 0, "")
	await[network.PrivateLink](t, a, 0, "")
	await[network.Principal](t, a, 0, "")
	await[network.TransitGateway](t, a, 0, "")
	await[network.GatewayAttachment](t, a, 0, "")
	wantError(t, a.Run(http.MethodGet, link, nil), "SUBSCRIPTION_INVALID_REGION_ID")
}

func TestPrivateLinkOfARegion(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")
	link := sub + "/regions/59/private-link"
	a.Create(link, `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`)
	await[network.PrivateLink](t, a, time.Minute, cloud.StatusActive)

	role := `{"principal": "arn:aws:iam::210987654321:role/orders", "type": "iam_role", "alias": "orders"}`
	wantDone(t, a.Run(http.MethodPost, link+"/principals", role))
	if got := read(t, a, link); resource(got, "principals", 1, "alias") != "orders" {
		t.Errorf("after the second principal: got %s", got.Body)
	}
	got := read(t, a, link+"/endpoint-script?includeTerraformAwsScript=true")
	if resource(got, "terraformAwsScript") == nil {
		t.Errorf("endpoint script: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodPost, link+"/connections/disassociate", `{"connections": []}`))
	wantDone(t, a.Run(http.MethodDelete, link, nil))
	await[network.PrivateLink](t, a, time.Minute, "")
}

// What one region is told about a transit gateway, the other does not know.
func TestTransitGatewayOfARegion(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")
	ohio, virginia := sub+"/regions/59/transitGateways", sub+"/regions/1/transitGateways"

	wantDone(t, a.Run(http.MethodPut, ohio+"/invitations/101/accept", nil))
	if got := read(t, a, virginia+"/invitations"); resource(got, "resources", 0, "status") != "pending" {
		t.Errorf("invitations of the other region: got %s, want one that waits", got.Body)
	}
	wantDone(t, a.Run(http.MethodPut, virginia+"/invitations/101/reject", nil))
	if got := read(t, a, virginia+"/invitations"); resource(got, "resources", 0, "status") != "rejected" {
		t.Errorf("invitations of the other region: got %s, want one that was rejected", got.Body)
	}
	attachment := fmt.Sprintf("%s/%.0f/attachment", ohio, resource(read(t, a, ohio), "tgws", 0, "id"))
	wantDone(t, a.Run(http.MethodPost, attachment, nil))
	await[network.GatewayAttachment](t, a, time.Minute, "available")
	wantDone(t, a.Run(http.MethodPut, attachment, `{"cidrs": ["10.20.0.0/16"]}`))
	if got := read(t, a, ohio); resource(got, "tgws", 0, "cidrs", 0, "cidrAddress") != "10.20.0.0/16" {
		t.Errorf("after the change: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, attachment, nil))
	await[network.GatewayAttachment](t, a, time.Minute, "")
}

func TestPrivateServiceConnectOfARegion(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	body := activeActiveBody("google")
	body["cloudProviders"] = []any{map[string]any{"provider": "GCP", "regions": []any{
		map[string]any{"region": "us-west1", "networking": map[string]any{"deploymentCIDR": "10.0.0.0/24"}},
		map[string]any{"region": "europe-west1", "networking": map[string]any{"deploymentCIDR": "10.0.1.0/24"}},
	}}}
	body["databases"] = []any{map[string]any{"name": "first", "protocol": "redis", "datasetSizeInGb": 1}}
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", body))
	a.Settle(sub, "active")
	regions := a.Do(http.MethodGet, sub+"/regions", nil)
	path := fmt.Sprintf("%s/regions/%.0f/private-service-connect", sub, regions.Get("regions", 0, "regionId"))
	other := fmt.Sprintf("%s/regions/%.0f/private-service-connect", sub, regions.Get("regions", 1, "regionId"))

	list := fmt.Sprintf("%s/%d", path, a.Create(path, nil))
	await[network.PSCService](t, a, 2*time.Minute, cloud.StatusActive)
	if got := read(t, a, path); resource(got, "status") != "active" {
		t.Errorf("service: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodGet, other, nil), "PSC_SERVICE_NOT_FOUND")
	one := fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	await[network.PSCEndpoint](t, a, 2*time.Minute, "pending")
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	await[network.PSCEndpoint](t, a, 5*time.Second, cloud.StatusActive)
	if got := read(t, a, list); resource(got, "endpoints", 0, "status") != "active" {
		t.Errorf("endpoints: got %s", got.Body)
	}
	got := read(t, a, one+"/creationScripts?includeTerraformGcpScript=true")
	if resource(got, "script", "terraformGcp", "serviceAttachments", 0) == nil {
		t.Errorf("creation script: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodGet, one+"/deletionScripts", nil))
	wantDone(t, a.Run(http.MethodDelete, one, nil))
	wantDone(t, a.Run(http.MethodDelete, path, nil))
	await[network.PSCService](t, a, time.Minute, "")
}
