package catalog

import (
	"context"
	"errors"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// disconnect takes out what connects regions, by their ids, of a subscription with
// other networks, as it must be when the regions go.
func disconnect(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error {
	return errors.Join(
		remove(ctx, tx, subscription, inRegions[Peering](regions)),
		remove(ctx, tx, subscription, inRegions[TransitGateway](regions)),
		remove(ctx, tx, subscription, inRegions[PSCService](regions)),
		remove(ctx, tx, subscription, inRegions[PrivateLink](regions)),
	)
}

// inRegions chooses what is in one of some regions.
func inRegions[B located](regions map[int64]string) func(cloud.Resource[B]) bool {
	return func(r cloud.Resource[B]) bool { _, in := regions[r.Body.regionID()]; return in }
}
