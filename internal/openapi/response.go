package openapi

import (
	"fmt"
	"mime"
	"net/http"
	"strconv"

	"github.com/getkin/kin-openapi/openapi3"
)

// plainJSON is the content type of what is neither a file nor a stream.
const plainJSON = "application/json"

// octets is the content type of a file, whatever is in it.
const octets = "application/octet-stream"

// eventStream is the content type of server-sent events.
const eventStream = "text/event-stream"

// otherwise stands in the place of a status for all of failure that are not named.
const otherwise = "default"

// content is what a body may be: schemas by content types, nil for a type without one.
type content map[string]*openapi3.Schema

func newContent(declared openapi3.Content) content {
	c := make(content, len(declared))
	for media, of := range declared {
		c[media] = nil
		if of.Schema != nil {
			c[media] = of.Schema.Value
		}
	}
	return c
}

// has reports whether a body may be of a type.
func (c content) has(media string) bool {
	_, ok := c[media]
	return ok
}

// responses are the answers that an operation may give, by their statuses.
type responses map[string]content

func newResponses(declared *openapi3.Responses) responses {
	r := make(responses, declared.Len())
	for status, response := range declared.Map() {
		r[status] = newContent(response.Value.Content)
	}
	return r
}

// of returns what is declared for a status, and whether anything is.
func (r responses) of(status int) (c content, ok bool) {
	c, ok = r[strconv.Itoa(status)]
	return c, ok
}

// success returns what is declared for the status of success.
func (o *Operation) success() content {
	c, _ := o.responses.of(o.Status)
	return c
}

// CheckResponse holds an answer against the contract: the status must be declared (or default), the content type one of
// those declared for it, and the body fit the schema with no field beside those declared. A file may have any body,
// and so may a stream. It is meant for tests.
func (o *Operation) CheckResponse(status int, header http.Header, body []byte) error {
	declared, ok := o.responses.of(status)
	if !ok && status >= 300 {
		declared, ok = o.responses[otherwise]
	}
	if !ok {
		return fmt.Errorf("%s answered status %d, which is not declared", o.ID, status)
	}
	if status == http.StatusNoContent {
		if len(body) > 0 {
			return fmt.Errorf("%s answered status %d with a body", o.ID, status)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	schema := declared[media]
	switch {
	case err != nil || schema == nil:
		return fmt.Errorf("%s answered status %d with content type %q, which is not declared",
			o.ID, status, header.Get("Content-Type"))
	case media == octets, media == eventStream:
		return nil
	}
	value, wrong := decode(body)
	if wrong != "" {
		return fmt.Errorf("%s answered status %d with %s", o.ID, status, wrong)
	}
	problems := o.checker.visit(schema, value)
	if problem := inexact(schema, value); len(problems) == 0 && problem != nil {
		problems = []Problem{*problem}
	}
	if len(problems) > 0 {
		return fmt.Errorf("%s answered status %d: %w", o.ID, status, inBody(problems...))
	}
	return nil
}
