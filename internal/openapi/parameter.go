package openapi

import (
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// parameter is one path or query parameter.
type parameter struct {
	name     string
	in       string // path or query
	required bool
	schema   *openapi3.Schema
}

func newParameter(p *openapi3.Parameter) parameter {
	return parameter{name: p.Name, in: p.In, required: p.Required, schema: p.Schema.Value}
}

func names(parameters []parameter) []string {
	names := make([]string, len(parameters))
	for i, p := range parameters {
		names[i] = p.name
	}
	return names
}

// check holds the text of a parameter against its schema. It returns what is wrong, or nil.
func (p parameter) check(text string, c *checker) *Invalid {
	value, wrong := p.value(text)
	if wrong != "" {
		return &Invalid{In: p.in, Problems: []Problem{{Field: p.name, Text: wrong}}}
	}
	if problems := c.visit(p.schema, value); len(problems) > 0 {
		problems[0].Field = p.name
		return &Invalid{In: p.in, Problems: problems[:1]}
	}
	return nil
}

// value converts a parameter's text to what its schema speaks of, or says why it cannot.
func (p parameter) value(text string) (value any, wrong string) {
	switch {
	case p.schema.Type.Is(openapi3.TypeInteger):
		n, err := strconv.ParseInt(text, 10, bits(p.schema))
		if err != nil {
			return nil, fmt.Sprintf("%s is not a %d-bit integer", quote(text), bits(p.schema))
		}
		return n, ""
	case p.schema.Type.Is(openapi3.TypeBoolean):
		b, err := strconv.ParseBool(text)
		if err != nil {
			return nil, quote(text) + " is neither true nor false"
		}
		return b, ""
	case !IsText(text):
		return nil, quote(text) + " is not a text"
	}
	return text, ""
}

// IsText reports whether a string is a text for Postgres, too, which takes neither NUL nor what is not UTF-8.
func IsText(s string) bool { return utf8.ValidString(s) && !strings.ContainsRune(s, 0) }

// bits returns the size of an integer schema.
func bits(schema *openapi3.Schema) int {
	if schema.Format == "int32" {
		return 32
	}
	return 64
}
