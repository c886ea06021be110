package understudy

import (
	"context"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Faults are what goes wrong on purpose in a sandbox: rules that say which of its requests are struck, when and by
// what. docs/faults.md has the presets, and what a rule can say.
type Faults struct{ s *Sandbox }

// Fault is a rule that is armed.
type Fault struct {
	ID      int64
	Name    string // the preset's, or the rule's own
	Effect  string
	Hits    int64     // how often it has struck
	LastHit time.Time // zero: never
}

// Faults returns the faults of the sandbox.
func (s *Sandbox) Faults() Faults { return Faults{s} }

// Arm arms a preset or a bundle, such as "flaky-5xx". A rule, as YAML or JSON, says what is to be otherwise than in the
// preset; it may be empty.
func (f Faults) Arm(ctx context.Context, preset, rule string) ([]Fault, error) {
	return f.arm(ctx, preset, rule)
}

// ArmRule arms a rule, as YAML or JSON:
//
//	match: {operation: createProDatabase}
//	when: {first: 1}
//	effect: {do: status, status: 503}
func (f Faults) ArmRule(ctx context.Context, rule string) ([]Fault, error) {
	return f.arm(ctx, "", rule)
}

func (f Faults) arm(ctx context.Context, preset, rule string) ([]Fault, error) {
	read, err := sandbox.ReadRule([]byte(rule), map[string]any{"match.account": strconv.Quote(f.s.ref())})
	var armed []sandbox.Fault
	if err == nil {
		armed, err = f.s.control().ArmFault(ctx, sandbox.NewFault{Preset: preset, Rule: read})
	}
	if err != nil {
		return nil, wrapped(err)
	}
	return faultsOf(armed), nil
}

// List returns the rules that are armed, in the order in which they were, with their hits.
func (f Faults) List(ctx context.Context) ([]Fault, error) {
	list, err := f.s.control().Faults(ctx, f.s.ref())
	if err != nil {
		return nil, wrapped(err)
	}
	return faultsOf(list), nil
}

// Disarm disarms a rule; the tasks that it holds go on.
func (f Faults) Disarm(ctx context.Context, id int64) error {
	if err := f.s.control().DisarmFault(ctx, strconv.FormatInt(id, 10)); err != nil {
		return wrapped(err)
	}
	return nil
}

// Clear disarms all rules of the sandbox.
func (f Faults) Clear(ctx context.Context) error {
	if _, err := f.s.control().ClearFaults(ctx, f.s.ref()); err != nil {
		return wrapped(err)
	}
	return nil
}

func faultsOf(list []sandbox.Fault) []Fault {
	faults := make([]Fault, len(list))
	for i, one := range list {
		faults[i] = Fault{ID: one.ID, Name: one.Rule.Name, Effect: one.Rule.Effect.Do, Hits: one.Hits}
		if one.LastHit != nil {
			faults[i].LastHit = *one.LastHit
		}
	}
	return faults
}
