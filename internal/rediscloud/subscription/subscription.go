package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// How long changes of a subscription take.
const (
	subscriptionCreation cloud.Length = "subscription.creation"
	subscriptionUpdate   cloud.Length = "subscription.update"
	subscriptionDeletion cloud.Length = "subscription.deletion"
)

// Words of a subscription's settings.
const (
	creditCard  = "credit-card"
	marketplace = "marketplace"
)

// Subscription is a Pro subscription: a deployment of its own, in one region or,
// with Active-Active, in several.
type Subscription struct {
	PaymentMethod   string      `json:"paymentMethod"`
	PaymentMethodID int64       `json:"paymentMethodId,omitempty"` // 0: none, with marketplace
	MemoryStorage   string      `json:"memoryStorage"`
	Provider        string      `json:"provider"`
	CloudAccountID  int64       `json:"cloudAccountId"`
	Region          string      `json:"region"`
	MultiAZ         bool        `json:"multiAZ"`
	Zones           []string    `json:"zones,omitempty"` // as asked for; empty: any
	CIDR            string      `json:"cidr"`
	RedisVersion    string      `json:"redisVersion,omitempty"` // of its databases that ask for none; empty: the default
	PublicAccess    bool        `json:"publicAccess"`           // databases have public endpoints
	AllowList       AllowList   `json:"allowList"`
	Maintenance     Maintenance `json:"maintenance"`
	// Of subscriptions in a customer's own cloud account.
	Network      OwnNetwork    `json:"network,omitzero"`
	ResourceTags []ResourceTag `json:"resourceTags,omitempty"`

	Encryption *Encryption `json:"encryption,omitempty"` // nil: with keys of the cloud provider
	// with Active-Active, by name; Region, Zones and CIDR are empty then
	Regions []Region `json:"regions,omitempty"`
}

// Kind of all Pro subscriptions.
func (Subscription) Kind() cloud.Kind {
	return cloud.Kind{Name: "subscription", FirstID: 100_000, Limit: limit}
}

func (c *service) subscriptionOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listProSubscriptions", listProSubscriptions),
		engine.Task("createProSubscription", c.createProSubscription),
		engine.FoundBy(engine.Answer("getProSubscription", getProSubscription), findProSubscription),
		engine.Task("updateProSubscription", c.updateProSubscription),
		engine.Task("deleteProSubscription", deleteProSubscription),
		engine.Task("updateProSubscriptionResourceTags", updateResourceTags),
	}
}

// Path is the input of operations that only need to know which one.
type Path struct {
	ID int64 `path:"subscriptionId" json:"-"`
}

// findProSubscription returns an error if a subscription is not there. To show it, its databases are read, too.
func findProSubscription(ctx context.Context, tx *store.Tx, in Path) error {
	_, err := ReadSubscription(ctx, tx, in.ID)
	return err
}

// ReadSubscription reads a subscription, in whatever state.
// It returns SUBSCRIPTION_NOT_FOUND.
func ReadSubscription(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[Subscription], error) {
	sub, ok, err := store.Get[Subscription](ctx, tx, id)
	if err == nil && !ok {
		err = errNotFound(id)
	}
	return sub, err
}

// ActiveSubscription reads a subscription that is to be changed.
// It returns SUBSCRIPTION_NOT_FOUND and SUBSCRIPTION_NOT_ACTIVE.
func ActiveSubscription(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[Subscription], error) {
	sub, err := ReadSubscription(ctx, tx, id)
	if err == nil && sub.Status != cloud.StatusActive {
		err = errNotActive(sub)
	}
	return sub, err
}

// subscriptionForDatabase reads a subscription that is to get a database. One
// that is on its way out counts as gone.
// It returns SUBSCRIPTION_NOT_FOUND and SUBSCRIPTION_NOT_ACTIVE.
func subscriptionForDatabase(ctx context.Context, tx *store.Tx, id int64) (cloud.Resource[Subscription], error) {
	sub, err := ReadSubscription(ctx, tx, id)
	switch {
	case err != nil:
		return sub, err
	case sub.Status == cloud.StatusDeleting:
		return sub, errNotFound(id)
	case sub.Status != cloud.StatusActive:
		return sub, errNotActive(sub)
	}
	return sub, nil
}

func errNotFound(id int64) error {
	return cloud.Errorf("SUBSCRIPTION_NOT_FOUND", "Subscription %d was not found.", id)
}

func errNotActive[B cloud.Body](sub cloud.Resource[B]) error {
	return cloud.Errorf("SUBSCRIPTION_NOT_ACTIVE",
		"Subscription %d is not in an active state: it is %s.", sub.ID, sub.Status)
}

// LivesIn finds a subscription that lives in a cloud account; ok is false if none does.
func LivesIn(ctx context.Context, tx *store.Tx, cloudAccount int64) (subscription int64, ok bool, err error) {
	subscriptions, err := store.All[Subscription](ctx, tx)
	for _, sub := range subscriptions {
		if sub.Body.CloudAccountID == cloudAccount {
			return sub.ID, true, err
		}
	}
	return 0, false, err
}
