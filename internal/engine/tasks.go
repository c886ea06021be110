package engine

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Finished tasks are listed for this long, and not more than so many.
// doc: manage-tasks
const (
	recentTasks = 10 * 24 * time.Hour
	maxTasks    = 10_000
)

// taskOperations are the operations on tasks themselves; their answers are a
// cloud.Task and a []cloud.Task.
func (e *Engine) taskOperations() []Operation {
	return []Operation{
		Answer("listTasks", func(ctx context.Context, tx *store.Tx, _ struct{}) ([]cloud.Task, error) {
			return tx.RecentTasks(ctx, recentTasks, maxTasks)
		}),
		Answer("getTask", e.getTask),
	}
}

// getTask reads a task. While it is not finished the answer waits for its end,
// so that a client that asks right after its request need not ask twice. Waiting
// holds no database connection.
func (e *Engine) getTask(ctx context.Context, tx *store.Tx, in struct {
	ID string `path:"taskId" json:"-"`
},
) (cloud.Task, error) {
	notFound := cloud.Errorf("ENTITY_NOT_FOUND", "Task %q was not found.", in.ID)
	id, err := uuid.Parse(in.ID)
	if err != nil || id.String() != strings.ToLower(in.ID) { // UUIDs have other ways of writing, too
		return cloud.Task{}, notFound
	}
	read := func() (cloud.Task, error) {
		task, ok, err := tx.Task(id)
		if err == nil && !ok {
			err = notFound
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

// join gives back a channel that is closed when the task may have ended, and the
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

// look wakes everybody to look again.
func (w *waiters) look() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for task, one := range w.all {
		close(one.end)
		delete(w.all, task)
	}
}
