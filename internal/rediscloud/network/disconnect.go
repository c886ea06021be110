package network

import (
	"context"
	"errors"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// Disconnect takes out what connects regions, by their ids, of a subscription with
// other networks, as it must be when the regions go.
func Disconnect(ctx context.Context, tx *store.Tx, subID int64, regions map[int64]string) error {
	return errors.Join(
		subscription.Remove(ctx, tx, subID, inRegions[Peering](regions)),
		subscription.Remove(ctx, tx, subID, inRegions[TransitGateway](regions)),
		subscription.Remove(ctx, tx, subID, inRegions[PSCService](regions)),
		subscription.Remove(ctx, tx, subID, inRegions[PrivateLink](regions)),
	)
}

// inRegions chooses what is in one of some regions.
func inRegions[B subscription.Located](regions map[int64]string) func(cloud.Resource[B]) bool {
	return func(r cloud.Resource[B]) bool { _, in := regions[r.Body.InRegion()]; return in }
}
