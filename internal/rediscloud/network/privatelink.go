package network

import (
	"context"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of a PrivateLink, and how long it stays in them.
const (
	privateLinkInitializing cloud.Status = "initializing"

	privateLinkCreation cloud.Length = "private-link.creation"
)

// PrivateLink opens a location on AWS to principals of the customer's choice.
type PrivateLink struct {
	RegionID  int64  `json:"regionId,omitempty"` // of an Active-Active subscription
	ShareName string `json:"shareName"`

	Connections []Connection `json:"connections,omitempty"`
	Connected   int64        `json:"connected,omitempty"` // how many there ever were
}

// Connection is an endpoint that a principal has connected.
type Connection struct {
	Association string    `json:"associationId"`
	ID          string    `json:"connectionId"`
	Type        string    `json:"type"`
	Owner       string    `json:"ownerId"`
	Date        time.Time `json:"associationDate"`
}

// Kind of all PrivateLinks.
func (PrivateLink) Kind() cloud.Kind {
	return cloud.Kind{Name: "private-link", Parent: "subscription"}
}

// InRegion returns the id of the region that it is in.
func (l PrivateLink) InRegion() int64 { return l.RegionID }

func privateLinkOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("getPrivateLink", getPrivateLink),
		engine.Task("getActiveActivePrivateLink", getPrivateLink),
		engine.Task("createPrivateLink", createPrivateLink),
		engine.Task("createActiveActivePrivateLink", createPrivateLink),
		engine.Task("deletePrivateLink", deletePrivateLink),
		engine.Task("deleteActiveActivePrivateLink", deletePrivateLink),
		engine.Task("createPrivateLinkPrincipal", createPrincipal),
		engine.Task("createActiveActivePrivateLinkPrincipal", createPrincipal),
		engine.Task("deletePrivateLinkPrincipal", deletePrincipal),
		engine.Task("deleteActiveActivePrivateLinkPrincipal", deletePrincipal),
		engine.Task("disassociatePrivateLinkConnections", disassociateConnections),
		engine.Task("disassociateActiveActivePrivateLinkConnections", disassociateConnections),
		engine.Task("getPrivateLinkEndpointScript", getPrivateLinkScript),
		engine.Task("getActiveActivePrivateLinkEndpointScript", getPrivateLinkScript),
	}
}

// privateLinkRules are those of every request about PrivateLink.
func privateLinkRules(single, activeActive cloud.Code) subscription.Rules {
	return subscription.Rules{
		Provider: catalog.AWS, Foreign: "PRIVATE_LINK_CLOUD_PROVIDER_NOT_SUPPORTED",
		WrongKind: subscription.WrongKind{Single: single, ActiveActive: activeActive},
	}
}

func privateLinkReading() subscription.Rules {
	return privateLinkRules(
		"PRIVATE_LINK_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_GET_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	)
}

type privateLinkCreate struct {
	subscription.LocationPath
	ShareName string `json:"shareName"`
	principalSpec
}

func createPrivateLink(ctx context.Context, tx *store.Tx, in privateLinkCreate) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, privateLinkRules(
		"PRIVATE_LINK_CREATE_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_CREATE_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	if _, there, err := subscription.OneAt[PrivateLink](ctx, tx, at); err != nil {
		return out, err
	} else if there {
		return out, cloud.Errorf("PRIVATE_LINK_ALREADY_EXISTS", "There is a PrivateLink already.")
	}
	link, err := resource.Insert(ctx, tx, cloud.Resource[PrivateLink]{
		Parent: at.Sub.ID, Name: in.ShareName, Status: privateLinkInitializing,
		Body: PrivateLink{RegionID: at.Region.ID, ShareName: in.ShareName},
	})
	if err != nil {
		return out, err
	}
	err = admit(ctx, tx, at, link.ID, in.principalSpec)
	tx.Plan(resource.Step(link, privateLinkCreation, cloud.StatusActive))
	return at.Done(link.ID), err
}

// A PrivateLink takes its principals along: the official Terraform provider does not
// remove them first.
func deletePrivateLink(
	ctx context.Context, tx *store.Tx, in subscription.LocationPath,
) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, privateLinkRules(
		"PRIVATE_LINK_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	store.Remove[PrivateLink](tx, link.ID)
	return at.Done(link.ID), nil
}

// privateLinkAt returns the PrivateLink of a location that is to be changed, or PRIVATE_LINK_NOT_FOUND.
func privateLinkAt(
	ctx context.Context, tx *store.Tx, at subscription.Location,
) (link cloud.Resource[PrivateLink], err error) {
	link, ok, err := subscription.OneAt[PrivateLink](ctx, tx, at)
	if err == nil && !ok {
		err = cloud.Errorf("PRIVATE_LINK_NOT_FOUND", "The PrivateLink was not found.")
	}
	return link, err
}

type connectionKey struct {
	Association string `json:"associationId"`
	Connection  string `json:"connectionId"`
	Type        string `json:"type"`
	Principal   string `json:"principalId"`
}

// Principals connect at AWS, for which an external event stands.
func disassociateConnections(ctx context.Context, tx *store.Tx, in struct {
	subscription.LocationPath
	Connections []connectionKey `json:"connections"`
},
) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, privateLinkRules(
		"PRIVATE_LINK_DISASSOCIATE_CONNECTIONS_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION",
		"PRIVATE_LINK_DISASSOCIATE_CONNECTIONS_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	for _, cut := range in.Connections {
		i := slices.IndexFunc(link.Body.Connections, func(c Connection) bool { return c.Association == cut.Association })
		if i < 0 {
			return out, cloud.Errorf("ENTITY_NOT_FOUND",
				"Association %q was not found among the connections of the PrivateLink.", cut.Association)
		}
		link.Body.Connections = slices.Delete(link.Body.Connections, i, i+1)
	}
	store.Update(tx, link)
	return at.Done(link.ID), nil
}
