package catalog_test

import (
	"fmt"
	"net/http"
	"path"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/catalog"
	"github.com/understudy-dev/understudy/internal/cloud"
)

const endpointBody = `{"gcpProjectId": "shop-project", "gcpVpcName": "shop", "gcpVpcSubnetName": "shop-subnet", "endpointConnectionName": "orders"}`

// endpoint makes a service at a place and an endpoint of it that may be accepted.
// It gives back the path of the service's endpoints, and of the endpoint.
func endpoint(t *testing.T, a *apitest.Account, place string) (list, one string) {
	t.Helper()
	path := place + "/private-service-connect"
	list = fmt.Sprintf("%s/%d", path, a.Create(path, nil))
	await[catalog.PSCService](t, a, time.Minute, cloud.StatusActive)
	one = fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	await[catalog.PSCEndpoint](t, a, time.Minute, "processing")
	await[catalog.PSCEndpoint](t, a, 15*time.Second, "pending")
	return list, one
}

func TestPrivateServiceConnectLife(t *testing.T) {
	t.Parallel()
	inBothPlaces(t, "GCP", privateServiceConnectLife)
}

func privateServiceConnectLife(t *testing.T, a *apitest.Account, place string) {
	path := place + "/private-service-connect"
	wantError(t, a.Run(http.MethodGet, path, nil), cloud.PSCServiceNotFound)
	wantError(t, a.Run(http.MethodDelete, path, nil), cloud.PSCServiceNotFound)
	id := a.Create(path, nil)
	await[catalog.PSCService](t, a, 0, "create-queued")
	await[catalog.PSCService](t, a, 2*time.Second, "initialized")
	await[catalog.PSCService](t, a, 3*time.Second, "create-pending")
	list := fmt.Sprintf("%s/%d", path, id)
	wantError(t, a.Run(http.MethodPost, list, endpointBody), cloud.PSCServiceNotActive)
	wantError(t, a.Run(http.MethodPost, path, nil), cloud.PSCServiceExists)
	await[catalog.PSCService](t, a, time.Minute, cloud.StatusActive)
	got := read(t, a, path)
	if resource(got, "id") != float64(id) || resource(got, "status") != "active" ||
		!strings.HasPrefix(fmt.Sprint(resource(got, "connectionHostName")), "psc.") {
		t.Errorf("service: got %s", got.Body)
	}

	for field, code := range map[string]cloud.Code{
		"gcpProjectId": cloud.PSCEndpointProjectInvalid, "gcpVpcName": cloud.PSCEndpointVPCInvalid,
		"gcpVpcSubnetName": cloud.PSCEndpointSubnetInvalid, "endpointConnectionName": cloud.PSCEndpointConnectionInvalid,
	} {
		body := map[string]any{"gcpProjectId": "shop-project", "gcpVpcName": "shop", "gcpVpcSubnetName": "shop-subnet", "endpointConnectionName": "orders"}
		body[field] = "Not A Name"
		wantError(t, a.Run(http.MethodPost, list, body), code)
	}
	wantError(t, a.Run(http.MethodPost, path+"/1", endpointBody), cloud.PSCServiceNotFound)
	endpoint := fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	wantError(t, a.Run(http.MethodPost, list, endpointBody), cloud.PSCEndpointExists)
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "accept"}`), cloud.PSCEndpointInitialized)
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "accept", "gcpVpcName": "other"}`), cloud.PSCEndpointActionAndMore)
	wantError(t, a.Run(http.MethodPut, endpoint, `{}`), cloud.PSCEndpointActionInvalid)
	wantDone(t, a.Run(http.MethodDelete, endpoint, nil))
	wantError(t, a.Run(http.MethodDelete, endpoint, nil), cloud.PSCEndpointNotFound)
	endpoint = fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	await[catalog.PSCEndpoint](t, a, time.Minute, "processing")
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "reject"}`), cloud.PSCEndpointNotActive)
	wantDone(t, a.Run(http.MethodGet, endpoint+"/deletionScripts", nil))
	wantDone(t, a.Run(http.MethodDelete, endpoint, nil))
	wantDone(t, a.Run(http.MethodDelete, path, nil))
	await[catalog.PSCService](t, a, 5*time.Second, "")
	wantError(t, a.Run(http.MethodGet, path, nil), cloud.PSCServiceNotFound)
}

func TestEndpointAnswers(t *testing.T) {
	t.Parallel()
	inBothPlaces(t, "GCP", endpointAnswers)
}

func endpointAnswers(t *testing.T, a *apitest.Account, place string) {
	list, one := endpoint(t, a, place)
	wantError(t, a.Run(http.MethodPut, one, `{"gcpVpcName": "other"}`), cloud.PSCEndpointInUse)
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "reject"}`))
	await[catalog.PSCEndpoint](t, a, 0, "reject-pending")
	await[catalog.PSCEndpoint](t, a, 5*time.Second, "rejected")
	wantDone(t, a.Run(http.MethodPut, one, `{"gcpVpcName": "other"}`))
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	await[catalog.PSCEndpoint](t, a, 0, "accept-pending")
	await[catalog.PSCEndpoint](t, a, 5*time.Second, cloud.StatusActive)
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	got := read(t, a, list)
	if resource(got, "endpoints", 0, "status") != "active" || resource(got, "endpoints", 0, "gcpVpcName") != "other" {
		t.Errorf("got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, path.Dir(list), nil), cloud.PSCServiceInUse)

	created := read(t, a, one+"/creationScripts?includeTerraformGcpScript=true")
	attachments, _ := resource(created, "script", "terraformGcp", "serviceAttachments").([]any)
	if len(attachments) != 1 || !strings.Contains(fmt.Sprint(resource(created, "script", "bash")), "gcloud") {
		t.Errorf("creation script: got %s", created.Body)
	}
	if got := read(t, a, one+"/creationScripts"); resource(got, "script", "terraformGcp") != nil {
		t.Errorf("creation script without Terraform: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, one, nil), cloud.PSCEndpointScriptUnread)
	if got := read(t, a, one+"/deletionScripts"); !strings.Contains(fmt.Sprint(resource(got, "script", "powershell")), "delete") {
		t.Errorf("deletion script: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, one, nil))
	await[catalog.PSCEndpoint](t, a, 5*time.Second, "")
}

// The official Terraform provider does not delete an endpoint in use: it looks at the list until the endpoint has left
// it, first when it begins and then 10 seconds later. What it does before, in a refresh, is more than to look.
func TestEndpointHasGoneAtTheSecondLookOfItsDestruction(t *testing.T) {
	t.Parallel()
	for status, answer := range map[string]string{"pending": "", "active": "accept", "rejected": "reject"} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			a := apitest.New(t, nil).Account()
			list, one := endpoint(t, a, googleSubscription(a))
			script := one + "/creationScripts?includeTerraformGcpScript=true"
			if answer != "" {
				wantDone(t, a.Run(http.MethodPut, one, fmt.Sprintf(`{"action": %q}`, answer)))
				await[catalog.PSCEndpoint](t, a, 5*time.Second, cloud.Status(status))
			}
			refresh := func() {
				read(t, a, path.Dir(list))
				read(t, a, list)
				if status != "rejected" {
					read(t, a, script)
				}
				if answer != "" {
					read(t, a, list) // that of its accepter
				}
			}
			read(t, a, script) // when it was made
			for range 3 {
				refresh()
				a.Advance(20 * time.Second)
			}
			wantLook := func(want any) {
				t.Helper()
				if got := read(t, a, list); resource(got, "endpoints", 0, "status") != want {
					t.Fatalf("got %s, want %v", got.Body, want)
				}
			}
			wantLook(status)
			wantLook(nil)
		})
	}
}

// Whoever only looks, and never asked for what Terraform runs, waits for nothing.
func TestEndpointStaysForWhoeverOnlyLooks(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	list, one := endpoint(t, a, googleSubscription(a))
	read(t, a, one+"/creationScripts")
	for range 6 {
		if got := read(t, a, list); resource(got, "endpoints", 0, "status") != "pending" {
			t.Fatalf("got %s, want it to stay", got.Body)
		}
	}
}

func TestPrivateLinkLife(t *testing.T) {
	t.Parallel()
	inBothPlaces(t, "AWS", privateLinkLife)
}

func privateLinkLife(t *testing.T, a *apitest.Account, place string) {
	path := place + "/private-link"
	sub, _, several := strings.Cut(place, "/regions/")
	database, local := firstDatabase(t, a, sub), []any{"privateEndpoint"}
	if several {
		local = []any{"crdbDatabases", 1, "privateEndpoint"}
	}
	privateEndpoint := a.Do(http.MethodGet, fmt.Sprintf("%s/databases/%d", sub, database), nil).Get(local...)

	if got := read(t, a, path); fmt.Sprint(resource(got)) != "map[links:[]]" {
		t.Errorf("before any: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, path, nil), cloud.PrivateLinkNotFound)
	wantError(t, a.Run(http.MethodGet, path+"/endpoint-script", nil), cloud.PrivateLinkNotFound)
	wantError(t, a.Run(http.MethodPost, path+"/principals", `{"principal": "210987654321"}`), cloud.PrivateLinkNotFound)
	body := `{"shareName": "orders share", "principal": "210987654321", "type": "aws_account", "alias": "shop"}`
	a.Create(path, body)
	await[catalog.PrivateLink](t, a, 0, "initializing")
	await[catalog.Principal](t, a, 0, "associating")
	wantError(t, a.Run(http.MethodPost, path, body), cloud.PrivateLinkExists)
	await[catalog.Principal](t, a, 10*time.Second, "associated")
	await[catalog.PrivateLink](t, a, 20*time.Second, cloud.StatusActive)

	got := read(t, a, path)
	for _, tt := range []struct {
		member []any
		want   any
	}{
		{[]any{"status"}, "active"},
		{[]any{"shareName"}, "orders share"},
		{[]any{"principals", 0, "principal"}, "210987654321"},
		{[]any{"principals", 0, "type"}, "aws_account"},
		{[]any{"principals", 0, "alias"}, "shop"},
		{[]any{"principals", 0, "status"}, "associated"},
		{[]any{"databases", 0, "databaseId"}, float64(database)},
	} {
		if value := resource(got, tt.member...); value != tt.want {
			t.Errorf("%v: got %v, want %v", tt.member, value, tt.want)
		}
	}
	endpoint := fmt.Sprintf("%v:%.0f", resource(got, "databases", 0, "rlEndpoint"), resource(got, "databases", 0, "port"))
	if endpoint != privateEndpoint {
		t.Errorf("database: got %s, want its private endpoint %s", endpoint, privateEndpoint)
	}
	for _, member := range []string{"resourceConfigurationId", "resourceConfigurationArn", "shareArn"} {
		if text, _ := resource(got, member).(string); text == "" {
			t.Errorf("%s is not there: %s", member, got.Body)
		}
	}

	wantDone(t, a.Run(http.MethodPost, path+"/principals", `{"principal": "210987654321", "alias": "renamed"}`))
	if got := read(t, a, path); resource(got, "principals", 0, "alias") != "renamed" || resource(got, "principals", 1) != nil {
		t.Errorf("admitted again: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodPost, path+"/connections/disassociate",
		`{"connections": [{"associationId": "none", "type": "endpoint", "principalId": "210987654321"}]}`), cloud.EntityNotFound)
	wantDone(t, a.Run(http.MethodPost, path+"/connections/disassociate", `{"connections": []}`))
	wantError(t, a.Run(http.MethodDelete, path+"/principals", `{"principal": "111111111111"}`), cloud.PrivateLinkPrincipalNotFound)
	wantDone(t, a.Run(http.MethodDelete, path+"/principals", `{"principal": "210987654321"}`))
	wantDone(t, a.Run(http.MethodPost, path+"/principals", `{"principal": "210987654321"}`))
	await[catalog.Principal](t, a, 10*time.Second, "associated")
	wantDone(t, a.Run(http.MethodDelete, path, nil)) // with a principal
	await[catalog.PrivateLink](t, a, 5*time.Second, "")
	await[catalog.Principal](t, a, 0, "")
	if got := read(t, a, path); fmt.Sprint(resource(got)) != "map[links:[]]" {
		t.Errorf("after the deletion: got %s", got.Body)
	}
}

func TestPrivateLinkScripts(t *testing.T) {
	t.Parallel()
	inBothPlaces(t, "AWS", privateLinkScripts)
}

func privateLinkScripts(t *testing.T, a *apitest.Account, place string) {
	path := place + "/private-link"
	a.Create(path, `{"shareName": "orders", "principal": "210987654321", "type": "aws_account"}`)
	for suffix, terraform := range map[string]bool{"": false, "?includeTerraformAwsScript=true": true, "%3FincludeTerraformAwsScript=true": true} {
		got := read(t, a, path+"/endpoint-script"+suffix)
		if _, ok := resource(got, "terraformAwsScript").(string); ok != terraform {
			t.Errorf("%q: got %s, want it with a Terraform script: %v", suffix, got.Body, terraform)
		}
		if !strings.Contains(fmt.Sprint(resource(got, "resourceEndpointScript")), "create-vpc-endpoint") {
			t.Errorf("%q: got %s", suffix, got.Body)
		}
	}
}

// A request for the wrong provider, for a region of a subscription that has only
// one, or for a subscription that is not there or not active.
func TestConnectivityInTheWrongPlace(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	amazon, google := a.Subscription("amazon"), googleSubscription(a)

	link := `{"shareName": "s", "principal": "210987654321", "type": "aws_account"}`
	vpc := `{"sourceRegion": "us-east-1", "destinationRegion": "us-east-1", "awsAccountId": "210987654321", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.20.0.0/16"}`
	cut := `{"connections": []}`
	principal := `{"principal": "210987654321"}`
	for _, tt := range []struct {
		method, path string
		body         any
		want         cloud.Code
	}{
		{"GET", amazon + "/private-service-connect", nil, cloud.PSCProviderNotSupported},
		{"POST", amazon + "/private-service-connect", nil, cloud.PSCProviderNotSupported},
		{"GET", google + "/private-link", nil, cloud.PrivateLinkProviderNotSupported},
		{"POST", google + "/private-link", link, cloud.PrivateLinkProviderNotSupported},
		{"GET", google + "/transitGateways", nil, cloud.GatewayProviderNotSupported},
		{"GET", google + "/transitGateways/invitations", nil, cloud.GatewayProviderNotSupported},
		{"PUT", google + "/transitGateways/invitations/101/accept", nil, cloud.GatewayProviderNotSupported},
		{"POST", google + "/transitGateways/1/attachment", nil, cloud.GatewayProviderNotSupported},
		{"GET", amazon + "/regions/peerings/", nil, cloud.PeeringListSingle},
		{"POST", amazon + "/regions/peerings/", vpc, cloud.PeeringCreateSingle},
		{"PUT", amazon + "/regions/peerings/1", `{"vpcCidr": "172.20.0.0/16"}`, cloud.PeeringUpdateSingle},
		{"DELETE", amazon + "/regions/peerings/1", nil, cloud.PeeringDeleteSingle},
		{"GET", amazon + "/regions/1/transitGateways", nil, cloud.GatewayListSingle},
		{"GET", amazon + "/regions/1/transitGateways/invitations", nil, cloud.InvitationListSingle},
		{"PUT", amazon + "/regions/1/transitGateways/invitations/101/accept", nil, cloud.InvitationAcceptSingle},
		{"PUT", amazon + "/regions/1/transitGateways/invitations/101/reject", nil, cloud.InvitationRejectSingle},
		{"POST", amazon + "/regions/1/transitGateways/1/attachment", nil, cloud.AttachmentCreateSingle},
		{"PUT", amazon + "/regions/1/transitGateways/1/attachment", `{"cidrs": []}`, cloud.AttachmentUpdateSingle},
		{"DELETE", amazon + "/regions/1/transitGateways/1/attachment", nil, cloud.AttachmentDeleteSingle},
		{"GET", google + "/regions/38/private-service-connect", nil, cloud.PSCReadSingle},
		{"POST", google + "/regions/38/private-service-connect", nil, cloud.PSCCreateSingle},
		{"DELETE", google + "/regions/38/private-service-connect", nil, cloud.PSCDeleteSingle},
		{"GET", google + "/regions/38/private-service-connect/1", nil, cloud.PSCReadSingle},
		{"POST", google + "/regions/38/private-service-connect/1", endpointBody, cloud.PSCEndpointCreateSingle},
		{"PUT", google + "/regions/38/private-service-connect/1/endpoints/1", `{"action": "accept"}`, cloud.PSCEndpointUpdateSingle},
		{"DELETE", google + "/regions/38/private-service-connect/1/endpoints/1", nil, cloud.PSCEndpointDeleteSingle},
		{"GET", google + "/regions/38/private-service-connect/1/endpoints/1/creationScripts", nil, cloud.PSCReadSingle},
		{"GET", google + "/regions/38/private-service-connect/1/endpoints/1/deletionScripts", nil, cloud.PSCReadSingle},
		{"GET", amazon + "/regions/1/private-link", nil, cloud.PrivateLinkReadSingle},
		{"POST", amazon + "/regions/1/private-link", link, cloud.PrivateLinkCreateSingle},
		{"DELETE", amazon + "/regions/1/private-link", nil, cloud.PrivateLinkDeleteSingle},
		{"POST", amazon + "/regions/1/private-link/connections/disassociate", cut, cloud.PrivateLinkDisassociateSingle},
		{"GET", amazon + "/regions/1/private-link/endpoint-script", nil, cloud.PrivateLinkReadSingle},
		{"POST", amazon + "/regions/1/private-link/principals", principal, cloud.PrivateLinkPrincipalCreateSingle},
		{"DELETE", amazon + "/regions/1/private-link/principals", principal, cloud.PrivateLinkPrincipalDeleteSingle},
		{"POST", "/v1/subscriptions/1/private-service-connect", nil, cloud.SubscriptionNotFound},
		{"POST", "/v1/subscriptions/1/private-link", link, cloud.SubscriptionNotFound},
	} {
		t.Log(tt.method, tt.path)
		wantError(t, a.Run(tt.method, tt.path, tt.body), tt.want)
	}
	wantDone(t, a.Run(http.MethodPut, amazon, `{"name": "renamed"}`))
	wantError(t, a.Run(http.MethodPost, amazon+"/private-link", link), cloud.SubscriptionNotActive)
	wantDone(t, a.Run(http.MethodGet, amazon+"/private-link", nil))
}

// What connects a subscription goes with it.
func TestConnectionsGoWithTheirSubscription(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	sub := googleSubscription(a)
	endpoint(t, a, sub)
	database := a.Do(http.MethodGet, sub+"/databases", nil).Get("subscription", 0, "databases", 0, "databaseId")
	wantDone(t, a.Run(http.MethodDelete, fmt.Sprintf("%s/databases/%.0f", sub, database), nil))
	wantDone(t, a.Run(http.MethodDelete, sub, nil))
	a.Settle(sub, "")
	await[catalog.PSCEndpoint](t, a, 0, "")
	await[catalog.PSCService](t, a, 0, "")
}
