package understudy_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/understudy-dev/understudy"
)

// A receiver is told of the end of a task, instead of asking for it again and again.
func ExampleSandbox_Webhooks() {
	ctx := context.Background()
	sandbox, err := understudy.Start(ctx, understudy.Options{Speed: understudy.Instant})
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()

	received := make(chan understudy.Transition)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var message struct{ Data understudy.Transition }
		if err := json.NewDecoder(r.Body).Decode(&message); err != nil {
			log.Panic(err)
		}
		received <- message.Data
	}))
	defer receiver.Close()
	_, err = sandbox.Webhooks().Create(ctx, understudy.NewWebhook{URL: receiver.URL, Types: []string{"task.done"}})
	if err != nil {
		log.Panic(err)
	}

	task := send(sandbox, http.MethodPost, "/subscriptions", subscription)
	event := <-received
	fmt.Println(event.Task == task["taskId"], event.Name, event.Status)
	// Output: true createProSubscription done
}

func TestWebhooksOfASandbox(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{Speed: understudy.Instant})
	hooks, ctx := sandbox.Webhooks(), t.Context()
	requests := make(chan *http.Request, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { requests <- r }))
	t.Cleanup(receiver.Close)
	made, err := hooks.Create(ctx, understudy.NewWebhook{URL: receiver.URL, Types: []string{"task"}})
	if err != nil || made.Secret == "" {
		t.Fatalf("got %+v, %v, want a webhook with a secret", made, err)
	}
	send(sandbox, http.MethodPost, "/subscriptions", subscription)
	if got := (<-requests).Header.Get("Webhook-Signature"); got == "" {
		t.Error("what is sent has no signature")
	}
	if err := sandbox.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	list, err := hooks.List(ctx)
	if err != nil || len(list) != 1 || list[0].ID != made.ID || list[0].Secret != "" {
		t.Errorf("the webhooks are %+v, %v, want that one without its secret", list, err)
	}
	if err := hooks.Delete(ctx, made.ID); err != nil {
		t.Error(err)
	}
	if list, err := hooks.List(ctx); err != nil || len(list) != 0 {
		t.Errorf("left: %+v, %v", list, err)
	}
	wantRefusal(t, "WEBHOOK_NOT_FOUND", hooks.Delete(ctx, made.ID))
	_, err = hooks.Create(ctx, understudy.NewWebhook{URL: "nowhere"})
	wantRefusal(t, "INVALID_WEBHOOK", err)
}
