// Package network is what connects a subscription, or one region of an Active-Active one, with networks of the
// customer's: VPC peerings, transit gateways, Private Service Connect, PrivateLink. Connections are children of their
// subscription, which stays active while they change.
package network

import (
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
)

// service is the operations that need more than their transaction.
type service struct{ *account.Assets }

// Operations returns the operations on connections.
func Operations(assets *account.Assets) []engine.Operation {
	c := &service{assets}
	return slices.Concat(peeringOperations(), c.transitGatewayOperations(), pscOperations(), privateLinkOperations())
}
