package resource

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Insert stores a new resource under an id that it draws.
func Insert[B cloud.Body](ctx context.Context, tx *store.Tx, r cloud.Resource[B]) (cloud.Resource[B], error) {
	var err error
	if r.ID, err = store.NextID[B](ctx, tx); err != nil {
		return r, err
	}
	store.Insert(tx, r)
	return r, nil
}

// Step is the step by which a resource reaches a status.
func Step[B cloud.Body](r cloud.Resource[B], takes cloud.Length, status cloud.Status) cloud.Step {
	return cloud.Step{Kind: r.Body.Kind(), ID: r.ID, Takes: takes, Status: status}
}

// Create stores a new resource of no parent that becomes active after a while.
func Create[B cloud.Body](
	ctx context.Context, tx *store.Tx, name string, body B, status cloud.Status, takes cloud.Length,
) (out engine.Outcome, err error) {
	r, err := Insert(ctx, tx, cloud.Resource[B]{Name: name, Status: status, Body: body})
	tx.Plan(Step(r, takes, cloud.StatusActive))
	return engine.Outcome{ResourceID: r.ID}, err
}

// Transition takes a resource to a status at once, and to another after a while.
func Transition[B cloud.Body](tx *store.Tx, id int64, at cloud.Status, takes cloud.Length, to cloud.Status) {
	var body B
	tx.Plan(cloud.Step{Kind: body.Kind(), ID: id, Takes: takes, Status: to})
	store.SetStatus[B](tx, id, at)
}
