package openapi

import (
	"net/url"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Redacted stands in the place of what must not be shown.
const Redacted = "[redacted]"

// How a document says that a text is a secret, in format: all of it, or only if it has a password in it.
const (
	formatSecret    = "password"
	formatSecretURI = "password-uri"
)

// RedactRequest returns a request body as it may be shown: without the secrets and without what the document does not
// describe, since nobody can say that such is none. It reports false for what is no JSON, which must not be shown at
// all.
func (o *Operation) RedactRequest(body []byte) (shown []byte, ok bool) {
	return redactJSON(o.body, body)
}

// RedactAnswer is RedactRequest for an answer with a status.
func (o *Operation) RedactAnswer(status int, body []byte) (shown []byte, ok bool) {
	declared, ok := o.responses.of(status)
	if !ok {
		declared = o.responses[otherwise]
	}
	for media, schema := range declared {
		if media != octets && schema != nil {
			return redactJSON(schema, body)
		}
	}
	return nil, false
}

// RedactFailure is RedactAnswer for an answer to a request that no operation was found for: such answers are those that
// all operations have in common.
func (d *Document) RedactFailure(status int, body []byte) (shown []byte, ok bool) {
	if d == nil || len(d.operations) == 0 {
		return nil, false
	}
	return d.operations[0].RedactAnswer(status, body)
}

func redactJSON(schema *openapi3.Schema, body []byte) (shown []byte, ok bool) {
	value, wrong := decode([]byte(strings.TrimPrefix(string(body), "\ufeff")))
	if schema == nil || wrong != "" {
		return nil, false
	}
	return encode(redact([]*openapi3.Schema{schema}, value)), true
}

// redact returns a value without its secrets. It is what any of some schemas describes.
func redact(schemas []*openapi3.Schema, value any) any {
	schemas = parts(schemas)
	if value == nil || slices.ContainsFunc(schemas, admitsAll) {
		return value
	}
	if slices.ContainsFunc(schemas, func(s *openapi3.Schema) bool { return s.Format == formatSecret }) {
		return Redacted
	}
	switch value := value.(type) {
	case map[string]any:
		shown := make(map[string]any, len(value))
		for name, member := range value {
			shown[name] = redactMember(schemas, name, member)
		}
		return shown
	case []any:
		var items []*openapi3.Schema
		for _, s := range schemas {
			if item := itemSchema(s); item != nil {
				items = append(items, item)
			}
		}
		shown := make([]any, len(value))
		for i, item := range value {
			shown[i] = redact(items, item)
		}
		return shown
	}
	return redactScalar(schemas, value)
}

func redactMember(schemas []*openapi3.Schema, name string, value any) any {
	var members []*openapi3.Schema
	open := false
	for _, s := range schemas {
		if member := memberSchema(s, name); member != nil {
			members = append(members, member)
		}
		open = open || s.AdditionalProperties.Has != nil && *s.AdditionalProperties.Has
	}
	if open && len(members) == 0 {
		return value
	}
	return redact(members, value)
}

// redactScalar shows a scalar where one is wanted, of whatever type.
func redactScalar(schemas []*openapi3.Schema, value any) any {
	wanted := false
	for _, s := range schemas {
		wanted = wanted || !s.Type.Is(openapi3.TypeObject) && !s.Type.Is(openapi3.TypeArray)
		if text, ok := value.(string); ok && s.Format == formatSecretURI && hasPassword(text) {
			return Redacted
		}
	}
	if !wanted {
		return Redacted
	}
	return value
}

// parts are schemas with all that they are made of.
func parts(schemas []*openapi3.Schema) (all []*openapi3.Schema) {
	for _, s := range schemas {
		all = append(all, s)
		for _, refs := range []openapi3.SchemaRefs{s.AllOf, s.OneOf, s.AnyOf} {
			for _, ref := range refs {
				all = append(all, parts([]*openapi3.Schema{ref.Value})...)
			}
		}
	}
	return all
}

// admitsAll reports whether a schema says that a value may be any JSON.
func admitsAll(s *openapi3.Schema) bool {
	return s.Type == nil && s.Format == "" && len(s.Enum) == 0 && len(s.Properties) == 0 && s.Items == nil &&
		len(s.AllOf)+len(s.OneOf)+len(s.AnyOf) == 0 && s.AdditionalProperties.Has == nil &&
		s.AdditionalProperties.Schema == nil
}

// hasPassword reports whether a URI may have a password in it: before its host, or as a parameter.
func hasPassword(text string) bool {
	u, err := url.Parse(text)
	return err != nil || u.User != nil || u.RawQuery != "" || strings.Contains(text, "@")
}

// RedactURL returns the path of a request with its query, escaped, as it may be shown. A parameter that the document
// does not describe may be a secret.
func (o *Operation) RedactURL(u *url.URL) string {
	path, segments := u.EscapedPath(), strings.Split(o.Path, "/")
	sent := strings.Split(path, "/")
	for i, segment := range segments {
		at := slices.IndexFunc(o.path, func(p parameter) bool { return segment == "{"+p.name+"}" })
		if at >= 0 && i < len(sent) && o.path[at].schema.Format == formatSecret {
			sent[i] = Redacted
		}
	}
	return strings.Join(sent, "/") + RedactQuery(u.RawQuery, func(name string) bool {
		return slices.ContainsFunc(o.query, func(p parameter) bool {
			return p.name == name && p.schema.Format != formatSecret
		})
	})
}

// RedactQuery returns a query as it may be shown, with its question mark: the values of the parameters that are known
// to be no secrets.
func RedactQuery(query string, harmless func(name string) bool) string {
	if query == "" {
		return ""
	}
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		escaped, _, _ := strings.Cut(pair, "=")
		if name, err := url.QueryUnescape(escaped); err != nil || !harmless(name) {
			pairs[i] = escaped + "=" + Redacted
		}
	}
	return "?" + strings.Join(pairs, "&")
}
