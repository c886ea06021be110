package engine

import (
	"context"
	"sync"

	"github.com/understudy-dev/understudy/internal/store"
)

// owed are claims that could not be given back, since the database was away: they are before the next ones are made, so
// that no account waits for the lease of a worker that is not at work any more. The zero value is ready.
type owed struct {
	mu     sync.Mutex
	claims []owedClaim
}

type owedClaim struct {
	store.Claim
	counts bool
}

func (o *owed) add(claims ...owedClaim) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.claims = append(o.claims, claims...)
}

// settle gives back all that are owed, or as many as the database takes.
func (o *owed) settle(ctx context.Context, db *store.DB) error {
	o.mu.Lock()
	claims := o.claims
	o.claims = nil
	o.mu.Unlock()
	for i, c := range claims {
		if err := db.ReleaseTask(ctx, c.Claim, retryPause, c.counts); err != nil {
			o.add(claims[i:]...)
			return err
		}
	}
	return nil
}
