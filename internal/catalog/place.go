package catalog

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// place is where a path puts a connection: into the only region of a subscription,
// or into one region of an Active-Active subscription. Both operations of a pair
// of twins are one function because of it.
type place struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	Region       *int64 `path:"regionId,optional" json:"-"` // nil: the path names none
}

// site is a place that is known to exist.
type site struct {
	sub    cloud.Resource[Subscription]
	region deployedRegion
}

// deployedRegion is a region that a subscription is deployed to.
type deployedRegion struct {
	ID     int64 // the catalogue's; 0: the only region of a subscription
	Name   string
	CIDR   string
	Domain string // of everything of the subscription there
}

// wrongKind are the errors of a request that is meant for the other kind of
// subscription.
type wrongKind struct {
	single       cloud.Code // the subscription has a single region, and one is named
	activeActive cloud.Code // it is Active-Active, and none is named
}

// rules say of which places a request may be.
type rules struct {
	provider string     // empty: of either
	foreign  cloud.Code // the subscription is with another provider
	wrongKind
}

// read finds a place to show what is there, whatever the subscription's state.
// Beyond SUBSCRIPTION_NOT_FOUND it answers what regionOf does, and what the rules say.
func (p place) read(ctx context.Context, tx *store.Tx, r rules) (site, error) {
	sub, err := readSubscription(ctx, tx, p.Subscription)
	if err != nil {
		return site{}, err
	}
	return p.in(sub, r)
}

// in finds a place in its subscription.
func (p place) in(sub cloud.Resource[Subscription], r rules) (site, error) {
	region, err := regionOf(sub, p.Region, r.wrongKind)
	at := site{sub, region}
	if err == nil && r.provider != "" {
		err = at.checkProvider(r.provider, r.foreign)
	}
	return at, err
}

// lock finds a place that is to be changed. Beyond what activeSubscription does it
// answers what read does, and CONNECTIVITY_REQUESTS_ON_CUSTOMER_MANAGED_VPC_SUBSCRIPTION: connections of a network that the
// customer brought along are the customer's to make.
func (p place) lock(ctx context.Context, tx *store.Tx, r rules) (site, error) {
	sub, err := activeSubscription(ctx, tx, p.Subscription)
	if err != nil {
		return site{}, err
	}
	if vpc := sub.Body.Network.VPCID; vpc != "" {
		return site{}, cloud.Errorf("CONNECTIVITY_REQUESTS_ON_CUSTOMER_MANAGED_VPC_SUBSCRIPTION", "The subscription is in VPC %s, which is yours to connect.", vpc)
	}
	return p.in(sub, r)
}

// checkProvider answers code where the subscription is with another provider.
func (s site) checkProvider(provider string, code cloud.Code) error {
	if s.sub.Body.Provider != provider {
		return cloud.Errorf(code, "This is for subscriptions on %s; subscription %d is on %s.", provider, s.sub.ID, s.sub.Body.Provider)
	}
	return nil
}

// done is the outcome of a change of something in the subscription. Its steps do not
// hold the subscription: it stays active meanwhile.
func (s site) done(id int64, steps ...cloud.Step) engine.Outcome {
	return engine.Outcome{ResourceID: id, ParentID: s.sub.ID, Steps: steps}
}

// found is the outcome of a reading of what the subscription has.
func (s site) found(what any) engine.Outcome {
	return engine.Outcome{ResourceID: s.sub.ID, Resource: what}
}

// located is the body of what connects a place with other networks.
type located interface {
	cloud.Body
	// regionID is that of deployedRegion.
	regionID() int64
}

// allAt lists the resources of a kind at a place.
func allAt[B located](ctx context.Context, tx *store.Tx, at site) ([]cloud.Resource[B], error) {
	all, err := store.List[B](ctx, tx, at.sub.ID)
	return slices.DeleteFunc(all, func(r cloud.Resource[B]) bool { return r.Body.regionID() != at.region.ID }), err
}

// oneAt finds the resource of a kind of which a place has one at most; ok is false
// where there is none.
func oneAt[B located](ctx context.Context, tx *store.Tx, at site) (r cloud.Resource[B], ok bool, err error) {
	all, err := allAt[B](ctx, tx, at)
	if err != nil || len(all) == 0 {
		return r, false, err
	}
	return all[0], true, nil
}

// awsAccountID is the account at AWS that a subscription lives in.
func (s Subscription) awsAccountID() string {
	return awsAccountOf(s.CloudAccountID)
}

// regionsOf are the regions of an Active-Active subscription, none of any other.
func regionsOf(sub cloud.Resource[Subscription]) (list []deployedRegion) {
	for _, r := range sub.Body.Regions {
		list = append(list, deployedRegion{
			ID: r.ID, Name: r.Name, CIDR: r.CIDR,
			Domain: memberDomain(sub.ID, r.Number, sub.Body.Provider, r.Name, r.MultiAZ),
		})
	}
	return list
}

// regionOf finds the region of a subscription that a request names by its id (nil:
// not at all). It answers the errors of the wrong kind of subscription, and
// SUBSCRIPTION_INVALID_REGION_ID.
func regionOf(sub cloud.Resource[Subscription], id *int64, wrong wrongKind) (deployedRegion, error) {
	s := sub.Body
	only := deployedRegion{Name: s.Region, CIDR: s.CIDR, Domain: clusterDomain(sub.ID, s.Provider, s.Region, s.MultiAZ)}
	return chooseRegion(only, regionsOf(sub), id, wrong)
}

// chooseRegion is regionOf for regions that are known: the only one, or several of
// an Active-Active subscription.
func chooseRegion(only deployedRegion, several []deployedRegion, id *int64, wrong wrongKind) (deployedRegion, error) {
	switch {
	case len(several) == 0 && id != nil:
		return only, cloud.Errorf(wrong.single, "The subscription has a single region; this request is for one of the regions of an Active-Active subscription.")
	case len(several) == 0:
		return only, nil
	case id == nil:
		return only, cloud.Errorf(wrong.activeActive, "The subscription is Active-Active; this request is for subscriptions of a single region.")
	}
	i := slices.IndexFunc(several, func(r deployedRegion) bool { return r.ID == *id })
	if i < 0 {
		return only, cloud.Errorf("SUBSCRIPTION_INVALID_REGION_ID", "The subscription is not deployed to a region %d.", *id)
	}
	return several[i], nil
}

// lockActiveActive locks an Active-Active subscription that is to be
// changed; another one is answered with wrong.
func lockActiveActive(ctx context.Context, tx *store.Tx, id int64, wrong cloud.Code) (cloud.Resource[Subscription], error) {
	sub, err := activeSubscription(ctx, tx, id)
	if err == nil {
		err = activeActiveOnly(sub, wrong)
	}
	return sub, err
}

// activeActiveOnly answers wrong for a subscription of a single region.
func activeActiveOnly(sub cloud.Resource[Subscription], wrong cloud.Code) error {
	if !sub.Body.activeActive() {
		return cloud.Errorf(wrong, "The subscription has a single region; this request is for Active-Active subscriptions.")
	}
	return nil
}

// remove takes out those resources of a kind below a parent that are chosen. What is
// below them goes along.
func remove[B cloud.Body](ctx context.Context, tx *store.Tx, parent int64, chosen func(cloud.Resource[B]) bool) error {
	list, err := store.List[B](ctx, tx, parent)
	if err != nil {
		return err
	}
	for _, r := range list {
		if !chosen(r) {
			continue
		}
		if err := store.Remove[B](ctx, tx, r.ID); err != nil {
			return err
		}
	}
	return nil
}
