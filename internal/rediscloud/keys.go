package rediscloud

import (
	"fmt"
	"net/http"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/idempotency"
)

// KeyRefusal renders why a request was not carried out in view of its idempotency key: in the members of its scheme,
// beside those of every other error.
func (*dialect) KeyRefusal(r *http.Request, k api.KeyRefusal) api.Answer {
	two := k.Reason == api.KeyTwo
	if k.Scheme.Name == idempotency.ClientTokenName && !two {
		return tokenRefusals[k.Reason].answer(r)
	}
	p := keyRefusals[k.Reason]
	if two {
		p.message = fmt.Sprintf("A request carries %s or %s, not both.", k.Scheme.Header, k.Other.Header)
	}
	return p.answer(r)
}

// tokenRefusal is a refusal of an X-Client-Token. doc: idempotent-requests-x-client-token
type tokenRefusal struct {
	status  int
	code    string
	message string
}

var tokenRefusals = map[api.KeyReason]tokenRefusal{
	api.KeyUnreadable: {http.StatusBadRequest, "DBS.200001", "The body is not JSON. The token has not been used."},
	api.KeyInvalid: {
		http.StatusBadRequest, "DBS.280497",
		"X-Client-Token must be one UUID of 32 lower-case hexadecimal digits in the form 8-4-4-4-12.",
	},
	api.KeyReused: {http.StatusBadRequest, "DBS.280495", "The X-Client-Token has been used with other parameters."},
	api.KeyExpired: {
		http.StatusBadRequest, "DBS.280498",
		"The X-Client-Token has expired: its outcome is no longer known. Look for what it made, and use a new token.",
	},
	api.KeyInUse: {http.StatusConflict, "DBS.200047", "A request with this X-Client-Token is still being carried out."},
}

// tokenBody has the members of the dialect that X-Client-Token comes from beside those of every other error.
type tokenBody struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
	errorBody
}

func (t tokenRefusal) answer(r *http.Request) api.Answer {
	return api.Answer{
		Status: t.status,
		Body:   tokenBody{Code: t.code, Message: t.message, errorBody: newErrorBody(r, t.status, t.message)},
	}
}

// keyProblem is a refusal of an Idempotency-Key.
type keyProblem struct {
	status     int
	kind       string // last part of the type
	message    string
	retryable  bool
	safeNewKey bool
}

// An Idempotency-Key is known no longer than its outcome, so that none is ever expired.
var keyRefusals = map[api.KeyReason]keyProblem{
	api.KeyInvalid: {
		status: http.StatusBadRequest, kind: "invalid-key", safeNewKey: true,
		message: "Idempotency-Key must be one key of 8 to 255 letters, digits, dashes and underscores.",
	},
	api.KeyTwo: {status: http.StatusBadRequest, kind: "invalid-key", safeNewKey: true},
	api.KeyInUse: {
		status: http.StatusConflict, kind: "key-in-use", retryable: true,
		message: "A request with this Idempotency-Key is still being carried out. Send it again later, with the same key.",
	},
	api.KeyReused: {
		status: http.StatusUnprocessableEntity, kind: "key-reused", safeNewKey: true,
		message: "This Idempotency-Key belongs to another request: other path, query or body. Use a new key.",
	},
}

const problems = "https://understudy.dev/problems/"

// problemBody has the members of RFC 9457 beside those of every other error.
type problemBody struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Retryable  bool   `json:"retryable"`
	SafeNewKey bool   `json:"safeNewKey"`
	errorBody
}

func (p keyProblem) answer(r *http.Request) api.Answer {
	return api.Answer{
		Status: p.status,
		Header: map[string]string{"Content-Type": "application/problem+json"},
		Body: problemBody{
			Type:       problems + p.kind,
			Title:      http.StatusText(p.status),
			Detail:     p.message,
			Retryable:  p.retryable,
			SafeNewKey: p.safeNewKey,
			errorBody:  newErrorBody(r, p.status, p.message),
		},
	}
}
