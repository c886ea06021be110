package network

import (
	"context"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Externals returns what the owners of networks can do.
func Externals() []engine.External {
	return []engine.External{
		engine.NewExternal("accept-peering", "The owner of a VPC accepts a peering, or peers from there.",
			func(ctx context.Context, tx *store.Tx, in peeringInput) error { return AcceptPeering(ctx, tx, in.ID) }),
		engine.NewExternal("reject-peering", "The owner of a VPC rejects a peering.",
			func(ctx context.Context, tx *store.Tx, in peeringInput) error { return RejectPeering(ctx, tx, in.ID) }),
		engine.NewExternal("accept-transit-gateway", "The owner of a transit gateway accepts its attachment.",
			func(ctx context.Context, tx *store.Tx, in attachmentInput) error {
				return answerAttachment(ctx, tx, in.Gateway, gatewayAvailable)
			}),
		engine.NewExternal("reject-transit-gateway", "The owner of a transit gateway rejects its attachment.",
			func(ctx context.Context, tx *store.Tx, in attachmentInput) error {
				return answerAttachment(ctx, tx, in.Gateway, cloud.StatusError)
			}),
		engine.NewExternal("connect-private-link", "A principal connects an endpoint to a PrivateLink.", connectPrivateLink),
	}
}

type peeringInput struct {
	ID int64 `json:"peering" help:"Id of the peering."`
}

type attachmentInput struct {
	Gateway int64 `json:"gateway" help:"Id of the transit gateway, as the API lists it."`
}

// AcceptPeering makes a peering active as the owner of the VPC does, from outside the
// API; nothing happens to one that is active. It returns VPC_PEERING_NOT_FOUND.
func AcceptPeering(ctx context.Context, tx *store.Tx, id int64) error {
	return answerPeering(ctx, tx, id, cloud.StatusActive)
}

// RejectPeering makes a peering fail as the owner of the VPC does who does not want it. It returns
// VPC_PEERING_NOT_FOUND.
func RejectPeering(ctx context.Context, tx *store.Tx, id int64) error {
	return answerPeering(ctx, tx, id, cloud.StatusError)
}

func answerPeering(ctx context.Context, tx *store.Tx, id int64, answer cloud.Status) error {
	peering, ok, err := store.Get[Peering](ctx, tx, id)
	switch {
	case err != nil:
		return err
	case !ok:
		return cloud.Errorf("VPC_PEERING_NOT_FOUND", "Peering %d was not found.", id)
	}
	end(tx, peering, answer, "The owner of the network has rejected the peering.")
	return nil
}

func answerAttachment(ctx context.Context, tx *store.Tx, gateway int64, answer cloud.Status) error {
	attachment, ok, err := attachmentOf(ctx, tx, gateway)
	switch {
	case err != nil:
		return err
	case !ok:
		return noAttachment(gateway)
	case attachment.Status != attachmentInitiating && attachment.Status != attachmentPending:
		return cloud.Errorf("CONFLICT_ERROR", "The attachment of transit gateway %d waits for nobody: it is %s.",
			gateway, attachment.Status)
	}
	end(tx, attachment, answer, "The owner of the transit gateway has rejected the attachment.")
	return nil
}

// end takes a resource to a status at once; why is for an error. What was to come is no longer.
func end[B cloud.Body](tx *store.Tx, r cloud.Resource[B], status cloud.Status, why string) {
	tx.DropSteps(r.Body.Kind(), r.ID)
	step := resource.Step(r, "", status)
	if status == cloud.StatusError {
		step.Error = &cloud.Error{Code: "GENERAL_ERROR", Description: why}
	}
	tx.ApplyNow([]cloud.Step{step})
}

type connectionInput struct {
	Subscription int64  `json:"subscription" help:"Id of the subscription with the PrivateLink."`
	Region       *int64 `json:"region,omitempty" help:"Id of the region, of an Active-Active subscription."`
	Principal    string `json:"principal" help:"Principal that connects, one of those of the PrivateLink."`
}

func connectPrivateLink(ctx context.Context, tx *store.Tx, in connectionInput) error {
	path := subscription.LocationPath{Subscription: in.Subscription, Region: in.Region}
	at, err := path.Read(ctx, tx, privateLinkReading())
	if err != nil {
		return err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return err
	}
	principal, ok, err := findPrincipal(ctx, tx, link.ID, in.Principal)
	switch {
	case err != nil:
		return err
	case !ok || principal.Status != principalThere:
		return cloud.Errorf("PRIVATE_LINK_PRINCIPAL_NOT_FOUND",
			"Principal %s of the PrivateLink was not found, or is not associated yet.",
			in.Principal)
	case link.Status != cloud.StatusActive:
		return cloud.Errorf("PRIVATE_LINK_NOT_FOUND",
			"The PrivateLink was not found among the active ones: it is %s.", link.Status)
	}
	link.Body.Connected++
	n := fmt.Sprint(link.Body.Connected)
	link.Body.Connections = append(link.Body.Connections, Connection{
		Association: "snra-" + derive.Hex(link.ID, "association "+n, 17),
		ID:          "vpce-" + derive.Hex(link.ID, "endpoint "+n, 17),
		Type:        "endpoint", Owner: in.Principal, Date: wire.Date(tx.Now),
	})
	store.Update(tx, link)
	return nil
}
