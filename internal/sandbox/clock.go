package sandbox

import (
	"context"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// ClockMode is how a clock runs.
type ClockMode string

// The ways in which a clock runs.
const (
	ClockReal   ClockMode = "real"   // as fast as real time
	ClockScaled ClockMode = "scaled" // at a rate of its own
	ClockFrozen ClockMode = "frozen" // not at all
)

// Clock is the clock of an account, with what it will bring.
type Clock struct {
	Mode         ClockMode `json:"mode"`
	Rate         float64   `json:"rate"` // 0: it is frozen
	Now          time.Time `json:"now"`
	PendingTasks int       `json:"pendingTasks"`
	PendingSteps int       `json:"pendingSteps"`
	Next         []Event   `json:"next"`
}

// Event is something that happens at a time: a resource reaches a status, or a task is finished. The end of a task that
// is still to come has no status yet.
type Event struct {
	At       time.Time `json:"at"`
	Resource string    `json:"resource,omitempty"` // KIND/ID
	Task     string    `json:"task,omitempty"`
	Status   string    `json:"status,omitempty"`
}

// ClockSetting is how a clock is to run from now on.
type ClockSetting struct {
	Mode ClockMode  `json:"mode"`
	Rate float64    `json:"rate,omitempty"` // of ClockScaled
	At   *time.Time `json:"at,omitempty"`   // what it is to show; nil: it goes on from what it shows
}

// Advance says how far the time of an account is to pass: by a length, by a number of events, or until something is
// there. Only one of them may be said.
type Advance struct {
	By       string `json:"by,omitempty"` // a length, like 30m
	Events   int    `json:"events,omitempty"`
	Task     string `json:"task,omitempty"`     // until it is finished
	Resource string `json:"resource,omitempty"` // KIND/ID: until nothing is under way for it, or it has
	Status   string `json:"status,omitempty"`   // this status; "gone": it is not there
	Idle     bool   `json:"idle,omitempty"`     // until nothing is under way any more
	Within   string `json:"within,omitempty"`   // the longest that time may pass until then; empty: any length
}

// Advanced is what happened meanwhile.
type Advanced struct {
	From   time.Time `json:"from"`
	Moved  string    `json:"moved"` // a length
	Count  int       `json:"count"`
	Events []Event   `json:"events"` // the last of them, in their order
	Clock  Clock     `json:"clock"`
}

const (
	nextEvents   = 20
	passedEvents = 1000
)

// Clock returns the clock of an account, with what it will bring. It returns what Account does.
func (s *Service) Clock(ctx context.Context, ref string) (Clock, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Clock{}, err
	}
	return s.clock(ctx, a.ID)
}

func (s *Service) clock(ctx context.Context, account int64) (c Clock, err error) {
	clock, err := s.db.Clock(ctx, account)
	if err != nil {
		return c, gone(err)
	}
	agenda, err := s.db.Agenda(ctx, account, nextEvents)
	if err != nil {
		return c, gone(err)
	}
	c = clockOf(clock)
	c.Now, c.PendingTasks, c.PendingSteps = agenda.Now.UTC(), agenda.Tasks, agenda.Steps
	c.Next = events(agenda.Events())
	return c, nil
}

func events(all []store.Event) []Event {
	list := make([]Event, 0, len(all))
	for _, e := range all {
		shown := Event{At: e.At.UTC(), Task: e.Task, Status: e.Status}
		if e.Task == "" {
			shown.Resource = fmt.Sprintf("%s/%d", e.Kind, e.ID)
		}
		list = append(list, shown)
	}
	return list
}

// gone says that an account went away meanwhile.
func gone(err error) error {
	if errors.Is(err, store.ErrNoAccount) || store.AccountGone(err) {
		return cloud.Errorf("ACCOUNT_NOT_FOUND", "The account was deleted just now.")
	}
	return err
}

// SetClock lets the clock of an account run in another way, or sets it, also back. What is due between the old time and
// the new one happens at the new one; Advance lets it happen at its own time. It returns INVALID_CLOCK and what Account
// does.
func (s *Service) SetClock(ctx context.Context, ref string, to ClockSetting) (Clock, error) {
	if err := to.check(); err != nil {
		return Clock{}, err
	}
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Clock{}, err
	}
	err = s.cfg.Engine.SetClock(ctx, a.ID, func(clock store.Clock) store.Clock {
		clock.Rate = to.rate()
		if to.At != nil {
			clock.Now = *to.At
		}
		return clock
	})
	if err != nil {
		return Clock{}, gone(err)
	}
	return s.clock(ctx, a.ID)
}

// firstTime is the earliest that a clock may be set to.
var firstTime = time.Date(1970, time.January, 1, 0, 0, 0, 0, time.UTC)

func (to ClockSetting) check() error {
	switch {
	case to.Mode != ClockReal && to.Mode != ClockScaled && to.Mode != ClockFrozen:
		return cloud.Errorf("INVALID_CLOCK", "A clock is real, scaled or frozen, not %q.", to.Mode)
	case to.Mode == ClockScaled && !(to.Rate >= store.SlowestRate && to.Rate <= store.FastestRate):
		return cloud.Errorf("INVALID_CLOCK", "A scaled clock has a rate between %v and %v.",
			store.SlowestRate, store.FastestRate)
	case to.Mode != ClockScaled && to.Rate != 0:
		return cloud.Errorf("INVALID_CLOCK", "Only a scaled clock has a rate.")
	case to.At != nil && (to.At.Before(firstTime) || to.At.After(store.EndOfTime)):
		return cloud.Errorf("INVALID_CLOCK", "A clock can be set to times from %v to %v.",
			firstTime.Format(time.RFC3339), store.EndOfTime.Format(time.RFC3339))
	}
	return nil
}

func (to ClockSetting) rate() float64 {
	switch to.Mode {
	case ClockFrozen:
		return 0
	case ClockScaled:
		return to.Rate
	default:
		return 1
	}
}

// Advance lets time pass for an account as it would by itself, from one thing that is due to the next, and returns what
// happened. A clock that runs runs on from there. What has passed has passed, also where it returns an error:
//
//   - INVALID_ADVANCE and INVALID_LENGTH, at once; TASK_NOT_FOUND and RESOURCE_NOT_FOUND
//   - NOTHING_COMES: nothing is under way any more that could bring what was asked for
//   - NOT_YET: time has passed for as long as it might, in vain
//   - TOO_MUCH_AT_ONCE: so much is to be done in that time that it takes too long
//
// and what Account does.
func (s *Service) Advance(ctx context.Context, ref string, to Advance) (Advanced, error) {
	goal, err := to.goal()
	if err != nil {
		return Advanced{}, err
	}
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Advanced{}, err
	}
	from, err := s.db.Clock(ctx, a.ID)
	if err != nil {
		return Advanced{}, gone(err)
	}
	goal.By = min(goal.By, store.EndOfTime.Sub(from.Now))
	passed, err := s.cfg.Engine.Pass(ctx, a.ID, goal)
	if err := to.failure(passed, err); err != nil {
		return Advanced{}, err
	}
	clock, err := s.clock(ctx, a.ID)
	last := passed.Events[max(0, len(passed.Events)-passedEvents):]
	return Advanced{
		From: from.Now.UTC(), Moved: passed.Moved.String(), Count: len(passed.Events), Events: events(last), Clock: clock,
	}, err
}

// goal is what the engine is asked for.
func (to Advance) goal() (goal engine.Passing, err error) {
	goal = engine.Passing{By: math.MaxInt64, Instants: -1}
	said := 0
	for _, one := range []bool{to.By != "", to.Events != 0, to.Task != "", to.Resource != "", to.Idle} {
		if one {
			said++
		}
	}
	switch {
	case said != 1:
		return goal, cloud.Errorf("INVALID_ADVANCE", "Say one of by, events, task, resource and idle.")
	case to.Status != "" && to.Resource == "":
		return goal, cloud.Errorf("INVALID_ADVANCE", "A status is that of a resource: say which.")
	case to.Within != "" && (to.By != "" || to.Events != 0):
		return goal, cloud.Errorf("INVALID_ADVANCE", "within goes with task, resource and idle.")
	case to.Events < 0:
		return goal, cloud.Errorf("INVALID_ADVANCE", "%d events cannot happen.", to.Events)
	case to.By != "":
		goal.Through = true
		goal.By, err = length(to.By)
	case to.Events > 0:
		goal.Instants = to.Events
	case to.Task != "":
		goal.Task = to.Task
	case to.Resource != "":
		goal.Reached, err = to.resource()
	}
	if err == nil && to.Within != "" {
		goal.By, err = length(to.Within)
	}
	return goal, err
}

// length reads a length of time, which is not negative.
func length(text string) (time.Duration, error) {
	d, err := time.ParseDuration(text)
	if err != nil || d < 0 {
		return 0, cloud.Errorf("INVALID_LENGTH", "%q is no length of time, like 30m or 1h30m.", text)
	}
	return d, nil
}

// resource is asked whether the resource is as it is to be.
func (to Advance) resource() (func(context.Context, *store.Tx) (bool, error), error) {
	kind, text, ok := strings.Cut(to.Resource, "/")
	id, err := strconv.ParseInt(text, 10, 64)
	if !ok || err != nil {
		return nil, cloud.Errorf("INVALID_ADVANCE", "%q is no resource like subscription/100001.", to.Resource)
	}
	seen := to.Status == string(cloud.StatusGone)
	return func(ctx context.Context, tx *store.Tx) (bool, error) {
		status, underWay, err := tx.ResourceState(ctx, kind, id)
		switch {
		case err != nil:
			return false, err
		case status == cloud.StatusGone && !seen:
			return false, cloud.Errorf("RESOURCE_NOT_FOUND", "There is no %s.", to.Resource)
		case to.Status == "":
			seen = true
			return !underWay, nil
		}
		return string(status) == to.Status, nil
	}, nil
}

// failure is why time has not passed as it was to; nil: it has.
func (to Advance) failure(passed engine.Passed, err error) error {
	switch {
	case errors.Is(err, store.ErrNoTask):
		return cloud.Errorf("TASK_NOT_FOUND", "There is no task %q.", to.Task)
	case errors.Is(err, engine.ErrPassingLong):
		return cloud.Errorf("TOO_MUCH_AT_ONCE", "%d events took longer than a request may, and %v have passed. "+
			"Ask again to go on.", len(passed.Events), passed.Moved)
	case err != nil:
		return gone(err)
	}
	until := to.Task != "" || to.Resource != ""
	switch passed.End {
	case store.PassageIdle:
		if until || to.Events > 0 && len(passed.Events) == 0 {
			return cloud.Errorf("NOTHING_COMES", "Nothing is under way any more: time alone brings no change.")
		}
	case store.PassageOver:
		if until || to.Idle {
			return cloud.Errorf("NOT_YET", "It has not come to that, and %v have passed.", passed.Moved)
		}
	case store.PassageThere, store.PassageTask, store.PassageGoesOn:
	}
	return nil
}
