package subscription

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/store"
)

// LocationPath is where a path puts a connection: into the only region of a subscription,
// or into one region of an Active-Active subscription. Both operations of a pair
// of twins are one function because of it.
type LocationPath struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	Region       *int64 `path:"regionId,optional" json:"-"` // nil: the path names none
}

// Location is a region of a subscription that is known to exist.
type Location struct {
	Sub    cloud.Resource[Subscription]
	Region DeployedRegion
}

// DeployedRegion is a region that a subscription is deployed to.
type DeployedRegion struct {
	ID     int64 // the catalogue's; 0: the only region of a subscription
	Name   string
	CIDR   string
	Domain string // of everything of the subscription there
}

// WrongKind are the errors of a request that is meant for the other kind of
// subscription.
type WrongKind struct {
	Single       cloud.Code // the subscription has a single region, and one is named
	ActiveActive cloud.Code // it is Active-Active, and none is named
}

// Rules say of which locations a request may be.
type Rules struct {
	Provider string     // empty: of either
	Foreign  cloud.Code // the subscription is with another provider
	WrongKind
}

// Read finds a location to show what is there, whatever the subscription's state.
// It returns SUBSCRIPTION_NOT_FOUND, the errors of RegionOf, and those that the rules name.
func (p LocationPath) Read(ctx context.Context, tx *store.Tx, r Rules) (Location, error) {
	sub, err := ReadSubscription(ctx, tx, p.Subscription)
	if err != nil {
		return Location{}, err
	}
	return p.in(sub, r)
}

// in finds a location in its subscription.
func (p LocationPath) in(sub cloud.Resource[Subscription], r Rules) (Location, error) {
	region, err := RegionOf(sub, p.Region, r.WrongKind)
	at := Location{sub, region}
	if err == nil && r.Provider != "" {
		err = at.CheckProvider(r.Provider, r.Foreign)
	}
	return at, err
}

// Lock finds a location that is to be changed. It returns the errors of ActiveSubscription and of Read, and
// CONNECTIVITY_REQUESTS_ON_CUSTOMER_MANAGED_VPC_SUBSCRIPTION: connections of a network that the customer brought along
// are the customer's to make.
func (p LocationPath) Lock(ctx context.Context, tx *store.Tx, r Rules) (Location, error) {
	sub, err := ActiveSubscription(ctx, tx, p.Subscription)
	if err != nil {
		return Location{}, err
	}
	if vpc := sub.Body.Network.VPCID; vpc != "" {
		return Location{}, cloud.Errorf("CONNECTIVITY_REQUESTS_ON_CUSTOMER_MANAGED_VPC_SUBSCRIPTION",
			"The subscription is in VPC %s, which is yours to connect.", vpc)
	}
	return p.in(sub, r)
}

// CheckProvider returns code where the subscription is with another provider.
func (s Location) CheckProvider(provider string, code cloud.Code) error {
	if s.Sub.Body.Provider != provider {
		return cloud.Errorf(code,
			"This is for subscriptions on %s; subscription %d is on %s.", provider, s.Sub.ID, s.Sub.Body.Provider)
	}
	return nil
}

// Done is the outcome of a change of something in the subscription.
func (s Location) Done(id int64) engine.Outcome {
	return engine.Outcome{ResourceID: id, ParentID: s.Sub.ID}
}

// Found is the outcome of a reading of what the subscription has.
func (s Location) Found(what any) engine.Outcome {
	return engine.Outcome{ResourceID: s.Sub.ID, Resource: what}
}

// Located is the body of what connects a location with other networks.
type Located interface {
	cloud.Body
	// network.InRegion is that of DeployedRegion.
	InRegion() int64
}

// AllAt lists the resources of a kind at a location.
func AllAt[B Located](ctx context.Context, tx *store.Tx, at Location) ([]cloud.Resource[B], error) {
	all, err := store.List[B](ctx, tx, at.Sub.ID)
	return slices.DeleteFunc(all, func(r cloud.Resource[B]) bool { return r.Body.InRegion() != at.Region.ID }), err
}

// OneAt finds the resource of a kind of which a location has one at most; ok is false
// where there is none.
func OneAt[B Located](ctx context.Context, tx *store.Tx, at Location) (r cloud.Resource[B], ok bool, err error) {
	all, err := AllAt[B](ctx, tx, at)
	if err != nil || len(all) == 0 {
		return r, false, err
	}
	return all[0], true, nil
}

// AWSAccountID is the account at AWS that a subscription lives in.
func (s Subscription) AWSAccountID() string {
	return account.AWSAccountOf(s.CloudAccountID)
}

// RegionsOf are the regions of an Active-Active subscription, none of any other.
func RegionsOf(sub cloud.Resource[Subscription]) (list []DeployedRegion) {
	for _, r := range sub.Body.Regions {
		list = append(list, DeployedRegion{
			ID: r.ID, Name: r.Name, CIDR: r.CIDR,
			Domain: memberDomain(sub.ID, r.Number, sub.Body.Provider, r.Name, r.MultiAZ),
		})
	}
	return list
}

// RegionOf finds the region of a subscription that a request names by its id (nil:
// not at all). It returns the errors of the wrong kind of subscription, and
// SUBSCRIPTION_INVALID_REGION_ID.
func RegionOf(sub cloud.Resource[Subscription], id *int64, wrong WrongKind) (DeployedRegion, error) {
	s := sub.Body
	only := DeployedRegion{Name: s.Region, CIDR: s.CIDR, Domain: clusterDomain(sub.ID, s.Provider, s.Region, s.MultiAZ)}
	return ChooseRegion(only, RegionsOf(sub), id, wrong)
}

// ChooseRegion is RegionOf for regions that are known: the only one, or several of
// an Active-Active subscription.
func ChooseRegion(only DeployedRegion, several []DeployedRegion, id *int64, wrong WrongKind) (DeployedRegion, error) {
	switch {
	case len(several) == 0 && id != nil:
		return only, cloud.Errorf(wrong.Single,
			"The subscription has a single region; this request is for one of the regions of an Active-Active subscription.")
	case len(several) == 0:
		return only, nil
	case id == nil:
		return only, cloud.Errorf(wrong.ActiveActive,
			"The subscription is Active-Active; this request is for subscriptions of a single region.")
	}
	i := slices.IndexFunc(several, func(r DeployedRegion) bool { return r.ID == *id })
	if i < 0 {
		return only, cloud.Errorf("SUBSCRIPTION_INVALID_REGION_ID", "The subscription is not deployed to a region %d.", *id)
	}
	return several[i], nil
}

// LockActiveActive locks an Active-Active subscription that is to be
// changed; another one is answered with wrong.
func LockActiveActive(
	ctx context.Context, tx *store.Tx, id int64, wrong cloud.Code,
) (cloud.Resource[Subscription], error) {
	sub, err := ActiveSubscription(ctx, tx, id)
	if err == nil {
		err = ActiveActiveOnly(sub, wrong)
	}
	return sub, err
}

// ActiveActiveOnly returns wrong for a subscription of a single region.
func ActiveActiveOnly(sub cloud.Resource[Subscription], wrong cloud.Code) error {
	if !sub.Body.ActiveActive() {
		return cloud.Errorf(wrong, "The subscription has a single region; this request is for Active-Active subscriptions.")
	}
	return nil
}

// Remove takes out those resources of a kind below a parent that are chosen. What is
// below them goes along.
func Remove[B cloud.Body](ctx context.Context, tx *store.Tx, parent int64, chosen func(cloud.Resource[B]) bool) error {
	list, err := store.List[B](ctx, tx, parent)
	if err != nil {
		return err
	}
	for _, r := range list {
		if !chosen(r) {
			continue
		}
		store.Remove[B](tx, r.ID)
	}
	return nil
}
