package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The operations on clocks and durations.
const (
	GetClock     Operation[AccountPath, sandbox.Clock]     = "getClock"
	SetClock     Operation[ClockSetting, sandbox.Clock]    = "setClock"
	AdvanceClock Operation[ClockAdvance, sandbox.Advanced] = "advanceClock"

	GetDurations   Operation[AccountPath, sandbox.Durations]     = "getDurations"
	SetDurations   Operation[DurationsChange, sandbox.Durations] = "setDurations"
	ResetDurations Operation[AccountPath, None]                  = "resetDurations"
)

// ClockSetting is how the clock of an account is to run.
type ClockSetting struct {
	AccountPath
	sandbox.ClockSetting
}

// ClockAdvance is how far the time of an account is to pass.
type ClockAdvance struct {
	AccountPath
	sandbox.Advance
}

// DurationsChange says what of the durations of an account is to change.
type DurationsChange struct {
	AccountPath
	sandbox.DurationsChange
}

func clockOperations(s *sandbox.Service) []bound {
	return []bound{
		GetClock.bind(func(ctx context.Context, in AccountPath) (sandbox.Clock, error) {
			return s.Clock(ctx, in.Account)
		}),
		SetClock.bind(func(ctx context.Context, in ClockSetting) (sandbox.Clock, error) {
			return s.SetClock(ctx, in.Account, in.ClockSetting)
		}),
		AdvanceClock.bind(func(ctx context.Context, in ClockAdvance) (sandbox.Advanced, error) {
			return s.Advance(ctx, in.Account, in.Advance)
		}),
		GetDurations.bind(func(ctx context.Context, in AccountPath) (sandbox.Durations, error) {
			return s.Durations(ctx, in.Account)
		}),
		SetDurations.bind(func(ctx context.Context, in DurationsChange) (sandbox.Durations, error) {
			return s.SetDurations(ctx, in.Account, in.DurationsChange)
		}),
		ResetDurations.bind(func(ctx context.Context, in AccountPath) (None, error) {
			return None{}, s.ResetDurations(ctx, in.Account)
		}),
	}
}
