package fault

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// Read reads a rule as it is written, over what is there already: what is written replaces it, member by member. A name
// that rules do not have is refused.
func Read(text []byte, over *Rule) error {
	if err := knownMembers("", text, reflect.TypeFor[Rule]()); err != nil {
		return err
	}
	if err := json.Unmarshal(text, over); err != nil {
		if wrong, ok := errors.AsType[*json.UnmarshalTypeError](err); ok {
			return fmt.Errorf("%s cannot be a %s", wrong.Field, wrong.Value)
		}
		return err
	}
	return nil
}

// knownMembers refuses members that a struct does not have, at any depth.
func knownMembers(at string, text []byte, typ reflect.Type) error {
	var members map[string]json.RawMessage
	if json.Unmarshal(text, &members) != nil || members == nil {
		return nil // for the reader to refuse
	}
	fields := map[string]reflect.Type{}
	for field := range typ.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		fields[name] = field.Type
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		field, ok := fields[name]
		if !ok {
			return fmt.Errorf("a rule has no %s%s%s", at, name, didYouMean(name, slices.Sorted(maps.Keys(fields))))
		}
		for field.Kind() == reflect.Pointer {
			field = field.Elem()
		}
		if field.Kind() != reflect.Struct {
			continue
		}
		if err := knownMembers(at+name+".", members[name], field); err != nil {
			return err
		}
	}
	return nil
}

// Check completes a rule, or says what is wrong with it.
func (v *Vocabulary) Check(r *Rule) error {
	effect, ok := effectNamed(r.Effect.Do)
	switch {
	case r.Effect.Do == "":
		return errors.New("a rule needs an effect: effect.do says which")
	case !ok:
		return fmt.Errorf("there is no effect %s%s", r.Effect.Do, didYouMean(r.Effect.Do, effectNames()))
	}
	r.complete()
	if strings.ContainsFunc(r.Name, func(c rune) bool { return c < ' ' || c > '~' || c == ',' || c == '#' }) {
		return fmt.Errorf("the name %q cannot stand in a header", r.Name)
	}
	for _, check := range []func() error{
		func() error { return v.checkMatch(r.Match, effect) },
		func() error { return checkWhen(r.When, r.Match, r.Effect) },
		func() error { return v.checkEffect(r.Effect, r.Match, effect) },
	} {
		if err := check(); err != nil {
			return err
		}
	}
	return nil
}

// complete says what a rule means without saying so.
func (r *Rule) complete() {
	if r.Name == "" {
		r.Name = r.Effect.Do
	}
	if r.Effect.Do == "task-unknown" {
		r.When.First, r.When.Per = r.Effect.Reads, "path"
	}
}

func (v *Vocabulary) checkMatch(m Match, effect EffectInfo) error {
	for _, p := range m.Operation {
		if len(v.Fitting(Match{Operation: Patterns{p}})) == 0 {
			return fmt.Errorf("there is no operation %s%s", p, didYouMean(p, v.ids()))
		}
	}
	if m.Kind != "" && v.Presets().Kinds[m.Kind] == nil {
		kinds := slices.Sorted(maps.Keys(v.Presets().Kinds))
		return fmt.Errorf("there is no kind of resource %s%s", m.Kind, didYouMean(m.Kind, kinds))
	}
	phases := []string{"received", "running", "done", "failed"}
	methods := []string{"GET", "POST", "PUT", "PATCH", "DELETE"}
	fitting := v.Fitting(m)
	switch {
	case m.Phase != "" && !slices.Contains(phases, m.Phase):
		return fmt.Errorf("a task has no phase %s%s", m.Phase, didYouMean(m.Phase, phases))
	case m.Phase != "" && !effect.answer && effect.Name != "status":
		return fmt.Errorf("the phase of a task is known when it is answered with, too late for %s", effect.Name)
	case m.Method != "" && !slices.Contains(methods, strings.ToUpper(m.Method)):
		return fmt.Errorf("there is no method %s%s", m.Method, didYouMean(m.Method, methods))
	case m.Path != "" && !v.hasPath(m.Path):
		return fmt.Errorf("there is no path %s%s", m.Path, didYouMean(m.Path, v.paths()))
	case len(fitting) == 0:
		return fmt.Errorf("no operation is on a %s and called %s", m.Kind, strings.Join(m.Operation, " or "))
	case effect.layer == engine && !slices.ContainsFunc(fitting, func(op Operation) bool { return op.Task }):
		return fmt.Errorf("%s strikes tasks, and none of these operations is answered with one", effect.Name)
	case strings.HasPrefix(effect.Name, "task-") && effect.reads &&
		!slices.ContainsFunc(fitting, func(op Operation) bool { return op.ReadsTask }):
		return fmt.Errorf("%s strikes reads of tasks, and none of these operations is one", effect.Name)
	}
	return nil
}

func checkWhen(w When, m Match, e Effect) error {
	chosen := 0
	for _, is := range []bool{w.First > 0, w.Nth > 0, w.Every > 0, w.Probability != nil} {
		if is {
			chosen++
		}
	}
	pers := []string{"", "path", "account", "key"}
	switch {
	case w.After < 0 || w.First < 0 || w.Nth < 0 || w.Every < 0:
		return errors.New("when: what is counted is never below 0")
	case chosen > 1:
		return errors.New("when: only one of first, nth, every and probability goes")
	case w.Probability != nil && (*w.Probability < 0 || *w.Probability > 1):
		return errors.New("when: a probability is from 0 to 1")
	case !slices.Contains(pers, w.Per):
		return fmt.Errorf("when: requests cannot be counted per %s%s", w.Per, didYouMean(w.Per, pers[1:]))
	case w.Window != nil && m.Account == "":
		return errors.New("when: a window goes by the clock of an account: say which in match.account")
	case w.Window != nil && w.Window.To != 0 && w.Window.To <= w.Window.From:
		return errors.New("when: a window ends after it begins")
	case e.Do == "stale" && w != When{}:
		return errors.New("when: a stale read is counted by its reads alone")
	}
	return nil
}

func (v *Vocabulary) checkEffect(e Effect, m Match, effect EffectInfo) error {
	said := map[string]bool{}
	value := reflect.ValueOf(e)
	for field, content := range value.Fields() {
		name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
		if name == "do" || content.IsZero() {
			continue
		}
		said[name] = true
		if !slices.Contains(effect.Takes, name) {
			return fmt.Errorf("%s takes no %s%s", effect.Name, name, didYouMean(name, effect.Takes))
		}
	}
	if len(effect.Needs) > 0 && !slices.ContainsFunc(effect.Needs, func(name string) bool { return said[name] }) {
		return fmt.Errorf("%s needs %s", effect.Name, strings.Join(effect.Needs, " or "))
	}
	ats := []string{"before", "in", "after"}
	switch {
	case e.Status != 0 && (e.Status < 200 || e.Status > 599):
		return fmt.Errorf("%d is no status of an answer", e.Status)
	case e.At != "" && !slices.Contains(ats, e.At):
		return fmt.Errorf("a connection is not reset at %s%s", e.At, didYouMean(e.At, ats))
	case e.To != 0 && e.To < e.From:
		return errors.New("effect: to is before from")
	case e.Limit < 0 || e.Remaining < 0 || e.Reads < 0 || e.Times < 0 || e.RetryAfter < 0 || e.Sigma < 0:
		return errors.New("effect: a number is below 0")
	case e.Code != "" && !slices.Contains(v.Codes, e.Code):
		return fmt.Errorf("there is no error code %s%s", e.Code, didYouMean(e.Code, v.Codes))
	}
	names := slices.Concat(e.Members, slices.Sorted(maps.Keys(e.Names)))
	if effect.Name == "set" || effect.Name == "extend" {
		names = append(names, slices.Sorted(maps.Keys(e.Values))...)
	}
	if len(names) == 0 {
		return nil
	}
	known := v.members(m, effect.Name == "ignore")
	for _, path := range names {
		for name := range strings.SplitSeq(path, ".") {
			if !slices.Contains(known, name) {
				return fmt.Errorf("no such request or answer has a member %s%s", name, didYouMean(name, known))
			}
		}
	}
	return nil
}
