package openapi

import (
	"reflect"

	"github.com/getkin/kin-openapi/openapi3"
)

// sharer has schemas that are alike be one, where nothing is below them. Most of a document are such: a text, a number,
// a flag, hundreds of times over, and a schema is large. What only people read of them goes.
type sharer struct {
	seen  map[*openapi3.Schema]bool
	alike map[likeness][]*openapi3.SchemaRef
}

// likeness is what most schemas that are not alike differ in.
type likeness struct {
	kind, format, pattern string
	readOnly, nullable    bool
	values                int
}

// share goes through all that a document describes.
func share(root *openapi3.T) {
	s := sharer{seen: map[*openapi3.Schema]bool{}, alike: map[likeness][]*openapi3.SchemaRef{}}
	for _, item := range root.Paths.Map() {
		for _, op := range item.Operations() {
			if op.RequestBody != nil {
				s.content(op.RequestBody.Value.Content)
			}
			for _, response := range op.Responses.Map() {
				s.content(response.Value.Content)
			}
		}
	}
}

func (s *sharer) content(content openapi3.Content) {
	for _, media := range content {
		if media.Schema != nil {
			s.below(media.Schema.Value)
		}
	}
}

// below has what is below a schema be shared.
func (s *sharer) below(schema *openapi3.Schema) {
	if s.seen[schema] {
		return
	}
	s.seen[schema] = true
	for _, choice := range []openapi3.SchemaRefs{schema.AllOf, schema.OneOf, schema.AnyOf} {
		for i := range choice {
			choice[i] = s.shared(choice[i])
		}
	}
	for name := range schema.Properties {
		schema.Properties[name] = s.shared(schema.Properties[name])
	}
	if schema.Items != nil {
		schema.Items = s.shared(schema.Items)
	}
	if more := &schema.AdditionalProperties; more.Schema != nil {
		more.Schema = s.shared(more.Schema)
	}
}

// shared returns the schema that stands for one.
func (s *sharer) shared(ref *openapi3.SchemaRef) *openapi3.SchemaRef {
	schema := ref.Value
	s.below(schema)
	if ref.Ref != "" || len(schema.Properties) > 0 || schema.Items != nil || schema.AdditionalProperties.Schema != nil ||
		len(schema.AllOf)+len(schema.OneOf)+len(schema.AnyOf) > 0 {
		return ref // it has a name, or something below it
	}
	schema.Title, schema.Description, schema.Example = "", "", nil
	like := likeness{
		format: schema.Format, pattern: schema.Pattern, readOnly: schema.ReadOnly, nullable: schema.Nullable,
		values: len(schema.Enum),
	}
	if schema.Type != nil && len(*schema.Type) == 1 {
		like.kind = (*schema.Type)[0]
	}
	for _, known := range s.alike[like] {
		if reflect.DeepEqual(known.Value, schema) {
			return known
		}
	}
	s.alike[like] = append(s.alike[like], ref)
	return ref
}
