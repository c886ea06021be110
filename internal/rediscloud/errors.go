package rediscloud

import (
	"errors"
	"net/http"
	"strconv"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// errorBody is the one shape of an error. doc: errors, HTTP error body
type errorBody struct {
	Timestamp string `json:"timestamp"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Message   string `json:"message,omitempty"`
	Path      string `json:"path"`
}

func newErrorBody(r *http.Request, status int, message string) errorBody {
	text := http.StatusText(status)
	if text == "" {
		text = "Client Closed Request"
	}
	return errorBody{
		Timestamp: api.Now(r).UTC().Format("2006-01-02T15:04:05.000-07:00"),
		Status:    status,
		Error:     text,
		Message:   message,
		Path:      api.SentPath(r),
	}
}

// Failure renders an error.
func (*dialect) Failure(r *http.Request, p api.Problem) api.Answer {
	message := p.Message
	if _, ok := errors.AsType[*openapi.Invalid](p.Err); ok {
		message = "Bad Request: JSON parameter contains unsupported fields / values. " + message
	}
	answer := api.Answer{Status: p.Status, Body: newErrorBody(r, p.Status, message)}
	if p.Status == http.StatusTooManyRequests && p.RetryAfter > 0 { // where clients of the real service look
		answer.Header = map[string]string{"X-Rate-Limit-Retry-After-Seconds": strconv.Itoa(p.RetryAfter)}
	}
	return answer
}
