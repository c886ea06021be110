package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// uuid is the only format beside kin's own that the document uses.
const uuid = `^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$`

// checker holds values against schemas.
type checker struct {
	types   map[*openapi3.Schema]string // the names of the named schemas
	options []openapi3.SchemaValidationOption
}

func newChecker(root *openapi3.T) *checker {
	c := &checker{
		types: make(map[*openapi3.Schema]string),
		options: []openapi3.SchemaValidationOption{
			openapi3.MultiErrors(),
			openapi3.WithStringFormatValidators(map[string]openapi3.StringFormatValidator{
				"uuid": openapi3.NewRegexpFormatValidator(uuid),
			}),
		},
	}
	if root.Components != nil {
		for name, ref := range root.Components.Schemas {
			c.types[ref.Value] = name
		}
	}
	return c
}

// visit holds a value against a schema and returns all problems, sorted by field.
func (c *checker) visit(schema *openapi3.Schema, value any) []Problem {
	err := schema.VisitJSON(value, c.options...)
	if err == nil {
		return nil
	}
	problems := c.flatten(err)
	slices.SortStableFunc(problems, func(a, b Problem) int { return cmp.Compare(a.Field, b.Field) })
	return problems
}

// flatten turns kin's tree of errors into problems.
func (c *checker) flatten(err error) []Problem {
	switch err := err.(type) { //nolint:errorlint // a tree of known types; its leaves wrap other trees
	case openapi3.MultiError:
		var problems []Problem
		for _, err := range err {
			problems = append(problems, c.flatten(err)...)
		}
		return problems
	case *openapi3.SchemaError:
		return c.reword(err)
	default:
		return []Problem{{Text: err.Error()}}
	}
}

// reword says in our words what one of kin's errors says; kin's own would quote schema and value over many lines.
func (c *checker) reword(mismatch *openapi3.SchemaError) []Problem {
	path := fieldPath(mismatch.JSONPointer())
	schema := mismatch.Schema
	switch mismatch.SchemaField {
	case "oneOf", "anyOf", "allOf":
		var problems []Problem
		for _, problem := range c.nearest(slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf), mismatch.Value) {
			problems = append(problems, Problem{Field: join(path, problem.Field), Text: problem.Text})
		}
		return problems
	case "properties":
		name := unsupported(mismatch.Reason)
		return []Problem{{
			Field: join(path, printable(name)),
			Text:  fmt.Sprintf("Unrecognized field %s, known fields: [%s]", quote(name), strings.Join(knownProperties(schema), ", ")),
		}}
	case "required":
		return []Problem{{Field: path, Text: "required field is missing"}}
	case "enum":
		return []Problem{{Field: path, Text: c.enumText(schema, mismatch.Value)}}
	case "type":
		return []Problem{{Field: path, Text: fmt.Sprintf("%s, not %s", mismatch.Reason, kindOf(mismatch.Value))}}
	case "nullable":
		return []Problem{{Field: path, Text: "null is not accepted"}}
	case "format":
		if schema.Type.Is(openapi3.TypeInteger) {
			return []Problem{{Field: path, Text: fmt.Sprintf("value is not a %d-bit integer", bits(schema))}}
		}
		return []Problem{{Field: path, Text: "value is not a " + schema.Format}}
	}
	return []Problem{{Field: path, Text: mismatch.Reason}}
}

// nearest returns the problems with the alternative that a value was meant for: the one that knows most of its fields,
// then the one with the fewest problems.
func (c *checker) nearest(alternatives openapi3.SchemaRefs, value any) (nearest []Problem) {
	unknown := 0
	for _, alternative := range alternatives {
		problems, n := c.visit(alternative.Value, value), unknownFields(alternative.Value, value)
		if len(problems) == 0 {
			continue
		}
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

// unsupported takes the name of an unknown property out of kin's reason, the only place that has it.
func unsupported(reason string) string {
	quoted, _ := strconv.QuotedPrefix(strings.TrimPrefix(reason, "property "))
	name, _ := strconv.Unquote(quoted)
	return name
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
	return fmt.Sprintf("Cannot deserialize value of type `mappings.%s` from %s: not one of the values accepted for Enum class: [%s]",
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
