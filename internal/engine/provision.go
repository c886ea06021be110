package engine

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// stepBatch is how many due steps are looked at to find accounts to provision for.
const stepBatch = 500

// plan stores what is left to provisioning and lets it start, within the cap on
// subscriptions being changed. Under PolicyReject a change beyond the cap is the
// task's error instead.
func (e *Engine) plan(ctx context.Context, tx *store.Tx, steps []cloud.Step) error {
	if e.cfg.Speed == 0 { // none of these is under way for any time
		if tx.Dropped() { // but of those left from a slower time some may wait
			tx.Admit()
		}
		return tx.Reach(steps)
	}
	capped := false
	for i := range steps {
		steps[i].After = e.real(steps[i].After)
		capped = capped || steps[i].Subscription != 0
	}
	if err := tx.InsertSteps(steps); err != nil {
		return err
	}
	if capped {
		if err := e.checkCap(ctx, tx); err != nil {
			return err
		}
	}
	if capped || tx.Dropped() {
		tx.Admit()
	}
	return nil
}

func (e *Engine) checkCap(ctx context.Context, tx *store.Tx) error {
	policy := Policy(tx.CapPolicy())
	if policy == "" {
		policy = e.cfg.Policy
	}
	if policy == PolicyQueue {
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

// One worker provisions for all accounts: what is due goes into one commit, and
// the more there is, the more each commit does.
func (e *Engine) stepDispatcher() *dispatcher {
	return &dispatcher{
		name: "steps", log: e.log, wake: newSignal(), size: 1, next: e.db.NextStep,
		take: func(ctx context.Context, _ int) ([]job, error) {
			accounts, err := e.db.DueAccounts(ctx, stepBatch)
			if err != nil || len(accounts) == 0 {
				return nil, err
			}
			return []job{func(ctx context.Context) { e.provision(ctx, accounts) }}, nil
		},
	}
}

// provision applies what is due for accounts, and lets subscription changes that
// waited for a slot start.
func (e *Engine) provision(ctx context.Context, accounts []int64) {
	e.at("step.due")
	_, err := e.db.ApplySteps(ctx, accounts, func() { e.at("step.before_commit") })
	if err != nil {
		e.log.Warn("steps not applied", "accounts", len(accounts), "error", err)
		_ = sleep(ctx, retryPause) // the loop ends with its context either way
		return
	}
	e.at("step.after_commit")
	e.changed.set()
}
