package store

import (
	"context"
	"sync"
	"time"
)

const (
	// turnsAtOnce is how many changes of one account may have a connection: one at
	// work, and the next one, which waits in Postgres and starts when the first ends.
	turnsAtOnce = 2
	// turnWait is how long a change waits for that; then, as in Postgres, up to
	// lock_timeout.
	turnWait = 5 * time.Second
)

// turns are the queues in which the changes of each account wait before they take a
// connection, so that those of one account cannot take them all only to wait for its
// lock. Processing needs none, since an account has one task in processing.
type turns struct {
	mu       sync.Mutex
	accounts map[int64]*turn // those that are in use
}

type turn struct {
	slots chan struct{}
	users int // at work and waiting
}

// take waits for the account's turn, which lasts until done is called.
func (t *turns) take(ctx context.Context, account int64) (done func(), err error) {
	q := t.join(account)
	ctx, cancel := context.WithTimeout(ctx, turnWait)
	defer cancel()
	select {
	case q.slots <- struct{}{}:
		return func() {
			<-q.slots
			t.leave(account, q)
		}, nil
	case <-ctx.Done():
		t.leave(account, q)
		return nil, ctx.Err()
	}
}

func (t *turns) join(account int64) *turn {
	t.mu.Lock()
	defer t.mu.Unlock()
	q, ok := t.accounts[account]
	if !ok {
		q = &turn{slots: make(chan struct{}, turnsAtOnce)}
		t.accounts[account] = q
	}
	q.users++
	return q
}

func (t *turns) leave(account int64, q *turn) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(t.accounts, account)
	}
}
