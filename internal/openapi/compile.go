package openapi

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"

	"github.com/getkin/kin-openapi/openapi3"
)

// Compile returns the form of a document that Open reads. The same document gives the same bytes. It fails where Load
// does, and for a document that uses what the form has no room for.
func Compile(document []byte) ([]byte, error) {
	doc, err := Load(document)
	if err != nil {
		return nil, err
	}
	c := compiler{places: map[*openapi3.Schema]int{}, contents: map[string]int{}}
	c.Root, c.Codes, c.InternalError = doc.root, doc.codes, doc.internalError
	for _, r := range doc.roles {
		c.Roles = append(c.Roles, compiledRole{Name: r.name, Calls: r.calls})
	}
	for _, op := range doc.operations {
		c.types = op.checker.types
		c.operation(op)
	}
	text, err := json.Marshal(c.compiled)
	if err != nil {
		return nil, err
	}
	form := slices.Concat([]byte(sum(document)), []byte("\n"), text, []byte("\n"))
	opened, err := Open(document, form)
	if err != nil {
		return nil, err
	}
	return form, doc.compareWith(opened)
}

// compiler collects what is met on the way through a document.
type compiler struct {
	compiled
	types    map[*openapi3.Schema]string
	places   map[*openapi3.Schema]int
	contents map[string]int // their places, by what is in them
}

func (c *compiler) operation(op *Operation) {
	compiled := compiledOperation{
		ID: op.ID, Method: op.Method, Path: op.Path, Family: op.Family, Summary: op.Summary, Status: op.Status,
		Command: op.Command, Differences: op.Differences, Roles: op.roles, CatchAll: op.catchAll,
		Body: c.schema(op.body), BodyNeeded: op.bodyNeeded, TakesFile: op.takesFile, Responses: map[string]int{},
	}
	for _, p := range slices.Concat(op.path, op.query, op.headers) {
		compiled.Parameters = append(compiled.Parameters,
			compiledParameter{Name: p.name, In: p.in, Required: p.required, Schema: c.schema(p.schema)})
	}
	for _, status := range slices.Sorted(maps.Keys(op.responses)) {
		compiled.Responses[status] = c.content(op.responses[status])
	}
	c.Operations = append(c.Operations, compiled)
}

// content returns the place of a content, which is one with all that are alike.
func (c *compiler) content(declared content) int {
	media := make(map[string]int, len(declared))
	for _, name := range slices.Sorted(maps.Keys(declared)) {
		media[name] = c.schema(declared[name])
	}
	key := fmt.Sprint(media)
	if c.contents[key] == 0 {
		c.Contents = append(c.Contents, media)
		c.contents[key] = len(c.Contents)
	}
	return c.contents[key]
}

// schema returns the place of a schema, and puts it there with all below it where it is met for the first time.
func (c *compiler) schema(schema *openapi3.Schema) int {
	if schema == nil || c.places[schema] != 0 {
		return c.places[schema]
	}
	c.Schemas = append(c.Schemas, compiledSchema{})
	place := len(c.Schemas)
	c.places[schema] = place // before what is below, which may lead back here
	compiled := compiledSchema{
		Name: c.types[schema], Format: schema.Format, Pattern: schema.Pattern, Enum: schema.Enum, Min: schema.Min,
		Max: schema.Max, MultipleOf: schema.MultipleOf, MinLength: schema.MinLength, MaxLength: schema.MaxLength,
		MinItems: schema.MinItems, MaxItems: schema.MaxItems, MinProps: schema.MinProps, MaxProps: schema.MaxProps,
		Unique: schema.UniqueItems, Nullable: schema.Nullable, ReadOnly: schema.ReadOnly, Required: schema.Required,
		Open: schema.AdditionalProperties.Has, Additional: c.ref(schema.AdditionalProperties.Schema),
		Items: c.ref(schema.Items), AllOf: c.refs(schema.AllOf), OneOf: c.refs(schema.OneOf), AnyOf: c.refs(schema.AnyOf),
	}
	if schema.Type != nil {
		compiled.Type = *schema.Type
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Properties)) {
		if compiled.Properties == nil {
			compiled.Properties = map[string]int{}
		}
		compiled.Properties[name] = c.ref(schema.Properties[name])
	}
	c.Schemas[place-1] = compiled
	return place
}

func (c *compiler) ref(ref *openapi3.SchemaRef) int {
	if ref == nil {
		return 0
	}
	return c.schema(ref.Value)
}

func (c *compiler) refs(refs openapi3.SchemaRefs) (places []int) {
	for _, ref := range refs {
		places = append(places, c.ref(ref))
	}
	return places
}

// compareWith says where a document that was opened differs from the one it was compiled from, in more than what is for
// people. It takes that away from both.
func (d *Document) compareWith(opened *Document) error {
	seen := map[*openapi3.Schema]bool{}
	for _, doc := range []*Document{d, opened} {
		for _, op := range doc.operations {
			op.checker, op.document = nil, nil // which are functions, and the way to all others
			for _, p := range slices.Concat(op.path, op.query, op.headers) {
				bare(p.schema, seen)
			}
			bare(op.body, seen)
			for _, content := range op.responses {
				for _, schema := range content {
					bare(schema, seen)
				}
			}
		}
	}
	for i, op := range d.operations {
		if !reflect.DeepEqual(op, opened.operations[i]) {
			return fmt.Errorf("%s says more than the compiled form has room for", op.where())
		}
	}
	if !reflect.DeepEqual(d, opened) {
		return errors.New("the document says more than the compiled form has room for")
	}
	return nil
}

// bare takes from a schema and those below it what nothing is checked by.
func bare(schema *openapi3.Schema, seen map[*openapi3.Schema]bool) {
	if schema == nil || seen[schema] {
		return
	}
	seen[schema] = true
	schema.Extensions, schema.Origin, schema.ExternalDocs = nil, nil, nil
	schema.Title, schema.Description, schema.Default, schema.Example = "", "", nil, nil
	schema.WriteOnly, schema.Deprecated = false, false
	if len(schema.Properties) == 0 {
		schema.Properties = nil
	}
	for _, below := range slices.Concat(schema.AllOf, schema.OneOf, schema.AnyOf,
		slices.Collect(maps.Values(schema.Properties)),
		openapi3.SchemaRefs{schema.Items, schema.AdditionalProperties.Schema}) {
		if below != nil {
			*below = openapi3.SchemaRef{Value: below.Value}
			bare(below.Value, seen)
		}
	}
}
