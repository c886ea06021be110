package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Faults returns the rules that are armed. The edge asks the same ones.
func (e *Engine) Faults() *fault.Armed { return e.faults }

// vocabulary is what fault rules may name of the APIs.
func vocabulary(apis []API, operations map[string]*bound) (v fault.Vocabulary) {
	for _, api := range apis {
		for _, op := range api.Document.Operations() {
			v.Operations = append(v.Operations, fault.Operation{
				ID: op.ID, Method: op.Method, Path: strings.TrimPrefix(op.Path, api.Document.Root()), Params: op.PathParams(),
				Answers: op.AnswerMembers, Asks: op.BodyMembers,
				Task: op.Command != "", ReadsTask: operations[op.ID].asks != nil,
			})
		}
		for code := range api.Document.Codes() {
			v.Codes = append(v.Codes, code)
		}
	}
	v.Presets = sync.OnceValue(func() *fault.Presets {
		all := &fault.Presets{}
		for _, api := range apis {
			if api.Presets != nil {
				all = fault.Together(all, api.Presets())
			}
		}
		return all
	})
	return v
}

// strike asks the rules what strikes a task that is about to be accepted. It marks the task, and returns the strikes as
// they are stored with it; nil: there are none.
func (e *Engine) strike(
	ctx context.Context, caller cloud.Caller, op *bound, req binding.Request, task *cloud.Task,
) (*string, error) {
	if e.faults.None() {
		return nil, nil
	}
	strikes, err := e.faults.Strikes(ctx, fault.Accepted, FaultRequest(caller, op.doc, req))
	if err != nil || len(strikes) == 0 {
		return nil, err
	}
	task.Injected = marks(strikes)
	return encoded(strikes)
}

func encoded(strikes []fault.Strike) (*string, error) {
	if len(strikes) == 0 {
		return nil, nil
	}
	text, err := json.Marshal(strikes)
	if err != nil {
		return nil, fmt.Errorf("write strikes: %w", err)
	}
	return new(string(text)), nil
}

// marks is how strikes are told of.
func marks(strikes []fault.Strike) string {
	var names []string
	for _, s := range strikes {
		names = append(names, s.Mark())
	}
	return strings.Join(names, ", ")
}

// errHeld says that a task is not to be processed yet.
var errHeld = errors.New("held by a fault rule")

// strikes are the strikes at one task.
type strikes []fault.Strike

func readStrikes(c store.Claim) (s strikes, err error) {
	if c.Faults == nil {
		return nil, nil
	}
	if err := json.Unmarshal(c.Faults, &s); err != nil {
		return nil, fmt.Errorf("read strikes: %w", err)
	}
	return s, nil
}

// hold gives a task back that is to wait, and returns errHeld for one; else what is left of the strikes.
func (e *Engine) hold(ctx context.Context, c store.Claim, all strikes) (left strikes, err error) {
	for i, s := range all {
		switch s.Effect.Do {
		case "task-stuck":
			held, err := e.db.HoldTask(ctx, c, s.Rule)
			if err != nil {
				return nil, err
			}
			if held {
				return nil, errHeld
			}
		case "task-slow":
			s.Effect.Do = "was-slow" // is told of at its end
			text, err := encoded(slices.Concat(left, all[i+1:], strikes{s}))
			if err != nil {
				return nil, err
			}
			if err := e.db.DelayTask(ctx, c, e.scaled(time.Duration(s.Effect.For)), text); err != nil {
				return nil, err
			}
			return nil, errHeld
		default:
			left = append(left, s)
		}
	}
	return left, nil
}

// failure is the error that a task or what it changes ends in by a strike that does something; nil: there is none.
func (e *Engine) failureOf(c store.Claim, all strikes, do string) *cloud.Error {
	found := fault.Of(all, do)
	if len(found) == 0 {
		return nil
	}
	effect := found[0].Effect
	if effect.Message == "" {
		effect.Message = "It failed by a fault rule."
	}
	return e.explained(c.Operation, &cloud.Error{Code: cloud.Code(effect.Code), Description: effect.Message})
}

// apply changes what is left to provisioning.
func (e *Engine) apply(c store.Claim, all strikes, steps []cloud.Step) (changed []cloud.Step) {
	changed = steps
	for _, s := range all {
		var out []cloud.Step
		for _, step := range changed {
			if s.Kind != "" && s.Kind != step.Kind.Name {
				out = append(out, step)
				continue
			}
			out = append(out, e.applyOne(c, s, step)...)
		}
		changed = out
	}
	return changed
}

// applyOne makes of a step what a strike leaves of it.
func (e *Engine) applyOne(c store.Claim, s fault.Strike, step cloud.Step) []cloud.Step {
	length := time.Duration(s.Effect.For)
	switch s.Effect.Do {
	case "provisioning-error":
		step.Status, step.Error, step.Patch = cloud.StatusError, e.failureOf(c, strikes{s}, s.Effect.Do), nil
	case "provisioning-slow":
		step.After += length
	case "provisioning-flaps":
		if step.Status == cloud.StatusGone {
			break
		}
		steps := []cloud.Step{step}
		again := step
		again.Patch = nil
		for range s.Effect.Times {
			for _, status := range []cloud.Status{cloud.StatusPending, step.Status} {
				again.After += length
				again.Status = status
				steps = append(steps, again)
			}
		}
		return steps
	case "provisioning-state":
		if step.Status == cloud.StatusGone {
			break
		}
		strange := step
		strange.Status = cloud.Status(s.Effect.State)
		strange.Error = nil
		if length == 0 {
			return []cloud.Step{strange}
		}
		step.After += length
		return []cloud.Step{strange, step}
	}
	return []cloud.Step{step}
}

// FaultRequest is a request as fault rules look at it.
func FaultRequest(caller cloud.Caller, op *openapi.Operation, req binding.Request) *fault.Request {
	path := strings.TrimPrefix(op.Path, op.Document().Root())
	for name, value := range req.Path {
		path = strings.ReplaceAll(path, "{"+name+"}", value)
	}
	return &fault.Request{
		Account: caller.Account, Key: caller.Key.Name, Agent: caller.Agent,
		Operation: op.ID, Method: op.Method, Path: path, Params: req.Path, Body: req.Body,
	}
}

// refreshFaults copies the rules after another server has changed them.
func (e *Engine) refreshFaults(ctx context.Context) {
	if err := e.faults.Refresh(ctx); err != nil && ctx.Err() == nil {
		e.log.Warn("fault rules not refreshed", "error", err)
	}
}
