package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// External is something that happens to an account from outside its API, by the hand of somebody else: the owner of a
// network, the cloud itself. Each dialect has its own; make one with NewExternal.
type External struct {
	Name    string
	Summary string // one line
	Inputs  []ExternalInput
	do      func(ctx context.Context, tx *store.Tx, inputs json.RawMessage) error
}

// ExternalInput is what an external event wants to know.
type ExternalInput struct {
	Name     string
	Help     string
	Integer  bool // else a text
	Required bool
}

// NewExternal makes an external event of a function. Its inputs are the fields of In, texts and integers, with their
// name in `json:` (omitempty: it may be left out) and what they are in `help:`. An error of the function that is a
// *cloud.Error says why it cannot happen, and then nothing has.
func NewExternal[In any](name, summary string, do func(context.Context, *store.Tx, In) error) External {
	e := External{Name: name, Summary: summary, do: func(ctx context.Context, tx *store.Tx, inputs json.RawMessage) error {
		var in In
		if err := json.Unmarshal(inputs, &in); err != nil {
			return fmt.Errorf("read inputs of %s: %w", name, err)
		}
		return do(ctx, tx, in)
	}}
	for _, field := range reflect.VisibleFields(reflect.TypeFor[In]()) {
		text, options, _ := strings.Cut(field.Tag.Get("json"), ",")
		value := field.Type
		if value.Kind() == reflect.Pointer {
			value = value.Elem()
		}
		e.Inputs = append(e.Inputs, ExternalInput{
			Name: text, Help: field.Tag.Get("help"), Integer: value.Kind() == reflect.Int64, Required: options == "",
		})
	}
	return e
}

// Trigger lets an external event happen to an account. inputs are texts and numbers by name; an error in them is a
// *cloud.Error with the code that is given for it.
func (e *Engine) Trigger(
	ctx context.Context, account int64, event External, inputs map[string]any, invalid cloud.Code,
) error {
	body, err := event.encode(inputs, invalid)
	if err != nil {
		return err
	}
	err = e.db.Write(ctx, cloud.Caller{Account: account}, func(tx *store.Tx) error {
		if err := event.do(ctx, tx, body); err != nil {
			return err
		}
		return e.plan(ctx, e.Lengths(), tx, tx.Planned(), false)
	})
	if err != nil {
		return err
	}
	e.steps.wake.set()
	e.tell(account)
	return nil
}

// encode checks inputs and makes JSON of them.
func (x External) encode(inputs map[string]any, invalid cloud.Code) (json.RawMessage, error) {
	refuse := func(format string, args ...any) (json.RawMessage, error) {
		return nil, cloud.Errorf(invalid, "%s: %s", x.Name, fmt.Sprintf(format, args...))
	}
	values := map[string]any{}
	for _, in := range x.Inputs {
		value, given := inputs[in.Name]
		if !given {
			if in.Required {
				return refuse("%s is missing: %s", in.Name, in.Help)
			}
			continue
		}
		text := fmt.Sprint(value)
		if number, ok := value.(float64); ok { // JSON's
			text = strconv.FormatFloat(number, 'f', -1, 64)
		}
		values[in.Name] = text
		if in.Integer {
			number, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return refuse("%s is %q, which is no whole number", in.Name, text)
			}
			values[in.Name] = number
		}
	}
	for name := range inputs {
		if !slices.ContainsFunc(x.Inputs, func(in ExternalInput) bool { return in.Name == name }) {
			return refuse("%s is not known; there is %s", name, x.names())
		}
	}
	return json.Marshal(values)
}

func (x External) names() string {
	names := make([]string, 0, len(x.Inputs))
	for _, in := range x.Inputs {
		names = append(names, in.Name)
	}
	return strings.Join(names, ", ")
}
