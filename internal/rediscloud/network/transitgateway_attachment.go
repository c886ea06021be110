package network

import (
	"bytes"
	"context"
	"encoding/json"
	"net/netip"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of an attachment: the gateway's owner takes a while to accept it.
const (
	attachmentInitiating cloud.Status = "initiating-request"
	attachmentPending    cloud.Status = "pending"

	attachmentInitiation cloud.Length = "transit-gateway-attachment.initiation"
	attachmentCreation   cloud.Length = "transit-gateway-attachment.creation"
)

// GatewayAttachment connects a location with a transit gateway.
type GatewayAttachment struct {
	CIDRs []string `json:"cidrs"` // behind the gateway, in the order given
}

// Kind of all attachments. A gateway has one at most.
func (GatewayAttachment) Kind() cloud.Kind {
	return cloud.Kind{Name: "transit-gateway-attachment", Parent: "transit-gateway"}
}

type attachmentPath struct {
	subscription.LocationPath
	Gateway int64 `path:"tgwId" json:"-"`
}

func createAttachment(ctx context.Context, tx *store.Tx, in attachmentPath) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, gatewayRules(
		"TGW_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"TGW_CREATING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	if err := checkGateway(ctx, tx, at, in.Gateway); err != nil {
		return out, err
	}
	if _, attached, err := attachmentOf(ctx, tx, in.Gateway); err != nil {
		return out, err
	} else if attached {
		return out, cloud.Errorf("CONFLICT_ERROR", "Transit gateway %d is attached already.", in.Gateway)
	}
	attachment, err := resource.Insert(ctx, tx, cloud.Resource[GatewayAttachment]{
		Parent: in.Gateway, Status: attachmentInitiating,
	})
	tx.Plan(
		resource.Step(attachment, attachmentInitiation, attachmentPending),
		resource.Step(attachment, attachmentCreation, gatewayAvailable),
	)
	return at.Done(in.Gateway), err
}

type attachmentUpdate struct {
	attachmentPath
	CIDRs []cidrAddress `json:"cidrs"`
}

// cidrAddress is a text, or a text wrapped in an object: the official document has
// the one, the official clients send the other.
type cidrAddress string

// UnmarshalJSON reads both forms.
func (c *cidrAddress) UnmarshalJSON(data []byte) error {
	if !bytes.HasPrefix(data, []byte("{")) {
		return json.Unmarshal(data, (*string)(c))
	}
	var wrapped struct {
		Address string `json:"cidrAddress"`
	}
	err := json.Unmarshal(data, &wrapped)
	*c = cidrAddress(wrapped.Address)
	return err
}

func updateAttachment(ctx context.Context, tx *store.Tx, in attachmentUpdate) (out engine.Outcome, err error) {
	at, attachment, err := lockAttachment(ctx, tx, in.attachmentPath, gatewayRules(
		"TGW_UPDATING_AN_ACTIVE_ACTIVE_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"TGW_UPDATING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	if attachment.Status != gatewayAvailable {
		return out, cloud.Errorf("TGW_ATTACHMENT_IS_NOT_ACTIVE",
			"The attachment is not in an active state: it is %s. It can be changed once it is available.", attachment.Status)
	}
	cidrs, err := gatewayCIDRs(attachment.Body.CIDRs, in.CIDRs)
	if err != nil {
		return out, err
	}
	attachment.Body.CIDRs = cidrs
	store.Update(tx, attachment)
	return at.Done(in.Gateway), nil
}

// gatewayCIDRs checks the networks that are to replace others behind a gateway.
// Nothing for nothing is let pass: clients clear what they cannot see.
func gatewayCIDRs(have []string, want []cidrAddress) ([]string, error) {
	list := []string{}
	for _, c := range want {
		prefix, err := netip.ParsePrefix(string(c))
		switch {
		case err != nil || !prefix.Addr().Is4() || prefix != prefix.Masked():
			return nil, cloud.Errorf("TGW_ATTACHMENT_CIDRS_INVALID_LENGTH",
				"%q is not an IPv4 network in CIDR notation.", string(c))
		case slices.Contains(list, string(c)):
			return nil, cloud.Errorf("TGW_ATTACHMENT_CIDRS_REQUEST_CONTAINS_DUPLICATES", "%s is listed twice.", string(c))
		}
		list = append(list, string(c))
	}
	if len(list) > 0 && slices.Equal(have, list) {
		return nil, cloud.Errorf("TGW_ATTACHMENT_CIDRS_ARE_THE_SAME_AS_EXISTING_ONES",
			"The attachment has these CIDRs already.")
	}
	return list, nil
}

func deleteAttachment(ctx context.Context, tx *store.Tx, in attachmentPath) (out engine.Outcome, err error) {
	at, attachment, err := lockAttachment(ctx, tx, in, gatewayRules(
		"TGW_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"TGW_DELETING_A_FLEXIBLE_SUBSCRIPTION_TGW_ATTACHMENT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	store.Remove[GatewayAttachment](tx, attachment.ID)
	return at.Done(in.Gateway), nil
}

// lockAttachment finds an attachment that is to be changed. Beyond the errors of
// location.lock and checkGateway it returns TGW_ATTACHMENT_DOES_NOT_EXIST.
func lockAttachment(
	ctx context.Context, tx *store.Tx, path attachmentPath, r subscription.Rules,
) (at subscription.Location, a cloud.Resource[GatewayAttachment], err error) {
	if at, err = path.Lock(ctx, tx, r); err != nil {
		return at, a, err
	}
	if err := checkGateway(ctx, tx, at, path.Gateway); err != nil {
		return at, a, err
	}
	a, ok, err := attachmentOf(ctx, tx, path.Gateway)
	if err == nil && !ok {
		err = noAttachment(path.Gateway)
	}
	return at, a, err
}

func noAttachment(gateway int64) error {
	return cloud.Errorf("TGW_ATTACHMENT_DOES_NOT_EXIST", "The attachment of transit gateway %d was not found.", gateway)
}

// checkGateway returns TGW_DOES_NOT_EXIST unless a location has an accepted gateway.
func checkGateway(ctx context.Context, tx *store.Tx, at subscription.Location, id int64) error {
	gateway, ok, err := store.Get[TransitGateway](ctx, tx, id)
	if err == nil && (!ok || gateway.Parent != at.Sub.ID || gateway.Body.RegionID != at.Region.ID ||
		gateway.Status != invitationAccepted) {
		err = cloud.Errorf("TGW_DOES_NOT_EXIST", "Transit gateway %d was not found.", id)
	}
	return err
}

// attachmentOf finds the attachment of a gateway; ok is false where there is none.
func attachmentOf(
	ctx context.Context, tx *store.Tx, gateway int64,
) (a cloud.Resource[GatewayAttachment], ok bool, err error) {
	list, err := store.List[GatewayAttachment](ctx, tx, gateway)
	if err != nil || len(list) == 0 {
		return a, false, err
	}
	return list[0], true, nil
}
