package engine

import (
	"context"
	"strings"
	"sync"
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
	if e.cfg.Hold == 0 {
		return read()
	}
	timer := time.NewTimer(e.cfg.Hold)
	defer timer.Stop()
	for {
		// Joined before the look: it may end just after.
		end, leave := e.waiters.join(id.String())
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
		case <-ctx.Done():
			leave()
			return task, ctx.Err()
		}
	}
}

// waiters are requests that wait for the end of a task. The zero value is ready.
type waiters struct {
	mu  sync.Mutex
	all map[string]*waiting
}

type waiting struct {
	end  chan struct{}
	many int
}

// join returns a channel that is closed when the task may have ended, and the
// function to call when one waits no longer.
func (w *waiters) join(task string) (end <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[string]*waiting{}
	}
	one, ok := w.all[task]
	if !ok {
		one = &waiting{end: make(chan struct{})}
		w.all[task] = one
	}
	one.many++
	return one.end, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if one.many--; one.many == 0 && w.all[task] == one {
			delete(w.all, task)
		}
	}
}

// finished wakes those who wait for a task.
func (w *waiters) finished(task string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one, ok := w.all[task]; ok {
		close(one.end)
		delete(w.all, task)
	}
}

// wakeAll wakes everybody to look again.
func (w *waiters) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for task, one := range w.all {
		close(one.end)
		delete(w.all, task)
	}
}
