package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	processWorkers = 8
	// A task whose worker died, or ran out of time, this often would block its
	// account for ever.
	maxAttempts = 5
	// How long an account waits after the database failed under its task.
	retryPause = 200 * time.Millisecond
	// How long giving a task back may take. Its own time may have run out.
	releaseTime = 5 * time.Second
)

func (e *Engine) taskDispatcher() *dispatcher {
	return &dispatcher{
		name: "tasks", log: e.log, wake: newSignal(), size: processWorkers, limit: e.cfg.Limit, next: e.db.NextTask,
		take: func(ctx context.Context, free int) (jobs []job, err error) {
			if err := e.owed.settle(ctx, e.db); err != nil {
				return nil, err
			}
			claims, err := e.db.ClaimTasks(ctx, free*e.cfg.Group, e.cfg.Lease)
			for _, some := range inGroups(claims, e.cfg.Group) {
				jobs = append(jobs, func(ctx context.Context) { e.bringOn(ctx, some) })
			}
			return jobs, err
		},
	}
}

// start begins the processing time of a claimed task, whose claim is ready, after its wait, where that is over soon.
func (e *Engine) start(ctx context.Context, c *store.Claim) {
	err := e.db.Start(ctx, c, e.cfg.Lease)
	if err != nil && !errors.Is(err, store.ErrLeaseLost) {
		log := e.log.With("task", c.ID, "account", c.Account, "operation", c.Operation)
		log.Warn("task goes back to its queue", "error", err)
		e.release(ctx, log, *c, true)
	}
	e.tell(c.Account)
	e.tasks.wake.set() // the next due time is new
}

// release gives a task back that could not be worked on.
func (e *Engine) release(ctx context.Context, log *slog.Logger, c store.Claim, counts bool) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), releaseTime)
	defer cancel()
	if err := e.db.ReleaseTask(ctx, c, retryPause, counts); err != nil {
		log.Warn("task is not given back yet", "error", err)
		e.owed.add(owedClaim{c, counts})
	}
}

// process brings a claimed task to its end.
func (e *Engine) process(ctx context.Context, c store.Claim) {
	e.at("task.claimed")
	log := e.log.With("task", c.ID, "account", c.Account, "operation", c.Operation)
	steps, err := e.attempt(ctx, c, func(fn func(*store.Tx) error) error { return e.db.Process(ctx, c, fn) })
	var failure *cloud.Error
	switch {
	case errors.Is(err, errHeld):
		e.tasks.wake.set() // its next due time is new
		return
	case err == nil || errors.Is(err, store.ErrLeaseLost) || store.AccountGone(err) || store.Unavailable(err):
	case errors.As(err, &failure):
		err = e.fail(ctx, c, failure)
	default:
		log.Error("processing failed", "error", err)
		err = e.fail(ctx, c, e.internalError(c, "The request could not be processed because of an internal error."))
	}
	switch {
	case store.AccountGone(err):
		log.Debug("the account of the task is gone")
		e.ended.wake(c.ID)
		return
	case errors.Is(err, store.ErrLeaseLost):
		log.Warn("another worker has taken the task", "attempts", c.Attempts)
		return
	case err != nil:
		log.Warn("task goes back to its queue", "error", err)
		// What takes too long may do so every time; what else went wrong is not the task's.
		counts := store.TimedOut(err) || errors.Is(ctx.Err(), context.DeadlineExceeded)
		e.release(ctx, log, c, counts)
		return
	}
	e.processed(c, steps)
}

// processed tells of the end of a task.
func (e *Engine) processed(c store.Claim, steps bool) {
	e.at("task.after_commit")
	e.ended.wake(c.ID)
	e.tell(c.Account)
	e.tasks.wake.set()
	if steps {
		e.steps.wake.set()
	}
}

// attempt runs the operation's function and ends the task, in one transaction, which is that of process. It reports
// whether there is something to provision.
func (e *Engine) attempt(
	ctx context.Context, c store.Claim, process func(func(*store.Tx) error) error,
) (steps bool, err error) {
	if c.Attempts > maxAttempts {
		return false, e.internalError(c,
			"Processing was given up after %d attempts that did not come to an end.", maxAttempts)
	}
	op, err := e.operation(c.Operation)
	if err != nil {
		return false, err
	}
	var req binding.Request
	if err := json.Unmarshal(c.Request, &req); err != nil {
		return false, fmt.Errorf("read request: %w", err)
	}
	in, err := op.input.Decode(req)
	if err != nil {
		return false, err
	}
	struck, err := readStrikes(c)
	if err == nil {
		struck, err = e.hold(ctx, c, struck)
	}
	if err != nil {
		return false, err
	}
	err = process(func(tx *store.Tx) error {
		tx.Hide(op.others)
		if failure := e.failureOf(c, struck, "task-error"); failure != nil {
			tx.Finish(c, cloud.TaskFailed, failed(req, failure, struck))
			return nil
		}
		out, err := call(ctx, op, tx, in)
		if err != nil {
			return err
		}
		planned := e.apply(c, struck, tx.Planned())
		refuse := len(fault.Of(struck, "limit-refused")) > 0
		if err := e.plan(ctx, op.lengths, tx, planned, refuse); err != nil {
			return err
		}
		// What takes no time is done already; those of others may have got a slot.
		steps = anyTakesTime(planned) || tx.Dropped()
		e.at("task.effects")
		response, err := responseOf(out)
		if err != nil {
			return err
		}
		response.Injected = marks(struck)
		if len(fault.Of(struck, "task-empty")) > 0 {
			response.Resource = nil
		}
		status := cloud.TaskDone
		if failure := e.failureOf(c, struck, "reported-failed"); failure != nil {
			status, response = cloud.TaskFailed, failed(req, failure, struck)
		}
		tx.Finish(c, status, response)
		e.at("task.before_commit")
		return nil
	})
	return steps, err
}

// call runs the function; a panic is an error like any other that is ours.
func call(ctx context.Context, op *bound, tx *store.Tx, in any) (out Outcome, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return op.process(ctx, tx, in)
}

// fail ends a task with an error, in a transaction of its own: what the function
// did was rolled back.
func (e *Engine) fail(ctx context.Context, c store.Claim, failure *cloud.Error) error {
	return e.db.Process(ctx, c, func(tx *store.Tx) error {
		e.finishFailed(tx, c, failure)
		return nil
	})
}

// finishFailed ends a task with an error.
func (e *Engine) finishFailed(tx *store.Tx, c store.Claim, failure *cloud.Error) {
	var req binding.Request
	_ = json.Unmarshal(c.Request, &req) // what cannot be read is why it failed,
	struck, _ := readStrikes(c)         // here, too
	tx.Finish(c, cloud.TaskFailed, failed(req, e.explained(c.Operation, failure), struck))
}

// explained is an error of an operation with what the operation's document says of its
// code. A code that is not listed goes with 500.
func (e *Engine) explained(operation string, failure *cloud.Error) *cloud.Error {
	op, err := e.operation(operation)
	if err != nil { // of another version
		return failure
	}
	return op.explain(failure)
}

// internalError is the error of a task that failed because of us, in the words of the task's document.
func (e *Engine) internalError(c store.Claim, format string, args ...any) *cloud.Error {
	var code cloud.Code
	if op, err := e.operation(c.Operation); err == nil {
		code = cloud.Code(op.doc.Document().InternalError())
	}
	return cloud.Errorf(code, format, args...)
}

// failed is what a task came to that has failed.
func failed(req binding.Request, failure *cloud.Error, struck strikes) cloud.TaskResponse {
	return cloud.TaskResponse{Error: failure, Path: req.Path, Injected: marks(struck)}
}

func responseOf(out Outcome) (cloud.TaskResponse, error) {
	response := cloud.TaskResponse{ResourceID: out.ResourceID, ParentID: out.ParentID}
	if out.Resource != nil {
		resource, err := json.Marshal(out.Resource)
		if err != nil {
			return response, fmt.Errorf("write resource: %w", err)
		}
		response.Resource = resource
	}
	return response, nil
}
