package network

import (
	"context"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// States of transit gateways and of invitations to them.
const (
	gatewayAvailable   cloud.Status = "available"
	invitationPending  cloud.Status = "pending"
	invitationAccepted cloud.Status = "accepted"
	invitationRejected cloud.Status = "rejected"
)

// TransitGateway is the answer to an invitation, its status. An accepted one is a
// gateway that the location can be attached to.
type TransitGateway struct {
	RegionID   int64 `json:"regionId,omitempty"` // of an Active-Active subscription
	Invitation int64 `json:"invitation"`
}

// Kind of all answered invitations.
func (TransitGateway) Kind() cloud.Kind {
	return cloud.Kind{Name: "transit-gateway", Parent: "subscription"}
}

// InRegion returns the id of the region that it is in.
func (g TransitGateway) InRegion() int64 { return g.RegionID }

func (c *service) transitGatewayOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("listTransitGateways", c.listTransitGateways),
		engine.Task("listActiveActiveTransitGateways", c.listTransitGateways),
		engine.Task("listTransitGatewayInvitations", c.listInvitations),
		engine.Task("listActiveActiveTransitGatewayInvitations", c.listInvitations),
		engine.Task("acceptTransitGatewayInvitation", c.acceptInvitation),
		engine.Task("acceptActiveActiveTransitGatewayInvitation", c.acceptInvitation),
		engine.Task("rejectTransitGatewayInvitation", c.rejectInvitation),
		engine.Task("rejectActiveActiveTransitGatewayInvitation", c.rejectInvitation),
		engine.Task("createTransitGatewayAttachment", createAttachment),
		engine.Task("createActiveActiveTransitGatewayAttachment", createAttachment),
		engine.Task("updateTransitGatewayAttachment", updateAttachment),
		engine.Task("updateActiveActiveTransitGatewayAttachment", updateAttachment),
		engine.Task("deleteTransitGatewayAttachment", deleteAttachment),
		engine.Task("deleteActiveActiveTransitGatewayAttachment", deleteAttachment),
	}
}

// gatewayRules are those of every request about transit gateways.
func gatewayRules(single, activeActive cloud.Code) subscription.Rules {
	return subscription.Rules{
		Provider: catalog.AWS, Foreign: "TGW_CLOUD_PROVIDER_IS_NOT_SUPPORTED",
		WrongKind: subscription.WrongKind{Single: single, ActiveActive: activeActive},
	}
}

type invitationList struct {
	Resources []invitationView `json:"resources"`
}

type invitationView struct {
	ID         int64        `json:"id"`
	Name       string       `json:"name"`
	ShareUID   string       `json:"resourceShareUid"`
	Account    string       `json:"awsAccountId"`
	Status     cloud.Status `json:"status"`
	SharedDate time.Time    `json:"sharedDate"`
}

func (c *service) listInvitations(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (any, error) {
	at, err := in.Read(ctx, tx, gatewayRules(
		"TGW_GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_INVITATIONS_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		"TGW_GETTING_SINGLE_REGION_TGW_INVITATIONS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return nil, err
	}
	answers, err := subscription.AllAt[TransitGateway](ctx, tx, at)
	if err != nil {
		return nil, err
	}
	own, err := c.Of(ctx, tx)
	if err != nil {
		return nil, err
	}
	list := invitationList{Resources: []invitationView{}}
	for _, shared := range own.TransitGateways {
		status := invitationPending
		if answer, ok := answerTo(answers, shared.ID); ok {
			status = answer.Status
		}
		list.Resources = append(list.Resources, invitationView{
			shared.ID, shared.Name, shared.ShareUID, shared.Account, status, shared.SharedDate,
		})
	}
	return at.Found(list), nil
}

type invitationPath struct {
	subscription.LocationPath
	ID int64 `path:"tgwInvitationId" json:"-"`
}

func (c *service) acceptInvitation(ctx context.Context, tx *store.Tx, in invitationPath) (engine.Outcome, error) {
	return c.answerInvitation(ctx, tx, in, invitationAccepted, gatewayRules(
		"TGW_ACCEPTING_AN_ACTIVE_ACTIVE_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"TGW_ACCEPTING_A_FLEXIBLE_SUBSCRIPTION_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
}

func (c *service) rejectInvitation(ctx context.Context, tx *store.Tx, in invitationPath) (engine.Outcome, error) {
	return c.answerInvitation(ctx, tx, in, invitationRejected, gatewayRules(
		"TGW_REJECTING_AN_ACTIVE_ACTIVE_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"TGW_REJECTING_A_FLEXIBLE_SUBSCRIPTION_TGW_RESOURCE_SHARE_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
}

// An invitation is answered once. To give the same answer again does no harm.
func (c *service) answerInvitation(
	ctx context.Context, tx *store.Tx, in invitationPath, answer cloud.Status, r subscription.Rules,
) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, r)
	if err != nil {
		return out, err
	}
	own, err := c.Of(ctx, tx)
	if err != nil {
		return out, err
	}
	if _, ok := sharedGateway(own, in.ID); !ok {
		return out, cloud.Errorf("TGW_RESOURCE_SHARE_DOES_NOT_EXIST", "Invitation %d was not found.", in.ID)
	}
	answers, err := subscription.AllAt[TransitGateway](ctx, tx, at)
	if err != nil {
		return out, err
	}
	given, answered := answerTo(answers, in.ID)
	switch {
	case answered && given.Status == answer:
		return at.Done(in.ID), nil
	case answered:
		return out, cloud.Errorf("TGW_RESOURCE_SHARE_DOES_NOT_EXIST",
			"Invitation %d was not found among those that wait: it is %s.", in.ID, given.Status)
	}
	_, err = resource.Insert(ctx, tx, cloud.Resource[TransitGateway]{
		Parent: at.Sub.ID, Status: answer, Body: TransitGateway{RegionID: at.Region.ID, Invitation: in.ID},
	})
	return at.Done(in.ID), err
}

func sharedGateway(own *account.Assets, id int64) (account.SharedGateway, bool) {
	i := slices.IndexFunc(own.TransitGateways, func(g account.SharedGateway) bool { return g.ID == id })
	if i < 0 {
		return account.SharedGateway{}, false
	}
	return own.TransitGateways[i], true
}

func answerTo(answers []cloud.Resource[TransitGateway], invitation int64) (cloud.Resource[TransitGateway], bool) {
	i := slices.IndexFunc(answers, func(a cloud.Resource[TransitGateway]) bool { return a.Body.Invitation == invitation })
	if i < 0 {
		return cloud.Resource[TransitGateway]{}, false
	}
	return answers[i], true
}

type gatewayList struct {
	Gateways []gatewayView `json:"tgws"`
}

type gatewayView struct {
	ID               int64         `json:"id"`
	GatewayUID       string        `json:"awsTgwUid"`
	AttachmentUID    string        `json:"attachmentUid,omitempty"`
	Status           cloud.Status  `json:"status"`
	AttachmentStatus cloud.Status  `json:"attachmentStatus,omitempty"`
	Account          string        `json:"awsAccountId"`
	CIDRs            []gatewayCIDR `json:"cidrs"`
}

type gatewayCIDR struct {
	Address string `json:"cidrAddress"`
	Status  string `json:"status"`
}

func (c *service) listTransitGateways(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (any, error) {
	at, err := in.Read(ctx, tx, gatewayRules(
		"TGW_GETTING_ACTIVE_ACTIVE_SUBSCRIPTION_TGW_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		"TGW_GETTING_SINGLE_REGION_TGWS_IS_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return nil, err
	}
	gateways, err := subscription.AllAt[TransitGateway](ctx, tx, at)
	if err != nil {
		return nil, err
	}
	own, err := c.Of(ctx, tx)
	if err != nil {
		return nil, err
	}
	list := gatewayList{Gateways: []gatewayView{}}
	for _, gateway := range gateways {
		shared, ok := sharedGateway(own, gateway.Body.Invitation)
		if !ok || gateway.Status != invitationAccepted {
			continue // its owner does not share it any more, or it was declined
		}
		attachment, attached, err := attachmentOf(ctx, tx, gateway.ID)
		if err != nil {
			return nil, err
		}
		view := gatewayView{
			ID: gateway.ID, GatewayUID: shared.GatewayUID, Status: gatewayAvailable, Account: shared.Account,
			CIDRs: []gatewayCIDR{},
		}
		if attached {
			view.attach(attachment)
		}
		list.Gateways = append(list.Gateways, view)
	}
	return at.Found(list), nil
}

// attach shows an attachment. Clients wait for the gateway's own status when they
// attach it, so that one follows the attachment's.
func (v *gatewayView) attach(a cloud.Resource[GatewayAttachment]) {
	v.AttachmentUID = "tgw-attach-" + derive.Hex(a.ID, "attachment", 17)
	v.AttachmentStatus = a.Status
	if a.Status == cloud.StatusError {
		v.AttachmentStatus = "failed"
	}
	v.Status = v.AttachmentStatus
	for _, cidr := range a.Body.CIDRs {
		v.CIDRs = append(v.CIDRs, gatewayCIDR{cidr, "active"})
	}
}
