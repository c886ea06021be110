package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// problems says everything that is wrong with an operation's declaration. It also closes the objects of its responses:
// the document leaves them open, so that it may grow, but an answer of ours with a field that is not in it is a slip.
func (o *Operation) problems() (problems []error) {
	report := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("%s: %s", o.where(), fmt.Sprintf(format, args...)))
	}
	if o.ID == "" {
		report("no operationId")
	}
	problems = append(problems,
		extensionProblems(o.where(), o.spec.Extensions, "x-command", "x-roles", "x-differences")...)
	if _, ok := o.spec.Extensions["x-command"]; ok && o.Command == "" {
		report("x-command must be a name")
	}
	problems = append(problems, o.roleProblems()...)
	if value, ok := o.spec.Extensions["x-differences"]; ok {
		if _, ok := sentences(value); !ok {
			report("x-differences must be a list of sentences, of one line each and without a |")
		}
	}

	switch successes := o.successes(); {
	case len(successes) == 0:
		report("no success response")
	case len(successes) > 1:
		report("more than one success response: %v", successes)
	case o.Status != http.StatusNoContent && !o.success().has(octets) && !o.success().has(eventStream) &&
		o.success()[plainJSON] == nil:
		report("no JSON schema for status %d", o.Status)
	case (o.Status == http.StatusAccepted) != (o.Command != ""):
		report("status 202 and x-command go together")
	}

	inPath := templateNames(o.Path)
	for _, name := range inPath {
		if !slices.Contains(o.PathParams(), name) {
			report("path parameter %s is not declared", name)
		}
	}
	for _, name := range o.PathParams() {
		if !slices.Contains(inPath, name) {
			report("parameter %s is not in the path", name)
		}
	}
	if o.catchAll != "" && !strings.HasSuffix(o.Path, "/{"+o.catchAll+"}") {
		report("x-catch-all %s is not the end of the path", o.catchAll)
	}

	if o.spec.RequestBody != nil && o.body == nil && !o.TakesFile() {
		report("no JSON schema for the request body")
	}
	objects(o.body, make(map[*openapi3.Schema]bool), func(object *openapi3.Schema) {
		if object.AdditionalProperties.Has == nil && object.AdditionalProperties.Schema == nil {
			report("request object %s does not say additionalProperties: false", o.checker.types[object])
		}
	})
	closed := false
	for _, response := range o.responses {
		objects(response[plainJSON], make(map[*openapi3.Schema]bool), func(object *openapi3.Schema) {
			if object.AdditionalProperties.Has == nil && object.AdditionalProperties.Schema == nil {
				object.AdditionalProperties.Has = &closed
			}
		})
	}
	return problems
}

// templateNames returns the names in braces of a path, in order.
func templateNames(path string) (names []string) {
	for {
		_, rest, found := strings.Cut(path, "{")
		if !found {
			return names
		}
		name, after, _ := strings.Cut(rest, "}")
		names, path = append(names, name), after
	}
}

// objects calls visit once for every object schema that can be reached from this one.
func objects(schema *openapi3.Schema, seen map[*openapi3.Schema]bool, visit func(*openapi3.Schema)) {
	if schema == nil || seen[schema] {
		return
	}
	seen[schema] = true
	if schema.Type.Is(openapi3.TypeObject) {
		visit(schema)
	}
	for _, property := range schema.Properties {
		objects(property.Value, seen, visit)
	}
	for _, ref := range slices.Concat(schema.OneOf, schema.AnyOf, schema.AllOf, []*openapi3.SchemaRef{
		schema.Items, schema.AdditionalProperties.Schema,
	}) {
		if ref != nil {
			objects(ref.Value, seen, visit)
		}
	}
}
