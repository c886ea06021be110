package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const (
	deliveries   = 8                // webhooks that one server sends to at once
	deliverLease = 15 * time.Second // longer than an attempt; then another server goes on
	deliverTime  = 10 * time.Second // of an attempt
	deliverEvery = 5 * time.Millisecond
	retryFirst   = time.Second // after a failure; doubled with every further one,
	retryMost    = time.Minute // up to this
)

// Deliver sends webhooks their events until the context ends. Any number of servers may do so: each webhook is served
// by one of them at a time. One that is alone goes on at once where a dead predecessor was.
func (s *Service) Deliver(ctx context.Context) error {
	if !s.cfg.Shared {
		_ = s.db.ExpireWebhookLeases(ctx) // else they run out
	}
	slots := make(chan struct{}, deliveries)
	var jobs sync.WaitGroup
	defer jobs.Wait()
	for {
		changed, leave := s.cfg.Engine.Watch(engine.AnyAccount) // joined before the look
		some := false
		for ctx.Err() == nil {
			slots <- struct{}{}
			hook, ok, more, err := s.db.ClaimWebhook(ctx, deliverLease)
			some = some || more
			if err != nil || !ok {
				<-slots
				break
			}
			jobs.Go(func() {
				defer func() { <-slots }()
				s.deliver(ctx, hook)
			})
		}
		if !some { // nothing that happens is for anybody
			leave()
			changed = nil
		}
		timer := time.NewTimer(lookEvery)
		select {
		case <-changed:
		case <-s.hooked:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
		if some {
			leave()
		}
		if ctx.Err() != nil {
			return nil //nolint:nilerr // it was asked to end
		}
		time.Sleep(deliverEvery) // what happens meanwhile goes along
	}
}

// deliver sends a claimed webhook the events that there are for it.
func (s *Service) deliver(ctx context.Context, hook store.Webhook) {
	for {
		events, err := s.db.Events(ctx, hook.Account, hook.Cursor, eventPage)
		if err != nil {
			return // its lease runs out
		}
		if len(events) == 0 {
			_ = s.db.SaveWebhook(ctx, hook, 0, 0) // else its lease runs out
			return
		}
		if gap := events[0].Seq - hook.Cursor - 1; gap > 0 {
			hook.Missed += gap
		}
		for _, e := range events {
			event := eventOf(e)
			hook.Cursor = event.Seq
			if !wanted(hook.Types, event) {
				continue
			}
			if err := s.send(ctx, hook, event); err != nil {
				if ctx.Err() != nil {
					err = errors.New("the server stopped")
				} else {
					hook.Failures++
				}
				hook.Cursor, hook.LastError = event.Seq-1, err.Error()
				ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), deliverTime)
				defer cancel()
				_ = s.db.SaveWebhook(ctx, hook, 0, s.pause(hook.Failures)) // else its lease runs out
				return
			}
			hook.Delivered++
			hook.Failures, hook.LastError = 0, ""
			if s.db.SaveWebhook(ctx, hook, deliverLease, 0) != nil {
				return // somebody else delivers, or it will be sent again
			}
		}
		if s.db.SaveWebhook(ctx, hook, deliverLease, 0) != nil {
			return
		}
	}
}

// pause is how long a webhook is left alone after some failures.
func (s *Service) pause(failures int) time.Duration {
	first := s.cfg.WebhookRetry
	if first == 0 {
		first = retryFirst
	}
	if failures == 0 {
		return 0
	}
	return min(first<<min(failures-1, 16), retryMost)
}

// wanted reports whether a webhook of some types is for an event.
func wanted(types []string, e Transition) bool {
	return len(types) == 0 || slices.Contains(types, e.Type) || slices.Contains(types, e.Type+"."+e.Status)
}

// message is the body of what is sent, in the form of Standard Webhooks.
type message struct {
	Type      string     `json:"type"`
	Timestamp time.Time  `json:"timestamp"`
	Data      Transition `json:"data"`
}

// send makes an attempt to send an event, and returns why it was not taken.
func (s *Service) send(ctx context.Context, hook store.Webhook, e Transition) error {
	body, err := json.Marshal(message{Type: e.Type + "." + e.Status, Timestamp: e.At, Data: e})
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, hook.URL, bytes.NewReader(body))
	if err != nil {
		return err
	}
	id, at := fmt.Sprintf("evt_%d_%d", e.Account, e.Seq), time.Now()
	signature, err := Sign(hook.Secret, id, at, body)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("User-Agent", "understudy/"+s.cfg.Version)
	req.Header.Set("Webhook-Id", id)
	req.Header.Set("Webhook-Timestamp", strconv.FormatInt(at.Unix(), 10))
	req.Header.Set("Webhook-Signature", signature)
	res, err := webhookClient.Do(req)
	if err != nil {
		return err
	}
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	_ = res.Body.Close()                                         // nothing of it is needed
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("answered %s", res.Status)
	}
	return nil
}

// webhookClient goes nowhere but to the address of the webhook.
var webhookClient = &http.Client{
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// Sign returns the signature of a message, as Standard Webhooks have it in the header webhook-signature.
func Sign(secret, id string, at time.Time, body []byte) (string, error) {
	key, err := secretKey(secret)
	if err != nil {
		return "", fmt.Errorf("secret: %w", err)
	}
	mac := hmac.New(sha256.New, key)
	_, _ = fmt.Fprintf(mac, "%s.%d.%s", id, at.Unix(), body) // a hash takes everything
	return "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)), nil
}
