package api_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// told is the name of the rule that struck a request, without its number; empty: none did.
func told(answer apitest.Answer) string {
	name, _, _ := strings.Cut(answer.Header.Get("Sandbox-Fault"), "#")
	return name
}

func rule(t *testing.T, text string) (r fault.Rule) {
	t.Helper()
	if err := fault.Read([]byte(text), &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// Two servers share the count of a rule, and so does one that starts later.
func TestFaultsAreCountedExactly(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	shared := func(c *engine.Config) { c.Shared = true }
	one, two := apitest.On(t, url, shared), apitest.On(t, url, shared)
	a := one.Account()
	a.Fault( // at once, so that the other server does not know of one without the other
		rule(t, `{"name":"some","when":{"first":20},"effect":{"do":"quota","remaining":5}}`),
		rule(t, `{"name":"fifth","when":{"every":5},"effect":{"do":"set","values":{"name":"other"}}}`),
	)
	apitest.Eventually(t, "the other server knows the rules", func() bool { return !two.Engine.Faults().None() })

	var some, fifth atomic.Int64
	ask := func(on *apitest.World, requests int) {
		for range requests {
			got := a.At(on).Do(http.MethodGet, subscriptions, nil).Header.Get("Sandbox-Fault")
			if strings.Contains(got, "some#") {
				some.Add(1)
			}
			if strings.Contains(got, "fifth#") {
				fifth.Add(1)
			}
		}
	}
	var all sync.WaitGroup
	for i := range 8 {
		all.Go(func() { ask([]*apitest.World{one, two}[i%2], 10) })
	}
	all.Wait()
	if some.Load() != 20 || fifth.Load() != 16 {
		t.Errorf("of 80 requests %d and %d were hit, want the first 20 and every fifth", some.Load(), fifth.Load())
	}
	ask(apitest.On(t, url, shared), 10)
	if some.Load() != 20 || fifth.Load() != 18 {
		t.Errorf("after a start %d and %d were hit, want 20 and 18", some.Load(), fifth.Load())
	}
	rules, err := one.DB.FaultRules(t.Context())
	if err != nil || len(rules) != 2 || rules[0].Hits != 20 || rules[1].Hits != 18 || rules[1].LastHit == nil {
		t.Errorf("recorded are %+v, %v", rules, err)
	}
	if _, err := two.Engine.Faults().Disarm(t.Context(), rules[0].ID, rules[1].ID); err != nil {
		t.Fatal(err)
	}
	apitest.Eventually(t, "the other server knows of none", func() bool { return one.Engine.Faults().None() })
}

// The phase of a task is that in which it is answered with.
func TestFaultsByThePhaseOfATask(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Hold = 0 }).Account()
	a.Fault(rule(t, `{"name":"late","match":{"phase":"running"},"effect":{"do":"quota","remaining":5}}`))
	accepted := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	task := "/v1/tasks/" + fmt.Sprint(accepted.Get("taskId"))
	if told(accepted) != "" {
		t.Error("the task is struck when it is received")
	}
	apitest.Eventually(t, "it is processed", func() bool { return told(a.Do(http.MethodGet, task, nil)) == "late" })
	a.Advance(time.Minute)
	apitest.Eventually(t, "it is done", func() bool { return told(a.Do(http.MethodGet, task, nil)) == "" })
}

// A task that is held goes on when its rule is disarmed, and no clock brings it there before.
func TestStuckTask(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Hold = 0 }).RunningAccount()
	armed, err := a.Engine.Faults().Arm(t.Context(), a.ID, rule(t, `{"name":"it","effect":{"do":"task-stuck"}}`))
	if err != nil {
		t.Fatal(err)
	}
	accepted := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	status := func() string {
		return fmt.Sprint(a.Do(http.MethodGet, "/v1/tasks/"+fmt.Sprint(accepted.Get("taskId")), nil).Get("status"))
	}
	if told(accepted) != "it" {
		t.Error("the answer is not marked")
	}
	apitest.Eventually(t, "it is in progress", func() bool { return status() == "processing-in-progress" })
	a.Advance(24 * time.Hour)
	held := func() bool {
		wait, ok, err := a.DB.NextEvent(t.Context(), a.ID)
		return err == nil && !ok && wait == 0
	}
	apitest.Eventually(t, "nothing is due", held)
	if got := status(); got != "processing-in-progress" {
		t.Errorf("it is %s", got)
	}
	if _, err := a.Engine.Faults().Disarm(t.Context(), armed[0].ID); err != nil {
		t.Fatal(err)
	}
	a.Engine.Wake()
	apitest.Eventually(t, "it is done", func() bool { return status() == "processing-completed" })
}

// The members of a body whose order and numbers matter stay as they are where they are not struck.
func TestStruckBodyIsJSON(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Speed = 0 }).Account()
	sub := fmt.Sprintf("%s/%d", subscriptions, a.Create(subscriptions, apitest.SubscriptionBody("one")))
	var before, after map[string]any
	a.Do(http.MethodGet, sub, nil).Into(t, &before)
	a.Fault(rule(t, `{
		"match": {"operation": "getProSubscription"}, "effect": {"do": "drop", "members": ["prometheusEndpoint"]}
	}`))
	a.Do(http.MethodGet, sub, nil).Into(t, &after)
	delete(before, "prometheusEndpoint")
	was, _ := json.Marshal(before)
	is, _ := json.Marshal(after)
	if string(was) != string(is) {
		t.Errorf("got %s\nwant %s", is, was)
	}
}

// D-7: a request of which a rule ignores something is one without that, also for those that are sent alike.
func TestD7IgnoredMembersAreNoPart(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, nil).Account()
	path := a.Subscription("one") + "/databases"
	const body = `{"name":"two","datasetSizeInGb":1,"replication":true}`
	a.Fault(rule(t, `{"when":{"first":1},"effect":{"do":"ignore","members":["replication"]}}`))
	send := func(body string) apitest.Answer { return a.Do(http.MethodPost, path, body, byKey().with) }
	first := send(body)
	wantStatus(t, "first", first, http.StatusAccepted, "")
	wantStatus(t, "the same with nothing ignored", send(body), http.StatusUnprocessableEntity, "key-reused")
	wantReplay(t, send(strings.Replace(body, `,"replication":true`, "", 1)), first)
	wantStatus(t, "once more", send(body), http.StatusUnprocessableEntity, "key-reused")
}
