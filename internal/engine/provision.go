package engine

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	// An account whose steps have been due for this long is never free, and waited for.
	overdueAfter = 500 * time.Millisecond
	// How long to leave in peace those who hold all accounts that something is due for.
	heldPause = 10 * time.Millisecond
)

// plan stores what is left to provisioning and lets it start, within the
// limits of its kinds. Under PolicyReject, or where that is to be refused, a change beyond a limit is the task's error
// instead.
func (e *Engine) plan(ctx context.Context, usual cloud.Lengths, tx *store.Tx, steps []cloud.Step, refuse bool) error {
	if err := e.setAfter(ctx, usual, tx, steps); err != nil {
		return err
	}
	return e.leaveSteps(ctx, tx, steps, refuse)
}

// anyTakesTime reports whether one of some steps is under way for any time.
func anyTakesTime(steps []cloud.Step) bool {
	return slices.ContainsFunc(steps, func(s cloud.Step) bool { return s.After > 0 })
}

// leaveSteps is plan for steps of which all that they take is in After.
func (e *Engine) leaveSteps(ctx context.Context, tx *store.Tx, steps []cloud.Step, refuse bool) error {
	if !anyTakesTime(steps) {
		if tx.Dropped() { // but of those left from a slower time some may wait
			tx.Admit()
		}
		tx.ApplyNow(steps)
		return nil
	}
	var limit *cloud.Limit
	for _, s := range steps {
		limit = cmp.Or(limit, s.Holds.Kind.Limit)
	}
	waits := tx.InsertSteps(steps)
	if limit != nil {
		if err := e.checkLimit(ctx, tx, limit, refuse); err != nil {
			return err
		}
	}
	if waits || tx.Dropped() {
		tx.Admit()
	}
	return nil
}

// setAfter looks up what steps take, at the server's speed or as the account has it, and leaves all of it in After.
func (e *Engine) setAfter(ctx context.Context, usual cloud.Lengths, tx *store.Tx, steps []cloud.Step) error {
	lengths := make([]store.Length, len(steps))
	for i, s := range steps {
		length, known := usual[s.Takes]
		if !known && s.Takes != "" {
			return fmt.Errorf("nobody says how long %s takes", s.Takes)
		}
		lengths[i] = store.Length{Names: []cloud.Length{s.Takes}, Usual: length.Takes}
	}
	if !tx.OwnLengths() {
		for i, s := range steps {
			steps[i].After, steps[i].Takes = e.scaled(s.AfterAll(lengths[i].Usual)), ""
		}
		return nil
	}
	own, err := tx.Lengths(ctx, lengths, e.cfg.Speed)
	if err != nil {
		return err
	}
	// Lengths that are drawn one by one may change places; the states of a resource must not.
	type resource struct {
		kind string
		id   int64
	}
	before := map[resource]time.Duration{}
	for i, s := range steps {
		of := resource{s.Kind.Name, s.ID}
		s.After = e.scaled(s.After)
		steps[i].After, steps[i].Takes = max(s.AfterAll(own[i]), before[of]), ""
		before[of] = steps[i].After
	}
	return nil
}

func (e *Engine) checkLimit(ctx context.Context, tx *store.Tx, limit *cloud.Limit, refuse bool) error {
	policy := Policy(tx.CapPolicy())
	if policy == "" {
		policy = e.cfg.Policy
	}
	if policy == PolicyQueue && !refuse {
		return nil
	}
	held, err := tx.HeldResources(ctx)
	if err == nil && held > limit.Max {
		failure := limit.Error
		err = &failure
	}
	return err
}

// One worker provisions for all accounts that are free: what is due goes into one
// commit, and the more there is, the more each commit does.
func (e *Engine) stepDispatcher() *dispatcher {
	return &dispatcher{
		name: "steps", log: e.log, wake: newSignal(), size: 1, limit: e.cfg.Limit, next: e.db.NextStep,
		take: func(ctx context.Context, _ int) ([]job, error) {
			wait, ok, err := e.db.NextStep(ctx)
			if err != nil || !ok || wait > 0 {
				return nil, err
			}
			return []job{e.provision}, nil
		},
	}
}

// provision applies what is due, and lets changes that waited for a slot start.
func (e *Engine) provision(ctx context.Context) {
	e.at("step.due")
	applied, accounts, err := e.db.ApplySteps(ctx, func() { e.at("step.before_commit") })
	switch {
	case err != nil:
		e.log.Warn("steps not applied", "error", err)
		_ = sleep(ctx, retryPause) // the loop ends with its context either way
	case applied == 0:
		_ = sleep(ctx, heldPause)
	default:
		e.at("step.after_commit")
		e.tell(accounts...)
	}
}

// provisionOverdue is a second worker, for accounts that the first one never finds
// free. It waits for one after the other, so that none which is merely busy is left
// out for ever, nor behind one that somebody has locked for long.
func (e *Engine) provisionOverdue(ctx context.Context) error {
	tried := []int64{} // in vain, in this round
	for {
		account, applied := e.overdue(ctx, tried)
		switch {
		case account == 0:
			tried = tried[:0]
			if err := sleep(ctx, overdueAfter); err != nil {
				return err
			}
		case applied == 0:
			tried = append(tried, account)
		default:
			e.at("step.after_commit")
			e.tell(account)
		}
	}
}

// overdue applies what is due for the account, but for some, that has waited longest
// for it; account is 0 if none has. That the database is away others log.
func (e *Engine) overdue(ctx context.Context, except []int64) (account int64, applied int) {
	ctx, cancel := context.WithTimeout(ctx, e.cfg.Limit)
	defer cancel()
	account, found, err := e.db.OverdueAccount(ctx, overdueAfter, except)
	if err != nil || !found {
		return 0, 0
	}
	applied, err = e.db.ApplyStepsOf(ctx, account, func() { e.at("step.before_commit") })
	if err != nil && !errors.Is(err, context.Canceled) {
		e.log.Warn("steps not applied", "account", account, "error", err)
	}
	return account, applied
}
