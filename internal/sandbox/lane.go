package sandbox

import (
	"context"
	"time"

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
