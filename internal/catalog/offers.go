package catalog

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

func (c *Catalog) offerOperations() []engine.Operation {
	return []engine.Operation{
		engine.Sync("listProRedisVersions", c.listProRedisVersions),
		engine.Sync("listEssentialsRedisVersions", c.listEssentialsRedisVersions),
		engine.Sync("listEssentialsPlansForSubscription", c.listEssentialsPlansForSubscription),
	}
}

type versionFilter struct {
	Subscription *int64 `query:"subscriptionId" json:"-"` // nil: all
}

// Every subscription may use every version, so naming one only checks that it is there.
func (c *Catalog) listProRedisVersions(ctx context.Context, tx *store.Tx, in versionFilter) (out listedVersions, err error) {
	if in.Subscription != nil {
		if _, err := readSubscription(ctx, tx, *in.Subscription); err != nil {
			return out, err
		}
	}
	return c.listVersions(proOffer), nil
}

type essentialsVersionFilter struct {
	Subscription int64 `query:"subscriptionId" json:"-"`
}

func (c *Catalog) listEssentialsRedisVersions(ctx context.Context, tx *store.Tx, in essentialsVersionFilter) (out listedVersions, err error) {
	if _, err := readEssentials(ctx, tx, in.Subscription); err != nil {
		return out, err
	}
	return c.listVersions(essentialsOffer), nil
}

// The subscription's own plan is one of those it may have: clients look for it here.
func (c *Catalog) listEssentialsPlansForSubscription(ctx context.Context, tx *store.Tx, in subscriptionPath) (*planList, error) {
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	own, _ := c.plan(sub.Body.PlanID)
	return showPlans(slices.DeleteFunc(slices.Clone(c.plans), func(p plan) bool {
		return p.ID != own.ID && (p.Retired || checkPlanChange(own, p) != nil)
	})), nil
}
