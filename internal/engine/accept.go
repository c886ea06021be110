package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Keyed is the idempotency key of a request; its zero value is that of a request
// without one. What is answered is stored in the transaction of the effect.
type Keyed struct {
	Hold    store.KeyHold
	Outcome func(out any) store.KeyOutcome // renders what will be answered
}

func (k Keyed) outcome(out any) (o store.KeyOutcome) {
	if k.Hold.Token != "" {
		o = k.Outcome(out)
	}
	return o
}

// Answer runs an operation that answers at once. It answers store.ErrKeyLost,
// and has done nothing, if the request has lost its idempotency key.
func (e *Engine) Answer(ctx context.Context, caller cloud.Caller, id string, req Request, key Keyed) (any, error) {
	op, err := e.operation(id)
	if err != nil {
		return nil, err
	}
	in, err := op.input.decode(req)
	if err != nil {
		return nil, err
	}
	view := e.db.Write
	if op.doc.Method == "GET" {
		view = e.db.Read
	}
	var out any
	var steps []cloud.Step
	err = view(ctx, caller, func(tx *store.Tx) (err error) {
		if out, steps, err = op.answer(ctx, tx, in); err != nil {
			return err
		}
		if len(steps) > 0 {
			if err := e.plan(ctx, tx, uuid.NewString(), steps); err != nil {
				return err
			}
		}
		e.at("idem.before_finish")
		if err := tx.FinishKey(ctx, key.Hold, key.outcome(out)); err != nil {
			return err
		}
		e.at("tx.before_commit")
		return nil
	})
	if err != nil {
		return out, err
	}
	e.at("tx.after_commit")
	if len(steps) > 0 {
		e.steps.wake.set()
	}
	return out, nil
}

// Accept turns a request into a task. When it returns, the task is committed and
// can be read; nobody can take it back, the client hanging up included. It answers
// store.ErrKeyLost, and has done nothing, if the request has lost its idempotency
// key.
//
// doc: process-lifecycle#task-process-states
func (e *Engine) Accept(caller cloud.Caller, id string, req Request, key Keyed) (cloud.Task, error) {
	op, err := e.operation(id)
	if err != nil {
		return cloud.Task{}, err
	}
	request, err := json.Marshal(req)
	if err != nil {
		return cloud.Task{}, fmt.Errorf("accept %s: %w", id, err)
	}
	task := cloud.Task{
		ID:        uuid.NewString(),
		Account:   caller.Account,
		Operation: id,
		Command:   op.doc.Command,
		Status:    cloud.TaskReceived,
	}
	task.UpdatedAt = key.Hold.Now
	e.at("idem.before_finish")
	accepted, err := e.acceptor.accept(store.Acceptance{
		ID:        task.ID,
		Account:   task.Account,
		Operation: task.Operation,
		Command:   task.Command,
		Request:   request,
		Work:      e.real(op.work),
		Hold:      key.Hold,
		Outcome:   key.outcome(task),
	})
	if err != nil {
		return cloud.Task{}, err
	}
	e.at("accept.after_commit")
	task.UpdatedAt = accepted.At
	if accepted.Head { // else the end of the task before it wakes the workers
		e.tasks.wake.set()
		e.changed.set()
	}
	return task, nil
}

// acceptor makes several acceptances one commit: while commits are under way the
// next requests gather, so the disk is waited for once for all of them. With
// nothing under way a request goes straight through, in its own goroutine.
type acceptor struct {
	db *store.DB

	mu      sync.Mutex
	commits int // under way
	waiting []*acceptance
	closed  bool
	idle    *sync.Cond // commits became 0
}

type acceptance struct {
	store.Acceptance
	done chan struct{}
	got  store.Accepted
	err  error
}

// Two commits at a time keep the disk busy while the next batch gathers; more
// would only make the batches smaller.
const (
	acceptCommits = 2
	acceptBatch   = 64
	acceptTimeout = 10 * time.Second
)

// ErrStopping says that the server is on its way down and takes nothing more.
var ErrStopping = errors.New("server is stopping")

func newAcceptor(db *store.DB) *acceptor {
	a := &acceptor{db: db}
	a.idle = sync.NewCond(&a.mu)
	return a
}

// accept has a request committed. It takes no context: what is in a batch is not
// taken out again, and acceptTimeout bounds the commit.
func (a *acceptor) accept(request store.Acceptance) (store.Accepted, error) {
	p := &acceptance{Acceptance: request, done: make(chan struct{})}
	a.mu.Lock()
	switch {
	case a.closed:
		a.mu.Unlock()
		return store.Accepted{}, ErrStopping
	case a.commits == acceptCommits:
		a.waiting = append(a.waiting, p)
		a.mu.Unlock()
		<-p.done
	default:
		a.commits++
		a.mu.Unlock()
		a.commit([]*acceptance{p})
		if batch := a.next(); batch != nil {
			go func() { // nobody's answer waits for the next ones
				for ; batch != nil; batch = a.next() {
					a.commit(batch)
				}
			}()
		}
	}
	return p.got, p.err
}

// next takes what has gathered during a commit; nil when that was nothing, and
// the commit is counted as over.
func (a *acceptor) next() []*acceptance {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := min(len(a.waiting), acceptBatch)
	if n == 0 {
		if a.commits--; a.commits == 0 {
			a.idle.Broadcast()
		}
		return nil
	}
	batch := a.waiting[:n:n]
	a.waiting = a.waiting[n:]
	return batch
}

func (a *acceptor) commit(batch []*acceptance) {
	ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
	defer cancel()
	requests := make([]store.Acceptance, len(batch))
	for i, p := range batch {
		requests[i] = p.Acceptance
	}
	accepted, err := a.db.Accept(ctx, requests)
	for i, p := range batch {
		switch {
		case err != nil:
			p.err = err
		case accepted[i].At.IsZero():
			p.err = store.ErrKeyLost
		default:
			p.got = accepted[i]
		}
		close(p.done)
	}
}

// close refuses what comes from now on and waits for what is under way.
func (a *acceptor) close() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.closed = true
	for a.commits > 0 {
		a.idle.Wait()
	}
}
