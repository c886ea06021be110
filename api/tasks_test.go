package api_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
)

// A task describes each of its states, on its own page, in the list and in the first
// answer. It has a response when it is finished and no such member before.
func TestTasksDescribeTheirState(t *testing.T) {
	t.Parallel()
	a := apitest.New(t, func(c *engine.Config) { c.Hold = 0 }).Account()
	first := a.Do(http.MethodPost, subscriptions, apitest.SubscriptionBody("one"))
	ids := map[string]string{
		"processing-completed": first.Get("taskId").(string),
		"processing-error":     a.Start(http.MethodDelete, subscriptions+"/7", nil),
	}
	for _, id := range []string{ids["processing-completed"], ids["processing-error"]} {
		apitest.Eventually(t, "in progress", func() bool { return a.Status(id) == cloud.TaskRunning })
		a.Advance(apitest.TaskTime)
		apitest.Eventually(t, "finished", func() bool { return a.Status(id).Finished() })
	}
	ids["processing-in-progress"] = a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("two"))
	ids["received"] = a.Start(http.MethodPost, subscriptions, apitest.SubscriptionBody("three"))
	apitest.Eventually(t, "in progress", func() bool {
		return a.Status(ids["processing-in-progress"]) == cloud.TaskRunning
	})

	says := map[string]string{
		"received":               "received and is queued for processing",
		"processing-in-progress": "evaluated and is now being processed",
		"processing-completed":   "processed successfully; its resources are now being provisioned",
		"processing-error":       "failed during processing",
	}
	want := func(where string, task map[string]any) {
		status, _ := task["status"].(string)
		description, _ := task["description"].(string)
		if words := says[status]; words == "" || !strings.Contains(description, words) {
			t.Errorf("%s: a task that is %s is described as %q, want %q", where, status, description, words)
		}
		_, has := task["response"]
		if finished := status == "processing-completed" || status == "processing-error"; has != finished {
			t.Errorf("%s: a task that is %s has a response: %v", where, status, has)
		}
	}
	var answer map[string]any
	first.Into(t, &answer)
	want("first answer", answer)
	for status, id := range ids {
		var task map[string]any
		a.Do(http.MethodGet, "/v1/tasks/"+id, nil).Into(t, &task)
		want("page", task)
		if task["status"] != status {
			t.Errorf("got a task that is %s, want one that is %s", task["status"], status)
		}
	}
	var list struct{ Tasks []map[string]any }
	a.Do(http.MethodGet, "/v1/tasks", nil).Into(t, &list)
	if len(list.Tasks) != len(ids) {
		t.Errorf("got %d tasks, want %d", len(list.Tasks), len(ids))
	}
	for _, task := range list.Tasks {
		want("list", task)
	}
}
