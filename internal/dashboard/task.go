package dashboard

import (
	"fmt"
	"slices"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// taskPage is the page of a task.
type taskPage struct {
	sandbox.Task
	Clock     sandbox.Clock
	Waterfall waterfall
	Request   *journal.Entry // that it was made by, if that is still known
	Polls     []journal.Entry
	PollCount int
	Ahead     int     // tasks before it in the queue
	Broken    *broken // the rule that it failed by; nil: it has not failed
	Over      bool
}

// pollsListed is how many of the polls are listed: the latest.
const pollsListed = 10

func loadTask(h *Handler, q *query) (any, error) {
	id := q.PathValue("task")
	task, err := h.Service.Task(q.ctx(), q.ref(), id)
	if err != nil {
		return nil, err
	}
	p := &taskPage{Task: task, Over: task.ProvisionedAt != nil || task.Status == string(cloud.TaskFailed)}
	if p.Clock, err = h.Service.Clock(q.ctx(), q.ref()); err != nil {
		return nil, err
	}
	if err := p.loadRequests(h, q); err != nil {
		return nil, err
	}
	if task.Status == string(cloud.TaskReceived) {
		if err := p.loadPlace(h, q); err != nil {
			return nil, err
		}
	}
	if task.Error != nil {
		if p.Broken, err = h.broken(task.Error.Code, h.operation(task.Operation)); err != nil {
			return nil, err
		}
	}
	p.Waterfall = p.draw()
	return p, nil
}

// loadRequests finds who asked for the task, and who asked after it.
func (p *taskPage) loadRequests(h *Handler, q *query) error {
	entries, err := h.Service.Journal(q.ctx(), sandbox.JournalQuery{Account: q.ref(), Task: p.ID})
	if err != nil {
		return ignoring(err, "JOURNAL_OFF")
	}
	for _, e := range entries {
		if e.Method == "GET" && e.Operation != p.Operation {
			p.Polls = append(p.Polls, e)
			continue
		}
		if p.Request == nil {
			full, err := h.Service.JournalEntry(e.ID)
			if err == nil {
				p.Request = &full
			}
		}
	}
	p.PollCount = len(p.Polls)
	return nil
}

// LatestPolls are those that are listed, the newest first.
func (p *taskPage) LatestPolls() []journal.Entry {
	list := slices.Clone(p.Polls[max(0, len(p.Polls)-pollsListed):])
	slices.Reverse(list)
	return list
}

// loadPlace finds how many tasks are before it.
func (p *taskPage) loadPlace(h *Handler, q *query) error {
	const looked = 100
	lanes, err := h.Service.Lanes(q.ctx(), []int64{q.account.ID}, looked)
	if err != nil || len(lanes) == 0 {
		return err
	}
	p.Ahead = slices.IndexFunc(lanes[0].Queue, func(t sandbox.QueuedTask) bool { return t.ID == p.ID })
	if p.Ahead < 0 {
		p.Ahead = len(lanes[0].Queue)
	}
	return nil
}

// waterfall is the life of a task: a row for each phase, along one axis of business time.
type waterfall struct {
	From, To time.Time
	Rows     []bar
	Ticks    []int // where the polls are
	Now      int   // where the clock is; -1: it is past the end
}

// width is the length of the axis.
const width = 1000

// bar is a row.
type bar struct {
	Name   string
	Link   string // KIND/ID of a resource
	Pieces []piece
	State  string     // at the end
	Took   *stretch   // from the first to the last of what is known
	Due    *time.Time // when it is over, where that is known and yet to come
}

// stretch is a stretch of time.
type stretch struct{ From, To time.Time }

// Long is how long it is.
func (s stretch) Long() time.Duration { return s.To.Sub(s.From) }

// piece is a stretch of a row in one state.
type piece struct {
	State string
	X, W  int
	Later bool // it is yet to come
	stretch
}

// draw lays the life of the task along its axis.
func (p *taskPage) draw() waterfall {
	w := waterfall{From: p.ReceivedAt, To: p.ReceivedAt}
	now := p.Clock.Now
	due := p.due()
	reach := func(t *time.Time) {
		if t != nil && t.After(w.To) {
			w.To = *t
		}
	}
	reach(p.StartedAt)
	reach(p.ProcessedAt)
	reach(p.ProvisionedAt)
	for _, r := range p.Resources {
		reach(&r.Statuses[len(r.Statuses)-1].At)
	}
	if !p.Over {
		reach(&now)
	}
	for _, t := range due {
		reach(&t)
	}
	if w.To.Equal(w.From) {
		w.To = w.From.Add(time.Millisecond)
	}
	end := now // of what is not over
	waiting := w.phase("waiting", "received", &p.ReceivedAt, p.StartedAt, end, nil, p.Status == "received")
	if p.Status != "received" {
		waiting.State = ""
	}
	w.Rows = append(w.Rows, waiting)
	if p.StartedAt != nil || p.ProcessedAt != nil {
		began := p.StartedAt
		if began == nil {
			began = p.ProcessedAt
		}
		state := p.Status
		if state == "done" {
			state = "running"
		}
		var until *time.Time
		if t, ok := due[p.ID]; ok {
			until = &t
		}
		row := w.phase("processing", state, began, p.ProcessedAt, end, until, p.Status == "running")
		row.State = p.Status
		w.Rows = append(w.Rows, row)
	}
	for _, r := range p.Resources {
		w.Rows = append(w.Rows, w.resource(r, end, due))
	}
	for _, e := range p.Polls {
		if at, ok := p.onClock(e.Time); ok {
			w.Ticks = append(w.Ticks, w.x(at))
		}
	}
	w.Ticks = slices.Compact(w.Ticks)
	w.Now = -1
	if !p.Over && !now.After(w.To) {
		w.Now = w.x(now)
	}
	return w
}

// due is when what is under way is over, by the id of the task or KIND/ID of a resource.
func (p *taskPage) due() map[string]time.Time {
	due := map[string]time.Time{}
	if p.Over {
		return due
	}
	for _, e := range p.Clock.Next {
		if e.Task == p.ID {
			due[e.Task] = e.At
		}
		for _, r := range p.Resources {
			if name := fmt.Sprintf("%s/%d", r.Kind, r.ID); name == e.Resource {
				due[name] = e.At
			}
		}
	}
	return due
}

// onClock is when something happened by the clock of the account: as far from the request as it was in real time, at
// the rate of the clock. Where that was changed meanwhile nobody knows it exactly.
func (p *taskPage) onClock(at time.Time) (time.Time, bool) {
	if p.Request == nil {
		return at, false
	}
	since := at.Sub(p.Request.Time)
	return p.ReceivedAt.Add(time.Duration(float64(since) * p.Clock.Rate)), true
}

// x is where a time is on the axis.
func (w *waterfall) x(t time.Time) int {
	part := float64(t.Sub(w.From)) / float64(w.To.Sub(w.From))
	return int(min(max(part, 0), 1) * width)
}

func (w *waterfall) piece(state string, from, to time.Time, later bool) piece {
	x := w.x(from)
	const visible = 4
	wide := max(w.x(to)-x, visible)
	return piece{State: state, X: min(x, width-wide), W: wide, Later: later, stretch: stretch{from, to}}
}

// phase is a row of one state, that may not be over.
func (w *waterfall) phase(name, state string, from, to *time.Time, now time.Time, due *time.Time, goesOn bool) bar {
	b := bar{Name: name, State: state}
	until := now
	if to != nil {
		until, goesOn = *to, false
	} else if !goesOn {
		until = *from
	}
	b.Pieces = append(b.Pieces, w.piece(state, *from, until, false))
	b.Took = &stretch{*from, until}
	if due != nil && goesOn {
		b.Due = due
		b.Pieces = append(b.Pieces, w.piece(state, until, *due, true))
	}
	return b
}

// resource is the row of a resource: a piece for each status that it went through.
func (w *waterfall) resource(r sandbox.TaskResource, now time.Time, due map[string]time.Time) bar {
	b := bar{Name: r.Name, Link: fmt.Sprintf("%s/%d", r.Kind, r.ID)}
	for i, s := range r.Statuses {
		until := s.At
		switch {
		case i+1 < len(r.Statuses):
			until = r.Statuses[i+1].At
		case s.Status == string(cloud.StatusPending) || s.Status == string(cloud.StatusDeleting):
			until = now
		}
		b.Pieces = append(b.Pieces, w.piece(s.Status, s.At, until, false))
	}
	last := r.Statuses[len(r.Statuses)-1]
	b.State, b.Took = last.Status, &stretch{r.Statuses[0].At, b.Pieces[len(b.Pieces)-1].To}
	if t, ok := due[b.Link]; ok {
		b.Due = &t
		b.Pieces = append(b.Pieces, w.piece(last.Status, now, t, true))
	}
	return b
}
