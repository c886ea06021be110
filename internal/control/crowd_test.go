package control_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// does calls an operation, of which a refusal is as good as an answer.
func does[In, Out any](t *testing.T, f *fixture, o control.Operation[In, Out], in In) {
	_, err := o.Call(t.Context(), f.client, in)
	problem := &control.Problem{}
	if err != nil && (!errors.As(err, &problem) || problem.Status >= http.StatusInternalServerError) {
		t.Errorf("%s with %+v: %v", o, in, err)
	}
}

// Whoever does whatever to the same account and the same snapshot at once is answered, and never with 5xx.
func TestCrowdAroundOneAccount(t *testing.T) {
	t.Parallel()
	f := start(t, logged(t))
	it, key := account("it"), control.KeyPath{AccountPath: account("it"), Key: "shared"}
	snapshot := control.SnapshotPath{Snapshot: "it"}
	stuck := json.RawMessage(`{"match": {"account": "it", "operation": "create*"}, "effect": {"do": "task-stuck"}}`)
	commands := []func(){
		func() { does(t, f, control.CreateAccount, sandbox.NewAccount{Name: "it"}) },
		func() { does(t, f, control.CreateAccount, sandbox.NewAccount{Name: "it"}) },
		func() { does(t, f, control.DeleteAccount, it) },
		func() { does(t, f, control.ForkAccount, control.ForkInput{AccountPath: it, Name: "other"}) },
		func() { does(t, f, control.DeleteAccount, account("other")) },
		func() {
			does(t, f, control.ChangeAccount, control.AccountChange{
				AccountPath: account("other"), AccountChange: sandbox.AccountChange{Name: new("it")},
			})
		},
		func() {
			does(t, f, control.CreateKey, control.NewKey{AccountPath: it, NewKey: sandbox.NewKey{Name: "shared"}})
		},
		func() { does(t, f, control.RotateKey, key) },
		func() { does(t, f, control.RevokeKey, key) },
		func() { does(t, f, control.GetEnvironment, it) },
		func() {
			does(t, f, control.ResetAccount, control.ResetInput{AccountPath: it, Reset: sandbox.Reset{Rules: true}})
		},
		func() {
			does(t, f, control.SaveSnapshot, control.SaveInput{SnapshotPath: snapshot, Account: "it", Replace: true})
		},
		func() { does(t, f, control.LoadSnapshot, control.SnapshotInput{AccountPath: it, Snapshot: "it"}) },
		func() { does(t, f, control.DeleteSnapshot, snapshot) },
		func() { does(t, f, control.ArmFault, sandbox.NewFault{Rule: stuck}) },
		func() { does(t, f, control.ClearFaults, control.FaultQuery{Account: "it"}) },
		func() {
			does(t, f, control.SetClock, control.ClockSetting{
				AccountPath: it, ClockSetting: sandbox.ClockSetting{Mode: sandbox.ClockFrozen},
			})
		},
		func() {
			does(t, f, control.AdvanceClock, control.ClockAdvance{AccountPath: it, Advance: sandbox.Advance{By: "1m"}})
		},
		func() {
			does(t, f, control.SetDurations, control.DurationsChange{
				AccountPath: it, DurationsChange: lengths("change", "1s"),
			})
		},
		func() {
			made, err := control.GetEnvironment.Call(t.Context(), f.client, it)
			if err != nil {
				return
			}
			keys := sandbox.KeyPair{}
			for _, v := range made.Variables {
				switch v.Name {
				case "REDISCLOUD_ACCESS_KEY":
					keys.APIKey = v.Value
				case "REDISCLOUD_SECRET_KEY":
					keys.APISecretKey = v.Value
				}
			}
			if status, answer := f.ask(t, keys, http.MethodPost, "/subscriptions", newSubscription); status >= 500 {
				t.Errorf("a request is answered with %d %s", status, answer)
			}
		},
	}
	var crowd sync.WaitGroup
	for n := range 12 {
		crowd.Go(func() {
			choices := rand.New(rand.NewPCG(7, uint64(n)))
			for range 40 {
				commands[choices.IntN(len(commands))]()
			}
		})
	}
	crowd.Wait()
	does(t, f, control.DeleteAccount, it)
	f.create(t, must(t, f, control.CreateAccount, sandbox.NewAccount{Name: "it"}).Keys)
}

// Streams that nobody reads and webhooks that lead nowhere hold up nobody, and go with their account.
func TestStreamsAndWebhooksThatNobodyReads(t *testing.T) {
	t.Parallel()
	f := start(t)
	made := f.account(t)
	it := account(fmt.Sprint(made.Account.ID))
	for range 50 {
		res, err := http.Get("http://" + f.Address() + "/_sandbox/v1/accounts/" + it.Account + "/events/stream?after=0")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() }) // it was never read
	}
	for range 1000 {
		must(t, f, control.CreateWebhook, control.NewWebhook{
			Account: it.Account, NewWebhook: sandbox.NewWebhook{URL: "http://127.0.0.1:1/nowhere"},
		})
	}
	for range 3 {
		f.create(t, made.Keys)
	}
	if list := must(t, f, control.ListWebhooks, it).Webhooks; len(list) != 1000 {
		t.Errorf("there are %d webhooks", len(list))
	}
	begun := time.Now()
	must(t, f, control.DeleteAccount, it)
	if took := time.Since(begun); took > 10*time.Second {
		t.Errorf("the deletion took %v", took)
	}
	refused(t, f, "ACCOUNT_NOT_FOUND", control.ListWebhooks, it)
	f.create(t, f.account(t).Keys)
}
