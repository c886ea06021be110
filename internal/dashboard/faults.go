package dashboard

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// faults is the page of what goes wrong on purpose.
type faults struct {
	Armed   []sandbox.Fault
	Presets []sandbox.FaultPreset
	Bundles []sandbox.FaultPreset
	Text    string
	Effects []sandbox.FaultEffect
	Hits    map[string]int64 // of what is armed, by preset
	Example string           // of a rule
	Names   map[int64]string // of accounts
}

const exampleRule = `{
  "match": {"operation": "create*", "name": "orders-*"},
  "when": {"first": 2},
  "effect": {"do": "task-error", "code": "GENERAL_ERROR"}
}`

func loadFaults(h *Handler, q *query) (any, error) {
	f := &faults{Text: q.get("q"), Effects: h.Service.FaultEffects(), Hits: map[string]int64{}, Example: exampleRule}
	all, err := h.Service.Faults(q.ctx(), "")
	if err != nil {
		return nil, err
	}
	for _, one := range all {
		if q.account.ID != 0 && one.Account != 0 && one.Account != q.account.ID {
			continue
		}
		f.Armed = append(f.Armed, one)
		if name := one.Rule.Preset; name != "" {
			f.Hits[name] += one.Hits
		}
	}
	for _, p := range h.Service.FaultPresets() {
		text := strings.ToLower(p.Name + " " + p.What + " " + p.Shows)
		if !strings.Contains(text, strings.ToLower(f.Text)) {
			continue
		}
		if len(p.Presets) > 0 {
			f.Bundles = append(f.Bundles, p)
		} else {
			f.Presets = append(f.Presets, p)
		}
	}
	return f, nil
}

// ArmedAs reports whether a preset is armed.
func (f *faults) ArmedAs(preset string) bool {
	_, armed := f.Hits[preset]
	return armed
}

func armFault(ctx context.Context, o order) (any, error) {
	fault := sandbox.NewFault{Preset: o.get("preset")}
	rule := map[string]any{}
	if text := strings.TrimSpace(o.get("rule")); text != "" {
		if err := json.Unmarshal([]byte(text), &rule); err != nil {
			return nil, cloud.Errorf("FAULT_INVALID", "The rule is not JSON: %s.", err)
		}
	}
	if o.account != "" && o.get("everywhere") == "" {
		match, _ := rule["match"].(map[string]any)
		if match == nil {
			match = map[string]any{}
		}
		if match["account"] == nil {
			match["account"] = o.account
		}
		rule["match"] = match
	}
	if len(rule) > 0 {
		text, err := json.Marshal(rule)
		if err != nil {
			return nil, err
		}
		fault.Rule = text
	}
	_, err := o.service.ArmFault(ctx, fault)
	return nil, err
}

func disarmFault(ctx context.Context, o order) (any, error) {
	return nil, o.service.DisarmFault(ctx, o.get("fault"))
}

func clearFaults(ctx context.Context, o order) (any, error) {
	_, err := o.service.ClearFaults(ctx, o.account)
	return nil, err
}
