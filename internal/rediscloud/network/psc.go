package network

import (
	"context"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of a Private Service Connect service.
const (
	pscQueued      cloud.Status = "create-queued"
	pscInitialized cloud.Status = "initialized"
	pscCreating    cloud.Status = "create-pending"
	pscFailed      cloud.Status = "provision-failed"

	pscInitialization cloud.Length = "psc-service.initialization"
	pscStart          cloud.Length = "psc-service.start"
	pscCreation       cloud.Length = "psc-service.creation"
)

// PSCService opens a location on GCP to endpoints in networks of the customer.
type PSCService struct {
	RegionID int64 `json:"regionId,omitempty"` // of an Active-Active subscription
}

// Kind of all Private Service Connect services.
func (PSCService) Kind() cloud.Kind { return cloud.Kind{Name: "psc-service", Parent: "subscription"} }

// InRegion returns the id of the region that it is in.
func (s PSCService) InRegion() int64 { return s.RegionID }

func pscOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("getPscService", getPSCService),
		engine.Task("getActiveActivePscService", getPSCService),
		engine.Task("createPscService", createPSCService),
		engine.Task("createActiveActivePscService", createPSCService),
		engine.Task("deletePscService", deletePSCService),
		engine.Task("deleteActiveActivePscService", deletePSCService),
		engine.Task("listPscEndpoints", listPSCEndpoints),
		engine.Task("listActiveActivePscEndpoints", listPSCEndpoints),
		engine.Task("createPscEndpoint", createPSCEndpoint),
		engine.Task("createActiveActivePscEndpoint", createPSCEndpoint),
		engine.Task("updatePscEndpoint", updatePSCEndpoint),
		engine.Task("updateActiveActivePscEndpoint", updatePSCEndpoint),
		engine.Task("deletePscEndpoint", deletePSCEndpoint),
		engine.Task("deleteActiveActivePscEndpoint", deletePSCEndpoint),
		engine.Task("getPscEndpointCreationScript", getPSCCreationScript),
		engine.Task("getActiveActivePscEndpointCreationScript", getPSCCreationScript),
		engine.Task("getPscEndpointDeletionScript", getPSCDeletionScript),
		engine.Task("getActiveActivePscEndpointDeletionScript", getPSCDeletionScript),
	}
}

// pscRules are those of every request about Private Service Connect.
func pscRules(single, activeActive cloud.Code) subscription.Rules {
	return subscription.Rules{
		Provider: catalog.GCP, Foreign: "PSC_CLOUD_PROVIDER_IS_NOT_SUPPORTED",
		WrongKind: subscription.WrongKind{Single: single, ActiveActive: activeActive},
	}
}

func pscReading() subscription.Rules {
	return pscRules(
		"PSC_GET_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINTS_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_GET_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	)
}

type pscServiceView struct {
	ID         int64        `json:"id"`
	Host       string       `json:"connectionHostName"`
	Attachment string       `json:"serviceAttachmentName"`
	Status     cloud.Status `json:"status"`
}

func getPSCService(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (any, error) {
	at, err := in.Read(ctx, tx, pscReading())
	if err != nil {
		return nil, err
	}
	service, err := pscServiceAt(ctx, tx, at)
	if err != nil {
		return nil, err
	}
	if err := unwatchPSCEndpoints(ctx, tx, service.ID); err != nil {
		return nil, err
	}
	view := pscServiceView{ID: service.ID, Host: pscHost(at), Attachment: pscAttachment(at), Status: service.Status}
	if service.Status == cloud.StatusError {
		view.Status = pscFailed
	}
	return at.Found(view), nil
}

// pscHost is the name under which clients of an endpoint reach the databases.
func pscHost(s subscription.Location) string { return "psc." + s.Region.Domain }

// pscAttachment is the name of the service on the side of GCP.
func pscAttachment(s subscription.Location) string {
	return fmt.Sprintf("service-attachment-c%d-%s-rlrcp", s.Sub.ID, s.Region.Name)
}

func createPSCService(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, pscRules(
		"PSC_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_CREATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	if _, there, err := subscription.OneAt[PSCService](ctx, tx, at); err != nil {
		return out, err
	} else if there {
		return out, cloud.Errorf("PSC_SERVICE_ALREADY_EXISTS", "There is a Private Service Connect service already.")
	}
	service, err := resource.Insert(ctx, tx, cloud.Resource[PSCService]{
		Parent: at.Sub.ID, Status: pscQueued, Body: PSCService{RegionID: at.Region.ID},
	})
	tx.Plan(
		resource.Step(service, pscInitialization, pscInitialized),
		resource.Step(service, pscStart, pscCreating),
		resource.Step(service, pscCreation, cloud.StatusActive),
	)
	return at.Done(service.ID), err
}

func deletePSCService(ctx context.Context, tx *store.Tx, in subscription.LocationPath) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, pscRules(
		"PSC_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	service, err := pscServiceAt(ctx, tx, at)
	if err != nil {
		return out, err
	}
	endpoints, err := store.List[PSCEndpoint](ctx, tx, service.ID)
	if err != nil {
		return out, err
	}
	if len(endpoints) > 0 {
		return out, cloud.Errorf("PSC_SERVICE_CANNOT_DELETE_SERVICE_WITH_ACTIVE_ENDPOINTS",
			"The service still has endpoints, such as %d.", endpoints[0].ID)
	}
	store.Remove[PSCService](tx, service.ID)
	return at.Done(service.ID), nil
}

// pscServiceAt finds the service of a location. It returns PSC_SERVICE_NOT_FOUND.
func pscServiceAt(
	ctx context.Context, tx *store.Tx, at subscription.Location,
) (service cloud.Resource[PSCService], err error) {
	service, ok, err := subscription.OneAt[PSCService](ctx, tx, at)
	if err == nil && !ok {
		err = noPSCService()
	}
	return service, err
}

func noPSCService() error {
	return cloud.Errorf("PSC_SERVICE_NOT_FOUND", "The Private Service Connect service was not found.")
}
