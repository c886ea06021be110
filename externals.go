package understudy

import (
	"context"
	"encoding/json"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Externals are what happens to a sandbox from outside the API, by somebody else's hand: the owner of a network
// answers, a backup fails. Each happens at once, or its error says why it cannot, and then nothing has.
type Externals struct{ s *Sandbox }

// External is an event that can happen from outside, and what it wants to know.
type External = sandbox.ExternalEvent

// Externals returns what can happen to the sandbox from outside.
func (s *Sandbox) Externals() Externals { return Externals{s} }

// List returns all events that there are, also those that have no method here.
func (e Externals) List() []External { return e.s.control().Externals() }

// Trigger lets an event happen, with its inputs: numbers and texts by name.
func (e Externals) Trigger(ctx context.Context, event string, inputs map[string]any) error {
	return wrapped(e.s.control().Trigger(ctx, e.s.ref(), event, inputs))
}

// AcceptPeering has the owner of a VPC accept a peering, by its id: it is active.
func (e Externals) AcceptPeering(ctx context.Context, peering int64) error {
	return e.Trigger(ctx, "accept-peering", map[string]any{"peering": peering})
}

// RejectPeering has the owner of a VPC reject a peering, by its id: it has failed.
func (e Externals) RejectPeering(ctx context.Context, peering int64) error {
	return e.Trigger(ctx, "reject-peering", map[string]any{"peering": peering})
}

// InviteTransitGateway has the owner of a transit gateway of AWS, tgw-…, share it: every subscription on AWS has an
// invitation to it, which the API accepts or rejects.
func (e Externals) InviteTransitGateway(ctx context.Context, gateway string) error {
	object, err := json.Marshal(map[string]any{"transitGateways": []any{map[string]any{"awsTgwUid": gateway}}})
	if err == nil {
		_, err = e.s.control().AddAssets(ctx, e.s.ref(), object)
	}
	return wrapped(err)
}

// AcceptTransitGateway has the owner of a transit gateway accept its attachment: it is available. The gateway is named
// by the id under which the API lists it.
func (e Externals) AcceptTransitGateway(ctx context.Context, gateway int64) error {
	return e.Trigger(ctx, "accept-transit-gateway", map[string]any{"gateway": gateway})
}

// RejectTransitGateway has the owner of a transit gateway reject its attachment: it has failed.
func (e Externals) RejectTransitGateway(ctx context.Context, gateway int64) error {
	return e.Trigger(ctx, "reject-transit-gateway", map[string]any{"gateway": gateway})
}

// ConnectPrivateLink has a principal, one of those of the PrivateLink of a subscription, connect an endpoint to it.
// Where an Active-Active subscription has one PrivateLink in each region, Trigger takes the region.
func (e Externals) ConnectPrivateLink(ctx context.Context, subscription int64, principal string) error {
	return e.Trigger(ctx, "connect-private-link", map[string]any{"subscription": subscription, "principal": principal})
}

// FailBackup lets the backup of a database that is under way fail; without one, the next regular one. The reason is
// what the API then shows; empty: that the storage cannot be reached. Of an Active-Active database Trigger takes the
// region.
func (e Externals) FailBackup(ctx context.Context, database int64, reason string) error {
	inputs := map[string]any{"database": database}
	if reason != "" {
		inputs["reason"] = reason
	}
	return e.Trigger(ctx, "fail-backup", inputs)
}
