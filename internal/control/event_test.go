package control_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

// transitions is how many the stream is followed through; UNDERSTUDY_TEST_TRANSITIONS says another number.
func transitions(t *testing.T) int64 {
	t.Helper()
	text := os.Getenv("UNDERSTUDY_TEST_TRANSITIONS")
	if text == "" {
		return 1500
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// errCut is how a test ends a connection.
var errCut = errors.New("cut")

// Two servers write and stream the transitions of one account; who follows them is cut off at random and goes on at
// either of them. Nothing is missing, nothing comes twice, all is in order.
func TestEventsHaveNoGap(t *testing.T) {
	t.Parallel()
	var url string
	first := start(t, func(cfg *server.Config) { url = cfg.DatabaseURL })
	second := start(t, func(cfg *server.Config) { cfg.DatabaseURL = url })
	servers := []*fixture{first, second}
	a := first.account(t)
	account, want := a.Account.Name, transitions(t)

	var over atomic.Bool
	var writers sync.WaitGroup
	for n := range 8 {
		writers.Go(func() {
			f := servers[n%2]
			for i := 0; !over.Load(); i++ {
				body := fmt.Sprintf(`{"name": "rule %d %d", "redisRule": "+@all"}`, n, i)
				status := f.request(t, a.Keys, http.MethodPost, "/acl/redisRules", body, nil)
				if status != http.StatusAccepted {
					t.Errorf("a rule is answered with %d", status)
					return
				}
			}
		})
	}
	followed := make(chan error, 3)
	for n := range 3 {
		go func() {
			random := rand.New(rand.NewPCG(1, uint64(n)))
			var last int64
			for last < want {
				left := random.IntN(200)
				cut := func(e sandbox.Transition) error {
					if e.Seq != last+1 {
						return fmt.Errorf("event %d follows %d", e.Seq, last)
					}
					last = e.Seq
					if left--; left < 0 || last == want {
						return errCut
					}
					return nil
				}
				from := control.EventStream{Account: account, After: new(last)}
				err := control.FollowEvents(t.Context(), servers[random.IntN(2)].client, from, nil, cut)
				if !errors.Is(err, errCut) {
					followed <- err
					return
				}
			}
			followed <- nil
		}()
	}
	for range 3 {
		if err := <-followed; err != nil {
			t.Error(err)
		}
	}
	over.Store(true)
	writers.Wait()
}

func TestEventsThatAreGone(t *testing.T) {
	t.Parallel()
	var url string
	f := start(t, func(cfg *server.Config) { url = cfg.DatabaseURL })
	a := f.account(t)
	account := a.Account.Name
	id := f.task(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription)
	must(t, f, control.Wait, control.Await{Task: id})
	second := start(t, func(cfg *server.Config) { cfg.DatabaseURL, cfg.Events = url, 2 }) // which looks as it starts
	for len(must(t, second, control.ListEvents, control.EventList{Account: account}).Events) > 2 {
		must(t, f, control.Wait, control.Await{Account: account, Resource: "none/1", State: "gone"})
	}
	refused(t, f, "EVENTS_GONE", control.ListEvents, control.EventList{Account: account, After: 1})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for _, after := range []int64{1, 10_000} {
		err := control.FollowEvents(ctx, f.client, control.EventStream{Account: account, After: &after}, nil,
			func(sandbox.Transition) error { return errCut })
		if problem, ok := errors.AsType[*control.Problem](err); !ok || problem.Code != "EVENTS_GONE" {
			t.Errorf("following after %d comes to %v", after, err)
		}
	}
	if list := must(t, f, control.ListEvents, control.EventList{Account: account}); len(list.Events) != 2 {
		t.Errorf("there are events %+v, want the last two", list.Events)
	}
}

func TestEventsGoWithTheirAccount(t *testing.T) {
	t.Parallel()
	f := start(t)
	a := f.account(t)
	id := f.task(t, a.Keys, http.MethodPost, "/subscriptions", newSubscription)
	must(t, f, control.Wait, control.Await{Task: id, State: sandbox.TaskProvisioned})
	followed := make(chan error, 1)
	began := make(chan struct{})
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	go func() {
		from := control.EventStream{Account: a.Account.Name, After: new(int64)}
		followed <- control.FollowEvents(ctx, f.client, from, func(int64) { close(began) },
			func(sandbox.Transition) error { return nil })
	}()
	<-began
	must(t, f, control.DeleteAccount, control.AccountPath{Account: a.Account.Name})
	if problem, ok := errors.AsType[*control.Problem](<-followed); !ok || problem.Code != "ACCOUNT_NOT_FOUND" {
		t.Errorf("following ends with %v", problem)
	}
	refused(t, f, "TASK_NOT_FOUND", control.GetTask, control.TaskPath{Task: id})
}
