package understudy

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Await is what to wait for: one of a task, a resource and being idle.
type Await = sandbox.Await

// Awaited is how waiting came out.
type Awaited = sandbox.Awaited

// Transition is an event of the sandbox: a task or a resource that reached a status.
type Transition = sandbox.Transition

// Wait waits until something is in a state, for as long as it can still come and no longer than a time. That it did not
// come is no error.
func (s *Sandbox) Wait(ctx context.Context, a Await) (Awaited, error) {
	a.Account = s.ref()
	out, err := s.control().Wait(ctx, a)
	return out, wrapped(err)
}

// WaitIdle waits until no task is to be processed and nothing to be provisioned, or the context ends.
func (s *Sandbox) WaitIdle(ctx context.Context) error {
	for {
		out, err := s.Wait(ctx, Await{Idle: true})
		if err != nil || out.Reached {
			return err
		}
	}
}

// Events calls each with every transition of a task or a resource from the beginning on, in the order in which they
// were committed, until the context ends or each returns an error, which it then returns.
func (s *Sandbox) Events(ctx context.Context, each func(Transition) error) error {
	return wrapped(s.control().Follow(ctx, s.ref(), 0, each, func(int64) error { return nil }))
}
