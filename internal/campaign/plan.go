package campaign

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// plan is a run to do.
type plan struct {
	fault string // preset or bundle; empty: none
	what  string
	rules []fault.Rule
	speed float64
}

// usualSpeed is how much faster than in the real cloud time passes under a fault that needs some to pass. Under all
// others nothing takes any time: so the same requests come in the same order each time.
const usualSpeed = 600

// plans are the runs under faults: those that are wanted, or all presets.
func (cfg Config) plans(ctx context.Context) (plans []plan, err error) {
	offered, err := control.ListFaultPresets.Call(ctx, cfg.Client, control.None{})
	if err != nil {
		return nil, err
	}
	byName := map[string]sandbox.FaultPreset{}
	for _, p := range offered.Presets {
		byName[p.Name] = p
	}
	wanted := cfg.Faults
	if len(wanted) == 0 {
		for _, p := range offered.Presets {
			if len(p.Presets) == 0 {
				wanted = append(wanted, p.Name)
			}
		}
	}
	for _, name := range wanted {
		if slices.ContainsFunc(plans, func(p plan) bool { return p.fault == name }) {
			continue
		}
		preset, ok := byName[name]
		if !ok {
			return nil, fmt.Errorf("there is no fault preset or bundle %q: `understudy fault presets` lists them", name)
		}
		p := plan{fault: name, what: preset.What, rules: preset.Rules}
		for _, part := range preset.Presets {
			p.rules = append(p.rules, byName[part].Rules...)
		}
		if slices.ContainsFunc(p.rules, needsTime) {
			p.speed = usualSpeed
		}
		plans = append(plans, p)
	}
	return plans, nil
}

// needsTime reports whether a rule can do nothing where no work takes any time.
func needsTime(r fault.Rule) bool {
	switch r.Effect.Do {
	case "task-slow", "provisioning-slow", "provisioning-flaps", "provisioning-state", "limit-refused":
		return true
	}
	return r.Match.State != "" && r.Match.State != "active"
}

// canStrike reports whether a rule may strike one of some operations. Before it strikes, a module asks for the same as
// without a fault: what that leaves alone, it never reaches.
func (p plan) canStrike(operations map[string]bool) bool {
	return slices.ContainsFunc(p.rules, func(r fault.Rule) bool {
		if len(r.Match.Operation) == 0 {
			return true
		}
		for _, pattern := range r.Match.Operation {
			for operation := range operations {
				fits, err := path.Match(strings.ToLower(pattern), strings.ToLower(operation))
				if fits || err != nil {
					return true
				}
			}
		}
		return false
	})
}
