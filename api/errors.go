package api

import (
	"context"
	"errors"
	"net/http"
	"strconv"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// fail answers with an error.
func (s *server) fail(w http.ResponseWriter, r *http.Request, err error) {
	s.send(w, r, s.failure(r, err))
}

// failure renders an error.
func (s *server) failure(r *http.Request, err error) reply {
	if key, ok := errors.AsType[KeyRefusal](err); ok {
		return s.refusal(r, key)
	}
	if store.AccountGone(err) {
		err = s.WrongCredentials()
	}
	p := problemOf(r, err)
	rep := newReply(r, s.Failure(r, p))
	if p.RetryAfter > 0 {
		rep.set("Retry-After", strconv.Itoa(p.RetryAfter))
	}
	return rep
}

// refusal renders what a request is told about its idempotency key.
func (s *server) refusal(r *http.Request, k KeyRefusal) reply {
	event(r).outcome = k.Reason.String()
	rep := newReply(r, s.KeyRefusal(r, k))
	if k.Reason == KeyInUse {
		rep.set("Retry-After", "1")
	}
	return rep
}

// problemOf says an error in words for the client. This is the only place that turns
// errors into statuses: what the client did wrong is said in full, what went wrong
// here is logged in full and shown as nothing.
func problemOf(r *http.Request, err error) Problem {
	var found Problem
	var rule *cloud.Error
	var invalid *openapi.Invalid
	switch {
	case errors.As(err, &found):
		return found
	case errors.As(err, &rule):
		event(r).code = string(rule.Code)
		return Problem{Status: rule.Status, Message: rule.Description, Err: rule}
	case errors.As(err, &invalid):
		return Problem{Status: http.StatusBadRequest, Message: invalid.Error(), Err: invalid}
	case errors.Is(err, context.Canceled) && r.Context().Err() != nil:
		return Problem{Status: 499} // the client is gone; nobody reads this
	}
	event(r).err = err
	if unavailable(err) {
		return Problem{
			Status:     http.StatusServiceUnavailable,
			Message:    "The sandbox cannot reach its database, or is stopping. Try again.",
			RetryAfter: 1,
		}
	}
	return Problem{
		Status:  http.StatusInternalServerError,
		Message: "Something went wrong inside the sandbox; its log says more.",
	}
}

// unavailable reports whether a request failed for a reason that is over soon, and
// that is not the request's.
func unavailable(err error) bool {
	return errors.Is(err, engine.ErrStopping) || store.Unavailable(err)
}
