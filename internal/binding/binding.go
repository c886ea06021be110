// Package binding is how a Go function takes a request: a struct whose fields have `path:`, `query:` and `json:` tags.
// It reads the tags once, holds them against the operation of a document, and makes values of requests. Whoever serves
// operations, of a dialect or of the sandbox itself, binds them with it; none looks into a request by hand.
//
// Begin with Of.
package binding

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// Request is a request as a task keeps it: checked against the document, and
// not yet given a Go type.
type Request struct {
	Path  map[string]string `json:"path,omitempty"`
	Query map[string]string `json:"query,omitempty"`
	Body  json.RawMessage   `json:"body,omitempty"`
}

// Input is the Go type that a function wants its request in. Make one with Of.
type Input struct {
	typ    reflect.Type
	path   map[string]parameter
	query  map[string]parameter
	body   []string // top-level JSON members
	faults []string // what is wrong with the type itself
}

// parameter is the field that takes a parameter. An optional one may be of some
// operations only, those of its twins that have it in their path.
type parameter struct {
	field    []int // index, also of an embedded struct's field
	optional bool
}

// Of reads the tags of a struct. Reflection ends here, at start: whatever a
// tag gets wrong is a problem that Problems reports.
func Of[In any]() Input {
	in := Input{typ: reflect.TypeFor[In](), path: map[string]parameter{}, query: map[string]parameter{}}
	if in.typ.Kind() != reflect.Struct {
		in.faults = append(in.faults, fmt.Sprintf("input %s is not a struct", in.typ))
		return in
	}
	for _, f := range reflect.VisibleFields(in.typ) {
		if tag, ok := f.Tag.Lookup("path"); ok {
			name, optional := strings.CutSuffix(tag, ",optional")
			in.path[name] = parameter{field: f.Index, optional: optional}
			in.checkParameter(f)
		} else if name, ok := f.Tag.Lookup("query"); ok {
			in.query[name] = parameter{field: f.Index}
			in.checkParameter(f)
		} else if len(f.Index) == 1 { // members looks into embedded structs itself
			in.body = append(in.body, members(f)...)
		}
	}
	return in
}

// pathOf lists the path parameters that are read, without the optional ones that
// an operation does not have.
func (in *Input) pathOf(declared []string) []string {
	return slices.DeleteFunc(keys(in.path), func(name string) bool {
		return in.path[name].optional && !slices.Contains(declared, name)
	})
}

func (in *Input) checkParameter(f reflect.StructField) {
	if err := setParameter(reflect.New(f.Type).Elem(), "0"); err != nil || !f.IsExported() || f.Tag.Get("json") != "-" {
		in.faults = append(in.faults,
			fmt.Sprintf("parameter field %s must be an exported string or integer with `json:\"-\"`", f.Name))
	}
}

// members lists the JSON members of a field, those of an embedded struct too.
func members(f reflect.StructField) []string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	switch {
	case name == "-":
		return nil
	case name == "" && f.Anonymous && f.Type.Kind() == reflect.Struct:
		var all []string
		for field := range f.Type.Fields() {
			all = append(all, members(field)...)
		}
		return all
	case name == "":
		return []string{f.Name}
	}
	return []string{name}
}

// Decode makes an input from a request that the document has allowed.
func (in *Input) Decode(req Request) (any, error) {
	v := reflect.New(in.typ)
	if len(req.Body) > 0 {
		if err := json.Unmarshal(req.Body, v.Interface()); err != nil {
			return nil, fmt.Errorf("decode body: %w", err)
		}
	}
	for name, p := range in.path {
		value, ok := req.Path[name]
		if !ok && p.optional {
			continue
		}
		if err := setParameter(v.Elem().FieldByIndex(p.field), value); err != nil {
			return nil, fmt.Errorf("path parameter %s: %w", name, err)
		}
	}
	for name, p := range in.query {
		value, ok := req.Query[name]
		if !ok {
			continue
		}
		if err := setParameter(v.Elem().FieldByIndex(p.field), value); err != nil {
			return nil, fmt.Errorf("query parameter %s: %w", name, err)
		}
	}
	return v.Interface(), nil
}

func setParameter(field reflect.Value, value string) error {
	switch field.Kind() {
	case reflect.String:
		field.SetString(value)
	case reflect.Int, reflect.Int32, reflect.Int64:
		n, err := strconv.ParseInt(value, 10, field.Type().Bits())
		if err != nil {
			return fmt.Errorf("not an integer: %q", value)
		}
		field.SetInt(n)
	case reflect.Bool:
		b, err := strconv.ParseBool(value)
		if err != nil {
			b = value == "0"
		}
		field.SetBool(b)
	case reflect.Pointer:
		p := reflect.New(field.Type().Elem())
		if err := setParameter(p.Elem(), value); err != nil {
			return err
		}
		field.Set(p)
	default:
		return fmt.Errorf("cannot hold a parameter: %s", field.Type())
	}
	return nil
}

// Encode is the way back: it makes the request that Decode would make v of, for a client. A query parameter that has
// the zero value is left out.
func (in *Input) Encode(v any) (req Request, err error) {
	value := reflect.Indirect(reflect.ValueOf(v))
	texts := func(params map[string]parameter, all bool) map[string]string {
		set := map[string]string{}
		for name, p := range params {
			field := value.FieldByIndex(p.field)
			if !field.IsZero() || all && !p.optional {
				set[name] = fmt.Sprint(reflect.Indirect(field).Interface())
			}
		}
		return set
	}
	req.Path, req.Query = texts(in.path, true), texts(in.query, false)
	if len(in.body) > 0 {
		if req.Body, err = json.Marshal(v); err != nil {
			return req, fmt.Errorf("encode body: %w", err)
		}
	}
	return req, nil
}

// Type returns the struct.
func (in *Input) Type() reflect.Type { return in.typ }

// Problems names everything in which the type and an operation do not match: parameters and members that only one of
// them knows, and what is wrong with the type itself.
func (in *Input) Problems(op *openapi.Operation) (problems []error) {
	for _, fault := range in.faults {
		problems = append(problems, fmt.Errorf("%s: %s", op.ID, fault))
	}
	compare := func(what string, have, want []string) {
		for _, name := range have {
			if !slices.Contains(want, name) {
				problems = append(problems, fmt.Errorf("%s: %s %q is read, but not declared", op.ID, what, name))
			}
		}
		for _, name := range want {
			if !slices.Contains(have, name) {
				problems = append(problems, fmt.Errorf("%s: %s %q is declared, but not read", op.ID, what, name))
			}
		}
	}
	body, _ := op.BodyProperties()
	compare("path parameter", in.pathOf(op.PathParams()), op.PathParams())
	compare("query parameter", keys(in.query), op.QueryParams())
	compare("member", in.body, body)
	return problems
}

func keys(m map[string]parameter) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
