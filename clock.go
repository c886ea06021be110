package understudy

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Clock is the clock of a sandbox. It runs as fast as real time until it is told otherwise.
type Clock struct{ sandbox *Sandbox }

// ClockState is how a clock runs, and what comes next and when.
type ClockState = sandbox.Clock

// Event is something that happens at a time: a resource reaches a status, or a task is finished.
type Event = sandbox.Event

// Clock returns the clock of the sandbox.
func (s *Sandbox) Clock() Clock { return Clock{s} }

// Show returns how the clock runs, and what comes next and when.
func (c Clock) Show(ctx context.Context) (ClockState, error) {
	state, err := c.sandbox.control().Clock(ctx, c.sandbox.ref())
	return state, wrapped(err)
}

// Run lets the clock run as fast as real time, from what it shows.
func (c Clock) Run(ctx context.Context) error {
	return c.set(ctx, sandbox.ClockSetting{Mode: sandbox.ClockReal})
}

// Scale lets the clock run at a rate, from what it shows: 60 makes minutes of seconds.
func (c Clock) Scale(ctx context.Context, rate float64) error {
	return c.set(ctx, sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: rate})
}

// Freeze stops the clock where it is.
func (c Clock) Freeze(ctx context.Context) error {
	return c.set(ctx, sandbox.ClockSetting{Mode: sandbox.ClockFrozen})
}

// FreezeAt stops the clock at a time, which may be in the past.
func (c Clock) FreezeAt(ctx context.Context, at time.Time) error {
	return c.set(ctx, sandbox.ClockSetting{Mode: sandbox.ClockFrozen, At: &at})
}

func (c Clock) set(ctx context.Context, to sandbox.ClockSetting) error {
	_, err := c.sandbox.control().SetClock(ctx, c.sandbox.ref(), to)
	return wrapped(err)
}

// Advance lets time pass, as it would by itself: tasks are processed and resources provisioned at their own times. It
// returns what happened. A clock that runs runs on from there.
func (c Clock) Advance(ctx context.Context, by time.Duration) ([]Event, error) {
	return c.advance(ctx, sandbox.Advance{By: by.String()})
}

// Step lets time pass to the next thing that is due. It returns an error if there is none.
func (c Clock) Step(ctx context.Context) ([]Event, error) {
	return c.advance(ctx, sandbox.Advance{Events: 1})
}

// AdvanceUntilTask lets time pass until a task is finished.
func (c Clock) AdvanceUntilTask(ctx context.Context, id string) ([]Event, error) {
	return c.advance(ctx, sandbox.Advance{Task: id})
}

// AdvanceUntilResource lets time pass until a resource, KIND/ID as in subscription/100001, has a status; "gone": until
// it is not there. It returns an error once nothing is under way that could lead there.
func (c Clock) AdvanceUntilResource(ctx context.Context, resource, status string) ([]Event, error) {
	return c.advance(ctx, sandbox.Advance{Resource: resource, Status: status})
}

// AdvanceUntilIdle lets time pass until nothing is under way any more.
func (c Clock) AdvanceUntilIdle(ctx context.Context) ([]Event, error) {
	return c.advance(ctx, sandbox.Advance{Idle: true})
}

func (c Clock) advance(ctx context.Context, to sandbox.Advance) ([]Event, error) {
	passed, err := c.sandbox.control().Advance(ctx, c.sandbox.ref(), to)
	return passed.Events, wrapped(err)
}

// Durations are how long each kind of work takes.
type Durations = sandbox.Durations

// DurationsChange says what of them is to change.
type DurationsChange = sandbox.DurationsChange

// Durations returns how long each kind of work takes in the sandbox.
func (c Clock) Durations(ctx context.Context) (Durations, error) {
	d, err := c.sandbox.control().Durations(ctx, c.sandbox.ref())
	return d, wrapped(err)
}

// SetDurations lets kinds of work take longer or shorter in the sandbox, from the next one on: a fixed length, any of a
// range, or one that is drawn.
func (c Clock) SetDurations(ctx context.Context, change DurationsChange) error {
	_, err := c.sandbox.control().SetDurations(ctx, c.sandbox.ref(), change)
	return wrapped(err)
}
