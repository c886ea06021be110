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

// byParent lists all resources of a kind by what they are below: one question, where
// one for each parent would be many.
func byParent[B cloud.Body](ctx context.Context, tx *store.Tx) (map[int64][]cloud.Resource[B], error) {
	all, err := store.List[B](ctx, tx, 0, 0, store.All)
	below := map[int64][]cloud.Resource[B]{}
	for _, r := range all {
		below[r.Parent] = append(below[r.Parent], r)
	}
	return below, err
}
