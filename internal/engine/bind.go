package engine

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// Request is a request as a task keeps it: checked against the document, and
// not yet given a Go type.
type Request struct {
	Path  map[string]string `json:"path,omitempty"`
	Query map[string]string `json:"query,omitempty"`
	Body  json.RawMessage   `json:"body,omitempty"`
}

// input is the Go type that a function wants its request in.
type input struct {
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

// inputOf reads the tags of a struct. Reflection ends here, at start: whatever a
// tag gets wrong is a problem that bind reports.
func inputOf[In any]() input {
	in := input{typ: reflect.TypeFor[In](), path: map[string]parameter{}, query: map[string]parameter{}}
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
func (in *input) pathOf(declared []string) []string {
	return slices.DeleteFunc(keys(in.path), func(name string) bool {
		return in.path[name].optional && !slices.Contains(declared, name)
	})
}

func (in *input) checkParameter(f reflect.StructField) {
	if err := setParameter(reflect.New(f.Type).Elem(), "0"); err != nil || !f.IsExported() || f.Tag.Get("json") != "-" {
		in.faults = append(in.faults, fmt.Sprintf("parameter field %s must be an exported string or integer with `json:\"-\"`", f.Name))
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

// decode makes an input from a request that the document has allowed.
func (in *input) decode(req Request) (any, error) {
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

// bound is an operation of the document with its function.
type bound struct {
	Operation
	doc       *openapi.Operation
	outermost *bound   // of a task that reads: what shows the outermost resource of its path; nil: nothing does
	others    []string // the operations of the other documents
}

// Business time that processing takes, at speed 1.
const (
	changeWork = 5 * time.Second
	readWork   = time.Second
)

// work is the business time that processing a task of the operation takes.
func (op *bound) work() time.Duration {
	if op.doc.Method == http.MethodGet {
		return readWork
	}
	return changeWork
}

// explain adds to an error what the document says of its code.
func (op *bound) explain(failure *cloud.Error) *cloud.Error {
	explained := *failure
	explained.Status = http.StatusInternalServerError
	if code, ok := op.doc.Document().Code(string(failure.Code)); ok {
		explained.Status, explained.Info = code.Status, cmp.Or(failure.Info, code.AdditionalInfo)
	}
	return &explained
}

// explained is explain for an error that may be none of a broken rule, and then stays as it is.
func (op *bound) explained(err error) error {
	if failure, ok := errors.AsType[*cloud.Error](err); ok {
		return op.explain(failure)
	}
	return err
}

// bind brings the functions and the documents together. It names every problem
// at once: a function without its operation or the other way round, two for one,
// an operation of two documents, and every parameter or member that only one side
// knows.
func bind(apis []API) (map[string]*bound, error) {
	all := map[string]*bound{}
	var problems []error
	for i, api := range apis {
		var others []string
		for j, other := range apis {
			for _, op := range other.Document.Operations() {
				if _, twice := api.Document.Operation(op.ID); twice && j > i {
					problems = append(problems, fmt.Errorf("%s is declared in two documents", op.ID))
				}
				if j != i {
					others = append(others, op.ID)
				}
			}
		}
		own, wrong := api.bind(others)
		maps.Copy(all, own)
		problems = append(problems, wrong...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the document and the functions do not match:\n%w", errors.Join(problems...))
	}
	return all, nil
}

func (a API) bind(others []string) (all map[string]*bound, problems []error) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	all = map[string]*bound{}
	for _, op := range a.Operations {
		declared, ok := a.Document.Operation(op.id)
		switch {
		case !ok:
			problem("%s is bound, but not declared", op.id)
			continue
		case all[op.id] != nil:
			problem("%s is bound twice", op.id)
			continue
		}
		all[op.id] = &bound{Operation: op, doc: declared, others: others}
		for _, fault := range op.input.faults {
			problem("%s: %s", op.id, fault)
		}
		compare := func(what string, have, want []string) {
			for _, name := range have {
				if !slices.Contains(want, name) {
					problem("%s: %s %q is read, but not declared", op.id, what, name)
				}
			}
			for _, name := range want {
				if !slices.Contains(have, name) {
					problem("%s: %s %q is declared, but not read", op.id, what, name)
				}
			}
		}
		body, _ := declared.BodyProperties()
		compare("path parameter", op.input.pathOf(declared.PathParams()), declared.PathParams())
		compare("query parameter", keys(op.input.query), declared.QueryParams())
		compare("member", op.input.body, body)
		if (op.process != nil) != (declared.Command != "") {
			problem("%s: only one of document and function makes it a task", op.id)
		}
	}
	for _, op := range all {
		if shows := op.doc.Outermost(); shows != nil && op.doc.Command != "" && op.doc.Method == http.MethodGet {
			op.outermost = all[shows.ID]
		}
	}
	for _, declared := range a.Document.Operations() {
		if all[declared.ID] == nil {
			problem("%s is declared, but not bound", declared.ID)
		}
	}
	return all, problems
}

func keys(m map[string]parameter) []string {
	var names []string
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
