package crash

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// Who waits at one server for a task that another one is at work on when it dies is answered when the task is done
// after all, and so is who waits for what it makes and for its account.
func TestWaitsOverAKilledServer(t *testing.T) {
	t.Parallel()
	options := servetest.Options{
		Tags: []string{"crashpoint"}, Args: []string{"--speed", "1", "--database-url", pgtest.New(t)},
	}
	alive := servetest.Start(t, options)
	options.Env = []string{"UNDERSTUDY_CRASHPOINT=task.claimed:1"}
	dying := servetest.Start(t, options)
	at, elsewhere := controls(t, alive), controls(t, dying)
	demo := control.AccountPath{Account: "Demo"}
	_, err := control.SetClock.Call(t.Context(), at, control.ClockSetting{
		AccountPath: demo, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen},
	})
	if err != nil {
		t.Fatal(err)
	}
	var reached []chan error
	wait := func(what control.Await) {
		done := make(chan error, 1)
		reached = append(reached, done)
		what.Account, what.Timeout = "Demo", "1m"
		go func() {
			got, err := control.Wait.Call(t.Context(), at, what)
			if err == nil && !got.Reached {
				err = fmt.Errorf("%+v is not reached: %s", what, got.Reason)
			}
			done <- err
		}()
	}
	for n, dead := 0, false; !dead; n++ { // the one that lives may be quicker
		answer, err := alive.Send(t.Context(), http.MethodPost, "/subscriptions", servetest.SubscriptionBody(fmt.Sprint(n)))
		if err != nil {
			t.Fatal(err)
		}
		var task servetest.Task
		decode(t, answer.Body, &task)
		wait(control.Await{Task: task.ID})
		wait(control.Await{Task: task.ID, State: sandbox.TaskProvisioned})
		_, err = control.AdvanceClock.Call(t.Context(), elsewhere, control.ClockAdvance{
			AccountPath: demo, Advance: sandbox.Advance{Task: task.ID},
		})
		dead = err != nil
	}
	wait(control.Await{Idle: true})
	_ = dying.Wait() // it was killed
	_, err = control.AdvanceClock.Call(t.Context(), at, control.ClockAdvance{
		AccountPath: demo, Advance: sandbox.Advance{Idle: true},
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, done := range reached {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
