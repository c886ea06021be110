package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/oasdiff/yaml"
)

// Presets are rules that a dialect brings along, by name, and bundles of them. They do not change.
type Presets struct {
	Kinds   map[string][]string // kinds of resource, with patterns of the operations on them
	All     []Preset
	Bundles []Bundle
}

// Preset is some rules that go together, after something that happens to users of the real service.
type Preset struct {
	Name  string `json:"name"`
	What  string `json:"what"`  // what goes wrong
	Shows string `json:"shows"` // what an unmodified client makes of it
	Rules []Rule `json:"rules"`
}

// Bundle is some presets that go together.
type Bundle struct {
	Name    string   `json:"name"`
	What    string   `json:"what"`
	Presets []string `json:"presets"`
}

// ReadPresets returns presets that are built in as YAML. They are read when they are first asked for, which panics if
// they are wrong. Whether they name what there is, CheckPresets finds out.
func ReadPresets(text []byte) func() *Presets {
	return sync.OnceValue(func() *Presets {
		p, err := readPresets(text)
		if err != nil {
			panic(err)
		}
		return p
	})
}

func readPresets(text []byte) (*Presets, error) {
	data, err := yaml.YAMLToJSON(text)
	if err != nil {
		return nil, fmt.Errorf("read presets: %w", err)
	}
	var file struct {
		Kinds   map[string][]string `json:"kinds"`
		Presets []struct {
			Preset
			Rules []json.RawMessage `json:"rules"`
		} `json:"presets"`
		Bundles []Bundle `json:"bundles"`
	}
	if err := json.Unmarshal(data, &file); err != nil {
		return nil, fmt.Errorf("read presets: %w", err)
	}
	p := &Presets{Kinds: file.Kinds, Bundles: file.Bundles}
	for _, read := range file.Presets {
		one := read.Preset
		one.Rules = make([]Rule, len(read.Rules))
		for i, rule := range read.Rules {
			one.Rules[i] = Rule{Name: one.Name, Preset: one.Name}
			if err := Read(rule, &one.Rules[i]); err != nil {
				return nil, fmt.Errorf("preset %s: %w", one.Name, err)
			}
			one.Rules[i].complete()
		}
		p.All = append(p.All, one)
	}
	return p, nil
}

// Together is the presets of two APIs.
func Together(one, other *Presets) *Presets {
	both := &Presets{
		Kinds: maps.Clone(one.Kinds), All: slices.Concat(one.All, other.All),
		Bundles: slices.Concat(one.Bundles, other.Bundles),
	}
	if both.Kinds == nil {
		both.Kinds = map[string][]string{}
	}
	for kind, patterns := range other.Kinds {
		both.Kinds[kind] = slices.Concat(both.Kinds[kind], patterns)
	}
	return both
}

// CheckPresets holds the presets against what the APIs have. That is for tests: presets are built in, and each is
// checked again when it is armed.
func (v *Vocabulary) CheckPresets() error {
	presets := v.Presets()
	var problems []error
	for kind, patterns := range presets.Kinds {
		for _, p := range patterns {
			if len(v.Fitting(Match{Operation: Patterns{p}})) == 0 {
				problems = append(problems, fmt.Errorf("kind %s: there is no operation %s%s", kind, p, didYouMean(p, v.ids())))
			}
		}
	}
	names := map[string]bool{}
	for _, preset := range presets.All {
		if names[preset.Name] {
			problems = append(problems, fmt.Errorf("two presets are called %s", preset.Name))
		}
		names[preset.Name] = true
		for _, rule := range preset.Rules {
			if err := v.Check(&rule); err != nil {
				problems = append(problems, fmt.Errorf("preset %s: %w", preset.Name, err))
			}
		}
	}
	for _, bundle := range presets.Bundles {
		for _, name := range bundle.Presets {
			if _, err := v.Named(name); err != nil {
				problems = append(problems, fmt.Errorf("bundle %s: %w", bundle.Name, err))
			}
		}
	}
	return errors.Join(problems...)
}

// copied copies rules, so that what is read over them leaves these as they are.
func copied(rules []Rule) (copies []Rule, err error) {
	text, err := json.Marshal(rules)
	if err == nil {
		err = json.Unmarshal(text, &copies)
	}
	return copies, err
}

// Named returns the rules of a preset or of a bundle.
func (v *Vocabulary) Named(name string) (rules []Rule, err error) {
	presets := v.Presets()
	var names []string
	for _, p := range presets.All {
		if p.Name == name {
			return copied(p.Rules)
		}
		names = append(names, p.Name)
	}
	for _, b := range presets.Bundles {
		names = append(names, b.Name)
		if b.Name != name {
			continue
		}
		for _, of := range b.Presets {
			one, err := v.Named(of)
			if err != nil {
				return nil, err
			}
			rules = append(rules, one...)
		}
		return rules, nil
	}
	return nil, fmt.Errorf("there is no preset %s%s", name, didYouMean(name, names))
}
