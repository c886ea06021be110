package engine

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	// defaultGroup is how many tasks share a transaction at most. More bring nothing that could be measured.
	defaultGroup = 16
	// groupPatience is how long the functions of a group may keep it waiting, all in all.
	groupPatience = 500 * time.Millisecond
	// groupShare is the part of a lease that a group may take: enough of it is left to process its tasks one by one.
	groupShare = 0.4
)

// inGroups parts claims into as few groups as may be, of about the same size.
func inGroups(claims []store.Claim, size int) (groups [][]store.Claim) {
	for n := (len(claims) + size - 1) / size; n > 0; n-- {
		share := (len(claims) + n - 1) / n
		groups, claims = append(groups, claims[:share]), claims[share:]
	}
	return groups
}

// bringOn starts and processes claimed tasks, each of another account, those together that may be, after their waits.
func (e *Engine) bringOn(ctx context.Context, claims []store.Claim) {
	var wait time.Duration
	for _, c := range claims {
		wait = max(wait, c.Wait)
	}
	_ = sleep(ctx, wait)
	slices.SortFunc(claims, func(a, b store.Claim) int { return cmp.Compare(a.Account, b.Account) })
	var starts, together, alone []store.Claim
	for _, c := range claims {
		switch {
		case !c.Ready:
			starts = append(starts, c)
		case c.Attempts > 1 || c.Faults != nil: // what went wrong before, or is to, takes nobody along
			alone = append(alone, c)
		default:
			together = append(together, c)
		}
	}
	var all sync.WaitGroup
	all.Go(func() { e.processEach(ctx, alone) })
	if len(starts) > 0 {
		all.Go(func() {
			ready, left := e.startTogether(ctx, starts)
			all.Go(func() { e.startEach(ctx, left) })
			e.bringOn(ctx, ready)
		})
	}
	e.processEach(ctx, e.processTogether(ctx, together))
	all.Wait()
}

// processEach brings tasks to their ends, each in a transaction of its own and as many at a time as there are workers.
// One that finds none free soon goes back to its queue as if nobody had taken it.
func (e *Engine) processEach(ctx context.Context, claims []store.Claim) {
	var all sync.WaitGroup
	for _, c := range claims {
		all.Go(func() {
			timer := time.NewTimer(e.cfg.Lease / 4)
			defer timer.Stop()
			select {
			case e.single <- struct{}{}:
				defer func() { <-e.single }()
				e.process(ctx, c)
			case <-timer.C:
				e.release(ctx, e.log.With("task", c.ID, "account", c.Account), c, false)
			}
		})
	}
	all.Wait()
}

// startTogether begins the processing time of tasks in one commit; those that have to wait for others, in a second one.
// It returns those whose time is over soon, and those that are still to be started.
func (e *Engine) startTogether(ctx context.Context, claims []store.Claim) (ready, left []store.Claim) {
	left = e.twice(claims, func(claims []store.Claim, busy store.Busy) (left []store.Claim, err error) {
		started, err := e.db.StartTogether(ctx, claims, e.cfg.Lease, busy)
		if err != nil {
			return nil, err
		}
		for i, c := range claims {
			if !started[i] {
				left = append(left, c)
				continue
			}
			if c.Ready {
				ready = append(ready, c)
			}
			e.tell(c.Account)
			e.tasks.wake.set() // the next due time is new
		}
		return left, nil
	})
	return ready, left
}

// startEach begins the processing time of one task after the other. One whose time is over soon waits for no other:
// somebody may be at work for that one's account.
func (e *Engine) startEach(ctx context.Context, claims []store.Claim) {
	var all sync.WaitGroup
	for _, c := range claims {
		e.start(ctx, &c)
		if c.Ready {
			all.Go(func() { e.bringOn(ctx, []store.Claim{c}) })
		}
	}
	all.Wait()
}

// twice does something to tasks that share a transaction, and to those that it leaves out in a second one, which waits
// for who is at work for their accounts. It returns those that are still left: all of a transaction that fails.
func (e *Engine) twice(
	claims []store.Claim, together func(claims []store.Claim, busy store.Busy) (left []store.Claim, err error),
) []store.Claim {
	for _, busy := range []store.Busy{store.BusyLeave, store.BusyWait} {
		if !e.share(claims) {
			break
		}
		left, err := together(claims, busy)
		if err != nil {
			e.log.Debug("tasks are taken one by one", "error", err)
			break
		}
		claims = left
	}
	return claims
}

// share reports whether tasks are to share a transaction: one alone gets none to share.
func (e *Engine) share(claims []store.Claim) bool {
	return len(claims) > 1 || e.lone && len(claims) > 0
}

// processTogether brings tasks to their ends in one transaction; those that have to wait for others, in a second one.
// It returns those that are still to be processed: all of a transaction, where the function of one fails by anything
// but a broken rule, or takes too long.
func (e *Engine) processTogether(ctx context.Context, claims []store.Claim) []store.Claim {
	ctx, cancel := context.WithTimeout(ctx, time.Duration(groupShare*float64(e.cfg.Lease)))
	defer cancel()
	return e.twice(claims, func(claims []store.Claim, busy store.Busy) ([]store.Claim, error) {
		return e.attemptTogether(ctx, claims, busy)
	})
}

// attemptTogether brings tasks to their ends in one transaction, and returns those that it leaves out.
func (e *Engine) attemptTogether(
	ctx context.Context, claims []store.Claim, busy store.Busy,
) (left []store.Claim, err error) {
	steps := make([]bool, len(claims))
	out, err := e.db.ProcessTogether(ctx, claims, busy, groupPatience,
		func(i int, process func(func(*store.Tx) error) error) (err error) {
			e.at("task.claimed")
			c := claims[i]
			steps[i], err = e.attempt(ctx, c, func(fn func(*store.Tx) error) error {
				return process(func(tx *store.Tx) error {
					err := fn(tx)
					if failure, ok := errors.AsType[*cloud.Error](err); ok && tx.Restart() {
						e.finishFailed(tx, c, failure)
						return nil
					}
					return err
				})
			})
			return err
		})
	if err != nil {
		return nil, err
	}
	for i, c := range claims {
		if out[i] {
			left = append(left, c)
		} else {
			e.processed(c, steps[i])
		}
	}
	return left, nil
}
