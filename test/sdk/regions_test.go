package sdk

import (
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
)

// connectionsOfRegions has in one region of an Active-Active subscription all that connects networks on AWS.
func connectionsOfRegions(t *testing.T, s *session) {
	sub := s.subscribeTo(t, activeActive("sdk-regions", "AWS", "us-east-1", "eu-west-1"), "active")
	regions, err := s.client.Subscription.ListActiveActiveRegions(s.ctx, sub)
	if err != nil || len(regions) != 2 || redis.StringValue(regions[0].Region) != "eu-west-1" {
		t.Fatalf("got regions %v, %v, want eu-west-1 and us-east-1", regions, err)
	}
	region := redis.IntValue(regions[0].RegionId)
	s.peerRegion(t, sub)
	s.attachRegion(t, sub, region)
	s.linkRegion(t, sub, region)
}

func (s *session) peerRegion(t *testing.T, sub int) {
	t.Helper()
	id, err := s.client.Subscription.CreateActiveActiveVPCPeering(s.ctx, sub, subscriptions.CreateActiveActiveVPCPeering{
		SourceRegion: redis.String("eu-west-1"), DestinationRegion: redis.String("eu-west-2"),
		AWSAccountID: redis.String("210987654321"), VPCId: redis.String("vpc-0a1b2c3d"),
		VPCCidrs: redis.StringSlice("172.20.0.0/16", "172.21.0.0/16"),
	})
	if err != nil {
		t.Fatal(err)
	}
	peerings := func() (found []*subscriptions.ActiveActiveVPCPeering) {
		t.Helper()
		list, err := s.client.Subscription.ListActiveActiveVPCPeering(s.ctx, sub)
		if err != nil {
			t.Fatal(err)
		}
		for _, region := range list {
			if len(region.VPCPeerings) > 0 && redis.StringValue(region.SourceRegion) != "eu-west-1" {
				t.Errorf("got peerings %v, want them in eu-west-1", list)
			}
			found = append(found, region.VPCPeerings...)
		}
		return found
	}
	s.await(t, subscriptions.VPCPeeringStatusActive, func() (string, error) {
		if got := peerings(); len(got) == 1 {
			return redis.StringValue(got[0].Status), nil
		}
		return "error", nil
	})
	cidr := func(text string) *subscriptions.CIDR {
		return &subscriptions.CIDR{VPCCidr: redis.String(text), Status: redis.String("true")}
	}
	want := []*subscriptions.ActiveActiveVPCPeering{{
		ID: redis.Int(id), Status: redis.String(subscriptions.VPCPeeringStatusActive), RegionName: redis.String("eu-west-2"),
		AWSAccountID: redis.String("210987654321"), VPCId: redis.String("vpc-0a1b2c3d"),
		VPCCidrs: []*subscriptions.CIDR{cidr("172.20.0.0/16"), cidr("172.21.0.0/16")},
	}}
	got := peerings()
	made := cmpopts.IgnoreFields(subscriptions.ActiveActiveVPCPeering{}, "AWSPeeringID", "RegionId", "SourceRegion",
		"DestinationRegion")
	if diff := cmp.Diff(want, got, made); diff != "" {
		t.Fatalf("want (-), got (+):\n%s", diff)
	}
	if uid := redis.StringValue(got[0].AWSPeeringID); !strings.HasPrefix(uid, "pcx-") {
		t.Errorf("got the peering UID %q, want pcx-…", uid)
	}
	if err := s.client.Subscription.DeleteActiveActiveVPCPeering(s.ctx, sub, id); err != nil {
		t.Fatal(err)
	}
	if got := peerings(); len(got) > 0 {
		t.Errorf("after the deletion: got %v, want none", got)
	}
}

func (s *session) attachRegion(t *testing.T, sub, region int) {
	t.Helper()
	api := s.client.TransitGatewayAttachments
	path := fmt.Sprintf("/subscriptions/%d/regions/%d/transitGateways/invitations/101/accept", sub, region)
	s.server.Accept(http.MethodPut, path, nil)
	gateway := func() *attachments.TransitGatewayAttachment {
		t.Helper()
		task, err := api.GetActiveActive(s.ctx, sub, region)
		if err != nil {
			t.Fatal(err)
		}
		if task.Response == nil || task.Response.Resource == nil ||
			len(task.Response.Resource.TransitGatewayAttachment) != 1 {
			t.Fatalf("got %+v, want one transit gateway", task)
		}
		return task.Response.Resource.TransitGatewayAttachment[0]
	}
	id := redis.IntValue(gateway().Id)
	if _, err := api.CreateActiveActive(s.ctx, sub, region, id); err != nil {
		t.Fatal(err)
	}
	s.await(t, "available", func() (string, error) { return redis.StringValue(gateway().AttachmentStatus), nil })
	cidrs := redis.StringSlice("10.20.0.0/16", "10.10.0.0/16")
	if err := api.UpdateActiveActive(s.ctx, sub, region, id, cidrs); err != nil {
		t.Fatal(err)
	}
	if got := gateway().Cidrs; len(got) != 2 || redis.StringValue(got[0].CidrAddress) != "10.20.0.0/16" {
		t.Errorf("got the CIDRs %v, want both in their order", got)
	}
	if err := api.DeleteActiveActive(s.ctx, sub, region, id); err != nil {
		t.Fatal(err)
	}
	s.await(t, "", func() (string, error) { return redis.StringValue(gateway().AttachmentStatus), nil })
}

func (s *session) linkRegion(t *testing.T, sub, region int) {
	t.Helper()
	api := s.client.PrivateLink
	if err := api.CreateActiveActivePrivateLink(s.ctx, sub, region, privatelink.CreatePrivateLink{
		ShareName: redis.String("orders share"),
		Principal: redis.String("210987654321"), PrincipalType: redis.String("aws_account"),
	}); err != nil {
		t.Fatal(err)
	}
	role := redis.String("arn:aws:iam::210987654321:role/orders")
	if err := api.CreateActiveActivePrincipal(s.ctx, sub, region, privatelink.CreatePrivateLinkPrincipal{
		Principal: role, PrincipalType: redis.String("iam_role"), PrincipalAlias: redis.String("orders"),
	}); err != nil {
		t.Fatal(err)
	}
	var got *privatelink.PrivateLink
	s.await(t, "active", func() (status string, err error) {
		if got, err = api.GetActiveActivePrivateLink(s.ctx, sub, region); err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
	if len(got.Principals) != 2 || len(got.Databases) != 1 {
		t.Errorf("got %+v", got)
	}
	script, err := api.GetActiveActivePrivateLinkEndpointScript(s.ctx, sub, region)
	if err != nil || redis.StringValue(script.ResourceEndpointScript) == "" ||
		redis.StringValue(script.TerraformAwsScript) == "" {
		t.Errorf("endpoint script: got %+v, %v", script, err)
	}
	if err := api.DeleteActiveActivePrincipal(s.ctx, sub, region, redis.StringValue(role)); err != nil {
		t.Fatal(err)
	}
	s.await(t, "gone", func() (string, error) {
		got, err := api.GetActiveActivePrivateLink(s.ctx, sub, region)
		if err == nil && len(got.Principals) == 1 {
			return "gone", nil
		}
		return "", err
	})
}

func privateServiceConnectOfRegions(t *testing.T, s *session) {
	sub := s.subscribeTo(t, activeActive("sdk-psc-regions", "GCP", "us-west1", "europe-west1"), "active")
	regions, err := s.client.Subscription.ListActiveActiveRegions(s.ctx, sub)
	if err != nil || len(regions) != 2 {
		t.Fatalf("got regions %v, %v, want two", regions, err)
	}
	region, other := redis.IntValue(regions[0].RegionId), redis.IntValue(regions[1].RegionId)
	api := s.client.PrivateServiceConnect
	service, err := api.CreateActiveActiveService(s.ctx, sub, region)
	if err != nil {
		t.Fatal(err)
	}
	s.await(t, psc.ServiceStatusActive, func() (string, error) {
		got, err := api.GetActiveActiveService(s.ctx, sub, region)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
	// The SDK has a type of its own for a region without a service.
	_, err = api.GetActiveActiveService(s.ctx, sub, other)
	wantError[*psc.NotFoundActiveActive](t, "the other region", err)

	id, err := api.CreateActiveActiveEndpoint(s.ctx, sub, region, service, psc.CreatePrivateServiceConnectEndpoint{
		GCPProjectID: redis.String("shop-project"), GCPVPCName: redis.String("shop"),
		GCPVPCSubnetName: redis.String("shop-subnet"), EndpointConnectionName: redis.String("orders"),
	})
	if err != nil {
		t.Fatal(err)
	}
	var got *psc.PrivateServiceConnectEndpoint
	await := func(status string) {
		t.Helper()
		s.await(t, status, func() (string, error) {
			list, err := api.GetActiveActiveEndpoints(s.ctx, sub, region, service)
			if err != nil || len(list.Endpoints) != 1 {
				return "error", err
			}
			got = list.Endpoints[0]
			return redis.StringValue(got.Status), nil
		})
	}
	update := func(change psc.UpdatePrivateServiceConnectEndpoint) {
		t.Helper()
		if err := api.UpdateActiveActiveEndpoint(s.ctx, sub, region, service, id, &change); err != nil {
			t.Fatal(err)
		}
	}
	await(psc.EndpointStatusPending)
	update(psc.UpdatePrivateServiceConnectEndpoint{Action: redis.String(psc.EndpointActionReject)})
	await(psc.EndpointStatusRejected)
	update(psc.UpdatePrivateServiceConnectEndpoint{GCPVPCName: redis.String("other")}) // while it is not in use
	update(psc.UpdatePrivateServiceConnectEndpoint{Action: redis.String(psc.EndpointActionAccept)})
	await(psc.EndpointStatusActive)
	if redis.IntValue(got.ID) != id || redis.StringValue(got.GCPVPCName) != "other" ||
		redis.StringValue(got.EndpointConnectionName) != "orders" {
		t.Errorf("got endpoint %+v, want it with another VPC", got)
	}
	script, err := api.GetActiveActiveEndpointCreationScripts(s.ctx, sub, region, service, id, true)
	if err != nil || len(script.Script.TerraformGcp.ServiceAttachments) == 0 ||
		redis.StringValue(script.Script.Bash) == "" {
		t.Errorf("creation script: got %+v, %v", script, err)
	}
	deletion, err := api.GetActiveActiveEndpointDeletionScripts(s.ctx, sub, region, service, id)
	if err != nil || redis.StringValue(deletion.Script.Powershell) == "" {
		t.Errorf("deletion script: got %+v, %v", deletion, err)
	}
	if err := api.DeleteActiveActiveEndpoint(s.ctx, sub, region, service, id); err != nil {
		t.Fatal(err)
	}
	if err := api.DeleteActiveActiveService(s.ctx, sub, region); err != nil {
		t.Fatal(err)
	}
	awaitGone[*psc.NotFoundActiveActive](t, s, func() (*psc.PrivateServiceConnectService, error) {
		return api.GetActiveActiveService(s.ctx, sub, region)
	})
}
