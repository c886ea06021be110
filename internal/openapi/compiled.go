package openapi

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/getkin/kin-openapi/openapi3"
)

// ErrOtherDocument says that a compiled form was made of another document.
var ErrOtherDocument = errors.New("the compiled form is that of another document")

// compiled is what Load makes of a document, in a form that is read much faster. What only people read is not in it.
// It is written as JSON, after a line that names the document. Schemas and contents stand in it once each, and are
// meant by their place, counted from 1: 0 is none.
type compiled struct {
	Root          string
	Roles         []compiledRole      `json:",omitempty"`
	Codes         map[string]Code     `json:",omitempty"`
	InternalError string              `json:",omitempty"`
	Operations    []compiledOperation //
	Contents      []map[string]int    // schemas by content types
	Schemas       []compiledSchema
}

type compiledRole struct{ Name, Calls string }

type compiledOperation struct {
	ID, Method, Path, Family, Summary string
	Status                            int
	Command                           string              `json:",omitempty"`
	Differences                       []string            `json:",omitempty"`
	Roles                             []string            `json:",omitempty"`
	CatchAll                          string              `json:",omitempty"`
	Parameters                        []compiledParameter `json:",omitempty"`
	Body                              int                 `json:",omitempty"`
	BodyNeeded                        bool                `json:",omitempty"`
	TakesFile                         bool                `json:",omitempty"`
	Responses                         map[string]int      // contents by statuses
}

type compiledParameter struct {
	Name, In string
	Required bool `json:",omitempty"`
	Schema   int
}

type compiledSchema struct {
	Name       string         `json:",omitempty"` // of a component
	Type       []string       `json:",omitempty"`
	Format     string         `json:",omitempty"`
	Pattern    string         `json:",omitempty"`
	Enum       []any          `json:",omitempty"`
	Min        *float64       `json:",omitempty"`
	Max        *float64       `json:",omitempty"`
	MultipleOf *float64       `json:",omitempty"`
	MinLength  uint64         `json:",omitempty"`
	MaxLength  *uint64        `json:",omitempty"`
	MinItems   uint64         `json:",omitempty"`
	MaxItems   *uint64        `json:",omitempty"`
	MinProps   uint64         `json:",omitempty"`
	MaxProps   *uint64        `json:",omitempty"`
	Unique     bool           `json:",omitempty"`
	Nullable   bool           `json:",omitempty"`
	ReadOnly   bool           `json:",omitempty"`
	Required   []string       `json:",omitempty"`
	Open       *bool          `json:",omitempty"` // whether members that are not named may be there
	Properties map[string]int `json:",omitempty"`
	Additional int            `json:",omitempty"` // what members that are not named look like
	Items      int            `json:",omitempty"`
	AllOf      []int          `json:",omitempty"`
	OneOf      []int          `json:",omitempty"`
	AnyOf      []int          `json:",omitempty"`
}

// sum returns what names a document: its SHA-256.
func sum(document []byte) string {
	hash := sha256.Sum256(document)
	return hex.EncodeToString(hash[:])
}

// Open is Load for a document that Compile has read before: it makes of the compiled form what Load makes of the
// document. It returns ErrOtherDocument where the form is not that of this document.
func Open(document, form []byte) (*Document, error) {
	of, text, _ := bytes.Cut(form, []byte("\n"))
	if string(of) != sum(document) {
		return nil, ErrOtherDocument
	}
	var c compiled
	if err := json.Unmarshal(text, &c); err != nil {
		return nil, fmt.Errorf("open the compiled contract: %w", err)
	}
	schemas := c.schemas()
	types := map[*openapi3.Schema]string{}
	for i, s := range c.Schemas {
		if s.Name != "" {
			types[schemas[i+1].Value] = s.Name
		}
	}
	checker := newChecker(types)
	contents := make([]content, len(c.Contents)+1)
	for i, media := range c.Contents {
		contents[i+1] = make(content, len(media))
		for name, schema := range media {
			contents[i+1][name] = schemas[schema].Value
		}
	}
	doc := &Document{
		byID: make(map[string]*Operation, len(c.Operations)), root: c.Root, base: withoutParameters(c.Root),
		codes: c.Codes, internalError: c.InternalError,
	}
	if doc.codes == nil {
		doc.codes = map[string]Code{}
	}
	for _, r := range c.Roles {
		doc.roles = append(doc.roles, role{name: r.Name, calls: r.Calls})
	}
	operations := make([]Operation, len(c.Operations))
	for i, o := range c.Operations {
		op := &operations[i]
		*op = Operation{
			ID: o.ID, Method: o.Method, Path: o.Path, Family: o.Family, Summary: o.Summary, Status: o.Status,
			Command: o.Command, Differences: o.Differences, document: doc, roles: o.Roles, catchAll: o.CatchAll,
			body: schemas[o.Body].Value, bodyNeeded: o.BodyNeeded, takesFile: o.TakesFile,
			responses: make(responses, len(o.Responses)), checker: checker,
		}
		for _, p := range o.Parameters {
			op.addParameter(parameter{name: p.Name, in: p.In, required: p.Required, schema: schemas[p.Schema].Value})
		}
		for status, content := range o.Responses {
			op.responses[status] = contents[content]
		}
		doc.operations = append(doc.operations, op)
		doc.byID[op.ID] = op
	}
	return doc, nil
}

// schemas makes the schemas, in their places.
func (c *compiled) schemas() []openapi3.SchemaRef {
	schemas := make([]openapi3.Schema, len(c.Schemas))
	refs := make([]openapi3.SchemaRef, len(c.Schemas)+1)
	for i := range schemas {
		refs[i+1].Value = &schemas[i]
	}
	at := func(place int) *openapi3.SchemaRef {
		if place == 0 {
			return nil
		}
		return &refs[place]
	}
	all := func(places []int) (list openapi3.SchemaRefs) {
		for _, place := range places {
			list = append(list, at(place))
		}
		return list
	}
	for i := range c.Schemas {
		from := &c.Schemas[i]
		to := &schemas[i]
		*to = openapi3.Schema{
			Format: from.Format, Pattern: from.Pattern, Enum: from.Enum, Min: from.Min, Max: from.Max,
			MultipleOf: from.MultipleOf, MinLength: from.MinLength, MaxLength: from.MaxLength, MinItems: from.MinItems,
			MaxItems: from.MaxItems, MinProps: from.MinProps, MaxProps: from.MaxProps, UniqueItems: from.Unique,
			Nullable: from.Nullable, ReadOnly: from.ReadOnly, Required: from.Required,
			AdditionalProperties: openapi3.AdditionalProperties{Has: from.Open, Schema: at(from.Additional)},
			Items:                at(from.Items), AllOf: all(from.AllOf), OneOf: all(from.OneOf), AnyOf: all(from.AnyOf),
		}
		if from.Type != nil {
			to.Type = (*openapi3.Types)(&from.Type)
		}
		if from.Properties != nil {
			to.Properties = make(openapi3.Schemas, len(from.Properties))
		}
		for name, place := range from.Properties {
			to.Properties[name] = at(place)
		}
	}
	return refs
}
