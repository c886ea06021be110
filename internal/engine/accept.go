package engine

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/batch"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Reply is how a request is answered, and under which idempotency key; its zero value is that of a request without one
// whose answer nobody renders.
type Reply struct {
	Claim store.KeyClaim
	// Render makes the answer, once: with a key before the commit, since it is stored in the transaction of the effect,
	// and without one after it.
	Render func(out any) store.KeyOutcome
	// Wait is how long an operation that shows a task may wait for its end; nil: Config.Hold. Others do not wait.
	Wait *time.Duration
	// Validity is told how long the answer to a GET stays as it is; nil: nobody wants to know.
	Validity *store.Validity
}

// before renders the answer to a request with a key.
func (r Reply) before(out any) (o store.KeyOutcome) {
	if r.Claim.Token != "" {
		o = r.Render(out)
	}
	return o
}

// after renders the answer to a request without a key.
func (r Reply) after(out any) {
	if r.Claim.Token == "" && r.Render != nil {
		r.Render(out)
	}
}

// Answer runs an operation that answers at once. It returns store.ErrKeyLost,
// and has done nothing, if the request has lost its idempotency key.
func (e *Engine) Answer(
	ctx context.Context, caller cloud.Caller, id string, req binding.Request, reply Reply,
) (any, error) {
	op, err := e.operation(id)
	if err != nil {
		return nil, err
	}
	in, err := op.input.Decode(req)
	if err != nil {
		return nil, err
	}
	view, told := e.db.Write, []int64{caller.Account}
	if op.doc.Method == http.MethodGet {
		view, told = e.db.Read, nil
	}
	if reply.Wait != nil {
		ctx = context.WithValue(ctx, patience{}, *reply.Wait)
	}
	var out any
	var steps []cloud.Step
	err = view(ctx, caller, func(tx *store.Tx) (err error) {
		tx.Hide(op.others)
		if out, err = op.answer(ctx, tx, in); err != nil {
			return err
		}
		if reply.Validity != nil {
			*reply.Validity = tx.Validity()
		}
		if steps = tx.Planned(); len(steps) > 0 {
			if err := e.plan(ctx, op.lengths, tx, steps, false); err != nil {
				return err
			}
		}
		e.at("idem.before_finish")
		if err := tx.FinishKey(ctx, reply.Claim, reply.before(out)); err != nil {
			return err
		}
		e.at("tx.before_commit")
		return nil
	})
	if err != nil {
		return out, op.explained(err)
	}
	e.at("tx.after_commit")
	if len(steps) > 0 {
		e.steps.wake.set()
	}
	if len(told) > 0 {
		e.tell(told...)
	}
	reply.after(out)
	return out, nil
}

// Accept turns a request into a task. When it returns, the task is committed and can be read; nobody can take it back,
// the client hanging up included. It returns store.ErrKeyLost, and has done nothing, if the request has lost its
// idempotency key. It returns the error of an outermost resource of a GET that is not there; only for looking it up it
// heeds ctx.
func (e *Engine) Accept(
	ctx context.Context, caller cloud.Caller, id string, req binding.Request, reply Reply,
) (cloud.Task, error) {
	op, err := e.operation(id)
	if err != nil {
		return cloud.Task{}, err
	}
	if op.outermost != nil {
		if err := e.find(ctx, caller, op.outermost, req); err != nil {
			return cloud.Task{}, op.explained(err)
		}
	}
	var asked any // as the operation takes it
	if op.valid != nil || op.check != nil {
		if asked, err = e.check(ctx, caller, op, req); err != nil {
			return cloud.Task{}, op.explained(err)
		}
	}
	request, err := op.kept(req)
	if err != nil {
		return cloud.Task{}, fmt.Errorf("accept %s: %w", id, err)
	}
	task := cloud.Task{
		ID:        taskUUID(caller),
		Account:   caller.Account,
		Operation: id,
		Command:   op.doc.Command,
		Status:    cloud.TaskReceived,
		Asked:     asked,
	}
	task.UpdatedAt = reply.Claim.Now
	strikes, err := e.strike(ctx, caller, op, req, &task)
	if err != nil {
		return cloud.Task{}, err
	}
	e.at("idem.before_finish")
	accepted, err := e.acceptor.Do(store.Acceptance{
		ID:        task.ID,
		Account:   task.Account,
		KeyName:   caller.Key.Name,
		Operation: task.Operation,
		Command:   task.Command,
		Request:   request,
		Work:      e.work(op),
		Faults:    strikes,
		Claim:     reply.Claim,
		Outcome:   reply.before(task),
	})
	switch {
	case errors.Is(err, batch.ErrClosed):
		return cloud.Task{}, ErrStopping
	case err != nil:
		return cloud.Task{}, err
	case accepted.At.IsZero():
		return cloud.Task{}, e.notAccepted(ctx, caller)
	}
	e.at("accept.after_commit")
	task.UpdatedAt = accepted.At
	if accepted.Head { // else the end of the task before it wakes the workers
		e.tasks.wake.set()
	}
	e.tell(caller.Account)
	reply.after(task)
	return task, nil
}

// kept is a request as its task keeps it.
func (op *bound) kept(req binding.Request) ([]byte, error) {
	if op.forgets != "" {
		var members map[string]json.RawMessage
		if err := json.Unmarshal(req.Body, &members); err != nil {
			return nil, err
		}
		delete(members, op.forgets)
		var err error
		if req.Body, err = json.Marshal(members); err != nil {
			return nil, err
		}
	}
	return json.Marshal(req)
}

// notAccepted says why a request was not accepted.
func (e *Engine) notAccepted(ctx context.Context, caller cloud.Caller) error {
	ok, err := e.db.HasAccount(ctx, caller.Account)
	switch {
	case err != nil:
		return err
	case !ok:
		return store.ErrAccountGone
	}
	return store.ErrKeyLost
}

// taskUUID is the id of a new task, which follows from that of the request where that follows from a seed.
func taskUUID(caller cloud.Caller) string {
	if caller.Request == "" {
		return uuid.NewString()
	}
	return uuid.NewHash(sha256.New(), uuid.NameSpaceOID, []byte("task/"+caller.Request), 4).String()
}

// work is how long processing a task of an operation will take.
func (e *Engine) work(op *bound) store.Work {
	own, usual := op.work()
	takes := op.workTakes()
	return store.Work{
		Length: store.Length{Names: []cloud.Length{own, usual}, Usual: takes},
		Speed:  e.cfg.Speed,
		Takes:  e.scaled(takes),
	}
}

// find sees whether the resource is there that an operation shows.
func (e *Engine) find(ctx context.Context, caller cloud.Caller, op *bound, req binding.Request) error {
	in, err := op.input.Decode(binding.Request{Path: req.Path})
	if err != nil {
		return err
	}
	return e.db.Read(ctx, caller, func(tx *store.Tx) error {
		if op.find != nil {
			return op.find(ctx, tx, in)
		}
		_, err := op.answer(ctx, tx, in)
		return err
	})
}

// check returns the input that a request is for an operation, or the error with which it is to be refused at once.
func (e *Engine) check(ctx context.Context, caller cloud.Caller, op *bound, req binding.Request) (in any, err error) {
	if in, err = op.input.Decode(req); err != nil {
		return nil, err
	}
	if op.valid != nil {
		if err := op.valid(in); err != nil {
			return nil, err
		}
	}
	if op.check == nil {
		return in, nil
	}
	return in, e.db.Read(ctx, caller, func(tx *store.Tx) error {
		tx.Hide(op.others)
		return op.check(ctx, tx, in)
	})
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

type acceptor = batch.Batcher[store.Acceptance, store.Accepted]

// newAcceptor makes several acceptances one commit, so that the disk is waited for
// once for all of them.
func newAcceptor(db *store.DB) *acceptor {
	return batch.New(acceptCommits, acceptBatch, func(requests []store.Acceptance) ([]store.Accepted, error) {
		ctx, cancel := context.WithTimeout(context.Background(), acceptTimeout)
		defer cancel()
		return db.Accept(ctx, requests)
	})
}
