// Package engine is the lifecycle, the same for every operation of the cloud: it
// binds functions to the operations of the document, accepts requests as tasks,
// processes the tasks of each account strictly one after the other, and
// provisions what they leave to do.
//
// An operation is a plain function of a context, the account's transaction and a
// typed input. What is to happen later it plans as data, so that neither processing
// nor provisioning knows any kind of resource.
package engine

import (
	"context"
	"fmt"
	"reflect"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/store"
)

// Operation is a function bound to an operationId. Make one with Answer or Task.
type Operation struct {
	id      string
	input   binding.Input
	answer  func(ctx context.Context, tx *store.Tx, in any) (any, error)     // nil: it is answered with a task
	process func(ctx context.Context, tx *store.Tx, in any) (Outcome, error) // nil: it answers at once
	asks    func(in any) question                                            // GetTask: the engine makes its answer of it
	faults  []string                                                         // what is wrong with the operation itself
	find    func(ctx context.Context, tx *store.Tx, in any) error            // FoundBy; nil: answer finds it as well
	valid   func(in any) error                                               // ValidatedBy; nil: none is refused at once
	check   func(ctx context.Context, tx *store.Tx, in any) error            // CheckedBy; nil: likewise
	forgets string                                                           // Forgetting; empty: all of it is kept
}

// Outcome is what processing a task comes to.
type Outcome struct {
	ResourceID int64
	ParentID   int64 // of the resource, where clients are told
	Resource   any   // what was read, or a dry run; nil: nothing
}

// Answer binds a function that answers within the request. The function of a GET gets a view for reading, any other a
// transaction under the account's lock. It may plan steps, but none that holds a resource.
//
// In is a struct with `path:`, `query:` and `json:` tags. Where twins share a function, `path:"name,optional"` is a
// parameter that only one of them has.
func Answer[In, Out any](id string, f func(context.Context, *store.Tx, In) (Out, error)) Operation {
	return Operation{
		id:    id,
		input: binding.Of[In](),
		answer: func(ctx context.Context, tx *store.Tx, in any) (any, error) {
			return f(ctx, tx, *in.(*In))
		},
	}
}

// Task binds a function that is answered with a task. It runs when the task is processed, in one transaction under the
// account's lock: an error leaves nothing of it behind, and a *cloud.Error is the task's error. What is to happen later
// it leaves to provisioning with tx.Plan. Out is an Outcome, or what was read.
//
// That of a GET reads. Its processing takes less time, and no task is made where the outermost resource that its path
// names is not there: clients take only a 404 of the request itself for gone.
func Task[In, Out any](id string, f func(context.Context, *store.Tx, In) (Out, error)) Operation {
	return Operation{
		id:    id,
		input: binding.Of[In](),
		process: func(ctx context.Context, tx *store.Tx, in any) (Outcome, error) {
			found, err := f(ctx, tx, *in.(*In))
			if out, ok := any(found).(Outcome); ok {
				return out, err
			}
			return Outcome{Resource: found}, err
		},
	}
}

// FoundBy tells an operation that shows a resource how else to see whether that is there: with the same error, and
// without reading what only showing it takes. In is the input of the operation.
func FoundBy[In any](op Operation, find func(context.Context, *store.Tx, In) error) Operation {
	if typ := reflect.TypeFor[In](); typ != op.input.Type() {
		op.faults = append(op.faults, fmt.Sprintf("it is found by %s and shown by %s", typ, op.input.Type()))
	}
	op.find = func(ctx context.Context, tx *store.Tx, in any) error { return find(ctx, tx, *in.(*In)) }
	return op
}

// CheckedBy lets an operation that is answered with a task refuse a request at once, with the error of check, which
// has a view for reading. What check has seen may be otherwise when the task is processed. In is the input of the
// operation.
func CheckedBy[In any](op Operation, check func(context.Context, *store.Tx, In) error) Operation {
	op.refusesBy(reflect.TypeFor[In]())
	op.check = func(ctx context.Context, tx *store.Tx, in any) error { return check(ctx, tx, *in.(*In)) }
	return op
}

// ValidatedBy is CheckedBy for what the input alone tells: nothing is asked of the database.
func ValidatedBy[In any](op Operation, validate func(In) error) Operation {
	op.refusesBy(reflect.TypeFor[In]())
	op.valid = func(in any) error { return validate(*in.(*In)) }
	return op
}

// refusesBy notes where what refuses a request at once takes another input than the task, or there is none.
func (o *Operation) refusesBy(typ reflect.Type) {
	if typ != o.input.Type() || o.process == nil {
		o.faults = append(o.faults, fmt.Sprintf("it is checked by %s and takes %s as a task", typ, o.input.Type()))
	}
}

// Forgetting has a task keep a member of its request's body no longer than the request is looked at. Its Process goes
// without it.
func Forgetting(op Operation, member string) Operation {
	op.forgets = member
	return op
}
