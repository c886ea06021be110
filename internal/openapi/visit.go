package openapi

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// uuid is the only format beside kin's own that the document uses.
const uuid = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// enough is how many problems are looked for in a value: more than a message names, few enough that a body of nothing
// but mistakes costs no more than others.
const enough = 1000

// checker holds values against schemas.
type checker struct {
	types map[*openapi3.Schema]string // the names of the named schemas
	quick []openapi3.SchemaValidationOption
	full  []openapi3.SchemaValidationOption
}

func newChecker(types map[*openapi3.Schema]string) *checker {
	formats := openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
		"uuid": openapi3.NewRegexpFormatValidator(uuid),
	})
	return &checker{
		types: types,
		quick: []openapi3.SchemaValidationOption{formats, openapi3.FailFast()},
		full:  []openapi3.SchemaValidationOption{formats, openapi3.MultiErrors()},
	}
}

// typeNames returns the names of the named schemas.
func typeNames(root *openapi3.T) map[*openapi3.Schema]string {
	names := map[*openapi3.Schema]string{}
	if root.Components != nil {
		for name, ref := range root.Components.Schemas {
			names[ref.Value] = name
		}
	}
	return names
}

// visit holds a value against a schema and returns the problems, at most enough of them, sorted by field.
func (c *checker) visit(schema *openapi3.Schema, value any) []Problem {
	if c.fits(schema, value) {
		return nil
	}
	problems := first(c.problems(schema, value))
	if len(problems) == 0 {
		return []Problem{{Text: "value does not fit its schema"}}
	}
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Field, b.Field) })
	return problems
}

// fits reports whether a value fits a schema, without a word about why not.
func (c *checker) fits(schema *openapi3.Schema, value any) bool {
	return schema.VisitJSON(value, c.quick...) == nil
}

// problems goes through what is wrong with a value that does not fit, and with all in it. The way down is ours, not
// kin's, which stops at the first problem or not at all.
func (c *checker) problems(schema *openapi3.Schema, value any) iter.Seq[Problem] {
	return func(yield func(Problem) bool) {
		if nearest := c.nearest(slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf), value); len(nearest) > 0 {
			slices.Values(nearest)(yield)
			return
		}
		for _, problem := range c.ownProblems(schema, value) {
			if !yield(problem) {
				return
			}
		}
		switch value := value.(type) {
		case []any:
			if schema.Items != nil && schema.Type.Permits(openapi3.TypeArray) {
				c.eachProblems(schema.Items, value, strconv.Itoa)(yield)
			}
		case map[string]any:
			if schema.Type.Permits(openapi3.TypeObject) {
				c.memberProblems(schema, value)(yield)
			}
		}
	}
}

// eachProblems goes through what is wrong with each of many values of one schema, the steps to which are given. Most
// fit, and asking for several at once is cheaper.
func (c *checker) eachProblems(ref *openapi3.SchemaRef, values []any, step func(int) string) iter.Seq[Problem] {
	return func(yield func(Problem) bool) {
		const several = 64
		array := openapi3.NewArraySchema()
		array.Items = ref
		for start := 0; start < len(values); start += several {
			chunk := values[start:min(start+several, len(values))]
			if c.fits(array, chunk) {
				continue
			}
			for i, value := range chunk {
				if len(chunk) > 1 && c.fits(ref.Value, value) {
					continue
				}
				for problem := range c.problems(ref.Value, value) {
					if !yield(problem.under(step(start + i))) {
						return
					}
				}
			}
		}
	}
}

// memberProblems goes through the fields that an object lacks or should not have, and what is wrong with the others.
func (c *checker) memberProblems(schema *openapi3.Schema, members map[string]any) iter.Seq[Problem] {
	return func(yield func(Problem) bool) {
		for _, name := range schema.Required {
			if _, ok := members[name]; !ok &&
				!yield(Problem{Field: fieldPath([]string{name}), Text: "required field is missing"}) {
				return
			}
		}
		var names []string // of those that the schema does not name
		var values []any
		for _, name := range slices.Sorted(maps.Keys(members)) {
			ref, value := schema.Properties[name], members[name]
			switch allowed := schema.AdditionalProperties.Has; {
			case ref != nil && !c.fits(ref.Value, value):
				for problem := range c.problems(ref.Value, value) {
					if !yield(problem.under(name)) {
						return
					}
				}
			case ref != nil:
			case allowed != nil && !*allowed:
				if !yield(unrecognized(schema, name)) {
					return
				}
			default:
				names, values = append(names, name), append(values, value)
			}
		}
		if ref := schema.AdditionalProperties.Schema; ref != nil {
			c.eachProblems(ref, values, func(i int) string { return names[i] })(yield)
		}
	}
}

// ownProblems returns what is wrong with a value itself, whatever is in it.
func (c *checker) ownProblems(schema *openapi3.Schema, value any) []Problem {
	own := *schema
	own.OneOf, own.AnyOf, own.AllOf, own.Items = nil, nil, nil, nil
	own.Properties, own.Required, own.AdditionalProperties = nil, nil, openapi3.AdditionalProperties{}
	err := own.VisitJSON(value, c.full...)
	if err == nil {
		return nil
	}
	mismatches, several := err.(openapi3.MultiError) //nolint:errorlint // kin gives it as it is
	if !several {
		mismatches = openapi3.MultiError{err}
	}
	problems := make([]Problem, len(mismatches))
	for i, err := range mismatches {
		if mismatch, ok := errors.AsType[*openapi3.SchemaError](err); ok {
			problems[i].Text = c.reword(schema, mismatch)
		} else {
			problems[i].Text = err.Error()
		}
	}
	return problems
}

// reword says in our words what one of kin's errors says; kin's own would quote schema and value over many lines.
func (c *checker) reword(schema *openapi3.Schema, mismatch *openapi3.SchemaError) string {
	switch mismatch.SchemaField {
	case "enum":
		return c.enumText(schema, mismatch.Value)
	case "type":
		return fmt.Sprintf("%s, not %s", mismatch.Reason, kindOf(mismatch.Value))
	case "nullable":
		return "null is not accepted"
	case "format":
		if schema.Type.Is(openapi3.TypeInteger) {
			return fmt.Sprintf("value is not a %d-bit integer", bits(schema))
		}
		return "value is not a " + schema.Format
	}
	return mismatch.Reason
}

// unrecognized says that an object has a field that its schema does not.
func unrecognized(schema *openapi3.Schema, name string) Problem {
	return Problem{
		Field: printable(name),
		Text: fmt.Sprintf("Unrecognized field %s, known fields: [%s]",
			quote(name), strings.Join(knownProperties(schema), ", ")),
	}
}

// first takes enough problems, or all there are.
func first(problems iter.Seq[Problem]) (taken []Problem) {
	for problem := range problems {
		if taken = append(taken, problem); len(taken) == enough {
			break
		}
	}
	return taken
}

// nearest returns the problems with the alternative that a value was meant for: the one that knows most of its fields,
// then the one with the fewest problems.
func (c *checker) nearest(alternatives openapi3.SchemaRefs, value any) (nearest []Problem) {
	unknown := 0
	for _, alternative := range alternatives {
		if c.fits(alternative.Value, value) {
			continue
		}
		problems, n := first(c.problems(alternative.Value, value)), unknownFields(alternative.Value, value)
		if nearest == nil || n < unknown || n == unknown && len(problems) < len(nearest) {
			nearest, unknown = problems, n
		}
	}
	return nearest
}

// unknownFields counts the fields of an object that a schema does not have. One of another type is further off than any
// of objects.
func unknownFields(schema *openapi3.Schema, value any) (n int) {
	fields, object := value.(map[string]any)
	if object && schema.Type != nil && !schema.Type.Is(openapi3.TypeObject) {
		return len(fields) + 1
	}
	for name := range fields {
		if schema.Properties[name] == nil {
			n++
		}
	}
	return n
}

// enumText says that a value is not in an enumeration, in the words that clients match on.
func (c *checker) enumText(schema *openapi3.Schema, value any) string {
	accepted := make([]string, len(schema.Enum))
	for i, v := range schema.Enum {
		accepted[i] = fmt.Sprint(v)
	}
	from := kindOf(value)
	if text, ok := value.(string); ok {
		from = "String " + quote(text)
	}
	return fmt.Sprintf("Cannot deserialize value of type `mappings.%s` from %s: "+
		"not one of the values accepted for Enum class: [%s]",
		cmp.Or(c.types[schema], "Enum"), from, strings.Join(accepted, ", "))
}

// kindOf names the JSON type of a value. Not the value: it may be a secret.
func kindOf(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "a boolean"
	case json.Number, float64, int64:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "an array"
	default:
		return "an object"
	}
}
