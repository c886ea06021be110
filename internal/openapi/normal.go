package openapi

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Body is the body of a request in its normal form.
type Body struct {
	JSON []byte // nil without a body

	value any
	wrong string // why it is no JSON
}

// ReadBody brings a body into its normal form: what it says, in the way the document says it. The parser of the real
// service takes more than its document:
//
//   - null for a member says that it is not sent, unless the document admits null;
//   - a text that reads as an integer, a number or a boolean is taken for one where that is wanted, and a number or
//     boolean for its text where a text is;
//   - a read-only member is ignored, whatever it says;
//   - the mark before the text, by which Windows' editors and shells say that it is UTF-8, is skipped.
//
// A body that needs no change keeps its bytes. One that does not fit the document even so is for CheckRequest to
// refuse.
func (o *Operation) ReadBody(sent []byte) Body {
	if o.body == nil {
		return Body{JSON: sent}
	}
	if sent = bytes.TrimPrefix(sent, []byte("\ufeff")); len(sent) == 0 {
		return Body{JSON: sent}
	}
	value, wrong := decode(sent)
	if wrong != "" {
		return Body{JSON: sent, wrong: wrong}
	}
	if value == nil && !o.checker.fits(o.body, nil) {
		return Body{}
	}
	value, changed := o.checker.normal(o.body, value)
	if changed {
		sent = encode(value)
	}
	return Body{JSON: sent, value: value}
}

// encode writes what decode has read.
func encode(value any) []byte {
	text, err := json.Marshal(value)
	if err != nil {
		panic(err) // there is nothing in it that JSON has no form for
	}
	return text
}

// normal returns the normal form of a value, and whether it differs. The value itself stays as it is.
func (c *checker) normal(schema *openapi3.Schema, value any) (normal any, changed bool) {
	become := func(other any, differs bool) {
		if differs {
			value, changed = other, true
		}
	}
	if object, ok := value.(map[string]any); ok {
		become(c.given(schema, object))
	}
	for _, part := range schema.AllOf {
		become(c.normal(part.Value, value))
	}
	for _, alternatives := range []openapi3.SchemaRefs{schema.OneOf, schema.AnyOf} {
		if len(alternatives) > 0 {
			become(c.normalChoice(alternatives, value))
		}
	}
	switch value := value.(type) {
	case map[string]any:
		become(c.normalMembers(schema, value))
	case []any:
		become(c.normalItems(itemSchema(schema), value))
	default:
		become(coerce(schema, value))
	}
	return value, changed
}

// given leaves out the members of an object that say nothing.
func (c *checker) given(schema *openapi3.Schema, object map[string]any) (said map[string]any, changed bool) {
	said = object
	for name, value := range object {
		if declared, silent := c.silent(schema, name, value); !declared || !silent {
			continue
		}
		if !changed {
			said, changed = maps.Clone(object), true
		}
		delete(said, name)
	}
	return said, changed
}

// silent reports whether an object has a member by a name at all, and whether a value of it says nothing: the member is
// read-only, or the value a null that is not admitted. All alternatives are asked, so that a null chooses none of them.
func (c *checker) silent(object *openapi3.Schema, name string, value any) (declared, silent bool) {
	silent = true
	if member := memberSchema(object, name); member != nil {
		declared, silent = true, member.ReadOnly || value == nil && !c.fits(member, nil)
	}
	for _, parts := range []openapi3.SchemaRefs{object.AllOf, object.OneOf, object.AnyOf} {
		for _, part := range parts {
			if there, quiet := c.silent(part.Value, name, value); there {
				declared, silent = true, silent && quiet
			}
		}
	}
	return declared, silent
}

// normalMembers brings the members of an object into their normal form.
func (c *checker) normalMembers(schema *openapi3.Schema, object map[string]any) (normal map[string]any, changed bool) {
	normal = object
	for name, value := range object {
		member := memberSchema(schema, name)
		if member == nil {
			continue
		}
		if value, differs := c.normal(member, value); differs {
			if !changed {
				normal, changed = maps.Clone(object), true
			}
			normal[name] = value
		}
	}
	return normal, changed
}

// normalItems brings the items of a list into their normal form.
func (c *checker) normalItems(schema *openapi3.Schema, items []any) (normal []any, changed bool) {
	normal = items
	if schema == nil {
		return normal, false
	}
	for i, value := range items {
		if value, differs := c.normal(schema, value); differs {
			if !changed {
				normal, changed = slices.Clone(items), true
			}
			normal[i] = value
		}
	}
	return normal, changed
}

// coerce takes a scalar for what the schema wants in its place, and reports whether it reads as that.
func coerce(schema *openapi3.Schema, scalar any) (coerced any, ok bool) {
	switch scalar := scalar.(type) {
	case string:
		return coerceText(schema, scalar)
	case json.Number:
		if schema.Type.Is(openapi3.TypeString) {
			return scalar.String(), true
		}
	case bool:
		if schema.Type.Is(openapi3.TypeString) {
			return strconv.FormatBool(scalar), true
		}
	}
	return nil, false
}

// coerceText takes a text for the scalar that it reads as.
func coerceText(schema *openapi3.Schema, text string) (coerced any, ok bool) {
	switch {
	case schema.Type.Is(openapi3.TypeInteger):
		if n, err := strconv.ParseInt(text, 10, 64); err == nil {
			return json.Number(strconv.FormatInt(n, 10)), true
		}
	case schema.Type.Is(openapi3.TypeNumber):
		if strings.Trim(text, "-+.eE0123456789") == "" && json.Valid([]byte(text)) {
			return json.Number(text), true
		}
	case schema.Type.Is(openapi3.TypeBoolean):
		switch text {
		case "true", "True", "TRUE":
			return true, true
		case "false", "False", "FALSE":
			return false, true
		}
	}
	return nil, false
}

// normalChoice brings a value into the normal form of the alternative that it is meant for: one of its own type, else
// one that it can be taken for, else the one that knows most of its members. Anything but a scalar must fit it, too.
// Those of another type are not asked whether it fits: to say no costs more than all the rest.
func (c *checker) normalChoice(alternatives openapi3.SchemaRefs, value any) (normal any, changed bool) {
	scalar := isScalar(value)
	for _, alternative := range alternatives {
		if ofType(alternative.Value, value) && (scalar || c.fits(alternative.Value, value)) {
			return c.normal(alternative.Value, value)
		}
	}
	for _, alternative := range alternatives {
		if normal, changed = c.normal(alternative.Value, value); changed && (scalar || c.fits(alternative.Value, normal)) {
			return normal, true
		}
	}
	nearest := slices.MinFunc(alternatives, func(a, b *openapi3.SchemaRef) int {
		return unknownFields(a.Value, value) - unknownFields(b.Value, value)
	})
	return c.normal(nearest.Value, value)
}

func isScalar(value any) bool {
	switch value.(type) {
	case string, bool, json.Number:
		return true
	}
	return false
}

// ofType reports whether a value is of the type that a schema declares; null may be of any.
func ofType(schema *openapi3.Schema, value any) bool {
	switch value.(type) {
	case string:
		return schema.Type.Permits(openapi3.TypeString)
	case bool:
		return schema.Type.Permits(openapi3.TypeBoolean)
	case json.Number:
		return schema.Type.Permits(openapi3.TypeNumber) || schema.Type.Permits(openapi3.TypeInteger)
	case []any:
		return schema.Type.Permits(openapi3.TypeArray)
	case map[string]any:
		return schema.Type.Permits(openapi3.TypeObject)
	}
	return true
}
