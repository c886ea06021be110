package openapi

import (
	"maps"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// AnswerMembers returns the names of all members of the operation's answers of success, at any depth, sorted.
func (o *Operation) AnswerMembers() []string {
	found := map[string]bool{}
	seen := map[*openapi3.Schema]bool{}
	for status, response := range o.responses {
		if status[0] == '2' {
			collectMembers(response[plainJSON], found, seen)
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// BodyMembers returns the names of all members of the operation's request, at any depth, sorted.
func (o *Operation) BodyMembers() []string {
	found := map[string]bool{}
	collectMembers(o.body, found, map[*openapi3.Schema]bool{})
	return slices.Sorted(maps.Keys(found))
}

func collectMembers(schema *openapi3.Schema, found map[string]bool, seen map[*openapi3.Schema]bool) {
	if schema == nil || seen[schema] {
		return
	}
	seen[schema] = true
	below := slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf)
	for name, property := range schema.Properties {
		found[name] = true
		below = append(below, property)
	}
	if schema.Items != nil {
		below = append(below, schema.Items)
	}
	if schema.AdditionalProperties.Schema != nil {
		below = append(below, schema.AdditionalProperties.Schema)
	}
	for _, ref := range below {
		collectMembers(ref.Value, found, seen)
	}
}
