package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operations on webhooks and external events.
const (
	ListWebhooks  Operation[AccountPath, Webhooks]       = "listWebhooks"
	CreateWebhook Operation[NewWebhook, sandbox.Webhook] = "createWebhook"
	DeleteWebhook Operation[WebhookPath, None]           = "deleteWebhook"

	ListExternals   Operation[None, Externals]   = "listExternalEvents"
	TriggerExternal Operation[NewExternal, None] = "triggerExternalEvent"
)

// Webhooks is a list of webhooks.
type Webhooks struct {
	Webhooks []sandbox.Webhook `json:"webhooks"`
}

// NewWebhook is what a new webhook of an account is to be.
type NewWebhook struct {
	Account string `path:"account" json:"-"`
	sandbox.NewWebhook
}

// WebhookPath names a webhook of an account.
type WebhookPath struct {
	Account string `path:"account" json:"-"`
	Webhook int64  `path:"webhook" json:"-"`
}

// Externals is a list of external events.
type Externals struct {
	Events []sandbox.ExternalEvent `json:"events"`
}

// NewExternal is an external event that is to happen to an account.
type NewExternal struct {
	Account string         `path:"account" json:"-"`
	Event   string         `path:"event" json:"-"`
	Inputs  map[string]any `json:"inputs,omitempty"`
}

func webhookOperations(s *sandbox.Service) []bound {
	return []bound{
		ListWebhooks.bind(func(ctx context.Context, in AccountPath) (Webhooks, error) {
			list, err := s.Webhooks(ctx, in.Account)
			return Webhooks{list}, err
		}),
		CreateWebhook.bind(func(ctx context.Context, in NewWebhook) (sandbox.Webhook, error) {
			return s.CreateWebhook(ctx, in.Account, in.NewWebhook)
		}),
		DeleteWebhook.bind(func(ctx context.Context, in WebhookPath) (None, error) {
			return None{}, s.DeleteWebhook(ctx, in.Account, in.Webhook)
		}),
		ListExternals.bind(func(context.Context, None) (Externals, error) { return Externals{s.Externals()}, nil }),
		TriggerExternal.bind(func(ctx context.Context, in NewExternal) (None, error) {
			return None{}, s.Trigger(ctx, in.Account, in.Event, in.Inputs)
		}),
	}
}
