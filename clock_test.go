package understudy_test

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"testing"
	"time"

	"github.com/understudy-dev/understudy"
)

// Minutes in the life of a subscription, in no time: the clock goes where the test wants it.
func ExampleSandbox_Clock() {
	ctx := context.Background()
	sandbox, err := understudy.Start(ctx, understudy.Options{Speed: 1}) // realistic minutes
	if err != nil {
		log.Panic(err)
	}
	defer sandbox.Close()
	clock := sandbox.Clock()
	if err := clock.FreezeAt(ctx, time.Date(2030, 2, 28, 12, 0, 0, 0, time.UTC)); err != nil {
		log.Panic(err)
	}

	task := send(sandbox, http.MethodPost, "/subscriptions", subscription)
	if _, err := clock.AdvanceUntilTask(ctx, task["taskId"].(string)); err != nil {
		log.Panic(err)
	}
	task = send(sandbox, http.MethodGet, fmt.Sprint("/tasks/", task["taskId"]), "")
	path := fmt.Sprintf("/subscriptions/%.0f", task["response"].(map[string]any)["resourceId"])
	fmt.Println(task["timestamp"], send(sandbox, http.MethodGet, path, "")["status"])
	if _, err := clock.Advance(ctx, 4*time.Minute); err != nil {
		log.Panic(err)
	}
	state, err := clock.Show(ctx)
	if err != nil {
		log.Panic(err)
	}
	fmt.Println(state.Now.Format(time.RFC3339), send(sandbox, http.MethodGet, path, "")["status"])
	// Output:
	// 2030-02-28T12:00:05Z pending
	// 2030-02-28T12:04:05Z active
}

func TestClockOfASandbox(t *testing.T) {
	t.Parallel()
	sandbox := understudy.StartT(t, understudy.Options{Speed: 1})
	clock, ctx := sandbox.Clock(), t.Context()
	if err := clock.Scale(ctx, 60); err != nil {
		t.Fatal(err)
	}
	if err := clock.Freeze(ctx); err != nil {
		t.Fatal(err)
	}
	send(sandbox, http.MethodPost, "/subscriptions", subscription)
	if events, err := clock.Step(ctx); err != nil || len(events) != 1 || events[0].Task == "" {
		t.Fatalf("got %+v, %v; want the end of the task", events, err)
	}
	state, err := clock.Show(ctx)
	if err != nil || len(state.Next) == 0 {
		t.Fatalf("got %+v, %v; want something to come", state, err)
	}
	next := state.Next[len(state.Next)-1].Resource
	if _, err := clock.AdvanceUntilResource(ctx, next, "gone"); err == nil {
		t.Error("a subscription that nobody deletes is gone")
	}
	if events, err := clock.AdvanceUntilIdle(ctx); err != nil || len(events) != 0 {
		t.Errorf("got %+v, %v; want that nothing is left", events, err)
	}
	if err := clock.Run(ctx); err != nil {
		t.Fatal(err)
	}
	if state, err := clock.Show(ctx); err != nil || state.Rate != 1 {
		t.Errorf("got %+v, %v; want a clock that runs", state, err)
	}
}
