package catalog_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/catalog"
	"github.com/understudy-dev/understudy/internal/cloud"
)

func TestConnectionsOfRegions(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := fmt.Sprintf("/v1/subscriptions/%d", a.Create("/v1/subscriptions", activeActiveBody("global")))
	a.Settle(sub, "active")

	peerings := sub + "/regions/peerings/"
	body := `{"sourceRegion": "us-east-2", "destinationRegion": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`
	id := a.Create(peerings, body)
	await[catalog.Peering](t, a, time.Hour, cloud.StatusActive)
	wantDone(t, a.Run(http.MethodPut, fmt.Sprintf("%s%d", peerings, id), `{"vpcCidr": "172.21.0.0/16"}`))
	got := read(t, a, peerings)
	if resource(got, "regions", 0, "vpcPeerings", 0) != nil || resource(got, "regions", 1, "vpcPeerings", 0, "vpcCidr") != "172.21.0.0/16" {
		t.Errorf("after the change: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s%d", peerings, id), nil))
	await[catalog.Peering](t, a, time.Minute, "")
	wantError(t, a.Run(http.MethodDelete, fmt.Sprintf("%s%d", peerings, id), nil), cloud.PeeringNone)
	wantError(t, a.Run(http.MethodPut, fmt.Sprintf("%s%d", peerings, id), `{"vpcCidr": "172.21.0.0/16"}`), cloud.RegionPeeringNotFound)
	wantError(t, a.Run(http.MethodPost, peerings, strings.Replace(body, "210987654321", "4291", 1)), cloud.RegionPeeringAccountInvalid)
	wantError(t, a.Run(http.MethodGet, sub+"/peerings", nil), cloud.PeeringListActiveActive)
	wantError(t, a.Run(http.MethodGet, sub+"/private-link", nil), cloud.PrivateLinkReadActiveActive)
	wantError(t, a.Run(http.MethodGet, sub+"/regions/77/private-link", nil), cloud.SubscriptionRegionUnknown)

	link := sub + "/regions/59/private-link"
	a.Create(link, `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`)
	await[catalog.PrivateLink](t, a, time.Minute, cloud.StatusActive)
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
	await[catalog.GatewayAttachment](t, a, time.Minute, "available")
	if got := read(t, a, sub+"/regions/1/transitGateways"); resource(got, "tgws", 0) != nil {
		t.Errorf("the other region: got %s", got.Body)
	}

	// What connects a region goes with it.
	a.Create(peerings, body)
	wantDone(t, a.Run(http.MethodDelete, sub+"/regions", `{"regions": [{"region": "us-east-2"}]}`))
	a.Settle(sub, "active")
	await[catalog.Peering](t, a, 0, "")
	await[catalog.PrivateLink](t, a, 0, "")
	await[catalog.Principal](t, a, 0, "")
	await[catalog.TransitGateway](t, a, 0, "")
	await[catalog.GatewayAttachment](t, a, 0, "")
	wantError(t, a.Run(http.MethodGet, link, nil), cloud.SubscriptionRegionUnknown)
}
