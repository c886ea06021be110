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
	if err == nil {
		e.at("tx.after_commit")
	}
	if err == nil && len(steps) > 0 {
		e.steps.wake.set()
	}
	return out, err
}

// Accept turns a request into a task. When it returns, the task is committed and
// can be read; nobody can take it back, the client hanging up included. It answers
// store.ErrKeyLost, and has done nothing, if the request has lost its idempotency
// key.
//
// doc: process-lifecycle#task-process-states
func (e *Engine) Accept(ctx context.Context, caller cloud.Caller, id string, req Request, key Keyed) (cloud.Task, error) {
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
	task.UpdatedAt, err = e.acceptor.accept(ctx, store.Acceptance{
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
	e.tasks.wake.set()
	e.changed.set()
	return task, nil
}

// acceptor makes several acceptances one commit: while a commit is under way the
// next ones gather, so the disk is waited for once for all of them. With nothing
// under way a request goes straight through.
type acceptor struct {
	db      *store.DB
	in      chan *acceptance
	workers sync.WaitGroup
	mu      sync.RWMutex // guards closed against senders
	closed  bool
}

type acceptance struct {
	store.Acceptance
	done chan struct{}
	at   time.Time
	err  error
}

// Two commits at a time keep the disk busy while the next batch gathers; more
// would only make the batches smaller.
const (
	acceptWorkers = 2
	acceptBatch   = 64
	acceptTimeout = 10 * time.Second
)

// ErrStopping says that the server is on its way down and takes nothing more.
var ErrStopping = errors.New("server is stopping")

func newAcceptor(db *store.DB) *acceptor {
	a := &acceptor{db: db, in: make(chan *acceptance, acceptBatch)}
	for range acceptWorkers {
		a.workers.Go(a.run)
	}
	return a
}

// accept hands a request in and waits for its commit. The context bounds only
// the handing in: what is in a batch is not taken out again.
func (a *acceptor) accept(ctx context.Context, request store.Acceptance) (time.Time, error) {
	p := &acceptance{Acceptance: request, done: make(chan struct{})}
	if err := a.send(ctx, p); err != nil {
		return time.Time{}, err
	}
	<-p.done
	return p.at, p.err
}

func (a *acceptor) send(ctx context.Context, p *acceptance) error {
	a.mu.RLock()
	defer a.mu.RUnlock()
	if a.closed {
		return ErrStopping
	}
	select {
	case a.in <- p:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("accept: %w", ctx.Err())
	}
}

func (a *acceptor) run() {
	for first := range a.in {
		batch := []*acceptance{first}
		for more := true; more && len(batch) < acceptBatch; {
			select {
			case next, ok := <-a.in:
				if more = ok; ok {
					batch = append(batch, next)
				}
			default:
				more = false
			}
		}
		a.commit(batch)
	}
}

func (a *acceptor) commit(batch []*acceptance) {
	ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
	defer cancel()
	requests := make([]store.Acceptance, len(batch))
	for i, p := range batch {
		requests[i] = p.Acceptance
	}
	times, err := a.db.Accept(ctx, requests)
	for i, p := range batch {
		switch {
		case err != nil:
			p.err = err
		case times[i].IsZero():
			p.err = store.ErrKeyLost
		default:
			p.at = times[i]
		}
		close(p.done)
	}
}

func (a *acceptor) close() {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.in)
	}
	a.mu.Unlock()
	a.workers.Wait()
}
