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

// A request for the wrong provider, for a region of a subscription that has only
// one, or for a subscription that is not there or not active.
func TestConnectivityInTheWrongLocation(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	amazon, google := a.Subscription("amazon"), googleSubscription(a)

	link := `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`
	vpc := `{"sourceRegion": "us-east-1", "destinationRegion": "us-east-1", "awsAccountId": "210987654321", ` +
		`"vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`
	cut := `{"connections": []}`
	principal := `{"principal": "210987654321"}`
	for _, tt := range []struct {
		method, path string
		body         any
		want         cloud.Code
	}{
		{"GET", amazon + "/private-service-connect", nil, "PSC_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{"POST", amazon + "/private-service-connect", nil, "PSC_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{"GET", google + "/private-link", nil, "PRIVATE_LINK_CLOUD_PROVIDER_NOT_SUPPORTED"},
		{"POST", google + "/private-link", link, "PRIVATE_LINK_CLOUD_PROVIDER_NOT_SUPPORTED"},
		{"GET", google + "/transitGateways", nil, "TGW_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{"GET", google + "/transitGateways/invitations", nil, "TGW_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{"PUT", google + "/transitGateways/invitations/101/accept", nil, "TGW_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{"POST", google + "/transitGateways/1/attachment", nil, "TGW_CLOUD_PROVIDER_IS_NOT_SUPPORTED"},
		{
			"GET", amazon + "/regions/peerings/", nil,
			"GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_VPC_PEERINGS_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"POST", amazon + "/regions/peerings/", vpc,
			"CREATING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"PUT", amazon + "/regions/peerings/1", `{"vpcCidr": "172.20.0.0/16"}`,
			"UPDATING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"DELETE", amazon + "/regions/peerings/1", nil,
			"DELETING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"GET", amazon + "/regions/1/transitGateways", nil,
			"TGW_GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"GET", amazon + "/regions/1/transitGateways/invitations", nil,
			"TGW_GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_INVITATIONS_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"PUT", amazon + "/regions/1/transitGateways/invitations/101/accept", nil,
			"TGW_ACCEPTING_AN_ACTIVE_ACTIVE_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"PUT", amazon + "/regions/1/transitGateways/invitations/101/reject", nil,
			"TGW_REJECTING_AN_ACTIVE_ACTIVE_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"POST", amazon + "/regions/1/transitGateways/1/attachment", nil,
			"TGW_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"PUT", amazon + "/regions/1/transitGateways/1/attachment", `{"cidrs": []}`,
			"TGW_UPDATING_AN_ACTIVE_ACTIVE_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"DELETE", amazon + "/regions/1/transitGateways/1/attachment", nil,
			"TGW_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"GET", google + "/regions/38/private-service-connect", nil,
			"PSC_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINTS_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"POST", google + "/regions/38/private-service-connect", nil,
			"PSC_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"DELETE", google + "/regions/38/private-service-connect", nil,
			"PSC_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"GET", google + "/regions/38/private-service-connect/1", nil,
			"PSC_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINTS_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"POST", google + "/regions/38/private-service-connect/1", endpointBody,
			"PSC_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"PUT", google + "/regions/38/private-service-connect/1/endpoints/1", `{"action": "accept"}`,
			"PSC_UPDATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"DELETE", google + "/regions/38/private-service-connect/1/endpoints/1", nil,
			"PSC_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"GET", google + "/regions/38/private-service-connect/1/endpoints/1/creationScripts", nil,
			"PSC_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINTS_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"GET", google + "/regions/38/private-service-connect/1/endpoints/1/deletionScripts", nil,
			"PSC_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINTS_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		},
		{
			"GET", amazon + "/regions/1/private-link", nil,
			"PRIVATE_LINK_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"POST", amazon + "/regions/1/private-link", link,
			"PRIVATE_LINK_CREATE_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"DELETE", amazon + "/regions/1/private-link", nil,
			"PRIVATE_LINK_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"POST", amazon + "/regions/1/private-link/connections/disassociate", cut,
			"PRIVATE_LINK_DISASSOCIATE_CONNECTIONS_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"GET", amazon + "/regions/1/private-link/endpoint-script", nil,
			"PRIVATE_LINK_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"POST", amazon + "/regions/1/private-link/principals", principal,
			"PRIVATE_LINK_CREATING_PRINCIPLES_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{
			"DELETE", amazon + "/regions/1/private-link/principals", principal,
			"PRIVATE_LINK_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRINCIPALS_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		},
		{"POST", "/v1/subscriptions/1/private-service-connect", nil, "SUBSCRIPTION_NOT_FOUND"},
		{"POST", "/v1/subscriptions/1/private-link", link, "SUBSCRIPTION_NOT_FOUND"},
	} {
		t.Log(tt.method, tt.path)
		wantError(t, a.Run(tt.method, tt.path, tt.body), tt.want)
	}
	wantDone(t, a.Run(http.MethodPut, amazon, `{"name": "renamed"}`))
	wantError(t, a.Run(http.MethodPost, amazon+"/private-link", link), "SUBSCRIPTION_NOT_ACTIVE")
	wantDone(t, a.Run(http.MethodGet, amazon+"/private-link", nil))
}
