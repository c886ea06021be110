package engine

import (
	"context"

	"github.com/understudy-dev/understudy/internal/store"
)

// Attempt is one attempt at a task; it reports whether there is something to provision.
func (e *Engine) Attempt(ctx context.Context, c store.Claim) (steps bool, err error) {
	return e.attempt(ctx, c, func(fn func(*store.Tx) error) error { return e.db.Process(ctx, c, fn) })
}
