package rediscloud

import (
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
)

// Externals returns what can happen to an account without the API: by its customers' own clouds, or by ours.
func Externals() []engine.External {
	return slices.Concat(network.Externals(), subscription.Externals())
}
