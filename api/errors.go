package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// statusError is an error that the edge itself finds.
type statusError struct {
	status     int
	message    string
	retryAfter int // seconds; 0: nothing is said
}

func (e statusError) Error() string { return e.message }

// errorBody is the one shape of an error. doc: errors, HTTP error body
type errorBody struct {
	Timestamp string `json:"timestamp"`
	Status    int    `json:"status"`
	Error     string `json:"error"`
	Message   string `json:"message,omitempty"`
	Path      string `json:"path"`
}

// fail answers with an error.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.send(w, r, s.failure(r, err))
}

// failure renders an error. This is the only place that turns errors into
// statuses: what the client did wrong is said in full, what went wrong here is
// logged in full and shown as nothing.
func (s *server) failure(r *http.Request, err error) reply {
	status, message := http.StatusInternalServerError, "Something went wrong inside the sandbox; its log says more."
	var edge statusError
	var rule *cloud.Error
	var invalid *openapi.Invalid
	var key keyError
	retryAfter := 0
	switch {
	case errors.As(err, &key):
		return key.reply(r)
	case errors.As(err, &edge):
		status, message, retryAfter = edge.status, edge.message, edge.retryAfter
	case errors.As(err, &rule):
		status, message = rule.Status, rule.Description
	case errors.As(err, &invalid):
		status = http.StatusBadRequest
		message = "Bad Request: JSON parameter contains unsupported fields / values. " + invalid.Error()
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		status, message = 499, "" // the client is gone; nobody reads this
	case unavailable(err):
		status, message = http.StatusServiceUnavailable, "The sandbox cannot reach its database, or is stopping. Try again."
		retryAfter = 1
		event(r).err = err
	default:
		event(r).err = err
	}
	rep := newReply(r, status, newErrorBody(r, status, message))
	if retryAfter > 0 {
		rep.header["Retry-After"] = strconv.Itoa(retryAfter)
		if status == http.StatusTooManyRequests { // where clients of the real service look
			rep.header["X-Rate-Limit-Retry-After-Seconds"] = rep.header["Retry-After"]
		}
	}
	return rep
}

// unavailable tells whether a request failed for a reason that is over soon, and
// that is not the request's.
func unavailable(err error) bool {
	return errors.Is(err, engine.ErrStopping) || store.Unavailable(err)
}

func newErrorBody(r *http.Request, status int, message string) errorBody {
	text := http.StatusText(status)
	if text == "" {
		text = "Client Closed Request"
	}
	return errorBody{
		Timestamp: time.Now().UTC().Format("2006-01-02T15:04:05.000-07:00"),
		Status:    status,
		Error:     text,
		Message:   message,
		Path:      event(r).path,
	}
}
