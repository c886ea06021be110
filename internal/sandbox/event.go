package sandbox

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Transition is a transition of a task or a resource. Those of an account are numbered without a gap, in the order in
// which they were committed.
type Transition struct {
	Seq     int64     `json:"seq"`
	At      time.Time `json:"at"` // on the account's clock
	Account int64     `json:"account"`
	Type    string    `json:"type"`           // EventTask or EventResource
	Task    string    `json:"task,omitempty"` // that changed, or by which the resource did
	Kind    string    `json:"kind,omitempty"` // of the resource
	ID      int64     `json:"id,omitempty"`
	Name    string    `json:"name"` // of the resource; of a task its operation
	Status  string    `json:"status"`
	Error   *Failure  `json:"error,omitempty"`
}

// The types of events.
const (
	EventTask     = "task"
	EventResource = "resource"
)

// Failure is why a task or a resource failed, in the words of the API that is stood in for.
type Failure struct {
	Code        string `json:"code"`
	Description string `json:"description"`
}

func failure(err *cloud.Error) *Failure {
	if err == nil {
		return nil
	}
	return &Failure{Code: string(err.Code), Description: err.Description}
}

func eventOf(e store.Transition) Transition {
	event := Transition{
		Seq: e.Seq, At: e.At, Account: e.Account, Type: EventTask, Task: e.Task, Kind: e.Kind, ID: e.Resource,
		Name: e.Name, Status: string(e.Status), Error: failure(e.Error),
	}
	if e.Kind != "" {
		event.Type = EventResource
	}
	return event
}

// eventPage is how many events are read at once.
const eventPage = 500

// Events returns up to limit of an account's events that come after one with a number, in their order; after 0, the
// oldest that are kept. It returns EVENTS_GONE where the next one is no longer kept.
func (s *Service) Events(ctx context.Context, ref string, after int64, limit int) ([]Transition, error) {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return nil, err
	}
	return s.events(ctx, account.ID, after, limit)
}

func (s *Service) events(ctx context.Context, account, after int64, limit int) ([]Transition, error) {
	found, err := s.db.Events(ctx, account, after, limit)
	if err != nil {
		return nil, err
	}
	list := make([]Transition, 0, len(found))
	for _, e := range found {
		list = append(list, eventOf(e))
	}
	if len(list) > 0 && after > 0 && list[0].Seq != after+1 {
		return nil, eventsGone(after, list[0].Seq)
	}
	return list, nil
}

func eventsGone(after, oldest int64) error {
	return cloud.Errorf("EVENTS_GONE", "The events after %d are no longer kept: the oldest is %d.", after, oldest)
}

// Latest is the number by which one asks for those that are yet to come.
const Latest int64 = -1

// lookEvery is how often who waits looks, whatever happens: a lost wake-up costs time, never an event.
const lookEvery = time.Second

// ErrStopping says that the server stops, so that nobody can wait for anything.
var ErrStopping = cloud.Errorf("UNAVAILABLE", "The server is stopping.")

// Follow calls send with every event of an account after one with a number, in their order and as they are committed,
// until the context ends, send returns an error, or the account is deleted, which is no error. after is as in Events,
// or Latest. idle is called with the number of the last one at the start, and now and then while there is none. It
// holds no connection to the database while it waits. Beyond what Events does it returns EVENTS_GONE for a number that
// no event has yet, and ErrStopping.
func (s *Service) Follow(
	ctx context.Context, ref string, after int64, send func(Transition) error, idle func(last int64) error,
) error {
	account, err := s.Account(ctx, ref)
	if err != nil {
		return err
	}
	oldest, newest, _, err := s.db.LastEvent(ctx, account.ID)
	switch {
	case err != nil:
		return err
	case after == Latest:
		after = newest
	case after > newest:
		return cloud.Errorf("EVENTS_GONE", "There is no event %d: the newest is %d.", after, newest)
	case after == 0:
		after = oldest - 1
	case after < oldest-1:
		return eventsGone(after, oldest)
	}
	if err := idle(after); err != nil {
		return err
	}
	return s.watch(ctx, account.ID, func(ctx context.Context) (bool, error) {
		some := false
		for {
			list, err := s.events(ctx, account.ID, after, eventPage)
			if err != nil {
				return false, err
			}
			for _, e := range list {
				if err := send(e); err != nil {
					return false, err
				}
				after, some = e.Seq, true
			}
			if len(list) == eventPage {
				continue
			}
			if some {
				return false, nil
			}
			_, _, there, err := s.db.LastEvent(ctx, account.ID)
			if err != nil || !there {
				return true, err
			}
			return false, idle(after)
		}
	})
}

// watch looks until look is done or fails: at once, and whenever something of the account may have changed. It waits
// without a connection to the database.
func (s *Service) watch(ctx context.Context, account int64, look func(context.Context) (done bool, err error)) error {
	timer := time.NewTimer(lookEvery)
	defer timer.Stop()
	for {
		// Joined before the look: something may change just after.
		changed, leave := s.cfg.Engine.Watch(account)
		done, err := look(ctx)
		if done || err != nil && (!store.Unavailable(err) || ctx.Err() != nil) {
			leave()
			return err
		}
		timer.Reset(lookEvery)
		select {
		case <-changed:
		case <-timer.C:
		case <-s.cfg.Engine.Draining():
			err = ErrStopping
		case <-ctx.Done():
			err = ctx.Err()
		}
		leave()
		if err != nil && (errors.Is(err, ErrStopping) || ctx.Err() != nil) {
			return err
		}
	}
}
