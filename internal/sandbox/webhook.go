package sandbox

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Webhook is an address that is sent an account's events: one after the other in their order, each at least once, and
// again until it is taken. What is sent has the form of Standard Webhooks, signed with the webhook's secret.
type Webhook struct {
	ID        int64      `json:"id"`
	URL       string     `json:"url"`
	Secret    string     `json:"secret,omitempty"` // told when it is made
	Types     []string   `json:"types"`            // of events: task, resource, or one of their statuses; empty: all
	CreatedAt time.Time  `json:"createdAt"`
	Cursor    int64      `json:"cursor"`    // the last event that it has, or that is not for it
	Delivered int64      `json:"delivered"` // how many
	Missed    int64      `json:"missed"`    // how many were no longer kept when it was their turn
	Failures  int        `json:"failures"`  // since the last delivery
	LastError string     `json:"lastError,omitempty"`
	NextAt    *time.Time `json:"nextAt,omitempty"` // of the next attempt after a failure, real time
}

// NewWebhook is what a new webhook is to be.
type NewWebhook struct {
	URL    string   `json:"url"`
	Types  []string `json:"types,omitempty"`
	Secret string   `json:"secret,omitempty"` // whsec_ and base64; empty: made
}

func webhookOf(w store.Webhook) Webhook {
	hook := Webhook{
		ID: w.ID, URL: w.URL, Types: w.Types, CreatedAt: w.CreatedAt, Cursor: w.Cursor, Delivered: w.Delivered,
		Missed: w.Missed, Failures: w.Failures, LastError: w.LastError,
	}
	if w.Failures > 0 {
		hook.NextAt = &w.NextAt
	}
	return hook
}

// secretPrefix is what a secret of Standard Webhooks begins with.
const secretPrefix = "whsec_"

// eventType is how the type of an event is written: task, or task.failed.
var eventType = regexp.MustCompile(`^(task|resource)(\.[a-z-]+)?$`)

// CreateWebhook makes a webhook of an account. It returns INVALID_WEBHOOK and the errors of Account.
func (s *Service) CreateWebhook(ctx context.Context, ref string, spec NewWebhook) (Webhook, error) {
	at, err := url.Parse(spec.URL)
	if err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" {
		return Webhook{}, cloud.Errorf("INVALID_WEBHOOK", "url %q is not a URL like http://127.0.0.1:9000/hook.", spec.URL)
	}
	for _, text := range spec.Types {
		if !eventType.MatchString(text) {
			return Webhook{}, cloud.Errorf("INVALID_WEBHOOK",
				"%q is not a type of events: say task, resource, or one of their statuses, like task.failed.", text)
		}
	}
	if spec.Secret == "" {
		random := make([]byte, 24)
		_, _ = rand.Read(random) // it never fails
		spec.Secret = secretPrefix + base64.StdEncoding.EncodeToString(random)
	}
	if _, err := secretKey(spec.Secret); err != nil {
		return Webhook{}, cloud.Errorf("INVALID_WEBHOOK", "secret is not %s and the base64 of 24 to 64 bytes.", secretPrefix)
	}
	account, err := s.Account(ctx, ref)
	if err != nil {
		return Webhook{}, err
	}
	made, err := s.db.NewWebhook(ctx, account.ID, spec.URL, spec.Secret, spec.Types)
	if err != nil {
		return Webhook{}, err
	}
	select {
	case s.hooked <- struct{}{}:
	default:
	}
	hook := webhookOf(made)
	hook.Secret = made.Secret
	return hook, nil
}

// Webhooks returns the webhooks of an account, in the order in which they were made.
func (s *Service) Webhooks(ctx context.Context, ref string) ([]Webhook, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	found, err := s.db.Webhooks(ctx, account.ID)
	list := make([]Webhook, 0, len(found))
	for _, w := range found {
		list = append(list, webhookOf(w))
	}
	return list, err
}

// DeleteWebhook deletes a webhook of an account. It returns WEBHOOK_NOT_FOUND and the errors of Account.
func (s *Service) DeleteWebhook(ctx context.Context, ref string, id int64) error {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return err
	}
	found, err := s.db.DeleteWebhook(ctx, account.ID, id)
	if err == nil && !found {
		err = cloud.Errorf("WEBHOOK_NOT_FOUND", "Account %d has no webhook %d.", account.ID, id)
	}
	return err
}

// secretKey returns the bytes of a secret.
func secretKey(secret string) ([]byte, error) {
	text, ok := strings.CutPrefix(secret, secretPrefix)
	key, err := base64.StdEncoding.DecodeString(text)
	if err == nil && (!ok || len(key) < 24 || len(key) > 64) {
		err = base64.CorruptInputError(0)
	}
	return key, err
}
