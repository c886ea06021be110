package api

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"regexp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Dialect is one API as the edge is given it: what it offers, and how it speaks. Several may be served side by side,
// over the same accounts; none sees the tasks of another, nor its idempotency keys.
type Dialect struct {
	Name       string // in messages about the dialect itself
	Document   *openapi.Document
	Operations []engine.Operation
	Lengths    cloud.Lengths // how long its work takes
	// Schemes are its ways to make a request idempotent. An operation takes the keys whose header the document declares
	// for it. Keys are stored under the name of their scheme, so no two dialects may name one alike.
	Schemes []*idempotency.Scheme
	Presets func() *fault.Presets // of what goes wrong on purpose; nil: none
	Wire
}

// Wire is how a dialect writes and reads what does not stand in its document. Its methods are called by many goroutines
// at once.
type Wire interface {
	// Credentials reads from a request whose it is: from its headers, or from the parameters of its path, PathParam. What
	// is signed may need the body: PeekBody. Its error is a Problem.
	Credentials(r *http.Request) (store.Credentials, error)
	// WrongCredentials is the refusal of credentials that nobody has.
	WrongCredentials() Problem
	// Success renders what an operation returned: a cloud.Task, what its function returned, or, where that is a list
	// of tasks, a []store.Listed, as a TaskList. Files are written by the edge.
	Success(r *http.Request, op *openapi.Operation, out any) Answer
	// Failure renders an error.
	Failure(r *http.Request, p Problem) Answer
	// KeyRefusal renders why a request was not carried out in view of its idempotency key.
	KeyRefusal(r *http.Request, k KeyRefusal) Answer
	// Quota writes into the header of an answer how many requests of the limit for a minute are left. A limit of 0 is
	// none.
	Quota(h http.Header, limit, left int)
}

// Answer is what a dialect makes of an outcome. The edge encodes the body as JSON, or it is a TaskList.
type Answer struct {
	Status int
	Header map[string]string // Content-Type: application/json unless it is there; nil: nothing else
	Body   any
}

// Problem is an error in words that belong to no dialect. As an error it is one that the edge or a dialect finds by
// itself.
type Problem struct {
	Status     int
	Message    string // for the client; empty: nothing is to be said
	RetryAfter int    // seconds; 0: nothing is said. The edge writes the header Retry-After
	Err        error  // a *cloud.Error or *openapi.Invalid whose message this is; nil: found otherwise
}

func (p Problem) Error() string { return p.Message }

// KeyRefusal is what a request is told about its idempotency key. It is never stored, and never uses up a key.
type KeyRefusal struct {
	Reason KeyReason
	Scheme *idempotency.Scheme
	Other  *idempotency.Scheme // of the second key; KeyTwo only
}

func (k KeyRefusal) Error() string { return fmt.Sprintf("%s: refused (%d)", k.Scheme.Header, k.Reason) }

// KeyReason is why a request is not carried out in view of its idempotency key.
type KeyReason int

// The reasons.
const (
	KeyInvalid    KeyReason = iota // it is not one key of its scheme's syntax
	KeyUnreadable                  // the body is not JSON, which the scheme looks at first
	KeyTwo                         // there are keys of two schemes
	KeyExpired                     // its outcome is no longer known
	KeyInUse                       // a request with it is under way; the edge writes Retry-After: 1
	KeyReused                      // it belongs to another request
)

func (k KeyReason) String() string {
	return [...]string{"invalid", "unreadable", "two", "expired", "in use", "reused"}[k]
}

// BaseURL returns how the client reaches this server, without a path.
func BaseURL(r *http.Request) string {
	at := baseOf(r)
	return at.scheme + "://" + at.host
}

// base is a BaseURL in two parts.
type base struct{ scheme, host string }

func baseOf(r *http.Request) base {
	at := base{"http", r.Host}
	if r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https" {
		at.scheme = "https"
	}
	if at.host == "" { // HTTP/1.0 needs none
		if local, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr); ok {
			at.host = local.String()
		}
	}
	return at
}

// SentPath returns the path of a request as it was sent, escaped: before the edge brought it into its plain form.
func SentPath(r *http.Request) string {
	if sent := event(r).sent; sent != nil {
		return sent.URL.EscapedPath()
	}
	return ""
}

// parameterName is a parameter in a path of a document.
var parameterName = regexp.MustCompile(`\{[^}]*\}`)

// checkDialects names everything that keeps dialects from being served side by side.
func checkDialects(dialects []Dialect) error {
	if len(dialects) == 0 {
		return errors.New("there is no dialect")
	}
	var problems []error
	routes, schemes := map[string]string{}, map[string]string{}
	for _, d := range dialects {
		for _, op := range d.Document.Operations() {
			route := op.Method + " " + parameterName.ReplaceAllString(op.Path, "{}")
			if other, twice := routes[route]; twice {
				problems = append(problems, fmt.Errorf("%s %s is an operation of %s and of %s", op.Method, op.Path, other, d.Name))
			}
			routes[route] = d.Name
		}
		for _, scheme := range d.Schemes {
			if other, twice := schemes[scheme.Name]; twice {
				problems = append(problems, fmt.Errorf("idempotency keys %s are those of %s and of %s", scheme.Name, other, d.Name))
			}
			schemes[scheme.Name] = d.Name
		}
	}
	if len(problems) > 0 {
		return fmt.Errorf("the dialects cannot be served together:\n%w", errors.Join(problems...))
	}
	return nil
}
