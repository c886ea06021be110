package api

import (
	"context"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/store"
)

// owed are idempotency keys that could not be given back, since the database was away: they are as soon as it is there
// again, so that no retry waits for a lease of somebody who is not at work any more. The zero value is ready.
type owed struct {
	mu     sync.Mutex
	claims []owedClaim // with some, one goroutine gives them back
}

type owedClaim struct {
	store.KeyClaim
	until time.Time // then the lease has run out, and nothing is owed
}

// oweAgain is how long the database is left alone that was away.
const oweAgain = 200 * time.Millisecond

// add lets a key be given back later.
func (o *owed) add(claim store.KeyClaim, give func(context.Context, store.KeyClaim) error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claims = append(o.claims, owedClaim{claim, time.Now().Add(idempotency.Lease)})
	if len(o.claims) == 1 {
		go o.settle(give)
	}
}

// settle gives keys back, one after the other, until none is owed.
func (o *owed) settle(give func(context.Context, store.KeyClaim) error) {
	for {
		o.mu.Lock()
		first := o.claims[0]
		o.mu.Unlock()
		ctx, cancel := context.WithDeadline(context.Background(), first.until)
		err := give(ctx, first.KeyClaim)
		over := ctx.Err() != nil
		cancel()
		if err != nil && unavailable(err) && !over {
			time.Sleep(oweAgain)
			continue
		}
		o.mu.Lock()
		o.claims = o.claims[1:]
		done := len(o.claims) == 0
		o.mu.Unlock()
		if done {
			return
		}
	}
}
