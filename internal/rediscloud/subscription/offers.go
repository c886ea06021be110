package subscription

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

func offerOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listProRedisVersions", listProRedisVersions),
		engine.Answer("listEssentialsRedisVersions", listEssentialsRedisVersions),
		engine.Answer("listEssentialsPlansForSubscription", listEssentialsPlansForSubscription),
	}
}

type versionFilter struct {
	Subscription *int64 `query:"subscriptionId" json:"-"` // nil: all
}

// Every subscription may use every version, so naming one only checks that it is there.
func listProRedisVersions(ctx context.Context, tx *store.Tx, in versionFilter) (out catalog.ListedVersions, err error) {
	if in.Subscription != nil {
		if _, err := ReadSubscription(ctx, tx, *in.Subscription); err != nil {
			return out, err
		}
	}
	return catalog.ListVersions(catalog.ProOffer), nil
}

type essentialsVersionFilter struct {
	Subscription int64 `query:"subscriptionId" json:"-"`
}

func listEssentialsRedisVersions(
	ctx context.Context, tx *store.Tx, in essentialsVersionFilter,
) (out catalog.ListedVersions, err error) {
	if _, err := readEssentials(ctx, tx, in.Subscription); err != nil {
		return out, err
	}
	return catalog.ListVersions(catalog.EssentialsOffer), nil
}

// The subscription's own plan is one of those it may have: clients look for it here.
func listEssentialsPlansForSubscription(ctx context.Context, tx *store.Tx, in Path) (*catalog.PlanList, error) {
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	own, _ := catalog.PlanByID(sub.Body.PlanID)
	return catalog.ShowPlans(slices.DeleteFunc(slices.Clone(catalog.Plans()), func(p catalog.Plan) bool {
		return p.ID != own.ID && (p.Retired || catalog.CheckPlanChange(own, p) != nil)
	})), nil
}
