package dashboard

import (
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// tasks is the page of an account's tasks.
type tasks struct {
	Tasks    []sandbox.Task
	States   []counted // failed first
	All      int       // with the text, of any state
	Pager    pager
	Status   string
	Text     string
	Newest   bool // first, instead of those that failed
	Rate     float64
	Filtered bool
}

// counted is a state, or a kind, with how many there are.
type counted struct {
	Name string
	N    int
}

const tasksOnPage = 40

func loadTasks(h *Handler, q *query) (any, error) {
	t := &tasks{Status: q.get("status"), Text: q.get("q"), Newest: q.get("order") == "newest"}
	offset := q.number("from")
	list, counts, err := h.Service.TaskPage(q.ctx(), q.ref(), sandbox.TaskQuery{
		Status: t.Status, Text: t.Text, FailedFirst: !t.Newest, Offset: offset, Limit: tasksOnPage,
	})
	if err != nil {
		return nil, err
	}
	t.Tasks = list
	for _, status := range []string{"failed", "running", "received", "done"} {
		t.States = append(t.States, counted{status, counts[status]})
		t.All += counts[status]
	}
	matching := t.All
	if t.Status != "" {
		matching = counts[t.Status]
	}
	t.Pager = pager{From: offset, Size: tasksOnPage, Shown: len(list), All: matching}
	t.Filtered = t.Status != "" || t.Text != ""
	return t, nil
}
