package rediscloud_test

import (
	"net/http"
	"path"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// An Active-Active subscription has its connections in its regions: an operation on a subscription of a single region
// ends in the error of that operation, and not in one for all of them.
func TestSingleRegionOperationsOnAnActiveActiveSubscription(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		provider, method, path string
		body                   any
		code                   cloud.Code
	}{
		{
			"AWS", "POST", "/peerings",
			`{"provider": "AWS", "region": "eu-west-1", "awsAccountId": "210987654321", "vpcId": "vpc-1", ` +
				`"vpcCidr": "172.20.0.0/16"}`,
			"CREATING_A_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "PUT", "/peerings/1", `{"vpcCidr": "172.21.0.0/16"}`,
			"UPDATING_A_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "DELETE", "/peerings/1", nil,
			"DELETING_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "GET", "/transitGateways", nil,
			"TGW_GETTING_SINGLE_REGION_TGWS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "GET", "/transitGateways/invitations", nil,
			"TGW_GETTING_SINGLE_REGION_TGW_INVITATIONS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "PUT", "/transitGateways/invitations/101/accept", nil,
			"TGW_ACCEPTING_A_FLEXIBLE_SUBSCRIPTION_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "PUT", "/transitGateways/invitations/101/reject", nil,
			"TGW_REJECTING_A_FLEXIBLE_SUBSCRIPTION_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "POST", "/transitGateways/1/attachment", nil,
			"TGW_CREATING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "PUT", "/transitGateways/1/attachment", `{"cidrs": ["10.1.0.0/24"]}`,
			"TGW_UPDATING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "DELETE", "/transitGateways/1/attachment", nil,
			"TGW_DELETING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "POST", "/private-link", `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`,
			"PRIVATE_LINK_CREATE_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "DELETE", "/private-link", nil,
			"PRIVATE_LINK_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "POST", "/private-link/principals", `{"principal": "210987654321", "type": "aws_account"}`,
			"PRIVATE_LINK_CREATING_PRINCIPLES_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"AWS", "DELETE", "/private-link/principals", `{"principal": "210987654321"}`,
			"PRIVATE_LINK_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRINCIPALS_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "POST", "/private-service-connect", nil,
			"PSC_CREATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "DELETE", "/private-service-connect", nil,
			"PSC_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "GET", "/private-service-connect/1", nil,
			"PSC_GET_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "POST", "/private-service-connect/1",
			`{"gcpProjectId": "my-project", "gcpVpcName": "v", "gcpVpcSubnetName": "s", "endpointConnectionName": "c"}`,
			"PSC_CREATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "PUT", "/private-service-connect/1/endpoints/1", `{"action": "accept"}`,
			"PSC_UPDATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
		{
			"GCP", "DELETE", "/private-service-connect/1/endpoints/1", nil,
			"PSC_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
	} {
		t.Run(tt.method+" "+tt.path, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			place := googleRegion
			if tt.provider == "AWS" {
				place = func(a *apitest.Account) string { return activeActive(t, a) }
			}
			sub := place(a)
			for range 2 { // the path of a region, or of a database, is below that of its subscription
				sub = path.Dir(sub)
			}
			if got := a.Do(http.MethodGet, sub, nil); got.Status != http.StatusOK {
				t.Fatalf("%s: got %d", sub, got.Status)
			}
			wantError(t, a.Run(tt.method, sub+tt.path, tt.body), tt.code)
		})
	}
}
