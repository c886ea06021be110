package sdk

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/privatelink"
	"github.com/RedisLabs/rediscloud-go-api/service/psc"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/RedisLabs/rediscloud-go-api/service/transit_gateway/attachments"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// subscribeGoogle is subscribe on GCP.
func (s *session) subscribeGoogle(t *testing.T, name string) int {
	t.Helper()
	id, err := s.client.Subscription.Create(s.ctx, subscriptions.CreateSubscription{
		Name:          redis.String(name),
		PaymentMethod: redis.String("credit-card"), PaymentMethodID: redis.Int(servetest.Card),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Provider: redis.String("GCP"),
			Regions: []*subscriptions.CreateRegion{{
				Region:     redis.String("europe-west1"),
				Networking: &subscriptions.CreateNetworking{DeploymentCIDR: redis.String("10.11.12.0/24")},
			}},
		}},
		Databases: []*subscriptions.CreateDatabase{planned("first")},
	})
	if err != nil {
		t.Fatalf("create subscription %s: %v", name, err)
	}
	s.awaitSubscription(t, id)
	return id
}

func vpcPeerings(t *testing.T, s *session) {
	sub := s.subscribe(t, "sdk-peering", planned("first"))
	id, err := s.client.Subscription.CreateVPCPeering(s.ctx, sub, subscriptions.CreateVPCPeering{
		Region: redis.String("eu-west-2"), AWSAccountID: redis.String("210987654321"), VPCId: redis.String("vpc-0a1b2c3d"),
		VPCCidrs: redis.StringSlice("172.20.0.0/16", "172.21.0.0/16"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitPeering(t, sub, id)
	got, err := s.client.Subscription.ListVPCPeering(s.ctx, sub)
	if err != nil {
		t.Fatal(err)
	}
	cidr := func(text string) *subscriptions.CIDR {
		return &subscriptions.CIDR{VPCCidr: redis.String(text), Status: redis.String("true")}
	}
	want := []*subscriptions.VPCPeering{{
		ID: redis.Int(id), Status: redis.String(subscriptions.VPCPeeringStatusActive), Region: redis.String("eu-west-2"),
		AWSAccountID: redis.String("210987654321"), VPCId: redis.String("vpc-0a1b2c3d"),
		VPCCidrs: []*subscriptions.CIDR{cidr("172.20.0.0/16"), cidr("172.21.0.0/16")},
	}}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(subscriptions.VPCPeering{}, "AWSPeeringID")); diff != "" {
		t.Fatalf("want (-), got (+):\n%s", diff)
	}
	if uid := redis.StringValue(got[0].AWSPeeringID); !strings.HasPrefix(uid, "pcx-") {
		t.Errorf("got the peering UID %q, want pcx-…", uid)
	}
	if err := s.client.Subscription.DeleteVPCPeering(s.ctx, sub, id); err != nil {
		t.Fatal(err)
	}
	if got, err := s.client.Subscription.ListVPCPeering(s.ctx, sub); err != nil || len(got) > 0 {
		t.Errorf("after the deletion: got %v, %v, want none", got, err)
	}
	_, err = s.client.Subscription.ListActiveActiveVPCPeering(s.ctx, sub)
	wantCode(t, "Active-Active peerings", err,
		"GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_VPC_PEERINGS_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
}

func (s *session) awaitPeering(t *testing.T, sub, id int) {
	t.Helper()
	s.await(t, subscriptions.VPCPeeringStatusActive, func() (string, error) {
		list, err := s.client.Subscription.ListVPCPeering(s.ctx, sub)
		if err != nil || len(list) != 1 || redis.IntValue(list[0].ID) != id {
			return "error", err
		}
		return redis.StringValue(list[0].Status), nil
	})
}

// wantCode fails unless an error is that of a task with the code.
func wantCode(t *testing.T, what string, err error, code string) {
	t.Helper()
	if task, ok := errors.AsType[taskError](err); !ok || !strings.Contains(task.Error(), code) {
		t.Errorf("%s: got %v, want %s", what, err, code)
	}
}

func transitGateways(t *testing.T, s *session) {
	sub := s.subscribe(t, "sdk-gateway", planned("first"))
	// The SDK of this version cannot accept an invitation.
	s.server.Accept(http.MethodPut, fmt.Sprintf("/subscriptions/%d/transitGateways/invitations/101/accept", sub), nil)

	gateway := s.gateway(t, sub)
	id := redis.IntValue(gateway.Id)
	if redis.StringValue(gateway.Status) != "available" ||
		redis.StringValue(gateway.AwsTgwUid) == "" || gateway.AttachmentUid != nil {
		t.Errorf("before it is attached: got %+v", gateway)
	}
	err := s.client.TransitGatewayAttachments.Delete(s.ctx, sub, id)
	if err == nil || !strings.Contains(err.Error(), "TGW_ATTACHMENT_DOES_NOT_EXIST") {
		t.Errorf("detach what is not attached: got %v", err)
	}
	if _, err := s.client.TransitGatewayAttachments.Create(s.ctx, sub, id); err != nil {
		t.Fatal(err)
	}
	s.await(t, "available", func() (string, error) { return redis.StringValue(s.gateway(t, sub).AttachmentStatus), nil })
	cidrs := redis.StringSlice("10.20.0.0/16", "10.10.0.0/16")
	if err := s.client.TransitGatewayAttachments.Update(s.ctx, sub, id, cidrs); err != nil {
		t.Fatal(err)
	}
	gateway = s.gateway(t, sub)
	if len(gateway.Cidrs) != 2 || redis.StringValue(gateway.Cidrs[0].CidrAddress) != "10.20.0.0/16" {
		t.Errorf("got the CIDRs %v, want both in their order", gateway.Cidrs)
	}
	if err := s.client.TransitGatewayAttachments.Delete(s.ctx, sub, id); err != nil {
		t.Fatal(err)
	}
	s.await(t, "", func() (string, error) { return redis.StringValue(s.gateway(t, sub).AttachmentStatus), nil })
	got, err := s.client.TransitGatewayAttachments.GetActiveActive(s.ctx, sub, 4)
	if err != nil || got.Response == nil || got.Response.Resource != nil {
		t.Errorf("gateways of a region: got %+v, %v, want a task that failed", got, err)
	}
}

// gateway looks up the only transit gateway of a subscription.
func (s *session) gateway(t *testing.T, sub int) *attachments.TransitGatewayAttachment {
	t.Helper()
	task, err := s.client.TransitGatewayAttachments.Get(s.ctx, sub)
	if err != nil {
		t.Fatal(err)
	}
	if task.Response == nil || task.Response.Resource == nil || len(task.Response.Resource.TransitGatewayAttachment) != 1 {
		t.Fatalf("got %+v, want one transit gateway", task)
	}
	return task.Response.Resource.TransitGatewayAttachment[0]
}

func privateServiceConnect(t *testing.T, s *session) {
	sub := s.subscribeGoogle(t, "sdk-psc")
	api := s.client.PrivateServiceConnect
	_, err := api.GetService(s.ctx, sub)
	if _, ok := errors.AsType[*psc.NotFound](err); !ok {
		t.Errorf("before there is a service: got %v, want NotFound", err)
	}
	service, err := api.CreateService(s.ctx, sub)
	if err != nil {
		t.Fatal(err)
	}
	s.await(t, psc.ServiceStatusActive, func() (string, error) {
		got, err := api.GetService(s.ctx, sub)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
	endpoint := psc.CreatePrivateServiceConnectEndpoint{
		GCPProjectID: redis.String("shop-project"), GCPVPCName: redis.String("shop"),
		GCPVPCSubnetName: redis.String("shop-subnet"), EndpointConnectionName: redis.String("orders"),
	}
	id, err := api.CreateEndpoint(s.ctx, sub, service, endpoint)
	if err != nil {
		t.Fatal(err)
	}
	s.awaitEndpoint(t, sub, service, psc.EndpointStatusPending)
	accept := &psc.UpdatePrivateServiceConnectEndpoint{Action: redis.String(psc.EndpointActionAccept)}
	if err := api.UpdateEndpoint(s.ctx, sub, service, id, accept); err != nil {
		t.Fatal(err)
	}
	s.awaitEndpoint(t, sub, service, psc.EndpointStatusActive)
	got, err := api.GetEndpoints(s.ctx, sub, service)
	if err != nil {
		t.Fatal(err)
	}
	want := &psc.PrivateServiceConnectEndpoints{
		PSCServiceID: redis.Int(service),
		Endpoints: []*psc.PrivateServiceConnectEndpoint{{
			ID: redis.Int(id), Status: redis.String(psc.EndpointStatusActive), GCPProjectID: endpoint.GCPProjectID,
			GCPVPCName: endpoint.GCPVPCName, GCPVPCSubnetName: endpoint.GCPVPCSubnetName,
			EndpointConnectionName: endpoint.EndpointConnectionName,
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("endpoints: want (-), got (+):\n%s", diff)
	}
	script, err := api.GetEndpointCreationScripts(s.ctx, sub, service, id, true)
	if err != nil || len(script.Script.TerraformGcp.ServiceAttachments) != 1 ||
		redis.StringValue(script.Script.Bash) == "" {
		t.Errorf("creation script: got %+v, %v", script, err)
	}
	deletion, err := api.GetEndpointDeletionScripts(s.ctx, sub, service, id)
	if err != nil || redis.StringValue(deletion.Script.Powershell) == "" {
		t.Errorf("deletion script: got %+v, %v", deletion, err)
	}
	err = api.DeleteService(s.ctx, sub)
	if err == nil || !strings.Contains(err.Error(), "PSC_SERVICE_CANNOT_DELETE_SERVICE_WITH_ACTIVE_ENDPOINTS") {
		t.Errorf("delete a service in use: got %v", err)
	}
	if err := api.DeleteEndpoint(s.ctx, sub, service, id); err != nil {
		t.Fatal(err)
	}
	if err := api.DeleteService(s.ctx, sub); err != nil {
		t.Fatal(err)
	}
	awaitGone[*psc.NotFound](t, s, func() (*psc.PrivateServiceConnectService, error) { return api.GetService(s.ctx, sub) })
	s.privateServiceConnectOfRegions(t, sub, service, id)
}

func (s *session) awaitEndpoint(t *testing.T, sub, service int, status string) {
	t.Helper()
	s.await(t, status, func() (string, error) {
		got, err := s.client.PrivateServiceConnect.GetEndpoints(s.ctx, sub, service)
		if err != nil || len(got.Endpoints) != 1 {
			return "error", err
		}
		return redis.StringValue(got.Endpoints[0].Status), nil
	})
}

// The subscription has a single region, so that all of it is refused.
func (s *session) privateServiceConnectOfRegions(t *testing.T, sub, service, endpoint int) {
	t.Helper()
	const region, code = 35, "_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION"
	api := s.client.PrivateServiceConnect
	_, err := api.GetActiveActiveService(s.ctx, sub, region)
	wantCode(t, "read the service", err, code)
	_, err = api.CreateActiveActiveService(s.ctx, sub, region)
	wantCode(t, "create a service", err, code)
	wantCode(t, "delete the service", api.DeleteActiveActiveService(s.ctx, sub, region), code)
	_, err = api.GetActiveActiveEndpoints(s.ctx, sub, region, service)
	wantCode(t, "read the endpoints", err, code)
	_, err = api.CreateActiveActiveEndpoint(s.ctx, sub, region, service, psc.CreatePrivateServiceConnectEndpoint{
		GCPProjectID: redis.String("p"), GCPVPCName: redis.String("v"),
		GCPVPCSubnetName: redis.String("s"), EndpointConnectionName: redis.String("c"),
	})
	wantCode(t, "create an endpoint", err, code)
	wantCode(t, "accept an endpoint", api.UpdateActiveActiveEndpoint(s.ctx, sub, region, service, endpoint,
		&psc.UpdatePrivateServiceConnectEndpoint{Action: redis.String(psc.EndpointActionAccept)}), code)
	wantCode(t, "delete an endpoint", api.DeleteActiveActiveEndpoint(s.ctx, sub, region, service, endpoint), code)
	_, err = api.GetActiveActiveEndpointCreationScripts(s.ctx, sub, region, service, endpoint, true)
	wantCode(t, "read the creation script", err, code)
	_, err = api.GetActiveActiveEndpointDeletionScripts(s.ctx, sub, region, service, endpoint)
	wantCode(t, "read the deletion script", err, code)
}

func privateLinks(t *testing.T, s *session) {
	sub := s.subscribe(t, "sdk-link", planned("first"))
	api := s.client.PrivateLink
	if got, err := api.GetPrivateLink(s.ctx, sub); err != nil || got.Status != nil || got.ShareName != nil {
		t.Errorf("before there is one: got %+v, %v, want an empty one", got, err)
	}
	link := privatelink.CreatePrivateLink{
		ShareName: redis.String("orders share"), Principal: redis.String("210987654321"),
		PrincipalType: redis.String("aws_account"), PrincipalAlias: redis.String("shop"),
	}
	if err := api.CreatePrivateLink(s.ctx, sub, link); err != nil {
		t.Fatal(err)
	}
	if err := api.CreatePrincipal(s.ctx, sub, privatelink.CreatePrivateLinkPrincipal{
		Principal: redis.String("arn:aws:iam::210987654321:role/orders"), PrincipalType: redis.String("iam_role"),
	}); err != nil {
		t.Fatal(err)
	}
	var got *privatelink.PrivateLink
	s.await(t, "active", func() (status string, err error) {
		if got, err = api.GetPrivateLink(s.ctx, sub); err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
	if len(got.Principals) != 2 || len(got.Databases) != 1 || redis.IntValue(got.SubscriptionId) != sub ||
		redis.StringValue(got.ResourceConfigurationArn) == "" || redis.StringValue(got.ShareArn) == "" {
		t.Errorf("got %+v", got)
	}
	script, err := api.GetPrivateLinkEndpointScript(s.ctx, sub)
	if err != nil || redis.StringValue(script.ResourceEndpointScript) == "" ||
		redis.StringValue(script.TerraformAwsScript) == "" {
		t.Errorf("endpoint script: got %+v, %v", script, err)
	}
	for _, principal := range got.Principals {
		if err := api.DeletePrincipal(s.ctx, sub, redis.StringValue(principal.Principal)); err != nil {
			t.Fatal(err)
		}
	}

	const region, code = 4, "_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION"
	_, err = api.GetActiveActivePrivateLink(s.ctx, sub, region)
	wantCode(t, "read that of a region", err, code)
	wantCode(t, "create that of a region", api.CreateActiveActivePrivateLink(s.ctx, sub, region, link), code)
	_, err = api.GetActiveActivePrivateLinkEndpointScript(s.ctx, sub, region)
	wantCode(t, "read the script of a region", err, code)
	wantCode(t, "admit to that of a region", api.CreateActiveActivePrincipal(s.ctx, sub, region,
		privatelink.CreatePrivateLinkPrincipal{Principal: redis.String("210987654321")}), code)
	wantCode(t, "remove from that of a region", api.DeleteActiveActivePrincipal(s.ctx, sub, region, "210987654321"), code)
}
