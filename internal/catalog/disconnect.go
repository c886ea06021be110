package catalog

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// disconnect takes out what connects regions, by their ids, of a subscription with
// other networks, as it must be when the regions go. It is part of that change: the
// subscription is pending until the last of it has gone.
func disconnect(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]bool, after time.Duration) ([]cloud.Step, error) {
	peerings, err1 := remove(ctx, tx, subscription, func(p Peering) bool { return regions[p.RegionID] }, after)
	gateways, err2 := remove(ctx, tx, subscription, func(g TransitGateway) bool { return regions[g.RegionID] }, after)
	services, err3 := remove(ctx, tx, subscription, func(s PSCService) bool { return regions[s.RegionID] }, after)
	links, err4 := remove(ctx, tx, subscription, func(l PrivateLink) bool { return regions[l.RegionID] }, after)
	return slices.Concat(peerings, gateways, services, links), errors.Join(err1, err2, err3, err4)
}

// remove takes out those resources of a kind in a subscription that are chosen.
// What is below them goes along.
func remove[B cloud.Body](
	ctx context.Context, tx *store.Tx, subscription int64, chosen func(B) bool, after time.Duration,
) (steps []cloud.Step, err error) {
	list, err := store.List[B](ctx, tx, subscription, 0, store.All)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if !chosen(r.Body) {
			continue
		}
		if err := store.SetStatus[B](ctx, tx, r.ID, cloud.StatusDeleting); err != nil {
			return nil, err
		}
		steps = append(steps, cloud.Step{Kind: r.Body.Kind(), ID: r.ID, Subscription: subscription, After: after, Status: cloud.StatusGone})
	}
	return steps, nil
}
