// Package idempotency is the rules of idempotent requests as data: which header
// carries a key, what a key looks like and how long it lives. The two schemes
// differ in their values and in little else; how a request is carried out under
// a key is one code for both, at the HTTP edge.
package idempotency

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"net/url"
	"regexp"
	"time"
)

// Scheme is one way to make a request idempotent.
type Scheme struct {
	Name     string // stored with every key
	Header   string
	Syntax   *regexp.Regexp
	Replayed time.Duration // business time from first receipt during which an outcome is replayed
	Known    time.Duration // and during which the key is known, if only to be expired
	Wait     time.Duration // real time that a request waits for one that is under way
	// Storable reports whether an outcome with a status settles the key. One that
	// does not leaves the key to the next attempt.
	Storable func(status int) bool
	// MismatchFirst refuses another request under a used key as such, also while the first one is still under way.
	MismatchFirst bool
	// JSONFirst refuses a body that is not JSON before it looks at the key.
	JSONFirst bool
	// Takes reports whether a request with such a body may have a key; nil: any may. Where it may not, the header means
	// nothing, whatever is in it. What is not JSON may.
	Takes func(body []byte) bool
}

// Lease is how long a request may take that holds a key: ten seconds to carry it
// out and five to spare. Real time.
const Lease = 15 * time.Second

// The names of the schemes.
const (
	KeyName         = "idempotency-key"
	ClientTokenName = "client-token"
)

// Key is the scheme of the header Idempotency-Key: the outcome of the first
// request, whatever it was, is that of all.
//
// doc: idempotent-requests-idempotency-key
func Key() *Scheme {
	const day = 24 * time.Hour
	return &Scheme{
		Name:     KeyName,
		Header:   "Idempotency-Key",
		Syntax:   regexp.MustCompile(`^[A-Za-z0-9_-]{8,255}$`),
		Replayed: day,
		Known:    day,
		Storable: func(int) bool { return true },
	}
}

// ClientToken is the scheme of the header X-Client-Token: a success or a refusal
// is that of all requests, an internal error of none.
//
// doc: idempotent-requests-x-client-token
func ClientToken() *Scheme {
	return &Scheme{
		Name:          ClientTokenName,
		Header:        "X-Client-Token",
		Syntax:        regexp.MustCompile(`^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$`),
		Replayed:      8 * time.Hour,
		Known:         72 * time.Hour,
		Wait:          2 * time.Second,
		Storable:      func(status int) bool { return status < http.StatusInternalServerError },
		MismatchFirst: true,
		JSONFirst:     true,
	}
}

// Of reads the scheme's key of a request: given is false when there is no such
// header, valid when it is there once and looks as it must.
func (s *Scheme) Of(h http.Header) (key string, given, valid bool) {
	lines, given := h[http.CanonicalHeaderKey(s.Header)]
	if !given {
		return "", false, false
	}
	return lines[0], true, len(lines) == 1 && s.Syntax.MatchString(lines[0])
}

// Hash is what is stored and logged of a key.
func Hash(key string) []byte {
	sum := sha256.Sum256([]byte(key))
	return sum[:]
}

// Fingerprint tells requests apart without keeping them: it is a keyed hash of
// the method, the path, the sorted query and the body, in which the order of the
// members of an object and white space do not count.
func Fingerprint(secret []byte, method string, u *url.URL, body []byte) []byte {
	mac := hmac.New(sha256.New, secret)
	for _, part := range [][]byte{[]byte(method), []byte(u.EscapedPath()), []byte(u.Query().Encode()), canonical(body)} {
		mac.Write(part)
		mac.Write([]byte{0}) // a byte that no part has: parts cannot run into each other
	}
	return mac.Sum(nil)
}

// canonical is JSON with sorted members and numbers as they were written; what
// is not JSON stays as it is.
func canonical(body []byte) []byte {
	if !json.Valid(body) {
		return body
	}
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var v any
	if dec.Decode(&v) != nil {
		return body
	}
	text, err := json.Marshal(v)
	if err != nil {
		return body
	}
	return text
}
