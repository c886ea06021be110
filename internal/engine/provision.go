package engine

import (
	"context"
	"sync"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	provisionWorkers = 8
	stepBatch        = 200 // steps applied in one transaction
)

// plan stores what a task, or a request without one, leaves to provisioning and lets it start, within the
// cap on subscriptions being changed. Under PolicyReject a change beyond the cap
// is the task's error instead.
func (e *Engine) plan(ctx context.Context, tx *store.Tx, source string, steps []cloud.Step) error {
	capped := false
	for i := range steps {
		steps[i].After = e.real(steps[i].After)
		capped = capped || steps[i].Subscription != 0
	}
	if err := tx.InsertSteps(ctx, source, steps); err != nil {
		return err
	}
	if capped {
		if err := e.checkCap(ctx, tx); err != nil {
			return err
		}
	}
	if capped || tx.Dropped() {
		_, err := tx.Admit(ctx)
		return err
	}
	return nil
}

func (e *Engine) checkCap(ctx context.Context, tx *store.Tx) error {
	own, err := tx.CapPolicy(ctx)
	if err != nil {
		return err
	}
	if policy := Policy(own); policy == PolicyQueue || policy == "" && e.cfg.Policy == PolicyQueue {
		return nil
	}
	changing, err := tx.ChangingSubscriptions(ctx)
	if err != nil {
		return err
	}
	if changing > store.SubscriptionCap {
		return cloud.Errorf(cloud.TooManyPendingSubscriptions,
			"No more than %d subscriptions can be changed at the same time. Wait until one of them is active again.", store.SubscriptionCap)
	}
	return nil
}

func (e *Engine) stepDispatcher() *dispatcher {
	var mu sync.Mutex
	busy := map[int64]bool{} // accounts in hand: a second worker would only wait for the lock
	return &dispatcher{
		name: "steps", log: e.log, wake: newSignal(), size: provisionWorkers, next: e.db.NextStep,
		take: func(ctx context.Context, free int) ([]job, error) {
			due, err := e.db.DueAccounts(ctx, free+provisionWorkers)
			if err != nil {
				return nil, err
			}
			mu.Lock()
			defer mu.Unlock()
			var jobs []job
			for _, account := range due {
				if busy[account] || len(jobs) == free {
					continue
				}
				busy[account] = true
				jobs = append(jobs, func(ctx context.Context) {
					e.provision(ctx, account)
					mu.Lock()
					delete(busy, account)
					mu.Unlock()
					e.steps.wake.set()
				})
			}
			return jobs, nil
		},
	}
}

// provision applies what is due for an account, and lets subscription changes
// that waited for a slot start.
func (e *Engine) provision(ctx context.Context, account int64) {
	for applied := stepBatch; applied == stepBatch; {
		e.at("step.due")
		err := e.db.Write(ctx, cloud.Caller{Account: account}, func(tx *store.Tx) (err error) {
			if applied, err = tx.ApplySteps(ctx, stepBatch); err != nil || applied == 0 {
				return err
			}
			if _, err = tx.Admit(ctx); err != nil {
				return err
			}
			e.at("step.before_commit")
			return nil
		})
		if err != nil {
			e.log.Warn("steps not applied", "account", account, "error", err)
			_ = sleep(ctx, retryPause) // the loop ends with its context either way
			return
		}
		e.at("step.after_commit")
		e.changed.set()
	}
}
