package openapi

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Reference is a document for people: what Document leaves out, since only people read it.
type Reference struct {
	Title     string
	Families  []Family // in the order of the document
	described map[string]Described
	rules     map[string]Rule // by error code
}

// Family is what the operations of a tag have in common.
type Family struct {
	Name, Description string
}

// Described is an operation as it is described.
type Described struct {
	Description string
	Parameters  []Parameter
	Body        *Shape // nil: it takes none
	Example     string // of a body, as JSON; empty: there is none
	Answers     []Reply
}

// Parameter is one of a path, a query or a header.
type Parameter struct {
	In string
	Shape
}

// Reply is an answer that an operation may give.
type Reply struct {
	Status      string
	Description string
	Body        *Shape // nil: it has none, or a file
}

// Shape is what a value looks like.
type Shape struct {
	Name        string
	Type        string // with its format, and what a list has: "list of integer"
	Required    bool
	Description string
	Values      []string // that it may have; empty: any of its type
	Members     []Shape  // of an object, or of what a list has
}

// shapeDepth is how far down a shape is described.
const shapeDepth = 6

// Describe reads a document for people. It takes as long as Load, and much more memory than a Document keeps.
func Describe(document []byte) (*Reference, error) {
	root, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("describe the contract: %w", err)
	}
	r := &Reference{described: map[string]Described{}}
	if root.Components != nil {
		if r.rules, err = readRules(root.Components.Schemas); err != nil {
			return nil, fmt.Errorf("describe the contract: %w", err)
		}
	}
	if root.Info != nil {
		r.Title = root.Info.Title
	}
	for _, tag := range root.Tags {
		r.Families = append(r.Families, Family{tag.Name, tag.Description})
	}
	for _, item := range root.Paths.Map() {
		for _, op := range item.Operations() {
			r.described[op.OperationID] = describe(item, op)
		}
	}
	return r, nil
}

// Operation returns the description of an operation.
func (r *Reference) Operation(id string) Described { return r.described[id] }

func describe(item *openapi3.PathItem, op *openapi3.Operation) (d Described) {
	d.Description = op.Description
	for _, ref := range slices.Concat(item.Parameters, op.Parameters) {
		p := ref.Value
		one := shape(p.Name, p.Schema, p.Required, shapeDepth)
		one.Description = cmp.Or(p.Description, one.Description)
		d.Parameters = append(d.Parameters, Parameter{p.In, one})
	}
	if op.RequestBody != nil {
		if media := op.RequestBody.Value.Content["application/json"]; media != nil && media.Schema != nil {
			body := shape("", media.Schema, op.RequestBody.Value.Required, 0)
			d.Body, d.Example = &body, example(media)
		}
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses.Map())) {
		response := op.Responses.Value(status).Value
		reply := Reply{Status: status}
		if response.Description != nil {
			reply.Description = *response.Description
		}
		if media := response.Content["application/json"]; media != nil && media.Schema != nil {
			body := shape("", media.Schema, false, 0)
			reply.Body = &body
		}
		d.Answers = append(d.Answers, reply)
	}
	return d
}

// example is that of a body, or of its schema.
func example(media *openapi3.MediaType) string {
	value := media.Example
	if value == nil {
		value = media.Schema.Value.Example
	}
	if value == nil {
		return ""
	}
	text, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return ""
	}
	return string(text)
}

// shape describes a value, depth steps down.
func shape(name string, ref *openapi3.SchemaRef, required bool, depth int) Shape {
	s := Shape{Name: name, Required: required}
	if ref == nil || ref.Value == nil {
		return s
	}
	schema := ref.Value
	s.Description = schema.Description
	s.Type = typeName(schema)
	for _, value := range schema.Enum {
		s.Values = append(s.Values, fmt.Sprint(value))
	}
	for schema.Items != nil && schema.Items.Value != nil {
		schema = schema.Items.Value
	}
	if depth >= shapeDepth {
		return s
	}
	members := map[string]Shape{}
	collectShapes(schema, members, depth)
	for _, member := range slices.Sorted(maps.Keys(members)) {
		s.Members = append(s.Members, members[member])
	}
	return s
}

// collectShapes describes the members of an object, over all that it is made of.
func collectShapes(schema *openapi3.Schema, members map[string]Shape, depth int) {
	for name, property := range schema.Properties {
		if _, there := members[name]; !there {
			members[name] = shape(name, property, slices.Contains(schema.Required, name), depth+1)
		}
	}
	for _, ref := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf) {
		if depth < shapeDepth {
			collectShapes(ref.Value, members, depth+1)
		}
	}
}

// typeName names the type of a value.
func typeName(schema *openapi3.Schema) string {
	if schema.Items != nil && schema.Items.Value != nil {
		return "list of " + typeName(schema.Items.Value)
	}
	name := "any"
	switch {
	case schema.Type != nil && len(*schema.Type) > 0:
		name = strings.Join(*schema.Type, " or ")
	case len(schema.Properties) > 0 || len(schema.AllOf)+len(schema.OneOf)+len(schema.AnyOf) > 0:
		name = "object"
	}
	if schema.Format != "" {
		name += ", " + schema.Format
	}
	return name
}
