package engine

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Passing says how far the time of an account is to pass.
type Passing struct {
	By       time.Duration // at most so much business time,
	Through  bool          // also where nothing is due any more
	Instants int           // at most so many times at which something happens; negative: any number
	Task     string        // until this task is finished; empty: not until any is
	// Reached is asked before anything happens; nil: it never is.
	Reached func(context.Context, *store.Tx) (bool, error)
}

// Passed is what happened meanwhile.
type Passed struct {
	End    store.PassageEnd
	Moved  time.Duration
	Events []store.Event
}

// ErrPassingLong says that time has not passed as far as it was to, since there is too much to do in it.
var ErrPassingLong = errors.New("time passes too slowly")

const (
	passingLimit = 60 * time.Second     // less than a request may take
	passingPause = 2 * time.Millisecond // before looking again whether another worker has ended a task,
	settleLooks  = 50                   // so many times, until something else may have changed

	// How many tasks that come meanwhile are waited for: more may come than end, and time is to pass all the same.
	passingGuests = 50
)

// Pass lets time pass for an account, as it would by itself, from one thing that is due to the next: what provisioning
// has to do is done, and tasks are processed, each at its own time, before time goes on. Other workers may be at work
// for the account meanwhile, also those of other servers. Of the tasks that come meanwhile it waits for the first ones.
// It returns ErrPassingLong with how far it has come.
func (e *Engine) Pass(ctx context.Context, account int64, p Passing) (passed Passed, err error) {
	defer e.Wake()
	if passed, err = e.pass(ctx, account, p); err != nil {
		return passed, err
	}
	return passed, e.forget(ctx, account)
}

func (e *Engine) pass(ctx context.Context, account int64, p Passing) (passed Passed, err error) {
	ctx, cancel := context.WithTimeoutCause(ctx, passingLimit, ErrPassingLong)
	defer cancel()
	through := store.Passage{
		Left: p.By, Through: p.Through, Instants: p.Instants, Reached: p.Reached, Mark: math.MaxInt64, Last: math.MaxInt64,
		Before: func() { e.at("clock.before_commit") },
	}
	if p.Task != "" {
		id, err := uuid.Parse(p.Task)
		if err != nil {
			return passed, fmt.Errorf("task %s: %w", p.Task, store.ErrNoTask) // what is no id names no task
		}
		through.Task = &id
	}
	for first := true; ; first = false {
		some, err := e.db.PassTime(ctx, account, through)
		if err != nil {
			return passed, e.tooLong(ctx, err)
		}
		e.at("clock.after_commit")
		passed.Moved += some.Moved
		passed.Events = append(passed.Events, some.Events...)
		through.Left -= some.Moved
		if p.Instants >= 0 {
			through.Instants -= some.Instants
		}
		if first {
			through.Last = some.LastSeq + passingGuests
		}
		if first || some.Moved > 0 {
			through.Mark = min(some.LastSeq, through.Last)
		}
		switch some.End {
		case store.PassageGoesOn:
		case store.PassageTask:
			ended, err := e.settle(ctx, account, some.Head)
			passed.Events = append(passed.Events, ended...)
			if err != nil {
				return passed, e.tooLong(ctx, err)
			}
		default:
			passed.End = some.End
			return passed, nil
		}
	}
}

// tooLong is ErrPassingLong where that is why an error came.
func (e *Engine) tooLong(ctx context.Context, err error) error {
	if err != nil && errors.Is(context.Cause(ctx), ErrPassingLong) {
		return ErrPassingLong
	}
	return err
}

// settle brings the first task of an account on, whoever does so: it begins, so that time may go on, or it comes to its
// end. It returns the ends that it saw.
func (e *Engine) settle(ctx context.Context, account int64, head store.Head) (ended []store.Event, err error) {
	for range settleLooks {
		end, leave := e.ended.join(head.Task)
		defer leave()
		claims, err := e.db.ClaimTaskOf(ctx, account, e.cfg.Lease)
		if err != nil {
			return ended, err
		}
		started := false
		for _, claim := range claims {
			working, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Limit)
			if !claim.Ready {
				e.start(working, &claim)
				started = started || !claim.Ready
			}
			if claim.Ready {
				_ = sleep(working, claim.Wait)
				e.process(working, claim)
				if claim.ID != head.Task { // that one was ended by another worker just now
					ended = e.appendEnd(ctx, ended, account, claim.ID)
				}
			}
			cancel()
		}
		task, ok, err := e.task(ctx, account, head.Task)
		switch {
		case err != nil || !ok: // it is gone with its account
			return ended, err
		case task.Status.Finished():
			return append([]store.Event{endOf(task)}, ended...), nil
		case started || head.Due == nil && !head.Worked && task.Status == cloud.TaskRunning:
			return ended, nil // it has begun
		}
		if err := sleepUntil(ctx, passingPause, end); err != nil { // another worker has it
			return ended, err
		}
	}
	return ended, nil // and look again what there is
}

func (e *Engine) appendEnd(ctx context.Context, ended []store.Event, account int64, id string) []store.Event {
	task, ok, err := e.task(ctx, account, id)
	if err != nil || !ok || !task.Status.Finished() {
		return ended
	}
	return append(ended, endOf(task))
}

func endOf(task cloud.Task) store.Event {
	return store.Event{At: task.UpdatedAt, Task: task.ID, Status: string(task.Status)}
}

// sleepUntil waits, unless something else happens first.
func sleepUntil(ctx context.Context, d time.Duration, happens <-chan struct{}) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-happens:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

func (e *Engine) task(ctx context.Context, account int64, task string) (found cloud.Task, ok bool, err error) {
	id, err := uuid.Parse(task)
	if err != nil {
		return found, false, nil //nolint:nilerr // what is no id names no task
	}
	err = e.db.Read(ctx, cloud.Caller{Account: account}, func(tx *store.Tx) (err error) {
		found, ok, err = tx.Task(id)
		return err
	})
	return found, ok, err
}

// SetClock changes an account's clock at once, whatever is due in between.
func (e *Engine) SetClock(ctx context.Context, account int64, change func(was store.Clock) store.Clock) error {
	defer e.Wake()
	if err := e.db.SetClock(ctx, account, change); err != nil {
		return err
	}
	return e.forget(ctx, account)
}

// forget removes the tasks of an account that are too old on a clock that was moved, which prune would do later.
func (e *Engine) forget(ctx context.Context, account int64) error {
	for {
		removed, err := e.db.PruneTasksOf(ctx, account, taskRetention, pruneBatch)
		if err != nil || removed < pruneBatch {
			return err
		}
	}
}
