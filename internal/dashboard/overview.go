package dashboard

import (
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// overview is the page of what is under way: of all accounts, or all about one.
type overview struct {
	Lanes     []lane
	Pager     pager
	Text      string
	Only      bool // one account, with
	Recent    []sandbox.Transition
	Faults    []sandbox.Fault
	Next      []sandbox.Event
	Variables []cloud.Variable // that point clients at it
	Empty     bool             // nothing was ever asked for
}

// lane is a lane as it is drawn.
type lane struct {
	sandbox.Lane
	Running *sandbox.QueuedTask // that is being processed
	Waiting []sandbox.QueuedTask
	Behind  int // that wait, and are not listed
	Places  []place
	After   []sandbox.Held // those that wait for a slot
	Faults  int            // that are armed for it
	Full    bool
}

// place is a slot; nil: it is free.
type place struct {
	N    int
	Held *sandbox.Held
}

const (
	lanesOnPage = 6
	lanesListed = 6  // tasks, slots and steps of each of several accounts
	laneListed  = 12 // of one
)

func loadOverview(h *Handler, q *query) (any, error) {
	o := &overview{Text: q.get("q"), Only: q.account.ID != 0}
	if o.Only {
		return o, h.loadLane(q, o)
	}
	offset := q.number("from")
	accounts, all, err := h.Service.Busy(q.ctx(), o.Text, offset, lanesOnPage)
	if err != nil {
		return nil, err
	}
	o.Pager = pager{From: offset, Size: lanesOnPage, Shown: len(accounts), All: all}
	ids := make([]int64, len(accounts))
	for i, a := range accounts {
		ids[i] = a.ID
	}
	o.Faults, err = h.Service.Faults(q.ctx(), "")
	if err != nil {
		return nil, err
	}
	o.Lanes, err = h.lanes(q, ids, lanesListed, o.Faults)
	return o, err
}

// loadLane loads what is shown of one account.
func (h *Handler) loadLane(q *query, o *overview) (err error) {
	all, err := h.Service.Faults(q.ctx(), "")
	if err != nil {
		return err
	}
	for _, f := range all {
		if f.Account == 0 || f.Account == q.account.ID {
			o.Faults = append(o.Faults, f)
		}
	}
	if o.Lanes, err = h.lanes(q, []int64{q.account.ID}, laneListed, all); err != nil {
		return err
	}
	const recent = 14
	if o.Recent, err = h.Service.LatestEvents(q.ctx(), q.ref(), recent); err != nil {
		return err
	}
	clock, err := h.Service.Clock(q.ctx(), q.ref())
	if err != nil {
		return err
	}
	const next = 8
	o.Next = clock.Next[:min(len(clock.Next), next)]
	if o.Empty = len(o.Recent) == 0 && len(o.Lanes) == 1 && o.Lanes[0].Account.Resources == 0; o.Empty {
		o.Variables, err = h.variables(q)
	}
	return err
}

func (h *Handler) lanes(q *query, ids []int64, limit int, faults []sandbox.Fault) ([]lane, error) {
	found, err := h.Service.Lanes(q.ctx(), ids, limit)
	lanes := make([]lane, 0, len(found))
	for _, l := range found {
		one := lane{Lane: l, Waiting: l.Queue}
		if len(l.Queue) > 0 && l.Queue[0].Status == string(cloud.TaskRunning) {
			one.Running, one.Waiting = &l.Queue[0], l.Queue[1:]
		}
		one.Behind = max(0, l.Clock.PendingTasks-len(l.Queue))
		for n := range l.Slots {
			one.Places = append(one.Places, place{N: n + 1})
		}
		for i := range l.Held {
			held := &l.Held[i]
			if held.Since != nil && i < len(one.Places) {
				one.Places[i].Held = held
			} else {
				one.After = append(one.After, *held)
			}
		}
		one.Full = len(one.Places) > 0 && one.Places[len(one.Places)-1].Held != nil
		for _, f := range faults {
			if f.Account == 0 || f.Account == l.Account.ID {
				one.Faults++
			}
		}
		lanes = append(lanes, one)
	}
	return lanes, err
}

// Depth is how many tasks wait.
func (l lane) Depth() int { return len(l.Waiting) + l.Behind }

// Now is what the clock of a lane shows.
func (l lane) Now() time.Time { return l.Clock.Now }

// pager leads through a long list.
type pager struct {
	From, Size, Shown, All int
}

// First is the number of the first one that is shown.
func (p pager) First() int { return min(p.From+1, p.All) }

// Last is that of the last one.
func (p pager) Last() int { return p.From + p.Shown }

// Earlier is where the page before begins; -1: there is none.
func (p pager) Earlier() int {
	if p.From == 0 {
		return -1
	}
	return max(0, p.From-p.Size)
}

// Later is where the page after begins; -1: there is none.
func (p pager) Later() int {
	if p.Last() >= p.All {
		return -1
	}
	return p.Last()
}
