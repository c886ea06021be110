package network

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
)

func TestChooseRegion(t *testing.T) {
	t.Parallel()
	only := subscription.DeployedRegion{Name: "eu-west-1"}
	several := []subscription.DeployedRegion{{ID: 1, Name: "us-east-1"}, {ID: 4, Name: "eu-west-1"}}
	wrong := subscription.WrongKind{Single: "SINGLE", ActiveActive: "ACTIVE_ACTIVE"}
	id := func(n int64) *int64 { return &n }
	for _, tt := range []struct {
		name    string
		several []subscription.DeployedRegion
		id      *int64
		want    subscription.DeployedRegion
		code    cloud.Code
	}{
		{"the only region", nil, nil, only, ""},
		{"a region of a single one", nil, id(4), only, "SINGLE"},
		{"id 0 of a single one", nil, id(0), only, "SINGLE"},
		{"one of several", several, id(4), several[1], ""},
		{"none of several", several, id(5), only, "SUBSCRIPTION_INVALID_REGION_ID"},
		{"several, and none named", several, nil, only, "ACTIVE_ACTIVE"},
	} {
		got, err := subscription.ChooseRegion(only, tt.several, tt.id, wrong)
		if code := cloudtest.CodeOf(t, err); got != tt.want || code != tt.code {
			t.Errorf("%s: got %+v, %q, want %+v, %q", tt.name, got, code, tt.want, tt.code)
		}
	}
}

func TestPeeringRules(t *testing.T) {
	t.Parallel()
	text := func(s string) *string { return &s }
	onAWS := vpcSpec{Account: "210987654321", VPC: "vpc-0a1b2c3d", cidrSpec: cidrSpec{CIDR: text("172.20.0.0/16")}}
	onGCP := vpcSpec{Provider: "gcp", Project: "shop-project", Network: "shop"}
	for _, tt := range []struct {
		name   string
		from   vpcSpec
		change func(*vpcSpec)
		region string
		want   cloud.Code
	}{
		{"AWS", onAWS, func(*vpcSpec) {}, "eu-west-1", ""},
		{"AWS by name", onAWS, func(s *vpcSpec) { s.Provider = "aws" }, "eu-west-1", ""},
		{"GCP", onGCP, func(*vpcSpec) {}, "", ""},
		{
			"no such provider", onAWS, func(s *vpcSpec) { s.Provider = "azure" }, "eu-west-1",
			"VPC_PEERING_IS_NOT_KNOWN_CLOUD_PROVIDER",
		},
		{
			"a subscription of the other provider", onGCP, func(s *vpcSpec) { s.Provider = "AWS" }, "eu-west-1",
			"VPC_PEERING_BELONGS_TO_DIFFERENT_CLOUD_PROVIDER",
		},
		{"account", onAWS, func(s *vpcSpec) { s.Account = "4291" }, "eu-west-1", "VPC_PEERING_INVALID_ACCOUNT"},
		{
			"a VPC as the official description writes one", onAWS, func(s *vpcSpec) { s.VPC = "vpc-0123456789abcdef01" },
			"eu-west-1", "",
		},
		{"VPC", onAWS, func(s *vpcSpec) { s.VPC = "shop" }, "eu-west-1", "VPC_PEERING_INVALID_VPC"},
		{"region", onAWS, func(*vpcSpec) {}, "us-east1", "VPC_PEERING_INVALID_REGION"},
		{"project", onGCP, func(s *vpcSpec) { s.Project = "Shop" }, "", "VPC_PEERING_INVALID_PROJECT"},
		{"network", onGCP, func(s *vpcSpec) { s.Network = "-" }, "", "VPC_PEERING_INVALID_VPC"},
		{"no CIDR", onAWS, func(s *vpcSpec) { s.CIDR = nil }, "eu-west-1", "VPC_PEERING_CIDR_IS_MISSING"},
		{
			"both", onAWS, func(s *vpcSpec) { s.CIDRs = []string{"172.21.0.0/16"} }, "eu-west-1",
			"VPC_PEERING_TOO_MANY_CIDR_SPECIFICATIONS",
		},
		{"no network", onAWS, func(s *vpcSpec) { s.CIDR = text("172.20.0.1/16") }, "eu-west-1", "VPC_PEERING_INVALID_CIDR"},
		{
			"the deployment's network", onAWS, func(s *vpcSpec) { s.CIDR = text("10.0.0.0/8") }, "eu-west-1",
			"VPC_PEERING_CIDR_OVERLAP",
		},
		{"overlap", onAWS, func(s *vpcSpec) {
			s.cidrSpec = cidrSpec{CIDRs: []string{"172.20.0.0/16", "172.20.1.0/24"}}
		}, "eu-west-1", "VPC_PEERING_CIDR_OVERLAP"},
		{"six", onAWS, func(s *vpcSpec) {
			s.cidrSpec = cidrSpec{CIDRs: []string{
				"172.20.0.0/16", "172.21.0.0/16", "172.22.0.0/16", "172.23.0.0/16", "172.24.0.0/16", "172.25.0.0/16",
			}}
		}, "eu-west-1", "VPC_PEERING_TOO_MANY_CIDR_SPECIFICATIONS"},
	} {
		spec := tt.from
		at := subscription.Location{Region: subscription.DeployedRegion{Name: "eu-west-1", CIDR: "10.0.0.0/24"}}
		at.Sub.Body.Provider = catalog.AWS
		if spec.Provider == "gcp" {
			at.Sub.Body.Provider = catalog.GCP
		}
		tt.change(&spec)
		_, err := newPeering(at, spec, tt.region)
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q, want %q (%v)", tt.name, got, tt.want, err)
		}
	}
}

func TestRegionPeeringsView(t *testing.T) {
	t.Parallel()
	regions := []subscription.DeployedRegion{{ID: 1, Name: "us-east-1"}, {ID: 4, Name: "eu-west-1"}}
	peering := cloud.Resource[Peering]{
		ID: 7, Parent: 100, Status: cloud.StatusActive,
		Body: Peering{
			RegionID: 4, Provider: catalog.AWS, Region: "us-west-2", Account: "210987654321", VPC: "vpc-0a1b2c3d",
			CIDRs: []string{"172.20.0.0/16"},
		},
	}
	got := showRegionPeerings(100, regions, []cloud.Resource[Peering]{peering})
	want := regionPeeringList{Subscription: 100, Regions: []regionPeerings{
		{ID: 1, Region: "us-east-1", Peerings: []regionPeeringView{}},
		{ID: 4, Region: "eu-west-1", Peerings: []regionPeeringView{{
			ID: 7, RegionID: 3, Source: "eu-west-1", Destination: "us-west-2", peeringFacts: peeringFacts{
				Status: cloud.StatusActive, RegionName: "us-west-2", Account: "210987654321", VPC: "vpc-0a1b2c3d",
				CIDR: "172.20.0.0/16", PeeringUID: "pcx-" + derive.Hex(7, "peering", 17),
			},
		}}},
	}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(regionPeeringView{})); diff != "" {
		t.Errorf("want (-), got (+):\n%s", diff)
	}
}

func TestGatewayCIDRs(t *testing.T) {
	t.Parallel()
	have := []string{"10.10.0.0/16", "10.20.0.0/16"}
	for _, tt := range []struct {
		name string
		have []string
		want []cidrAddress
		code cloud.Code
	}{
		{"others", have, []cidrAddress{"10.30.0.0/16"}, ""},
		{"another order", have, []cidrAddress{"10.20.0.0/16", "10.10.0.0/16"}, ""},
		{
			"the same", have,
			[]cidrAddress{"10.10.0.0/16", "10.20.0.0/16"},
			"TGW_ATTACHMENT_CIDRS_ARE_THE_SAME_AS_EXISTING_ONES",
		},
		{"none", have, nil, ""},
		{"still none", nil, nil, ""},
		{
			"one twice", have, []cidrAddress{"10.10.0.0/16", "10.10.0.0/16"}, "TGW_ATTACHMENT_CIDRS_REQUEST_CONTAINS_DUPLICATES",
		},
		{"an address", have, []cidrAddress{"10.10.0.1"}, "TGW_ATTACHMENT_CIDRS_INVALID_LENGTH"},
		{"too long a mask", have, []cidrAddress{"10.10.0.0/33"}, "TGW_ATTACHMENT_CIDRS_INVALID_LENGTH"},
	} {
		_, err := gatewayCIDRs(tt.have, tt.want)
		if got := cloudtest.CodeOf(t, err); got != tt.code {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.code)
		}
	}
}

func TestPrincipalRules(t *testing.T) {
	t.Parallel()
	const owner = "111122223333"
	for _, tt := range []struct {
		kind, principal string
		want            cloud.Code
	}{
		{"aws_account", "210987654321", ""},
		{"aws_account", "arn:aws:iam::210987654321:root", ""},
		{"aws_account", "4291", "PRIVATE_LINK_PRINCIPAL_INVALID_PRINCIPLE"},
		{"aws_account", owner, "PRIVATE_LINK_PRINCIPAL_CANNOT_BE_OWNER_ACCOUNT"},
		{"organization", "arn:aws:organizations::210987654321:organization/o-a1b2c3d4e5", ""},
		{"organization", "210987654321", "PRIVATE_LINK_PRINCIPAL_INVALID_PRINCIPLE"},
		{"organization_unit", "arn:aws:organizations::210987654321:ou/o-a1b2c3d4e5/ou-ab12-c3d4e5f6", ""},
		{"iam_role", "arn:aws:iam::210987654321:role/team/orders", ""},
		{"iam_role", "arn:aws:iam::210987654321:user/orders", "PRIVATE_LINK_PRINCIPAL_INVALID_PRINCIPLE"},
		{"iam_user", "arn:aws:iam::210987654321:user/orders", ""},
		{"service_principal", "lambda.amazonaws.com", ""},
		{"service_principal", "lambda", "PRIVATE_LINK_PRINCIPAL_INVALID_PRINCIPLE"},
	} {
		if got := cloudtest.CodeOf(t, checkPrincipal(tt.principal, tt.kind, owner)); got != tt.want {
			t.Errorf("%s %s: got %q, want %q", tt.kind, tt.principal, got, tt.want)
		}
	}
}

func TestWatchedEndpoint(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, tt := range []struct {
		name   string
		status cloud.Status
		at     []time.Duration // looks
		want   bool            // it leaves with the last one
	}{
		{"a look", pscEndpointPending, []time.Duration{0}, false},
		{"the second of who waits", pscEndpointPending, []time.Duration{0, 10 * time.Second}, true},
		{"two readers at once", pscEndpointPending, []time.Duration{0, time.Second}, false},
		{"one that comes back", pscEndpointPending, []time.Duration{0, 2 * time.Minute}, false},
		{"and waits then", pscEndpointPending, []time.Duration{0, 2 * time.Minute, 2*time.Minute + 10*time.Second}, true},
		{"an accepter and the first", cloud.StatusActive, []time.Duration{0, 15 * time.Second}, false},
		{"an accepter and the second", cloud.StatusActive, []time.Duration{0, 15 * time.Second, 25 * time.Second}, true},
		{"a refresh, an accepter and the first", pscEndpointRejected, []time.Duration{0, 0, 15 * time.Second}, false},
		{
			"a refresh, an accepter and the second", pscEndpointRejected,
			[]time.Duration{0, 0, 15 * time.Second, 25 * time.Second},
			true,
		},
		{
			"who waits for it to become active", pscEndpointAccepting,
			[]time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second},
			false,
		},
		{
			"who waits for it to be pending", pscEndpointProcessing,
			[]time.Duration{0, 10 * time.Second, 20 * time.Second, 30 * time.Second},
			false,
		},
	} {
		var watch pscWatch
		leaves := false
		for _, at := range tt.at {
			leaves = watch.countPoll(tt.status, start.Add(at))
		}
		if leaves != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, leaves, tt.want)
		}
	}
}
