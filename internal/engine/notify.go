package engine

import (
	"context"
	"time"
)

// Other servers are told of changes at most this often. A NOTIFY costs every
// commit of the database something, so it stays out of the transactions that
// clients wait for.
const (
	tellEvery   = 100 * time.Millisecond
	listenAgain = time.Second
)

// tell wakes whoever watches one of some accounts, here and at other servers.
func (e *Engine) tell(accounts ...int64) {
	for _, account := range accounts {
		e.events.wake(account)
	}
	e.events.wake(AnyAccount)
	e.changed.set()
}

// notify lets other servers on the same database know that something changed.
func (e *Engine) notify(ctx context.Context) error {
	for {
		select {
		case <-e.changed:
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := e.db.Notify(ctx); err != nil && ctx.Err() == nil {
			e.log.Debug("other servers not told", "error", err)
		}
		if err := sleep(ctx, tellEvery); err != nil {
			return err
		}
	}
}

// listen wakes everything that waits when another server tells of a change.
func (e *Engine) listen(ctx context.Context) error {
	for {
		err := e.db.Listen(ctx, func() {
			e.tasks.wake.set()
			e.steps.wake.set()
			e.ended.wakeAll()
			e.events.wakeAll()
		}, func() { e.refreshFaults(ctx) })
		if ctx.Err() != nil {
			return ctx.Err()
		}
		e.log.Debug("not listening to other servers", "error", err)
		if err := sleep(ctx, listenAgain); err != nil {
			return err
		}
	}
}
