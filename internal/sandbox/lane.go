package sandbox

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Lane is what is under way for an account, as far as it was asked for: tasks that wait for their turn, the one that is
// being processed, and what was left to provisioning.
type Lane struct {
	Account Account
	Clock   Clock          // without what it will bring
	Tasks   map[string]int // of each status
	Queue   []QueuedTask   // the first that have not ended
	Slots   int            // that changes of resources share; 0: they need none
	Held    []Held         // those that have a slot, and then those that wait for one
	Work    []UnderWay     // the next to happen first, those that wait for a slot at the end
}

// QueuedTask is a task that has not ended, and when its processing is over; nil: it has not begun, or nobody knows.
type QueuedTask struct {
	Task
	Due *time.Time
}

// Held is a resource that is being changed and takes a slot for it, or waits for one.
type Held = store.Held

// UnderWay is something that provisioning has to do.
type UnderWay = store.UnderWay

// Lanes returns what is under way for some accounts, by their ids: of each up to limit tasks, slots and steps.
func (s *Service) Lanes(ctx context.Context, accounts []int64, limit int) ([]Lane, error) {
	found, err := s.db.Lanes(ctx, accounts, limit)
	lanes := make([]Lane, len(found))
	for i, l := range found {
		lane := Lane{
			Account: shown(l.Account), Clock: clockOf(l.Clock), Tasks: map[string]int{}, Slots: s.cfg.Slots, Held: l.Held,
			Work: l.Work,
		}
		lane.Clock.PendingTasks, lane.Clock.PendingSteps = l.Account.PendingTasks, l.Steps
		for status, n := range l.Tasks {
			lane.Tasks[string(status)] = n
		}
		for _, t := range l.Queue {
			lane.Queue = append(lane.Queue, QueuedTask{taskOf(t.TaskRecord), t.Due})
		}
		for _, h := range l.Held {
			lane.Slots = max(lane.Slots, h.Slots)
		}
		lanes[i] = lane
	}
	return lanes, err
}

// clockOf is how a clock runs.
func clockOf(c store.Clock) Clock {
	shown := Clock{Mode: ClockScaled, Rate: c.Rate, Now: c.Now.UTC()}
	switch c.Rate {
	case 0:
		shown.Mode = ClockFrozen
	case 1:
		shown.Mode = ClockReal
	}
	return shown
}

// AccountName names an account.
type AccountName struct {
	ID   int64
	Name string
}

// Busy lists accounts: those with something under way first. text chooses by a part of the name, or by the id. It also
// returns how many there are in all.
func (s *Service) Busy(ctx context.Context, text string, offset, limit int) (list []AccountName, all int, err error) {
	found, all, err := s.db.Busy(ctx, text, offset, limit)
	for _, a := range found {
		list = append(list, AccountName{a.ID, a.Name})
	}
	return list, all, err
}

// Look calls look at once, and again whenever something may have changed of an account or, where that is 0, of any; a
// request that was answered counts, too. It does so not more often than pause, and holds nothing while it waits. It
// returns what look does, and ErrStopping when the server stops.
func (s *Service) Look(
	ctx context.Context, account int64, pause time.Duration, look func(context.Context) error,
) error {
	if account == 0 {
		account = engine.AnyAccount
	}
	timer := time.NewTimer(pause)
	defer timer.Stop()
	for {
		// Joined before the look: something may change just after.
		changed, leave := s.cfg.Engine.Watch(account)
		asked := s.cfg.Journal.News()
		err := look(ctx)
		if err == nil {
			err = s.rest(ctx, timer, pause, nil, nil)
		}
		if err == nil {
			err = s.rest(ctx, timer, lookEvery-pause, changed, asked)
		}
		leave()
		if err != nil {
			return err
		}
	}
}

// rest waits for a while, or until one of two things happens.
func (s *Service) rest(ctx context.Context, timer *time.Timer, d time.Duration, one, other <-chan struct{}) error {
	timer.Reset(d)
	select {
	case <-timer.C:
	case <-one:
	case <-other:
	case <-s.cfg.Engine.Draining():
		return ErrStopping
	case <-ctx.Done():
		return ctx.Err()
	}
	return nil
}

// TaskQuery chooses tasks of an account. What is empty chooses all.
type TaskQuery struct {
	Status      string // received, running, done or failed
	Text        string // in the id, the operation, the command or the error
	FailedFirst bool   // else the newest first
	Offset      int
	Limit       int
}

// TaskPage returns some tasks of an account, and how many there are of each status with the text. It returns what
// Account does.
func (s *Service) TaskPage(ctx context.Context, ref string, q TaskQuery) ([]Task, map[string]int, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	found, counted, err := s.db.TaskPage(ctx, account.ID, store.TaskPage{
		Status: cloud.TaskStatus(q.Status), Text: q.Text, FailedFirst: q.FailedFirst, Offset: q.Offset, Limit: q.Limit,
	})
	list := make([]Task, 0, len(found))
	for _, t := range found {
		list = append(list, taskOf(t))
	}
	counts := map[string]int{}
	for status, n := range counted {
		counts[string(status)] = n
	}
	return list, counts, err
}

// Resource is a resource of any kind, as it is stored.
type Resource = store.Shown

// ResourceQuery chooses resources of an account: those that belong to no other, or, with a kind or a text, those that
// fit.
type ResourceQuery = store.ResourcePage

// ResourcePage returns some resources of an account, and how many there are of each kind. It returns what Account does.
func (s *Service) ResourcePage(ctx context.Context, ref string, q ResourceQuery) ([]Resource, map[string]int, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, nil, err
	}
	return s.db.ResourcePage(ctx, account.ID, q)
}

// Family is a resource with those that it belongs to, the outermost first, and the first of those that belong to it.
type Family struct {
	Resource
	Above, Children []Resource
	History         []Transition // the newest first
}

// Family returns a resource with its neighbours, and the latest of what became of it. It returns RESOURCE_NOT_FOUND and
// what Account does.
func (s *Service) Family(ctx context.Context, ref, kind string, id int64, limit int) (f Family, err error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return f, err
	}
	var ok bool
	if f.Resource, f.Above, f.Children, ok, err = s.db.Family(ctx, account.ID, kind, id, limit); err != nil {
		return f, err
	}
	if f.History, err = s.latest(ctx, account.ID, kind, id, limit); err != nil {
		return f, err
	}
	if !ok && len(f.History) == 0 {
		return f, cloud.Errorf("RESOURCE_NOT_FOUND", "There is no %s %d.", kind, id)
	}
	if !ok { // its history is all that is left of it
		f.Kind, f.ID, f.Name, f.Status = kind, id, f.History[0].Name, cloud.StatusGone
	}
	return f, nil
}

// LatestEvents returns the latest events of an account, the newest first. It returns what Account does.
func (s *Service) LatestEvents(ctx context.Context, ref string, limit int) ([]Transition, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.latest(ctx, account.ID, "", 0, limit)
}

func (s *Service) latest(ctx context.Context, account int64, kind string, id int64, limit int) ([]Transition, error) {
	found, err := s.db.LatestEvents(ctx, account, kind, id, limit)
	list := make([]Transition, 0, len(found))
	for _, e := range found {
		list = append(list, eventOf(e))
	}
	return list, err
}
