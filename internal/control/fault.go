package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The operations on fault rules.
const (
	ListFaults       Operation[FaultQuery, Faults]        = "listFaults"
	ArmFault         Operation[sandbox.NewFault, Faults]  = "armFault"
	ClearFaults      Operation[FaultQuery, ClearedFaults] = "clearFaults"
	GetFault         Operation[FaultPath, sandbox.Fault]  = "getFault"
	DisarmFault      Operation[FaultPath, None]           = "disarmFault"
	ListFaultPresets Operation[None, FaultPresets]        = "listFaultPresets"
	ListFaultEffects Operation[None, FaultEffects]        = "listFaultEffects"
)

// FaultQuery names whose rules are meant, by an account's id or name; empty: all.
type FaultQuery struct {
	Account string `query:"account" json:"-"`
}

// FaultPath names a rule, by its id.
type FaultPath struct {
	Fault string `path:"fault" json:"-"`
}

// Faults is a list of rules.
type Faults struct {
	Faults []sandbox.Fault `json:"faults"`
}

// ClearedFaults says how many rules were disarmed.
type ClearedFaults struct {
	Disarmed int `json:"disarmed"`
}

// FaultPresets is a list of presets.
type FaultPresets struct {
	Presets []sandbox.FaultPreset `json:"presets"`
}

// FaultEffects is a list of effects.
type FaultEffects struct {
	Effects []sandbox.FaultEffect `json:"effects"`
}

func faultOperations(s *sandbox.Service) []bound {
	return []bound{
		ListFaults.bind(func(ctx context.Context, in FaultQuery) (Faults, error) {
			list, err := s.Faults(ctx, in.Account)
			return Faults{list}, err
		}),
		ArmFault.bind(func(ctx context.Context, in sandbox.NewFault) (Faults, error) {
			list, err := s.ArmFault(ctx, in)
			return Faults{list}, err
		}),
		ClearFaults.bind(func(ctx context.Context, in FaultQuery) (ClearedFaults, error) {
			n, err := s.ClearFaults(ctx, in.Account)
			return ClearedFaults{n}, err
		}),
		GetFault.bind(func(ctx context.Context, in FaultPath) (sandbox.Fault, error) { return s.Fault(ctx, in.Fault) }),
		DisarmFault.bind(func(ctx context.Context, in FaultPath) (None, error) {
			return None{}, s.DisarmFault(ctx, in.Fault)
		}),
		ListFaultPresets.bind(func(context.Context, None) (FaultPresets, error) {
			return FaultPresets{s.FaultPresets()}, nil
		}),
		ListFaultEffects.bind(func(context.Context, None) (FaultEffects, error) {
			return FaultEffects{s.FaultEffects()}, nil
		}),
	}
}
