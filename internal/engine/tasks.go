package engine

import (
	"context"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// question is which task is asked for, and the error where there is none.
type question struct {
	task    string
	missing func(id string) error
}

// GetTask binds an operation that shows a task: its answer is a cloud.Task. While the
// task is not finished the answer waits for its end, as long as Config.Hold says, so
// that a client that asks right after its request need not ask twice. Waiting holds
// no database connection.
//
// id reads the task's id; missing makes the error where there is no such task, or only
// one of another document.
func GetTask[In any](operation string, id func(In) string, missing func(id string) error) Operation {
	return Operation{
		id:    operation,
		input: binding.Of[In](),
		asks:  func(in any) question { return question{task: id(*in.(*In)), missing: missing} },
	}
}

// patience is the key of a context's own Config.Hold.
type patience struct{}

// Waits reports whether an operation shows a task, and so may wait for its end.
func (e *Engine) Waits(operation string) bool {
	op, ok := e.operations[operation]
	return ok && op.asks != nil
}

func (e *Engine) awaitTask(ctx context.Context, tx *store.Tx, q question) (cloud.Task, error) {
	id, err := uuid.Parse(q.task)
	if err != nil || id.String() != strings.ToLower(q.task) { // UUIDs have other ways of writing, too
		return cloud.Task{}, q.missing(q.task)
	}
	read := func() (cloud.Task, error) {
		task, ok, err := tx.Task(id)
		if err == nil && !ok {
			err = q.missing(q.task)
		}
		return task, err
	}
	hold := e.cfg.Hold
	if wait, ok := ctx.Value(patience{}).(time.Duration); ok {
		hold = wait
	}
	if hold == 0 {
		return read()
	}
	timer := time.NewTimer(hold)
	defer timer.Stop()
	for {
		// Joined before the look: it may end just after.
		end, leave := e.ended.join(id.String())
		task, err := read()
		if err != nil || task.Status.Finished() {
			leave()
			return task, err
		}
		select {
		case <-end:
			leave()
		case <-timer.C:
			leave()
			return read()
		case <-e.draining:
			leave()
			return task, nil
		case <-ctx.Done():
			leave()
			return task, ctx.Err()
		}
	}
}
