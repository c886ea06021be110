package understudy_test

import (
	"context"
	"errors"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy"
)

func TestWaitingInsteadOfSleeping(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{})
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	task := send(sandbox, http.MethodPost, "/subscriptions", subscription)["taskId"].(string)
	done, err := sandbox.Wait(ctx, understudy.Await{Task: task, State: "provisioned"})
	if err != nil || !done.Reached || done.Task.ProvisionedAt == nil {
		t.Fatalf("waiting for the task came out as %+v, %v", done, err)
	}
	if err := sandbox.WaitIdle(ctx); err != nil {
		t.Fatal(err)
	}
	enough := errors.New("enough")
	var seen int64
	err = sandbox.Events(ctx, func(e understudy.Transition) error {
		if seen++; e.Seq != seen || e.Task != task {
			t.Errorf("event %d is %+v", seen, e)
		}
		if e.Kind == "subscription" && e.Status == "active" {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) {
		t.Error(err)
	}
}
