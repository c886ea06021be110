package terraform

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Summary is what a run of Terraform did to an account, or rather what was done there while it ran.
type Summary struct {
	Account   string        `json:"account"`
	Resources []Resource    `json:"resources"`
	Requests  *int          `json:"requests,omitempty"` // nil: the server keeps no journal
	Tasks     int           `json:"tasks"`
	Failed    int           `json:"failedTasks"` // but for those that only read
	Took      time.Duration `json:"-"`
	Idle      time.Duration `json:"-"` // in which the server had nothing to do for the account: the client's own waits
}

// Resource is a resource that a run changed.
type Resource struct {
	Change string `json:"change"` // created, changed or deleted
	Kind   string `json:"kind"`
	ID     int64  `json:"id"`
	Name   string `json:"name"`
}

// What may be done to a resource.
const (
	created = "created"
	changed = "changed"
	deleted = "deleted"
)

// Lines are the summary for people.
func (s Summary) Lines() []string {
	var lines []string
	for _, r := range s.Resources {
		lines = append(lines, strings.TrimSpace(fmt.Sprintf("%s %s %d %s", r.Change, r.Kind, r.ID, r.Name)))
	}
	if len(lines) == 0 {
		lines = []string{"nothing was created, changed or deleted"}
	}
	counts := count(s.Tasks, "task")
	if s.Requests != nil {
		counts = count(*s.Requests, "request") + ", " + counts
	}
	if s.Failed > 0 {
		counts += fmt.Sprintf(", %d of them failed", s.Failed)
	}
	return append(lines,
		fmt.Sprintf("account %s: %s", s.Account, counts),
		fmt.Sprintf("%.1f s, in %.1f s of which the server had nothing to do: the client's own waits",
			s.Took.Seconds(), s.Idle.Seconds()))
}

func count(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return fmt.Sprintf("%d %s", n, what)
}

// reads reports whether an operation changes nothing.
func reads(operation string) bool { return strings.HasPrefix(operation, "get") }

// resources returns what became of the resources that the tasks of the run were for. Others that the events show are
// only touched: a subscription is pending while one of its databases changes.
func (w *Watch) resources(ctx context.Context) ([]Resource, error) {
	operations := map[string]string{}
	for _, e := range w.events {
		if e.Type == sandbox.EventTask && e.Status == "done" && !reads(e.Name) {
			operations[e.Task] = e.Name
		}
	}
	if len(operations) == 0 {
		return []Resource{}, nil
	}
	subjects := map[string]int64{}
	list, err := control.ListTasks.Call(ctx, w.client, control.TaskList{Account: w.account, Limit: taskLimit})
	if err != nil {
		return nil, err
	}
	for _, t := range list.Tasks {
		subjects[t.ID] = t.ResourceID
	}
	return net(w.events, operations, subjects), nil
}

// taskLimit is how many tasks are listed at most.
const taskLimit = 10000

// net returns what events come to, by the operations of the tasks and the ids of what they were for. What was made and
// is gone again is left out.
func net(events []sandbox.Transition, operations map[string]string, subjects map[string]int64) []Resource {
	type key struct {
		kind string
		id   int64
	}
	first := map[key]string{} // by which operation it was first changed in the run
	found := map[key]*Resource{}
	for _, e := range events {
		if e.Type != sandbox.EventResource {
			continue
		}
		k := key{e.Kind, e.ID}
		operation, ok := operations[e.Task]
		if !ok {
			continue
		}
		if first[k] == "" {
			first[k] = operation
		}
		if subjects[e.Task] != e.ID {
			continue
		}
		r := found[k]
		if r == nil {
			r = &Resource{Kind: e.Kind, ID: e.ID}
			found[k] = r
		}
		r.Name = cmp.Or(e.Name, r.Name)
		switch {
		case strings.HasPrefix(operation, "create"):
			r.Change = created
		case strings.HasPrefix(operation, "delete"):
			r.Change = deleted
		case r.Change == "":
			r.Change = changed
		}
	}
	list := []Resource{}
	for k, r := range found {
		if r.Change == deleted && strings.HasPrefix(first[k], "create") {
			continue
		}
		list = append(list, *r)
	}
	slices.SortFunc(list, func(a, b Resource) int {
		return cmp.Or(cmp.Compare(a.Change, b.Change), cmp.Compare(b.Kind, a.Kind), cmp.Compare(a.ID, b.ID))
	})
	return list
}

// idle returns how much of a time none of some spans covers.
func idle(busy []span, within span) (total time.Duration) {
	busy = slices.SortedFunc(slices.Values(busy), func(a, b span) int { return a.from.Compare(b.from) })
	at := within.from
	for _, b := range busy {
		if b.from.After(within.to) {
			break
		}
		if b.from.After(at) {
			total += b.from.Sub(at)
		}
		if b.to.After(at) {
			at = b.to
		}
	}
	if within.to.After(at) {
		total += within.to.Sub(at)
	}
	return total
}

// MarshalJSON adds the times, in seconds.
func (s Summary) MarshalJSON() ([]byte, error) {
	type plain Summary
	return json.Marshal(struct {
		plain
		Seconds     float64 `json:"seconds"`
		ClientWaits float64 `json:"clientWaitsSeconds"`
	}{plain(s), s.Took.Seconds(), s.Idle.Seconds()})
}

// Reads reports whether an event is of a task that changes nothing.
func Reads(e sandbox.Transition) bool { return e.Type == sandbox.EventTask && reads(e.Name) }

// Line is an event for people.
func Line(e sandbox.Transition) string {
	what := e.Name
	if e.Type == sandbox.EventResource {
		what = strings.TrimSpace(fmt.Sprintf("%s %d %s", e.Kind, e.ID, e.Name))
	}
	if e.Error != nil {
		return fmt.Sprintf("%s %s: %s: %s", what, e.Status, e.Error.Code, e.Error.Description)
	}
	return what + " " + e.Status
}
