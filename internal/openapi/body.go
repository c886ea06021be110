package openapi

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/getkin/kin-openapi/openapi3"
)

// decode parses a body of exactly one JSON value, numbers kept as written, or says why it cannot.
func decode(body []byte) (value any, wrong string) {
	if !utf8.Valid(body) {
		return nil, "malformed JSON: it is not UTF-8"
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var syntax *json.SyntaxError
	switch err := decoder.Decode(&value); {
	case errors.As(err, &syntax):
		return nil, fmt.Sprintf("malformed JSON at offset %d: %v", syntax.Offset, err)
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return nil, fmt.Sprintf("malformed JSON at offset %d: unexpected end", len(body))
	case err != nil:
		return nil, fmt.Sprintf("malformed JSON: %v", err)
	}
	end := decoder.InputOffset()
	if rest := bytes.TrimLeft(body[end:], " \t\r\n"); len(rest) > 0 {
		return nil, fmt.Sprintf("malformed JSON at offset %d: data after the value", len(body)-len(rest))
	}
	if at := unstorable(body); at >= 0 {
		return nil, fmt.Sprintf("malformed JSON at offset %d: %s is not a character", at, body[at:at+6])
	}
	return value, ""
}

// unstorable returns the offset of the first escape that is JSON but no text to Postgres, \u0000 or half of a
// surrogate pair, or -1. The body must be well-formed JSON.
func unstorable(body []byte) int {
	for i := bytes.IndexByte(body, '\\'); i >= 0 && i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		r := escape(body[i:])
		switch {
		case r == 0:
			return i
		case utf16.IsSurrogate(r):
			if utf16.DecodeRune(r, escape(body[i+6:])) == utf8.RuneError {
				return i
			}
			i += 11
		default:
			i++ // the escaped character, which may be a backslash
		}
	}
	return -1
}

// escape returns the value of the \uXXXX that text starts with, or -1 if it does not.
func escape(text []byte) rune {
	if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
		return -1
	}
	n, err := strconv.ParseUint(string(text[2:6]), 16, 16)
	if err != nil {
		return -1
	}
	return rune(n)
}

// inexact finds a number that the schema admits and the code behind could not decode or store: an integer written with
// a fraction or exponent or beyond its size, or a number with no float64 near it. Where there is no schema, as within a
// document of any JSON, numbers need a float64 near them too. It returns the first, with members in the order of their
// names, or nil if there is none.
func inexact(schema *openapi3.Schema, value any) *Problem {
	wrong, way := firstInexact(schema, value)
	if wrong == "" {
		return nil
	}
	slices.Reverse(way)
	return &Problem{Field: fieldPath(way), Text: wrong}
}

// firstInexact says what is wrong with a number, and the way to it, its last step first.
func firstInexact(schema *openapi3.Schema, value any) (wrong string, way []string) {
	switch value := value.(type) {
	case json.Number:
		return inexactNumber(schema, value), nil
	case []any:
		for i, item := range value {
			if wrong, way = firstInexact(itemSchema(schema), item); wrong != "" {
				return wrong, append(way, strconv.Itoa(i))
			}
		}
	case map[string]any:
		if schema != nil && len(schema.OneOf) > 0 {
			return firstInexact(matching(schema.OneOf, value), value)
		}
		for _, name := range slices.Sorted(maps.Keys(value)) {
			if wrong, way = firstInexact(memberSchema(schema, name), value[name]); wrong != "" {
				return wrong, append(way, name)
			}
		}
	}
	return "", nil
}

// itemSchema returns the schema of a list's items, nil where there is none.
func itemSchema(list *openapi3.Schema) *openapi3.Schema {
	if list == nil || list.Items == nil {
		return nil
	}
	return list.Items.Value
}

// memberSchema returns the schema of an object's member, nil where there is none.
func memberSchema(object *openapi3.Schema, name string) *openapi3.Schema {
	if object == nil {
		return nil
	}
	ref := cmp.Or(object.Properties[name], object.AdditionalProperties.Schema)
	if ref == nil {
		return nil
	}
	return ref.Value
}

// inexactNumber says what is wrong with a number; "" is nothing.
func inexactNumber(schema *openapi3.Schema, number json.Number) string {
	if schema != nil && schema.Type.Is(openapi3.TypeInteger) {
		if _, err := strconv.ParseInt(number.String(), 10, bits(schema)); err != nil {
			return fmt.Sprintf("%s is not a %d-bit integer", shorten(number.String()), bits(schema))
		}
		return ""
	}
	f, err := number.Float64()
	mantissa, _, _ := strings.Cut(strings.ToLower(number.String()), "e")
	vanished := f == 0 && strings.ContainsAny(mantissa, "123456789")
	if err != nil || vanished || len(number) > 64 || math.IsInf(f, 0) {
		return fmt.Sprintf("number %s is out of range", shorten(number.String()))
	}
	return ""
}

// matching returns the alternative that a value fits, which must exist.
func matching(alternatives openapi3.SchemaRefs, value any) *openapi3.Schema {
	for _, alternative := range alternatives {
		if alternative.Value.VisitJSON(value, openapi3.FailFast()) == nil {
			return alternative.Value
		}
	}
	return alternatives[0].Value
}
