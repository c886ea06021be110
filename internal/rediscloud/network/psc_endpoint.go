package network

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// The states of an endpoint. Its owner is to run the creation script at GCP, which
// nothing here can see: it is taken for granted a while after the creation.
const (
	pscEndpointInitialized cloud.Status = "initialized"
	pscEndpointProcessing  cloud.Status = "processing"
	pscEndpointPending     cloud.Status = "pending" // may be accepted or rejected
	pscEndpointAccepting   cloud.Status = "accept-pending"
	pscEndpointRejecting   cloud.Status = "reject-pending"
	pscEndpointRejected    cloud.Status = "rejected"

	pscEndpointScript   cloud.Length = "psc-endpoint.script"
	pscEndpointCreation cloud.Length = "psc-endpoint.creation"
	pscEndpointAnswer   cloud.Length = "psc-endpoint.answer"
)

// PSCEndpoint is the customer's end of a Private Service Connect service.
type PSCEndpoint struct {
	endpointSpec
	DeletionScript bool `json:"deletionScript,omitempty"` // was read
	pscWatch
}

type endpointSpec struct {
	Project    string `json:"gcpProjectId"`
	VPC        string `json:"gcpVpcName"`
	Subnet     string `json:"gcpVpcSubnetName"`
	Connection string `json:"endpointConnectionName"`
}

// Kind of all endpoints.
func (PSCEndpoint) Kind() cloud.Kind { return cloud.Kind{Name: "psc-endpoint", Parent: "psc-service"} }

type pscServicePath struct {
	subscription.LocationPath
	Service int64 `path:"pscServiceId" json:"-"`
}

// service finds the service that a path names, at its location.
func (p pscServicePath) service(
	ctx context.Context, tx *store.Tx, at subscription.Location,
) (cloud.Resource[PSCService], error) {
	service, err := pscServiceAt(ctx, tx, at)
	if err == nil && service.ID != p.Service {
		err = noPSCService()
	}
	return service, err
}

type pscEndpointList struct {
	Service   int64             `json:"pscServiceId"`
	Endpoints []pscEndpointView `json:"endpoints"`
}

type pscEndpointView struct {
	ID int64 `json:"id"`
	endpointSpec
	Status cloud.Status `json:"status"`
}

func listPSCEndpoints(ctx context.Context, tx *store.Tx, in pscServicePath) (out engine.Outcome, err error) {
	at, err := in.Read(ctx, tx, pscReading())
	if err != nil {
		return out, err
	}
	if _, err := in.service(ctx, tx, at); err != nil {
		return out, err
	}
	endpoints, err := watchPSCEndpoints(ctx, tx, in.Service)
	if err != nil {
		return out, err
	}
	list := pscEndpointList{Service: in.Service, Endpoints: []pscEndpointView{}}
	for _, endpoint := range endpoints {
		view := pscEndpointView{endpoint.ID, endpoint.Body.endpointSpec, endpoint.Status}
		if endpoint.Status == cloud.StatusError {
			view.Status = "failed"
		}
		list.Endpoints = append(list.Endpoints, view)
	}
	return at.Found(list), nil
}

type pscEndpointCreate struct {
	pscServicePath
	endpointSpec
}

func createPSCEndpoint(ctx context.Context, tx *store.Tx, in pscEndpointCreate) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, pscRules(
		"PSC_CREATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_CREATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	service, err := in.service(ctx, tx, at)
	if err != nil {
		return out, err
	}
	if service.Status != cloud.StatusActive {
		return out, cloud.Errorf("PSC_SERVICE_NOT_ACTIVE",
			"The service is not in an active state: it is %s. It takes endpoints once it is active.", service.Status)
	}
	endpoint := cloud.Resource[PSCEndpoint]{
		Parent: service.ID, Status: pscEndpointInitialized, Body: PSCEndpoint{endpointSpec: in.endpointSpec},
	}
	if err := checkPSCEndpoint(ctx, tx, endpoint); err != nil {
		return out, err
	}
	endpoint, err = resource.Insert(ctx, tx, endpoint)
	tx.Plan(
		resource.Step(endpoint, pscEndpointScript, pscEndpointProcessing),
		resource.Step(endpoint, pscEndpointCreation, pscEndpointPending),
	)
	return at.Done(endpoint.ID), err
}

// checkPSCEndpoint checks an endpoint that is about to be stored, also against the
// others of its service.
func checkPSCEndpoint(ctx context.Context, tx *store.Tx, endpoint cloud.Resource[PSCEndpoint]) error {
	if err := endpoint.Body.check(); err != nil {
		return err
	}
	others, err := store.List[PSCEndpoint](ctx, tx, endpoint.Parent)
	if err != nil {
		return err
	}
	for _, other := range others {
		if other.ID != endpoint.ID && other.Body.endpointSpec == endpoint.Body.endpointSpec {
			return cloud.Errorf("PSC_ENDPOINT_ALREADY_EXISTS", "Endpoint %d is the same.", other.ID)
		}
	}
	return nil
}

func (s endpointSpec) check() error {
	switch {
	case !gcpProject().MatchString(s.Project):
		return cloud.Errorf("PSC_ENDPOINT_INVALID_GCP_PROJECT_ID", "%q is not the id of a GCP project.", s.Project)
	case !gcpName().MatchString(s.VPC):
		return cloud.Errorf("PSC_ENDPOINT_INVALID_VPC_NAME", "%q is not the name of a VPC network.", s.VPC)
	case !gcpName().MatchString(s.Subnet):
		return cloud.Errorf("PSC_ENDPOINT_INVALID_VPC_SUBNET_NAME", "%q is not the name of a subnet.", s.Subnet)
	case !gcpName().MatchString(s.Connection):
		return cloud.Errorf("PSC_ENDPOINT_INVALID_CONNECTION_NAME", "%q cannot be the name of a connection.", s.Connection)
	}
	return nil
}

type pscEndpointPath struct {
	pscServicePath
	ID int64 `path:"endpointId" json:"-"`
}

// endpoint locks the endpoint that a path names, which is more than to look at the list.
// Beyond the errors of service it returns PSC_ENDPOINT_NOT_FOUND.
func (p pscEndpointPath) endpoint(
	ctx context.Context, tx *store.Tx, at subscription.Location,
) (endpoint cloud.Resource[PSCEndpoint], err error) {
	service, err := p.service(ctx, tx, at)
	if err != nil {
		return endpoint, err
	}
	if err := unwatchPSCEndpoints(ctx, tx, service.ID); err != nil {
		return endpoint, err
	}
	endpoint, ok, err := store.Get[PSCEndpoint](ctx, tx, p.ID)
	if err == nil && (!ok || endpoint.Parent != service.ID) {
		err = cloud.Errorf("PSC_ENDPOINT_NOT_FOUND", "Endpoint %d was not found.", p.ID)
	}
	return endpoint, err
}

func deletePSCEndpoint(ctx context.Context, tx *store.Tx, in pscEndpointPath) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, pscRules(
		"PSC_DELETING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_DELETING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	endpoint, err := in.endpoint(ctx, tx, at)
	if err != nil {
		return out, err
	}
	switch endpoint.Status {
	case pscEndpointInitialized, pscEndpointRejected, cloud.StatusError:
	default:
		if !endpoint.Body.DeletionScript {
			return out, cloud.Errorf("PSC_ENDPOINT_CANNOT_BE_DELETED_WITHOUT_DELETION_SCRIPT",
				"Endpoint %d is %s. Read its deletion script and run it before you delete it here.", endpoint.ID, endpoint.Status)
		}
	}
	store.Remove[PSCEndpoint](tx, endpoint.ID)
	return at.Done(endpoint.ID), nil
}
