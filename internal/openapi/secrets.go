package openapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// secretMembers adds the names of the members that are secrets wherever a schema has them.
func secretMembers(schema *openapi3.Schema, found map[string]bool, seen map[*openapi3.Schema]bool) {
	if schema == nil || seen[schema] {
		return
	}
	seen[schema] = true
	below := slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf)
	for name, property := range schema.Properties {
		if format := property.Value.Format; format == formatSecret || format == formatSecretURI {
			found[name] = true
		}
		below = append(below, property)
	}
	for _, ref := range []*openapi3.SchemaRef{schema.Items, schema.AdditionalProperties.Schema} {
		if ref != nil {
			below = append(below, ref)
		}
	}
	for _, ref := range below {
		secretMembers(ref.Value, found, seen)
	}
}

// Secrets returns the names of all members that are secrets in some request or answer, sorted.
func (d *Document) Secrets() []string {
	found, seen := map[string]bool{}, map[*openapi3.Schema]bool{}
	for _, op := range d.operations {
		secretMembers(op.body, found, seen)
		for _, response := range op.responses {
			secretMembers(response[plainJSON], found, seen)
		}
	}
	return slices.Sorted(maps.Keys(found))
}
