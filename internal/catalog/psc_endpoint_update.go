package catalog

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
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
	at, err := in.lock(ctx, tx, pscRules(cloud.PSCEndpointUpdateSingle, cloud.PSCEndpointUpdateActiveActive))
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
		return out, cloud.Errorf(cloud.PSCEndpointActionAndMore, "An endpoint is either answered or changed, not both at once.")
	case in.Action != nil:
		steps, err := answerPSCEndpoint(ctx, tx, endpoint, *in.Action)
		return at.done(endpoint.ID, steps...), err
	case !fields:
		return out, cloud.Errorf(cloud.PSCEndpointActionInvalid, "There is neither an action nor anything to change.")
	case endpoint.Status != pscEndpointInitialized && endpoint.Status != pscEndpointRejected:
		return out, cloud.Errorf(cloud.PSCEndpointInUse, "Endpoint %d is %s: its creation script was run as it is.", endpoint.ID, endpoint.Status)
	}
	set(&endpoint.Body.Project, in.Project)
	set(&endpoint.Body.VPC, in.VPC)
	set(&endpoint.Body.Subnet, in.Subnet)
	set(&endpoint.Body.Connection, in.Connection)
	if err := checkPSCEndpoint(ctx, tx, endpoint); err != nil {
		return out, err
	}
	return at.done(endpoint.ID), store.Update(ctx, tx, endpoint)
}

// answerPSCEndpoint accepts or rejects an endpoint. Either answer can be taken back.
func answerPSCEndpoint(ctx context.Context, tx *store.Tx, endpoint cloud.Resource[PSCEndpoint], action string) ([]cloud.Step, error) {
	meanwhile, after := pscEndpointAccepting, cloud.StatusActive
	if action == "reject" {
		meanwhile, after = pscEndpointRejecting, pscEndpointRejected
	}
	switch endpoint.Status {
	case after:
		return nil, nil
	case pscEndpointPending, cloud.StatusActive, pscEndpointRejected:
	case pscEndpointInitialized:
		return nil, cloud.Errorf(cloud.PSCEndpointInitialized, "Endpoint %d waits for its creation script to be run; there is nothing to %s yet.", endpoint.ID, action)
	default:
		return nil, cloud.Errorf(cloud.PSCEndpointNotActive, "Endpoint %d is not in an active state: it is %s, and there is nothing to %s.", endpoint.ID, endpoint.Status, action)
	}
	return []cloud.Step{stepTo(endpoint, pscEndpointAnswer, after)},
		store.SetStatus[PSCEndpoint](ctx, tx, endpoint.ID, meanwhile)
}
