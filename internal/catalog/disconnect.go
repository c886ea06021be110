package catalog

import (
	"context"
	"errors"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// disconnect takes out what connects regions, by their ids, of a subscription with
// other networks, as it must be when the regions go.
func disconnect(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]bool) error {
	return errors.Join(
		remove(ctx, tx, subscription, inRegions[Peering](regions)),
		remove(ctx, tx, subscription, inRegions[TransitGateway](regions)),
		remove(ctx, tx, subscription, inRegions[PSCService](regions)),
		remove(ctx, tx, subscription, inRegions[PrivateLink](regions)),
	)
}

// inRegions chooses what is in one of some regions.
func inRegions[B located](regions map[int64]bool) func(cloud.Resource[B]) bool {
	return func(r cloud.Resource[B]) bool { return regions[r.Body.regionID()] }
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
