package catalog

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
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
