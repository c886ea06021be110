package store

import (
	"context"
	"sync"
	"time"
)

const (
	// changesAtOnce is how many changes of one account may have a connection: one at
	// work, and the next one, which waits in Postgres and starts when the first ends.
	changesAtOnce = 2
	// queueWait is how long a change waits for that; then, as in Postgres, up to
	// lock_timeout.
	queueWait = 5 * time.Second
)

// accountQueues are the queues in which the changes of each account wait before they take a
// connection, so that those of one account cannot take them all only to wait for its
// lock. Processing needs none, since an account has one task in processing.
type accountQueues struct {
	mu       sync.Mutex
	accounts map[int64]*accountQueue // those that are in use
}

type accountQueue struct {
	slots chan struct{}
	users int // at work and waiting
}

// take waits until a change of the account may go on, and gives its place to the next one when done is called.
func (t *accountQueues) take(ctx context.Context, account int64) (done func(), err error) {
	q := t.join(account)
	ctx, cancel := context.WithTimeout(ctx, queueWait)
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

func (t *accountQueues) join(account int64) *accountQueue {
	t.mu.Lock()
	defer t.mu.Unlock()
	q, ok := t.accounts[account]
	if !ok {
		q = &accountQueue{slots: make(chan struct{}, changesAtOnce)}
		t.accounts[account] = q
	}
	q.users++
	return q
}

func (t *accountQueues) leave(account int64, q *accountQueue) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if q.users--; q.users == 0 {
		delete(t.accounts, account)
	}
}
