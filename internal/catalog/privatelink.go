package catalog

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of a PrivateLink, and how long it stays in them.
const (
	privateLinkInitializing cloud.Status = "initializing"

	privateLinkCreation = 20 * time.Second
)

// PrivateLink opens a place on AWS to principals of the customer's choice.
type PrivateLink struct {
	RegionID  int64  `json:"regionId,omitempty"` // of an Active-Active subscription
	ShareName string `json:"shareName"`
}

// Kind of all PrivateLinks.
func (PrivateLink) Kind() cloud.Kind {
	return cloud.Kind{Name: "private-link", Parent: "subscription"}
}

// regionID returns the id of the region that it is in.
func (l PrivateLink) regionID() int64 { return l.RegionID }

func privateLinkOperations() []engine.Operation {
	return []engine.Operation{
		report("getPrivateLink", getPrivateLink),
		report("getActiveActivePrivateLink", getPrivateLink),
		engine.Command("createPrivateLink", createPrivateLink),
		engine.Command("createActiveActivePrivateLink", createPrivateLink),
		engine.Command("deletePrivateLink", deletePrivateLink),
		engine.Command("deleteActiveActivePrivateLink", deletePrivateLink),
		engine.Command("createPrivateLinkPrincipal", createPrincipal),
		engine.Command("createActiveActivePrivateLinkPrincipal", createPrincipal),
		engine.Command("deletePrivateLinkPrincipal", deletePrincipal),
		engine.Command("deleteActiveActivePrivateLinkPrincipal", deletePrincipal),
		engine.Command("disassociatePrivateLinkConnections", disassociateConnections),
		engine.Command("disassociateActiveActivePrivateLinkConnections", disassociateConnections),
		report("getPrivateLinkEndpointScript", getPrivateLinkScript),
		report("getActiveActivePrivateLinkEndpointScript", getPrivateLinkScript),
	}
}

// privateLinkRules are those of every request about PrivateLink.
func privateLinkRules(single, activeActive cloud.Code) rules {
	return rules{provider: aws, foreign: "PRIVATE_LINK_CLOUD_PROVIDER_NOT_SUPPORTED", wrongKind: wrongKind{single: single, activeActive: activeActive}}
}

func privateLinkReading() rules {
	return privateLinkRules("PRIVATE_LINK_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION", "PRIVATE_LINK_GET_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION")
}

type privateLinkCreate struct {
	place
	ShareName string `json:"shareName"`
	principalSpec
}

func createPrivateLink(ctx context.Context, tx *store.Tx, in privateLinkCreate) (out engine.Outcome, err error) {
	at, err := in.lock(ctx, tx, privateLinkRules("PRIVATE_LINK_CREATE_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION", "PRIVATE_LINK_CREATE_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION"))
	if err != nil {
		return out, err
	}
	if _, there, err := oneAt[PrivateLink](ctx, tx, at); err != nil {
		return out, err
	} else if there {
		return out, cloud.Errorf("PRIVATE_LINK_ALREADY_EXISTS", "There is a PrivateLink already.")
	}
	link, err := insertNew(ctx, tx, cloud.Resource[PrivateLink]{
		Parent: at.sub.ID, Name: in.ShareName, Status: privateLinkInitializing,
		Body: PrivateLink{RegionID: at.region.ID, ShareName: in.ShareName},
	})
	if err != nil {
		return out, err
	}
	admitted, err := admit(ctx, tx, at, link.ID, in.principalSpec)
	return at.done(link.ID, append(admitted, stepTo(link, privateLinkCreation, cloud.StatusActive))...), err
}

// A PrivateLink takes its principals along: the official Terraform provider does not
// remove them first.
func deletePrivateLink(ctx context.Context, tx *store.Tx, in place) (out engine.Outcome, err error) {
	at, err := in.lock(ctx, tx, privateLinkRules("PRIVATE_LINK_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION", "PRIVATE_LINK_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION"))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	return at.done(link.ID), store.Remove[PrivateLink](ctx, tx, link.ID)
}

// privateLinkAt finds the PrivateLink of a place that is to be changed. It answers
// PRIVATE_LINK_NOT_FOUND.
func privateLinkAt(ctx context.Context, tx *store.Tx, at site) (link cloud.Resource[PrivateLink], err error) {
	link, ok, err := oneAt[PrivateLink](ctx, tx, at)
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

// Nobody at AWS ever connects to the stand-in, so there is no connection to cut.
func disassociateConnections(ctx context.Context, tx *store.Tx, in struct {
	place
	Connections []connectionKey `json:"connections"`
},
) (out engine.Outcome, err error) {
	at, err := in.lock(ctx, tx, privateLinkRules("PRIVATE_LINK_DISASSOCIATE_CONNECTIONS_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_A_SINGLE_REGION_SUBSCRIPTION", "PRIVATE_LINK_DISASSOCIATE_CONNECTIONS_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_LINK_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION"))
	if err != nil {
		return out, err
	}
	link, err := privateLinkAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	if len(in.Connections) > 0 {
		return out, cloud.Errorf("ENTITY_NOT_FOUND", "Association %q was not found among the connections of the PrivateLink.", in.Connections[0].Association)
	}
	return at.done(link.ID), nil
}
