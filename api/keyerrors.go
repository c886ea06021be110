package api

import (
	"fmt"
	"net/http"

	"github.com/understudy-dev/understudy/internal/idempotency"
)

// keyError is what a request is told about its idempotency key. It is never
// stored, and never uses up a key.
type keyError struct {
	status  int
	message string
	// Of Idempotency-Key: members of application/problem+json.
	problem    string // last part of the type; empty: X-Client-Token
	retryable  bool
	safeNewKey bool
	retryAfter string
	code       string // of X-Client-Token: error_code
}

func (e keyError) Error() string { return e.message }

// problemBody has the members of RFC 9457 beside those of every other error.
type problemBody struct {
	Type       string `json:"type"`
	Title      string `json:"title"`
	Detail     string `json:"detail"`
	Retryable  bool   `json:"retryable"`
	SafeNewKey bool   `json:"safeNewKey"`
	errorBody
}

// tokenErrorBody has the members of the dialect that X-Client-Token comes from
// beside those of every other error.
type tokenErrorBody struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
	errorBody
}

const problems = "https://understudy.dev/problems/"

func (e keyError) reply(r *http.Request) reply {
	body := newErrorBody(r, e.status, e.message)
	var rep reply
	if e.code != "" {
		rep = newReply(r, e.status, tokenErrorBody{Code: e.code, Message: e.message, errorBody: body})
	} else {
		rep = newReply(r, e.status, problemBody{
			Type:       problems + e.problem,
			Title:      http.StatusText(e.status),
			Detail:     e.message,
			Retryable:  e.retryable,
			SafeNewKey: e.safeNewKey,
			errorBody:  body,
		})
		rep.header["Content-Type"] = "application/problem+json"
	}
	if e.retryAfter != "" {
		rep.header["Retry-After"] = e.retryAfter
	}
	return rep
}

// The codes of X-Client-Token. doc: idempotent-requests-x-client-token
const (
	codeBadJSON      = "DBS.200001"
	codeTokenInvalid = "DBS.280497"
	codeTokenReused  = "DBS.280495"
	codeTokenExpired = "DBS.280498"
	codeTokenInUse   = "DBS.200047"
)

func token(status int, code, message string) keyError {
	return keyError{status: status, code: code, message: message}
}

func isToken(s *idempotency.Scheme) bool { return s.MismatchFirst }

func invalidKey(s *idempotency.Scheme) error {
	if isToken(s) {
		return token(http.StatusBadRequest, codeTokenInvalid,
			"X-Client-Token must be one UUID of 32 lower-case hexadecimal digits in the form 8-4-4-4-12.")
	}
	return keyError{
		status: http.StatusBadRequest, problem: "invalid-key", safeNewKey: true,
		message: "Idempotency-Key must be one key of 8 to 255 letters, digits, dashes and underscores.",
	}
}

func unreadable() error {
	return token(http.StatusBadRequest, codeBadJSON, "The body is not JSON. The token has not been used.")
}

func twoKeys(a, b *idempotency.Scheme) error {
	return keyError{
		status: http.StatusBadRequest, problem: "invalid-key", safeNewKey: true,
		message: fmt.Sprintf("A request carries %s or %s, not both.", a.Header, b.Header),
	}
}

func expiredKey() keyError {
	return token(http.StatusBadRequest, codeTokenExpired,
		"The X-Client-Token has expired: its outcome is no longer known. Look for what it made, and use a new token.")
}

// inUse is the answer while another request with the key is under way.
func (k *requestKey) inUse() keyError {
	if isToken(k.Scheme) {
		e := token(http.StatusConflict, codeTokenInUse, "A request with this X-Client-Token is still being carried out.")
		e.retryAfter = "1"
		return e
	}
	return keyError{
		status: http.StatusConflict, problem: "key-in-use", retryable: true, retryAfter: "1",
		message: "A request with this Idempotency-Key is still being carried out. Send it again later, with the same key.",
	}
}

// reused is the answer to another request under a key that is used up.
func (k *requestKey) reused() keyError {
	if isToken(k.Scheme) {
		return token(http.StatusBadRequest, codeTokenReused, "The X-Client-Token has been used with other parameters.")
	}
	return keyError{
		status: http.StatusUnprocessableEntity, problem: "key-reused", safeNewKey: true,
		message: "This Idempotency-Key belongs to another request: other path, query or body. Use a new key.",
	}
}
