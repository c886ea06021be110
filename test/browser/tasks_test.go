package browser

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// mark marks the page, so that a reload would show.
const mark = "(window.marked = true)"

// wantSamePage holds that the page has not been loaded anew since it was marked.
func (b *tab) wantSamePage() {
	b.t.Helper()
	if !eval[bool](b, "window.marked === true") {
		b.t.Error("the page was loaded anew")
	}
}

// row is a task in the list of tasks.
func row(task, status string) string {
	return fmt.Sprintf(`!!document.querySelector('#tasks tr[data-task="%s"][data-status="%s"]')`, task, status)
}

// Somebody watches the list of tasks while an API client creates a subscription.
func TestRowChangesWithoutReload(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	b := openTab(t, s.base)
	b.open("/ui/tasks?account=" + demo)
	b.untilLive()
	eval[bool](b, mark)

	task := s.subscribe("watched")
	b.until("the task is there", row(task, "running"))
	s.advance(sandbox.Advance{Task: task})
	b.until("the task is done", row(task, "done"))
	b.untilSays("#tasks", "pending")
	s.advance(sandbox.Advance{Idle: true})
	b.until("its resources are provisioned", `!!document.querySelector("#tasks tr[data-provisioned]")`)
	b.wantSamePage()

	failing := s.ask(http.MethodPost, "/subscriptions/1/databases", map[string]any{"name": "lost", "datasetSizeInGb": 1})
	s.advance(sandbox.Advance{Task: failing})
	b.until("the failed task comes first", fmt.Sprintf(
		`document.querySelector("#tasks tbody tr").matches('[data-task="%s"][data-status="failed"]')`, failing))
	b.untilSays("#tasks", "SUBSCRIPTION_NOT_FOUND")
	b.wantSamePage()
}

// The page of a task follows it through both phases, and lets time pass.
func TestTaskIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	task := s.subscribe("followed")
	s.Do(http.MethodGet, "/tasks/"+task, nil)
	b := openTab(t, s.base)
	b.open("/ui/tasks/" + task + "?account=" + demo)
	b.untilLive()
	b.untilSays("h1 + .s", "running")
	b.untilSays("#request-body", "followed")
	b.untilSays("#response-body", task)
	b.until("the poll is a tick", `document.querySelectorAll(".waterfall .tick").length == 1`)
	for _, status := range []string{"done", "active"} {
		b.click("#advance button")
		b.untilSays("main .s", status)
	}
	b.until("nothing is to come", `!document.querySelector("#advance")`)
}

// Three slots fill, the fourth subscription waits, and takes the one that is free first.
func TestFourthWaitsForASlot(t *testing.T) {
	t.Parallel()
	s := serve(t)
	s.freeze()
	b := openTab(t, s.base)
	b.open("/ui/?account=" + demo)
	b.untilLive()
	eval[bool](b, mark)
	var last string
	for i := range 4 {
		body := servetest.SubscriptionBody(fmt.Sprintf("number-%d", i))
		last = s.ask(http.MethodPost, "/subscriptions", body)
	}
	b.until("three wait their turn", `document.querySelector(".queue[data-waiting='3']")`)
	s.advance(sandbox.Advance{Task: last})
	b.until("the slots are taken", `document.querySelectorAll(".slot[data-taken=yes]").length == 3`)
	b.until("one waits", `document.querySelector(".waits[data-waits='1']")?.innerText.includes("number-3")`)
	s.advance(sandbox.Advance{Resource: "subscription/100001", Status: "active"})
	b.until("it has a slot", `!document.querySelector(".waits") &&
		[...document.querySelectorAll(".slot")].some(slot => slot.innerText.includes("number-3"))`)
	s.advance(sandbox.Advance{Idle: true})
	b.until("the slots are free", `!document.querySelector(".slot[data-taken=yes]")`)
	b.wantSamePage()
}
