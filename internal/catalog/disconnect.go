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
	end := cloud.Step{Subscription: subscription, After: after}
	peerings, err1 := remove(ctx, tx, subscription, inRegions[Peering](regions), end)
	gateways, err2 := remove(ctx, tx, subscription, inRegions[TransitGateway](regions), end)
	services, err3 := remove(ctx, tx, subscription, inRegions[PSCService](regions), end)
	links, err4 := remove(ctx, tx, subscription, inRegions[PrivateLink](regions), end)
	return slices.Concat(peerings, gateways, services, links), errors.Join(err1, err2, err3, err4)
}

// inRegions chooses what is in one of some regions.
func inRegions[B located](regions map[int64]bool) func(cloud.Resource[B]) bool {
	return func(r cloud.Resource[B]) bool { return regions[r.Body.regionID()] }
}

// remove takes out those resources of a kind below a parent that are chosen, each
// by a step like end. What is below them goes along.
func remove[B cloud.Body](ctx context.Context, tx *store.Tx, parent int64, chosen func(cloud.Resource[B]) bool, end cloud.Step) (steps []cloud.Step, err error) {
	list, err := store.List[B](ctx, tx, parent)
	if err != nil {
		return nil, err
	}
	for _, r := range list {
		if !chosen(r) {
			continue
		}
		if err := store.SetStatus[B](ctx, tx, r.ID, cloud.StatusDeleting); err != nil {
			return nil, err
		}
		end.Kind, end.ID, end.Status = r.Body.Kind(), r.ID, cloud.StatusGone
		steps = append(steps, end)
	}
	return steps, nil
}
