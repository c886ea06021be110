package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The operations on clocks.
const (
	GetClock     Operation[AccountPath, sandbox.Clock]     = "getClock"
	SetClock     Operation[ClockSetting, sandbox.Clock]    = "setClock"
	AdvanceClock Operation[ClockAdvance, sandbox.Advanced] = "advanceClock"
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
	}
}
