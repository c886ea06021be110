package sandbox

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/oasdiff/yaml"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/store"
)

// Fault is an armed fault rule.
type Fault struct {
	ID      int64      `json:"id"`
	Account int64      `json:"account,omitempty"` // 0: all
	Rule    fault.Rule `json:"rule"`
	ArmedAt time.Time  `json:"armedAt"` // by the clock of its account
	Hits    int64      `json:"hits"`
	LastHit *time.Time `json:"lastHit,omitempty"`
}

// NewFault is what is to be armed: the rules of a preset or of a bundle, each changed by what the rule says; or the
// rule alone.
type NewFault struct {
	Preset string          `json:"preset,omitempty"`
	Rule   json.RawMessage `json:"rule,omitempty"`
}

// FaultPreset is a preset, or a bundle of some.
type FaultPreset struct {
	Name    string       `json:"name"`
	What    string       `json:"what"`
	Shows   string       `json:"shows,omitempty"` // what clients make of it that nobody has changed
	Rules   []fault.Rule `json:"rules,omitempty"`
	Presets []string     `json:"presets,omitempty"` // of a bundle
}

// FaultEffect is something that a rule can do.
type FaultEffect struct {
	Name  string   `json:"name"`
	What  string   `json:"what"`
	Takes []string `json:"takes"` // members of an effect that it takes
}

// Faults returns the rules that are armed, in the order in which they were: all of them, or those that are for an
// account alone. It returns what Account does.
func (s *Service) Faults(ctx context.Context, account string) ([]Fault, error) {
	var of Account
	if account != "" {
		var err error
		if of, err = s.Account(ctx, account); err != nil {
			return nil, err
		}
	}
	stored, err := s.db.FaultRules(ctx)
	if err != nil {
		return nil, err
	}
	list := []Fault{}
	for _, one := range stored {
		if account != "" && one.Account != of.ID {
			continue
		}
		f, err := shownFault(one)
		if err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// Fault returns an armed rule by its id. It returns FAULT_NOT_FOUND.
func (s *Service) Fault(ctx context.Context, id string) (Fault, error) {
	all, err := s.Faults(ctx, "")
	if err != nil {
		return Fault{}, err
	}
	for _, f := range all {
		if strconv.FormatInt(f.ID, 10) == id {
			return f, nil
		}
	}
	return Fault{}, cloud.Errorf("FAULT_NOT_FOUND", "There is no fault rule %s.", id)
}

// ArmFault arms rules, all of them or none. It returns FAULT_INVALID, naming what is most like what it does not know,
// and what Account does.
func (s *Service) ArmFault(ctx context.Context, spec NewFault) ([]Fault, error) {
	rules, err := s.faultRules(spec)
	if err != nil {
		return nil, err
	}
	account := int64(0)
	for _, rule := range rules {
		if ref := rule.Match.Account; ref != "" {
			of, err := s.Account(ctx, ref)
			if err != nil {
				return nil, err
			}
			account = of.ID
		}
	}
	stored, err := s.cfg.Engine.Faults().Arm(ctx, account, rules...)
	if err != nil {
		return nil, gone(err)
	}
	armed := make([]Fault, len(stored))
	for i, one := range stored {
		if armed[i], err = shownFault(one); err != nil {
			return nil, err
		}
	}
	return armed, nil
}

// faultRules returns the rules that are to be armed, or FAULT_INVALID.
func (s *Service) faultRules(spec NewFault) ([]fault.Rule, error) {
	words := s.cfg.Engine.Faults().Vocabulary()
	rules := []fault.Rule{{}}
	if spec.Preset != "" {
		var err error
		if rules, err = words.Named(spec.Preset); err != nil {
			return nil, cloud.Errorf("FAULT_INVALID", "%s.", capital(err.Error()))
		}
	}
	for i := range rules {
		if len(spec.Rule) > 0 {
			if err := fault.Read(spec.Rule, &rules[i]); err != nil {
				return nil, cloud.Errorf("FAULT_INVALID", "%s.", capital(err.Error()))
			}
		}
		if err := words.Check(&rules[i]); err != nil {
			return nil, cloud.Errorf("FAULT_INVALID", "%s.", capital(err.Error()))
		}
	}
	return rules, nil
}

// DisarmFault disarms a rule by its id; the tasks that it holds go on. It returns FAULT_NOT_FOUND.
func (s *Service) DisarmFault(ctx context.Context, id string) error {
	n, notID := strconv.ParseInt(id, 10, 64)
	if notID == nil {
		gone, err := s.disarm(ctx, n)
		if err != nil || gone > 0 {
			return err
		}
	}
	return cloud.Errorf("FAULT_NOT_FOUND", "There is no fault rule %s.", id)
}

// ClearFaults disarms all rules, or those that are for an account alone, and returns how many there were. It returns
// what Account does.
func (s *Service) ClearFaults(ctx context.Context, account string) (int, error) {
	all, err := s.Faults(ctx, account)
	if err != nil {
		return 0, err
	}
	ids := make([]int64, len(all))
	for i, f := range all {
		ids[i] = f.ID
	}
	return s.disarm(ctx, ids...)
}

func (s *Service) disarm(ctx context.Context, ids ...int64) (int, error) {
	n, err := s.cfg.Engine.Faults().Disarm(ctx, ids...)
	s.cfg.Engine.Wake()
	return n, err
}

// FaultPresets returns the presets and then the bundles.
func (s *Service) FaultPresets() []FaultPreset {
	list := []FaultPreset{}
	presets := s.cfg.Engine.Faults().Vocabulary().Presets()
	for _, p := range presets.All {
		list = append(list, FaultPreset{Name: p.Name, What: p.What, Shows: p.Shows, Rules: p.Rules})
	}
	for _, b := range presets.Bundles {
		list = append(list, FaultPreset{Name: b.Name, What: b.What, Presets: b.Presets})
	}
	return list
}

// FaultEffects returns what rules can do.
func (s *Service) FaultEffects() []FaultEffect {
	list := []FaultEffect{}
	for _, e := range fault.Effects() {
		list = append(list, FaultEffect{Name: e.Name, What: e.What, Takes: append([]string{}, e.Takes...)})
	}
	return list
}

// ReadRule reads a rule as YAML or JSON; it may be empty. Members of set, which may be paths, replace what it says.
func ReadRule(text []byte, set map[string]any) (json.RawMessage, error) {
	rule := map[string]any{}
	data, err := yaml.YAMLToJSON(text)
	if err == nil {
		err = json.Unmarshal(data, &rule) // of null there is nothing
	}
	if err != nil {
		return nil, fmt.Errorf("read the rule: %w", err)
	}
	if rule == nil {
		rule = map[string]any{}
	}
	for path, value := range set {
		if text, ok := value.(string); ok {
			if data, err := yaml.YAMLToJSON([]byte(text)); err == nil {
				value = json.RawMessage(data)
			}
		}
		put(rule, path, value)
	}
	return json.Marshal(rule)
}

// put sets a member of an object, which may be deeper in it.
func put(object map[string]any, path string, value any) {
	name, rest, deeper := strings.Cut(path, ".")
	if !deeper {
		object[name] = value
		return
	}
	below, ok := object[name].(map[string]any)
	if !ok {
		below = map[string]any{}
		object[name] = below
	}
	put(below, rest, value)
}

func shownFault(r store.FaultRule) (Fault, error) {
	f := Fault{ID: r.ID, Account: r.Account, ArmedAt: r.ArmedAt, Hits: r.Hits, LastHit: r.LastHit}
	if err := json.Unmarshal(r.Rule, &f.Rule); err != nil {
		return f, fmt.Errorf("read fault rule %d: %w", r.ID, err)
	}
	if r.Account != 0 { // which it may have been copied to
		f.Rule.Match.Account = strconv.FormatInt(r.Account, 10)
	}
	return f, nil
}

// capital begins a sentence.
func capital(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}
