package control

import (
	"context"
	"net/http"
	"slices"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operation is an operation of sandbox.yaml with the Go types of what goes in and out: the server binds it to a
// function, a client calls it.
type Operation[In, Out any] string

// None is what goes in or out where nothing does.
type None struct{}

// GetStatus says what runs.
const GetStatus Operation[None, sandbox.Status] = "getStatus"

// operations binds all operations to the service.
func operations(s *sandbox.Service) []bound {
	return slices.Concat(
		[]bound{GetStatus.bind(func(ctx context.Context, _ None) (sandbox.Status, error) { return s.Status(ctx) })},
		accountOperations(s),
		keyOperations(s),
		faultOperations(s),
		stateOperations(s),
		journalOperations(s),
		clockOperations(s),
		taskOperations(s),
		eventOperations(s),
		webhookOperations(s),
	)
}

// bound is an operation with its function.
type bound struct {
	id      string
	input   binding.Input
	call    func(ctx context.Context, in any) (any, error)
	patient bool // it may take longer than the server's time-outs
	// stream answers instead of call, with server-sent events. Its error is told where it comes before the first of them.
	stream func(w *stream, r *http.Request, in any) error
}

// patiently lets an operation take longer than the server's time-outs.
func (b bound) patiently() bound {
	b.patient = true
	return b
}

func (o Operation[In, Out]) bind(f func(context.Context, In) (Out, error)) bound {
	return bound{id: string(o), input: binding.Of[In](), call: func(ctx context.Context, in any) (any, error) {
		return f(ctx, *in.(*In))
	}}
}
