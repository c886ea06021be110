package api_test

import (
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
)

// Who reads a task may say how long the answer is to wait for its end, and is told that it was heard.
func TestPreferWait(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Hold = 0 }).Account()
	id := a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	for prefer, want := range map[string]string{
		"":                       "",
		"wait=0":                 "wait=0",
		"respond-async, wait=0":  "wait=0",
		`Wait = "0"; foo=bar`:    "wait=0",
		"return=minimal":         "",
		"wait=soon":              "",
		"wait=-1":                "",
		"wait=0, wait=100000000": "wait=0",
	} {
		answer := a.Do(http.MethodGet, "/v1/tasks/"+id, nil, func(r *http.Request) { r.Header.Set("Prefer", prefer) })
		if got := answer.Header.Get("Preference-Applied"); got != want || answer.Status != http.StatusOK {
			t.Errorf("Prefer: %s is answered with %d and %q, want %q", prefer, answer.Status, got, want)
		}
	}
	apitest.Eventually(t, "in progress", func() bool { return a.Status(id) == "running" })
	answered := make(chan apitest.Answer)
	go func() {
		answered <- a.Do(http.MethodGet, "/v1/tasks/"+id, nil, func(r *http.Request) { r.Header.Set("Prefer", "wait=3600") })
	}()
	a.Advance(apitest.TaskTime)
	answer := <-answered
	if answer.Get("status") != "processing-completed" || answer.Header.Get("Preference-Applied") != "wait=25" {
		t.Errorf("got a task that is %v and %q", answer.Get("status"), answer.Header.Get("Preference-Applied"))
	}
	list := a.Do(http.MethodGet, "/v1/tasks", nil, func(r *http.Request) { r.Header.Set("Prefer", "wait=1") })
	if got := list.Header.Get("Preference-Applied"); got != "" {
		t.Errorf("the list of tasks, which does not wait, says %q", got)
	}
}
