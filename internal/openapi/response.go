package openapi

import (
	"fmt"
	"mime"
	"net/http"

	"github.com/getkin/kin-openapi/openapi3"
)

// octets is the content type of a file, whatever is in it.
const octets = "application/octet-stream"

// eventStream is the content type of server-sent events.
const eventStream = "text/event-stream"

// isStream reports whether a response is a stream of events instead of JSON.
func isStream(response *openapi3.ResponseRef) bool { return response.Value.Content[eventStream] != nil }

// isFile reports whether a response is a file instead of JSON.
func isFile(response *openapi3.ResponseRef) bool { return response.Value.Content[octets] != nil }

// CheckResponse holds an answer against the contract: the status must be declared (or default), the content type one of
// those declared for it, and the body fit the schema with no field beside those declared. A file may have any body,
// and so may a stream. It is meant for tests.
func (o *Operation) CheckResponse(status int, header http.Header, body []byte) error {
	declared := o.responses.Status(status)
	if declared == nil && status >= 300 {
		declared = o.responses.Default()
	}
	if declared == nil {
		return fmt.Errorf("%s answered status %d, which is not declared", o.ID, status)
	}
	if status == http.StatusNoContent {
		if len(body) > 0 {
			return fmt.Errorf("%s answered status %d with a body", o.ID, status)
		}
		return nil
	}
	media, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	content := declared.Value.Content[media]
	switch {
	case err != nil || content == nil || content.Schema == nil:
		return fmt.Errorf("%s answered status %d with content type %q, which is not declared",
			o.ID, status, header.Get("Content-Type"))
	case media == octets, media == eventStream:
		return nil
	}
	schema := content.Schema.Value
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
