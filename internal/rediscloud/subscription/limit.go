package subscription

import (
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// planChange leaves a change of a subscription to provisioning, which keeps it pending and
// takes a slot until it has reached a status.
func planChange[B cloud.Body](
	tx *store.Tx, sub cloud.Resource[B], takes cloud.Length, status cloud.Status,
) engine.Outcome {
	step := resource.Step(sub, takes, status)
	step.Holds = cloud.Hold{Kind: sub.Body.Kind(), ID: sub.ID}
	tx.Plan(step)
	return engine.Outcome{ResourceID: sub.ID}
}

// limit is shared by subscriptions of all kinds. doc: process-lifecycle#process-limitations
var limit = &cloud.Limit{Max: 3, Error: *cloud.Errorf("TOO_MANY_PENDING_SUBSCRIPTIONS",
	"The quota of 3 subscriptions that are changed at the same time is used up. Wait until one of them is active again.")}

// Slots is how many subscriptions of an account may be changed at once.
func Slots() int { return limit.Max }

// hold keeps a Pro subscription pending, and takes a slot for it.
func hold(subscription int64) cloud.Hold {
	return cloud.Hold{Kind: Subscription{}.Kind(), ID: subscription}
}
