package understudy

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Webhooks are addresses that are sent the events of a sandbox: one after the other in their order, each at least once,
// again until it is taken. What is sent has the form of Standard Webhooks, signed with the webhook's secret:
//
//	{"type": "task.done", "timestamp": …, "data": …}
//
// where data is a Transition.
type Webhooks struct{ s *Sandbox }

// Webhook is an address, and how far it has come with the events.
type Webhook = sandbox.Webhook

// NewWebhook is what a new webhook is to be: a URL, the types of events (task, resource, or one of their statuses, like
// task.failed; none: all), and the secret to sign with (whsec_ and base64; empty: made).
type NewWebhook = sandbox.NewWebhook

// Webhooks returns the webhooks of the sandbox. They go with it.
func (s *Sandbox) Webhooks() Webhooks { return Webhooks{s} }

// Create has the events of the sandbox from now on sent to an address. It returns the webhook with its id and, this
// once, its secret.
func (w Webhooks) Create(ctx context.Context, spec NewWebhook) (Webhook, error) {
	made, err := w.s.control().CreateWebhook(ctx, w.s.ref(), spec)
	return made, wrapped(err)
}

// List returns the webhooks, in the order in which they were made: how far each has come, and what failed last.
func (w Webhooks) List(ctx context.Context) ([]Webhook, error) {
	list, err := w.s.control().Webhooks(ctx, w.s.ref())
	return list, wrapped(err)
}

// Delete deletes a webhook by its id: nothing more is sent to it.
func (w Webhooks) Delete(ctx context.Context, id int64) error {
	return wrapped(w.s.control().DeleteWebhook(ctx, w.s.ref(), id))
}
