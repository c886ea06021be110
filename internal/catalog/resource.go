package catalog

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// insertNew stores a new resource under an id that it draws.
func insertNew[B cloud.Body](ctx context.Context, tx *store.Tx, r cloud.Resource[B]) (cloud.Resource[B], error) {
	var err error
	if r.ID, err = store.NextID[B](ctx, tx); err != nil {
		return r, err
	}
	return r, store.Insert(ctx, tx, r)
}

// stepTo is the step by which a resource reaches a status.
func stepTo[B cloud.Body](r cloud.Resource[B], after time.Duration, status cloud.Status) cloud.Step {
	return cloud.Step{Kind: r.Body.Kind(), ID: r.ID, After: after, Status: status}
}

// createAlone stores a new resource of no parent that becomes active after a while.
func createAlone[B cloud.Body](ctx context.Context, tx *store.Tx, name string, body B, status cloud.Status, after time.Duration) (out engine.Outcome, err error) {
	r, err := insertNew(ctx, tx, cloud.Resource[B]{Name: name, Status: status, Body: body})
	return engine.Outcome{ResourceID: r.ID, Steps: []cloud.Step{stepTo(r, after, cloud.StatusActive)}}, err
}

// moveOn takes a resource to a status at once and, by the step it gives back, to
// another after a while.
func moveOn[B cloud.Body](ctx context.Context, tx *store.Tx, id int64, at cloud.Status, after time.Duration, to cloud.Status) (cloud.Step, error) {
	var body B
	return cloud.Step{Kind: body.Kind(), ID: id, After: after, Status: to}, store.SetStatus[B](ctx, tx, id, at)
}

// changed is the outcome of a change of a subscription, which keeps it pending and
// takes a slot until it has reached a status.
func changed[B cloud.Body](sub cloud.Resource[B], after time.Duration, status cloud.Status) engine.Outcome {
	step := stepTo(sub, after, status)
	step.Holds = hold(sub.ID)
	return engine.Outcome{ResourceID: sub.ID, Steps: []cloud.Step{step}}
}

// limit is shared by subscriptions of all kinds. doc: process-lifecycle#process-limitations
var limit = &cloud.Limit{Max: 3, Error: *cloud.Errorf("TOO_MANY_PENDING_SUBSCRIPTIONS",
	"The quota of 3 subscriptions that are changed at the same time is used up. Wait until one of them is active again.")}

// hold keeps a subscription pending, and takes a slot for it.
func hold(subscription int64) cloud.Hold { return cloud.Hold{Limit: limit, ID: subscription} }

// byParent lists all resources of a kind by what they are below: one question, where
// one for each parent would be many.
func byParent[B cloud.Body](ctx context.Context, tx *store.Tx) (map[int64][]cloud.Resource[B], error) {
	all, err := store.All[B](ctx, tx)
	below := map[int64][]cloud.Resource[B]{}
	for _, r := range all {
		below[r.Parent] = append(below[r.Parent], r)
	}
	return below, err
}
