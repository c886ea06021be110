package network

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/lazy"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of a peering beyond those of every resource. On AWS the owner of the VPC,
// who is not here, is taken to accept after a while. On GCP the owner peers from the
// other side, which nothing in the API does: AcceptPeering stands for that.
const (
	peeringInitiating cloud.Status = "initiating-request"
	peeringWaiting    cloud.Status = "pending-acceptance" // AWS: its owner has not accepted yet
	peeringInactive   cloud.Status = "inactive"           // GCP: its owner has not peered yet

	peeringInitiation cloud.Length = "peering.initiation"
	peeringAcceptance cloud.Length = "peering.acceptance"
)

// peeringCIDRs is how many networks one peering takes. doc: security/vpc-peering
const peeringCIDRs = 5

// Peering connects the network of a subscription with a VPC of the customer.
type Peering struct {
	RegionID int64  `json:"regionId,omitempty"` // of an Active-Active subscription
	Provider string `json:"provider"`

	// AWS
	Region  string   `json:"region,omitempty"` // of the VPC
	Account string   `json:"account,omitempty"`
	VPC     string   `json:"vpc,omitempty"`
	CIDRs   []string `json:"cidrs,omitempty"`

	// GCP
	Project string `json:"project,omitempty"`
	Network string `json:"network,omitempty"`
}

// Kind of all VPC peerings.
func (Peering) Kind() cloud.Kind { return cloud.Kind{Name: "peering", Parent: "subscription"} }

// InRegion returns the id of the region that it is in.
func (p Peering) InRegion() int64 { return p.RegionID }

func peeringOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("listVpcPeerings", listPeerings),
		engine.Task("createVpcPeering", createPeering),
		engine.Task("updateVpcPeering", updatePeering),
		engine.Task("deleteVpcPeering", deletePeering),
		engine.Task("listActiveActiveVpcPeerings", listRegionPeerings),
		engine.Task("createActiveActiveVpcPeering", createRegionPeering),
		engine.Task("updateActiveActiveVpcPeering", updateRegionPeering),
		engine.Task("deleteActiveActiveVpcPeering", deleteRegionPeering),
	}
}

// vpcSpec says which VPC to peer with.
type vpcSpec struct {
	Provider string `json:"provider"` // in any case; empty: AWS
	Account  string `json:"awsAccountId"`
	VPC      string `json:"vpcId"`
	Project  string `json:"vpcProjectUid"`
	Network  string `json:"vpcNetworkName"`
	cidrSpec
}

// cidrSpec has two ways to say what one of them could.
type cidrSpec struct {
	CIDR  *string  `json:"vpcCidr"`
	CIDRs []string `json:"vpcCidrs"`
}

type peeringCreate struct {
	ID     int64  `path:"subscriptionId" json:"-"`
	Region string `json:"region"` // of the VPC, AWS only
	vpcSpec
}

func createPeering(ctx context.Context, tx *store.Tx, in peeringCreate) (out engine.Outcome, err error) {
	at, err := subscription.LocationPath{Subscription: in.ID}.Lock(ctx, tx, subscription.Rules{
		WrongKind: subscription.WrongKind{
			ActiveActive: "CREATING_A_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
	})
	if err != nil {
		return out, err
	}
	return peer(ctx, tx, at, in.vpcSpec, in.Region)
}

type regionPeeringCreate struct {
	ID          int64  `path:"subscriptionId" json:"-"`
	Source      string `json:"sourceRegion"`
	Destination string `json:"destinationRegion"` // of the VPC, AWS only
	vpcSpec
}

func createRegionPeering(ctx context.Context, tx *store.Tx, in regionPeeringCreate) (out engine.Outcome, err error) {
	sub, err := subscription.LockActiveActive(ctx, tx, in.ID,
		"CREATING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	if err != nil {
		return out, err
	}
	for _, region := range subscription.RegionsOf(sub) {
		if region.Name == in.Source {
			return peer(ctx, tx, subscription.Location{Sub: sub, Region: region}, in.vpcSpec, in.Destination)
		}
	}
	return out, cloud.Errorf("ACTIVE_ACTIVE_VPC_PEERING_INVALID_SOURCE_REGION_NAME",
		"The subscription is not deployed to %q.", in.Source)
}

// peer starts a peering between a location and a VPC, of AWS in a region.
func peer(
	ctx context.Context, tx *store.Tx, at subscription.Location, spec vpcSpec, region string,
) (out engine.Outcome, err error) {
	body, err := newPeering(at, spec, region)
	if err != nil {
		return out, err
	}
	others, err := store.List[Peering](ctx, tx, at.Sub.ID)
	if err != nil {
		return out, err
	}
	for _, other := range others {
		if other.Body.sameVPC(body) {
			return out, cloud.Errorf("VPC_PEERING_ALREADY_EXIST", "Peering %d is with the same network.", other.ID)
		}
	}
	peering, err := resource.Insert(ctx, tx, cloud.Resource[Peering]{
		Parent: at.Sub.ID, Status: peeringInitiating, Body: body,
	})
	if body.Provider == catalog.GCP {
		tx.Plan(resource.Step(peering, peeringInitiation, peeringInactive))
		return at.Done(peering.ID), err
	}
	tx.Plan(
		resource.Step(peering, peeringInitiation, peeringWaiting),
		resource.Step(peering, peeringAcceptance, cloud.StatusActive),
	)
	return at.Done(peering.ID), err
}

func (p Peering) sameVPC(other Peering) bool {
	return p.RegionID == other.RegionID && p.Region == other.Region && p.Account == other.Account && p.VPC == other.VPC &&
		p.Project == other.Project && p.Network == other.Network
}

var (
	awsAccountID = lazy.Regexp(`^[0-9]{12}$`)
	// AWS makes 8 or 17 digits; an example in the official description has 18
	awsVPC     = lazy.Regexp(`^vpc-[0-9a-f]{8,18}$`)
	gcpProject = lazy.Regexp(`^([a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$`)
	gcpName    = lazy.Regexp(`^[a-z]([a-z0-9-]{0,61}[a-z0-9])?$`)
)

// newPeering checks what is asked of a peering.
func newPeering(at subscription.Location, spec vpcSpec, region string) (p Peering, err error) {
	p = Peering{RegionID: at.Region.ID, Provider: strings.ToUpper(cmp.Or(spec.Provider, catalog.AWS))}
	if p.Provider != catalog.AWS && p.Provider != catalog.GCP {
		return p, cloud.Errorf("VPC_PEERING_IS_NOT_KNOWN_CLOUD_PROVIDER", "There is no cloud provider %q.", spec.Provider)
	}
	if err := at.CheckProvider(p.Provider, "VPC_PEERING_BELONGS_TO_DIFFERENT_CLOUD_PROVIDER"); err != nil {
		return p, err
	}
	if p.Provider == catalog.GCP {
		p.Project, p.Network = spec.Project, spec.Network
		switch {
		case !gcpProject().MatchString(p.Project):
			return p, cloud.Errorf("VPC_PEERING_INVALID_PROJECT", "%q is not the id of a GCP project.", p.Project)
		case !gcpName().MatchString(p.Network):
			return p, cloud.Errorf("VPC_PEERING_INVALID_VPC", "%q is not the name of a VPC network.", p.Network)
		}
		return p, nil
	}
	p.Region, p.Account, p.VPC = region, spec.Account, spec.VPC
	invalidAccount := cloud.Code("VPC_PEERING_INVALID_ACCOUNT")
	if at.Sub.Body.ActiveActive() {
		invalidAccount = "ACTIVE_ACTIVE_VPC_PEERING_INVALID_AWS_ACCOUNT"
	}
	switch _, known := catalog.RegionNamed(catalog.AWS, region); {
	case !awsAccountID().MatchString(p.Account):
		return p, cloud.Errorf(invalidAccount, "%q is not the id of an AWS account, which has 12 digits.", p.Account)
	case !awsVPC().MatchString(p.VPC):
		return p, cloud.Errorf("VPC_PEERING_INVALID_VPC", "%q is not the id of a VPC, such as vpc-0a1b2c3d.", p.VPC)
	case !known:
		return p, cloud.Errorf("VPC_PEERING_INVALID_REGION", "There is no region %q of AWS.", region)
	}
	p.CIDRs, err = spec.networks(at.Region.CIDR)
	return p, err
}

// networks lists the CIDRs of a VPC. They must not overlap one another or the
// network of the deployment.
func (s cidrSpec) networks(deployment string) ([]string, error) {
	list := s.CIDRs
	switch {
	case s.CIDR != nil && len(list) > 0:
		return nil, cloud.Errorf("VPC_PEERING_TOO_MANY_CIDR_SPECIFICATIONS",
			"A peering is given either one CIDR or a list of them, not both.")
	case s.CIDR != nil:
		list = []string{*s.CIDR}
	case len(list) == 0:
		return nil, cloud.Errorf("VPC_PEERING_CIDR_IS_MISSING", "A peering on AWS needs the CIDR of the VPC.")
	case len(list) > peeringCIDRs:
		return nil, cloud.Errorf("VPC_PEERING_TOO_MANY_CIDR_SPECIFICATIONS", "A peering takes up to %d CIDRs.", peeringCIDRs)
	}
	taken := []netip.Prefix{netip.MustParsePrefix(deployment)}
	for _, text := range list {
		prefix, err := netip.ParsePrefix(text)
		if err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked() {
			return nil, cloud.Errorf("VPC_PEERING_INVALID_CIDR", "%q is not an IPv4 network in CIDR notation.", text)
		}
		if i := slices.IndexFunc(taken, prefix.Overlaps); i >= 0 {
			return nil, cloud.Errorf("VPC_PEERING_CIDR_OVERLAP", "%s overlaps %s.", text, taken[i])
		}
		taken = append(taken, prefix)
	}
	return list, nil
}

type peeringPath struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	ID           int64 `path:"peeringId" json:"-"`
}

type peeringUpdate struct {
	peeringPath
	cidrSpec
}

func updatePeering(ctx context.Context, tx *store.Tx, in peeringUpdate) (out engine.Outcome, err error) {
	at, err := subscription.LocationPath{Subscription: in.Subscription}.Lock(ctx, tx, subscription.Rules{
		WrongKind: subscription.WrongKind{
			ActiveActive: "UPDATING_A_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
	})
	if err != nil {
		return out, err
	}
	peering, err := findPeering(ctx, tx, in.peeringPath, "VPC_PEERING_NOT_FOUND")
	if err != nil {
		return out, err
	}
	return changePeering(tx, at, peering, in.cidrSpec)
}

func updateRegionPeering(ctx context.Context, tx *store.Tx, in peeringUpdate) (out engine.Outcome, err error) {
	sub, err := subscription.LockActiveActive(ctx, tx, in.Subscription,
		"UPDATING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	if err != nil {
		return out, err
	}
	peering, err := findPeering(ctx, tx, in.peeringPath, "ACTIVE_ACTIVE_VPC_PEERING_NOT_FOUND")
	if err != nil {
		return out, err
	}
	region, err := subscription.RegionOf(sub, &peering.Body.RegionID, subscription.WrongKind{})
	if err != nil {
		return out, err
	}
	return changePeering(tx, subscription.Location{Sub: sub, Region: region}, peering, in.cidrSpec)
}

func changePeering(
	tx *store.Tx, s subscription.Location, peering cloud.Resource[Peering], spec cidrSpec,
) (out engine.Outcome, err error) {
	switch {
	case peering.Body.Provider != catalog.AWS:
		return out, cloud.Errorf("VPC_PEERING_BELONGS_TO_DIFFERENT_CLOUD_PROVIDER", "Only a peering on AWS has CIDRs.")
	case peering.Status != cloud.StatusActive:
		return out, cloud.Errorf("VPC_PEERING_NOT_ACTIVE",
			"Peering %d is not in an active state: it is %s.", peering.ID, peering.Status)
	}
	if peering.Body.CIDRs, err = spec.networks(s.Region.CIDR); err != nil {
		return out, err
	}
	store.Update(tx, peering)
	return s.Done(peering.ID), nil
}

func deletePeering(ctx context.Context, tx *store.Tx, in peeringPath) (out engine.Outcome, err error) {
	at, err := subscription.LocationPath{Subscription: in.Subscription}.Lock(ctx, tx, subscription.Rules{
		WrongKind: subscription.WrongKind{
			ActiveActive: "DELETING_SINGLE_REGION_VPC_PEERING_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
		},
	})
	if err != nil {
		return out, err
	}
	return removePeering(ctx, tx, at, in, "VPC_PEERING_NOT_FOUND")
}

func deleteRegionPeering(ctx context.Context, tx *store.Tx, in peeringPath) (out engine.Outcome, err error) {
	sub, err := subscription.LockActiveActive(ctx, tx, in.Subscription,
		"DELETING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	if err != nil {
		return out, err
	}
	peerings, err := store.List[Peering](ctx, tx, sub.ID)
	if err == nil && len(peerings) == 0 {
		err = cloud.Errorf("DELETING_AN_ACTIVE_ACTIVE_VPC_PEERING_IS_NOT_ALLOWED_FOR_A_SUBSCRIPTION_WITH_NO_VPC_PEERINGS",
			"The subscription has no peerings.")
	}
	if err != nil {
		return out, err
	}
	return removePeering(ctx, tx, subscription.Location{Sub: sub}, in, "ACTIVE_ACTIVE_VPC_PEERING_NOT_FOUND")
}

func removePeering(
	ctx context.Context, tx *store.Tx, s subscription.Location, in peeringPath, missing cloud.Code,
) (out engine.Outcome, err error) {
	peering, err := findPeering(ctx, tx, in, missing)
	if err != nil {
		return out, err
	}
	store.Remove[Peering](tx, peering.ID)
	return s.Done(peering.ID), nil
}

// findPeering finds a peering that is to be changed; missing is the code where
// there is none.
func findPeering(
	ctx context.Context, tx *store.Tx, path peeringPath, missing cloud.Code,
) (cloud.Resource[Peering], error) {
	peering, ok, err := store.Get[Peering](ctx, tx, path.ID)
	if err == nil && (!ok || peering.Parent != path.Subscription) {
		err = cloud.Errorf(missing, "Peering %d of subscription %d was not found.", path.ID, path.Subscription)
	}
	return peering, err
}
