package network

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/store"
)

// pscEndpointUpdate has either an action or other fields.
type pscEndpointUpdate struct {
	pscEndpointPath
	Action     *string `json:"action"` // accept or reject
	Project    *string `json:"gcpProjectId"`
	VPC        *string `json:"gcpVpcName"`
	Subnet     *string `json:"gcpVpcSubnetName"`
	Connection *string `json:"endpointConnectionName"`
}

func updatePSCEndpoint(ctx context.Context, tx *store.Tx, in pscEndpointUpdate) (out engine.Outcome, err error) {
	at, err := in.Lock(ctx, tx, pscRules(
		"PSC_UPDATING_AN_ACTIVE_ACTIVE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION",
		"PSC_UPDATING_A_FLEXIBLE_SUBSCRIPTION_PRIVATE_SERVICE_CONNECT_ENDPOINT_IS_NOT_ALLOWED_WITH_AN_ACTIVE_ACTIVE_SUBSCRIPTION",
	))
	if err != nil {
		return out, err
	}
	endpoint, err := in.endpoint(ctx, tx, at)
	if err != nil {
		return out, err
	}
	fields := in.Project != nil || in.VPC != nil || in.Subnet != nil || in.Connection != nil
	switch {
	case in.Action != nil && fields:
		return out, cloud.Errorf("PSC_UPDATE_ENDPOINT_REQUEST_CANNOT_HAVE_BOTH_ACTION_AND_OTHER_FIELDS",
			"An endpoint is either answered or changed, not both at once.")
	case in.Action != nil:
		return at.Done(endpoint.ID), answerPSCEndpoint(tx, endpoint, *in.Action)
	case !fields:
		return out, cloud.Errorf("PSC_UPDATE_ENDPOINT_REQUEST_ACTION_INVALID_VALUE",
			"There is neither an action nor anything to change.")
	case endpoint.Status != pscEndpointInitialized && endpoint.Status != pscEndpointRejected:
		return out, cloud.Errorf("PSC_ENDPOINT_NOT_CREATED_OR_DELETED",
			"Endpoint %d is %s: its creation script was run as it is.", endpoint.ID, endpoint.Status)
	}
	subscription.Set(&endpoint.Body.Project, in.Project)
	subscription.Set(&endpoint.Body.VPC, in.VPC)
	subscription.Set(&endpoint.Body.Subnet, in.Subnet)
	subscription.Set(&endpoint.Body.Connection, in.Connection)
	if err := checkPSCEndpoint(ctx, tx, endpoint); err != nil {
		return out, err
	}
	store.Update(tx, endpoint)
	return at.Done(endpoint.ID), nil
}

// answerPSCEndpoint accepts or rejects an endpoint. Either answer can be taken back.
func answerPSCEndpoint(tx *store.Tx, endpoint cloud.Resource[PSCEndpoint], action string) error {
	meanwhile, after := pscEndpointAccepting, cloud.StatusActive
	if action == "reject" {
		meanwhile, after = pscEndpointRejecting, pscEndpointRejected
	}
	switch endpoint.Status {
	case after:
		return nil
	case pscEndpointPending, cloud.StatusActive, pscEndpointRejected:
	case pscEndpointInitialized:
		return cloud.Errorf("PSC_UPDATE_ENDPOINT_REQUEST_CANNOT_UPDATE_INITIALIZED_ENDPOINT",
			"Endpoint %d waits for its creation script to be run; there is nothing to %s yet.", endpoint.ID, action)
	default:
		return cloud.Errorf("PSC_ENDPOINT_NOT_ACTIVE",
			"Endpoint %d is not in an active state: it is %s, and there is nothing to %s.", endpoint.ID, endpoint.Status, action)
	}
	resource.Transition[PSCEndpoint](tx, endpoint.ID, meanwhile, pscEndpointAnswer, after)
	return nil
}
