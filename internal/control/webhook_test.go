package control_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// receiver takes webhooks, but fails while it is down.
type receiver struct {
	*httptest.Server
	secret string

	mu     sync.Mutex
	down   bool
	failed int
	events []sandbox.Transition
	change chan struct{} // closed and replaced with every request
}

func newReceiver(t *testing.T) *receiver {
	t.Helper()
	r := &receiver{change: make(chan struct{})}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		body, err := io.ReadAll(req.Body)
		if err != nil {
			t.Error(err)
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		defer func() {
			close(r.change)
			r.change = make(chan struct{})
		}()
		if r.down {
			r.failed++
			w.WriteHeader(http.StatusServiceUnavailable)
			return
		}
		var message struct {
			Type string             `json:"type"`
			Data sandbox.Transition `json:"data"`
		}
		at, _ := strconv.ParseInt(req.Header.Get("Webhook-Timestamp"), 10, 64)
		signature, err := sandbox.Sign(r.secret, req.Header.Get("Webhook-Id"), time.Unix(at, 0), body)
		if err != nil || req.Header.Get("Webhook-Signature") != signature || time.Since(time.Unix(at, 0)) > time.Hour {
			t.Errorf("the signature of %s is %q at %d, want %q", body, req.Header.Get("Webhook-Signature"), at, signature)
		}
		if err := json.Unmarshal(body, &message); err != nil || message.Type != message.Data.Type+"."+message.Data.Status {
			t.Errorf("got %s: %v", body, err)
		}
		if id := fmt.Sprintf("evt_%d_%d", message.Data.Account, message.Data.Seq); req.Header.Get("Webhook-Id") != id {
			t.Errorf("event %+v has the id %s", message.Data, req.Header.Get("Webhook-Id"))
		}
		r.events = append(r.events, message.Data)
	}))
	t.Cleanup(r.Close)
	return r
}

// until waits until something is so.
func (r *receiver) until(t *testing.T, so func() bool) {
	t.Helper()
	for {
		r.mu.Lock()
		change, done := r.change, so()
		r.mu.Unlock()
		if done {
			return
		}
		select {
		case <-change:
		case <-t.Context().Done():
			t.Fatal("the test is over")
		case <-time.After(time.Minute):
			t.Fatal("nothing comes any more")
		}
	}
}

func (r *receiver) set(down bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.down = down
}

// A receiver that fails and comes back has every event, in order, whichever server delivers.
func TestWebhookReceiverFailsAndComesBack(t *testing.T) {
	t.Parallel()
	quick := func(cfg *server.Config) { cfg.WebhookRetry = 20 * time.Millisecond }
	var url string
	f := start(t, quick, func(cfg *server.Config) { url = cfg.DatabaseURL })
	start(t, quick, func(cfg *server.Config) { cfg.DatabaseURL = url }) // a second server, which may deliver as well
	a := f.account(t)
	account := a.Account.Name
	r := newReceiver(t)
	hook := must(t, f, control.CreateWebhook, control.NewWebhook{
		Account: account, NewWebhook: sandbox.NewWebhook{URL: r.URL},
	})
	r.secret = hook.Secret
	failures := newReceiver(t)
	only := must(t, f, control.CreateWebhook, control.NewWebhook{Account: account, NewWebhook: sandbox.NewWebhook{
		URL: failures.URL, Types: []string{"task.failed"}, Secret: "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
	}})
	failures.secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

	work := func() { f.task(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription) }
	work()
	r.until(t, func() bool { return len(r.events) >= 3 })
	r.set(true)
	work()
	r.until(t, func() bool { return r.failed >= 3 })
	work()
	if list := must(t, f, control.ListWebhooks, control.AccountPath{Account: account}); list.Webhooks[0].Failures == 0 ||
		list.Webhooks[0].LastError != "answered 503 Service Unavailable" {
		t.Errorf("while the receiver fails, the webhook is %+v", list.Webhooks[0])
	}
	r.set(false)
	f.task(t, a.Keys, http.MethodDelete, "/subscriptions/7", "")
	must(t, f, control.Wait, control.Await{Account: account, Idle: true})
	all := must(t, f, control.ListEvents, control.EventList{Account: account, Limit: 1000}).Events
	seen := func() (seqs []int64) {
		for _, e := range r.events { // at least once: one that was taken may come again
			if len(seqs) == 0 || e.Seq != seqs[len(seqs)-1] {
				seqs = append(seqs, e.Seq)
			}
		}
		return seqs
	}
	r.until(t, func() bool { return len(seen()) >= len(all) })
	for i, seq := range seen() {
		if seq != int64(i+1) {
			t.Fatalf("events %v came, want all up to %d in order", seen(), len(all))
		}
	}
	failures.until(t, func() bool { return len(failures.events) > 0 })
	if e := failures.events[0]; e.Status != "failed" || e.Error == nil || e.Error.Code != "SUBSCRIPTION_NOT_FOUND" {
		t.Errorf("the failed task is told as %+v", e)
	}

	must(t, f, control.DeleteWebhook, control.WebhookPath{Account: account, Webhook: only.ID})
	refused(t, f, "WEBHOOK_NOT_FOUND", control.DeleteWebhook, control.WebhookPath{Account: account, Webhook: only.ID})
	for _, spec := range []sandbox.NewWebhook{
		{URL: "ftp://here"}, {URL: r.URL, Types: []string{"jobs"}}, {URL: r.URL, Secret: "whsec_c2hvcnQ="},
	} {
		refused(t, f, "INVALID_WEBHOOK", control.CreateWebhook, control.NewWebhook{Account: account, NewWebhook: spec})
	}
}

// The example of Standard Webhooks.
func TestSignature(t *testing.T) {
	t.Parallel()
	got, err := sandbox.Sign("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "msg_p5jXN8AQM9LWM0D4loKWxJek",
		time.Unix(1614265330, 0), []byte(`{"test": 2432232314}`))
	if want := "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="; got != want || err != nil {
		t.Errorf("got %q, %v, want %q", got, err, want)
	}
}
