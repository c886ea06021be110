// Package engine is the lifecycle, the same for every operation of the cloud: it
// binds functions to the operations of the document, accepts requests as tasks,
// processes the tasks of each account strictly one after the other, and
// provisions what they leave to do.
//
// An operation is a plain function of a context, the account's transaction and a
// typed input. What shall happen later it gives back as data, so that neither
// processing nor provisioning knows any kind of resource.
package engine

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Business time that processing takes, at speed 1.
const (
	commandWork = 5 * time.Second
	reportWork  = time.Second
)

// Operation is a function bound to an operationId. Make one with Sync, Command
// or Report.
type Operation struct {
	id      string
	input   input
	answer  func(ctx context.Context, tx *store.Tx, in any) (any, []cloud.Step, error) // Sync, Change
	process func(ctx context.Context, tx *store.Tx, in any) (Outcome, error)           // Command, Report
	within  func(ctx context.Context, tx *store.Tx, req Request) error                 // nil: nothing is looked for
	work    time.Duration
}

// Outcome is what processing a task comes to.
type Outcome struct {
	ResourceID int64
	ParentID   int64        // of the resource, where clients are told
	Resource   any          // what a Report found, or a dry run; nil: nothing
	Steps      []cloud.Step // left to provisioning
}

// Sync binds a function that answers within the request. The function of a GET
// gets a view for reading, any other a transaction under the account's lock.
// In is a struct with `path:`, `query:` and `json:` tags. Where twins share a
// function, `path:"name,optional"` is a parameter that only one of them has.
func Sync[In, Out any](id string, f func(context.Context, *store.Tx, In) (Out, error)) Operation {
	return Operation{
		id:    id,
		input: inputOf[In](),
		answer: func(ctx context.Context, tx *store.Tx, in any) (any, []cloud.Step, error) {
			out, err := f(ctx, tx, *in.(*In))
			return out, nil, err
		},
	}
}

// Change binds a function that answers within the request, like Sync, and leaves
// steps to provisioning. None of them may change a subscription.
func Change[In, Out any](id string, f func(context.Context, *store.Tx, In) (Out, []cloud.Step, error)) Operation {
	return Operation{
		id:    id,
		input: inputOf[In](),
		answer: func(ctx context.Context, tx *store.Tx, in any) (any, []cloud.Step, error) {
			return f(ctx, tx, *in.(*In))
		},
	}
}

// Command binds a function that changes something and is answered with a task.
// It runs when the task is processed, in one transaction under the account's
// lock: an error leaves nothing of it behind. A *cloud.Error is the task's error.
func Command[In any](id string, f func(context.Context, *store.Tx, In) (Outcome, error)) Operation {
	return Operation{
		id:    id,
		input: inputOf[In](),
		work:  commandWork,
		process: func(ctx context.Context, tx *store.Tx, in any) (Outcome, error) {
			return f(ctx, tx, *in.(*In))
		},
	}
}

// Report binds a function that only reads, and yet is answered with a task. It
// gives back what it found, or an Outcome that names what that belongs to.
func Report[In any](id string, f func(context.Context, *store.Tx, In) (any, error)) Operation {
	op := Command(id, func(ctx context.Context, tx *store.Tx, in In) (Outcome, error) {
		found, err := f(ctx, tx, in)
		if out, ok := found.(Outcome); ok {
			return out, err
		}
		return Outcome{Resource: found}, err
	})
	op.work = reportWork
	return op
}

// Within has an operation that is answered with a task look for something first,
// while the request waits: an error of f is what it is answered with, and no task is
// made. In takes parameters of the path only.
func Within[In any](op Operation, f func(context.Context, *store.Tx, In) error) Operation {
	path := inputOf[In]()
	op.within = func(ctx context.Context, tx *store.Tx, req Request) error {
		in, err := path.decode(Request{Path: req.Path})
		if err != nil {
			return err
		}
		return f(ctx, tx, *in.(*In))
	}
	return op
}

// Quick is the same operation with the work of one that only reads: of a reading
// that something follows from.
func (op Operation) Quick() Operation {
	op.work = reportWork
	return op
}
