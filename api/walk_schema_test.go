package api_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Values that a walk makes from the document's schemas. They depend on nothing else.

// stranger is a member, and a value of an enumeration, that no schema has.
const stranger = "walkedInHere"

// typical is the example that a schema gives, or what it asks for at least.
func typical(schema *openapi3.Schema) any {
	if schema.Example != nil {
		return copyOf(schema.Example)
	}
	switch {
	case len(schema.OneOf) > 0:
		return typical(schema.OneOf[0].Value)
	case schema.Type.Is(openapi3.TypeObject):
		object := map[string]any{}
		for _, name := range schema.Required {
			object[name] = typical(schema.Properties[name].Value)
		}
		return object
	case schema.Type.Is(openapi3.TypeArray):
		return []any{typical(schema.Items.Value)}
	}
	return scalar(schema)
}

// unoffered are members that only ask for what is refused.
var unoffered = map[string]bool{
	"replica_of_id": true, "dry_run": true, "dsspool_id": true, "restore_point": true, "serverless_info": true,
	"auto_enlarge_strategy": true,
}

// complete is a value with every member that a schema has, those aside that are only read: those of its example, and
// others that fit the schema, and need not make sense.
func complete(schema *openapi3.Schema) any {
	switch {
	case len(schema.OneOf) > 0:
		return complete(schema.OneOf[0].Value)
	case schema.Type.Is(openapi3.TypeObject):
		object := map[string]any{}
		example, _ := copyOf(schema.Example).(map[string]any)
		for name, property := range schema.Properties {
			if given, ok := example[name]; ok {
				object[name] = given
			} else if !property.Value.ReadOnly && !unoffered[name] {
				object[name] = complete(property.Value)
			}
		}
		if free := schema.AdditionalProperties.Schema; free != nil {
			object["any"] = complete(free.Value)
		}
		return object
	case schema.Type.Is(openapi3.TypeArray):
		return []any{complete(schema.Items.Value)}
	}
	return scalar(schema)
}

// scalar is the least value of a schema that has no parts.
func scalar(schema *openapi3.Schema) any {
	switch {
	case len(schema.Enum) > 0:
		return schema.Enum[0]
	case schema.Type.Is(openapi3.TypeBoolean):
		return true
	case schema.Type.Is(openapi3.TypeInteger), schema.Type.Is(openapi3.TypeNumber):
		if schema.Min != nil {
			return *schema.Min
		}
		return 1
	case schema.Type.Is(openapi3.TypeString):
		if schema.Format == "date-time" {
			return "2025-01-31T00:00:00Z"
		}
		return strings.Repeat("a", max(1, int(schema.MinLength)))
	}
	return map[string]any{"any": "thing"} // no type: whatever one likes
}

// defect is a value with one mistake in it.
type defect struct {
	what  string
	field string // where it is, the way messages write it: databases[0].name
	value any
}

// defects are all the ways in which one mistake can be made somewhere in a value. That it is null may be none.
func defects(schema *openapi3.Schema) (all []defect) {
	switch {
	case len(schema.OneOf) > 0:
		for _, alternative := range schema.OneOf {
			for _, d := range defects(alternative.Value) {
				if schema.VisitJSON(copyOf(d.value)) != nil { // else it fits another alternative
					all = append(all, d)
				}
			}
		}
		return all
	case schema.Type.Is(openapi3.TypeObject):
		return append(all, objectDefects(schema)...)
	case schema.Type.Is(openapi3.TypeArray):
		all = append(all, defect{"an object for a list", "", map[string]any{}})
		for _, d := range append(defects(schema.Items.Value), defect{what: "null"}) {
			all = append(all, defect{d.what, below("[0]", d.field), []any{d.value}})
		}
		return all
	}
	return append(all, scalarDefects(schema)...)
}

func objectDefects(schema *openapi3.Schema) []defect {
	all := []defect{{"a list for an object", "", []any{}}}
	with := func(what, name, field string, value any) {
		object := complete(schema).(map[string]any)
		object[name] = value
		all = append(all, defect{what, below(name, field), object})
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if schema.Properties[name].Value.ReadOnly {
			continue
		}
		for _, d := range defects(schema.Properties[name].Value) {
			with(d.what, name, d.field, d.value)
		}
	}
	for _, name := range schema.Required {
		with("null where there must be something", name, "", nil)
		object := complete(schema).(map[string]any)
		delete(object, name)
		all = append(all, defect{"missing", name, object})
	}
	if free := schema.AdditionalProperties.Schema; free != nil {
		for _, d := range defects(free.Value) {
			with(d.what, "any", d.field, d.value)
		}
	} else if free := schema.AdditionalProperties.Has; free == nil || !*free {
		with("no such member", stranger, "", 1)
	}
	return all
}

func scalarDefects(schema *openapi3.Schema) (all []defect) {
	add := func(what string, value any) { all = append(all, defect{what: what, value: value}) }
	switch {
	case schema.Type.Is(openapi3.TypeString):
		add("a list for a text", []any{})
		if len(schema.Enum) > 0 {
			add("not in the enumeration", stranger)
		}
		if schema.MaxLength != nil {
			add("too long", strings.Repeat("a", int(*schema.MaxLength)+1))
		}
		if schema.MinLength > 0 {
			add("too short", strings.Repeat("a", int(schema.MinLength)-1))
		}
		if schema.Pattern != "" || limits(schema.Format) {
			add("malformed", "\t?")
		}
	case schema.Type.Is(openapi3.TypeBoolean):
		add("a text for a boolean", "yes")
		add("a number for a boolean", 1)
	case schema.Type.Is(openapi3.TypeInteger):
		add("a text for an integer", "one")
		add("a boolean for an integer", true)
		add("a fraction", json.RawMessage("1.5"))
		add("a fraction as text", "1.5")
		add("too many bits", json.RawMessage(overflow(schema)))
		add("too many bits as text", overflow(schema))
	case schema.Type.Is(openapi3.TypeNumber):
		add("a text for a number", "one")
		add("a boolean for a number", true)
		add("beyond all numbers", json.RawMessage("1e400"))
	}
	if schema.Min != nil {
		add("too small", *schema.Min-1)
	}
	if schema.Max != nil {
		add("too big", *schema.Max+1)
	}
	return all
}

// overflow is the first number that an integer has no bits for.
func overflow(schema *openapi3.Schema) string {
	if schema.Format == "int32" {
		return "2147483648"
	}
	return "9223372036854775808"
}

// misspelt are texts that are no values of a parameter.
func misspelt(schema *openapi3.Schema) map[string]string {
	texts := map[string]string{}
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		texts = map[string]string{"a word": "seven", "a fraction": "1.5", "too many bits": overflow(schema)}
	case schema.Type.Is(openapi3.TypeBoolean):
		texts["neither true nor false"] = "maybe"
	default:
		texts["NUL"], texts["not UTF-8"] = "\x00", "\xff"
	}
	if len(schema.Enum) > 0 {
		texts["not in the enumeration"] = stranger
	}
	if schema.Format == "date-time" {
		texts["no time"] = "2025-01-32"
	}
	if schema.Min != nil {
		texts["too small"] = fmt.Sprint(*schema.Min - 1)
	}
	if schema.Max != nil {
		texts["too big"] = fmt.Sprint(*schema.Max + 1)
	}
	return texts
}

// below joins the ways to a member and on from there.
func below(above, field string) string {
	if field == "" || strings.HasPrefix(field, "[") {
		return above + field
	}
	return above + "." + field
}

// copyOf is the value as JSON has it, with nothing shared.
func copyOf(value any) (same any) {
	data, err := json.Marshal(value)
	if err == nil {
		err = json.Unmarshal(data, &same)
	}
	if err != nil {
		return value // a number beyond all numbers
	}
	return same
}

// limits reports whether a format says what a text may be, and not only that it is a secret.
func limits(format string) bool {
	return format != "" && format != "password" && format != "password-uri"
}
