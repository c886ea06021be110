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
)

const endpointBody = `{"gcpProjectId": "shop-project", "gcpVpcName": "shop", "gcpVpcSubnetName": "shop-subnet", ` +
	`"endpointConnectionName": "orders"}`

// endpoint makes a service at a place and an endpoint of it that may be accepted.
// It returns the path of the service's endpoints, and of the endpoint.
func endpoint(t *testing.T, a *apitest.Account, place string) (list, one string) {
	t.Helper()
	path := place + "/private-service-connect"
	list = fmt.Sprintf("%s/%d", path, a.Create(path, nil))
	await[network.PSCService](t, a, time.Minute, cloud.StatusActive)
	one = fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	await[network.PSCEndpoint](t, a, time.Minute, "processing")
	await[network.PSCEndpoint](t, a, 15*time.Second, "pending")
	return list, one
}

func TestPrivateServiceConnectLife(t *testing.T) {
	t.Parallel()
	inBothLocations(t, "GCP", privateServiceConnectLife)
}

func privateServiceConnectLife(t *testing.T, a *apitest.Account, place string) {
	path := place + "/private-service-connect"
	wantError(t, a.Run(http.MethodGet, path, nil), "PSC_SERVICE_NOT_FOUND")
	wantError(t, a.Run(http.MethodDelete, path, nil), "PSC_SERVICE_NOT_FOUND")
	id := a.Create(path, nil)
	await[network.PSCService](t, a, 0, "create-queued")
	await[network.PSCService](t, a, 2*time.Second, "initialized")
	await[network.PSCService](t, a, 3*time.Second, "create-pending")
	list := fmt.Sprintf("%s/%d", path, id)
	wantError(t, a.Run(http.MethodPost, list, endpointBody), "PSC_SERVICE_NOT_ACTIVE")
	wantError(t, a.Run(http.MethodPost, path, nil), "PSC_SERVICE_ALREADY_EXISTS")
	await[network.PSCService](t, a, time.Minute, cloud.StatusActive)
	got := read(t, a, path)
	if resource(got, "id") != float64(id) || resource(got, "status") != "active" ||
		!strings.HasPrefix(fmt.Sprint(resource(got, "connectionHostName")), "psc.") {
		t.Errorf("service: got %s", got.Body)
	}

	for field, code := range map[string]cloud.Code{
		"gcpProjectId": "PSC_ENDPOINT_INVALID_GCP_PROJECT_ID", "gcpVpcName": "PSC_ENDPOINT_INVALID_VPC_NAME",
		"gcpVpcSubnetName":       "PSC_ENDPOINT_INVALID_VPC_SUBNET_NAME",
		"endpointConnectionName": "PSC_ENDPOINT_INVALID_CONNECTION_NAME",
	} {
		body := map[string]any{
			"gcpProjectId": "shop-project", "gcpVpcName": "shop", "gcpVpcSubnetName": "shop-subnet",
			"endpointConnectionName": "orders",
		}
		body[field] = "Not A Name"
		wantError(t, a.Run(http.MethodPost, list, body), code)
	}
	wantError(t, a.Run(http.MethodPost, path+"/1", endpointBody), "PSC_SERVICE_NOT_FOUND")
	endpoint := fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	wantError(t, a.Run(http.MethodPost, list, endpointBody), "PSC_ENDPOINT_ALREADY_EXISTS")
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "accept"}`),
		"PSC_UPDATE_ENDPOINT_REQUEST_CANNOT_UPDATE_INITIALIZED_ENDPOINT")
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "accept", "gcpVpcName": "other"}`),
		"PSC_UPDATE_ENDPOINT_REQUEST_CANNOT_HAVE_BOTH_ACTION_AND_OTHER_FIELDS")
	wantError(t, a.Run(http.MethodPut, endpoint, `{}`), "PSC_UPDATE_ENDPOINT_REQUEST_ACTION_INVALID_VALUE")
	wantDone(t, a.Run(http.MethodDelete, endpoint, nil))
	wantError(t, a.Run(http.MethodDelete, endpoint, nil), "PSC_ENDPOINT_NOT_FOUND")
	endpoint = fmt.Sprintf("%s/endpoints/%d", list, a.Create(list, endpointBody))
	await[network.PSCEndpoint](t, a, time.Minute, "processing")
	wantError(t, a.Run(http.MethodPut, endpoint, `{"action": "reject"}`), "PSC_ENDPOINT_NOT_ACTIVE")
	wantDone(t, a.Run(http.MethodGet, endpoint+"/deletionScripts", nil))
	wantDone(t, a.Run(http.MethodDelete, endpoint, nil))
	wantDone(t, a.Run(http.MethodDelete, path, nil))
	await[network.PSCService](t, a, 5*time.Second, "")
	wantError(t, a.Run(http.MethodGet, path, nil), "PSC_SERVICE_NOT_FOUND")
}

func TestEndpointAnswers(t *testing.T) {
	t.Parallel()
	inBothLocations(t, "GCP", endpointAnswers)
}

func endpointAnswers(t *testing.T, a *apitest.Account, place string) {
	list, one := endpoint(t, a, place)
	wantError(t, a.Run(http.MethodPut, one, `{"gcpVpcName": "other"}`), "PSC_ENDPOINT_NOT_CREATED_OR_DELETED")
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "reject"}`))
	await[network.PSCEndpoint](t, a, 0, "reject-pending")
	await[network.PSCEndpoint](t, a, 5*time.Second, "rejected")
	wantDone(t, a.Run(http.MethodPut, one, `{"gcpVpcName": "other"}`))
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	await[network.PSCEndpoint](t, a, 0, "accept-pending")
	await[network.PSCEndpoint](t, a, 5*time.Second, cloud.StatusActive)
	wantDone(t, a.Run(http.MethodPut, one, `{"action": "accept"}`))
	got := read(t, a, list)
	if resource(got, "endpoints", 0, "status") != "active" || resource(got, "endpoints", 0, "gcpVpcName") != "other" {
		t.Errorf("got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, path.Dir(list), nil), "PSC_SERVICE_CANNOT_DELETE_SERVICE_WITH_ACTIVE_ENDPOINTS")

	created := read(t, a, one+"/creationScripts?includeTerraformGcpScript=true")
	attachments, _ := resource(created, "script", "terraformGcp", "serviceAttachments").([]any)
	if len(attachments) != 1 || !strings.Contains(fmt.Sprint(resource(created, "script", "bash")), "gcloud") {
		t.Errorf("creation script: got %s", created.Body)
	}
	if got := read(t, a, one+"/creationScripts"); resource(got, "script", "terraformGcp") != nil {
		t.Errorf("creation script without Terraform: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodDelete, one, nil), "PSC_ENDPOINT_CANNOT_BE_DELETED_WITHOUT_DELETION_SCRIPT")
	got = read(t, a, one+"/deletionScripts")
	if !strings.Contains(fmt.Sprint(resource(got, "script", "powershell")), "delete") {
		t.Errorf("deletion script: got %s", got.Body)
	}
	wantDone(t, a.Run(http.MethodDelete, one, nil))
	await[network.PSCEndpoint](t, a, 5*time.Second, "")
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
				await[network.PSCEndpoint](t, a, 5*time.Second, cloud.Status(status))
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
	inBothLocations(t, "AWS", privateLinkLife)
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
	wantError(t, a.Run(http.MethodDelete, path, nil), "PRIVATE_LINK_NOT_FOUND")
	wantError(t, a.Run(http.MethodGet, path+"/endpoint-script", nil), "PRIVATE_LINK_NOT_FOUND")
	wantError(t, a.Run(http.MethodPost, path+"/principals", `{"principal": "210987654321"}`), "PRIVATE_LINK_NOT_FOUND")
	body := `{"shareName": "orders share", "principal": "210987654321", "type": "aws_account", "alias": "shop"}`
	a.Create(path, body)
	await[network.PrivateLink](t, a, 0, "initializing")
	await[network.Principal](t, a, 0, "associating")
	wantError(t, a.Run(http.MethodPost, path, body), "PRIVATE_LINK_ALREADY_EXISTS")
	await[network.Principal](t, a, 10*time.Second, "associated")
	await[network.PrivateLink](t, a, 20*time.Second, cloud.StatusActive)

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
	if got := read(t, a, path); resource(got, "principals", 0, "alias") != "renamed" ||
		resource(got, "principals", 1) != nil {
		t.Errorf("admitted again: got %s", got.Body)
	}
	wantError(t, a.Run(http.MethodPost, path+"/connections/disassociate",
		`{"connections": [{"associationId": "none", "type": "endpoint", "principalId": "210987654321"}]}`),
		"ENTITY_NOT_FOUND")
	wantDone(t, a.Run(http.MethodPost, path+"/connections/disassociate", `{"connections": []}`))
	wantError(t, a.Run(http.MethodDelete, path+"/principals", `{"principal": "111111111111"}`),
		"PRIVATE_LINK_PRINCIPAL_NOT_FOUND")
	wantDone(t, a.Run(http.MethodDelete, path+"/principals", `{"principal": "210987654321"}`))
	wantDone(t, a.Run(http.MethodPost, path+"/principals", `{"principal": "210987654321"}`))
	await[network.Principal](t, a, 10*time.Second, "associated")
	wantDone(t, a.Run(http.MethodDelete, path, nil)) // with a principal
	await[network.PrivateLink](t, a, 5*time.Second, "")
	await[network.Principal](t, a, 0, "")
	if got := read(t, a, path); fmt.Sprint(resource(got)) != "map[links:[]]" {
		t.Errorf("after the deletion: got %s", got.Body)
	}
}

func TestPrivateLinkScripts(t *testing.T) {
	t.Parallel()
	inBothLocations(t, "AWS", privateLinkScripts)
}

func privateLinkScripts(t *testing.T, a *apitest.Account, place string) {
	path := place + "/private-link"
	a.Create(path, `{"shareName": "orders", "principal": "210987654321", "type": "aws_account"}`)
	for suffix, terraform := range map[string]bool{
		"": false, "?includeTerraformAwsScript=true": true, "%3FincludeTerraformAwsScript=true": true,
	} {
		got := read(t, a, path+"/endpoint-script"+suffix)
		if _, ok := resource(got, "terraformAwsScript").(string); ok != terraform {
			t.Errorf("%q: got %s, want it with a Terraform script: %v", suffix, got.Body, terraform)
		}
		if !strings.Contains(fmt.Sprint(resource(got, "resourceEndpointScript")), "create-vpc-endpoint") {
			t.Errorf("%q: got %s", suffix, got.Body)
		}
	}
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
	await[network.PSCEndpoint](t, a, 0, "")
	await[network.PSCService](t, a, 0, "")
}
