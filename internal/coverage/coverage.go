// Package coverage is how the tests know which operations of the contract they
// carried out. A Recorder looks at every answer, holds it against the document and
// remembers whose it was; after a whole run of a suite its list is compared with
// the one that is committed beside the suite. docs/coverage.md is made from these
// lists, so that making it runs no test.
package coverage

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// Recorder remembers which operations succeeded. It may be used by any number of
// goroutines.
type Recorder struct {
	contracts []contract

	mu    sync.Mutex
	begun map[string]string // the operation of a task, by the task's id
	done  map[string]bool   // operationIds
}

// New makes a Recorder for the documents of this program.
func New() (*Recorder, error) {
	contracts, err := load()
	if err != nil {
		return nil, err
	}
	return &Recorder{contracts: contracts, begun: map[string]string{}, done: map[string]bool{}}, nil
}

// Document is the contract of Redis Cloud.
func (r *Recorder) Document() *openapi.Document { return r.contracts[0].Document }

// RDS is the contract of RDS.
func (r *Recorder) RDS() *openapi.Document { return r.contracts[1].Document }

// Answered takes note of an answer that a test got, and says what is wrong with it in view of the
// document. finished is the operation that has succeeded with this answer; "" if
// none has. One that is answered with a task succeeds when an answer shows the
// task completed: accepting it proves nothing.
func (r *Recorder) Answered(
	test string, req *http.Request, status int, header http.Header, body []byte,
) (finished string, err error) {
	if err := Keep(test, req, status, header, body); err != nil {
		return "", err
	}
	c, op := r.find(req.Method, req.URL.EscapedPath())
	switch {
	case req.Method == http.MethodHead: // answered like a GET, without a body to look at
		return "", nil
	case op == nil && status != http.StatusNotFound && status != http.StatusMethodNotAllowed:
		return "", fmt.Errorf("%s %s is no operation, and answered with %d", req.Method, req.URL, status)
	case op == nil:
		return "", errors.Join(checkLayout(req, header, body), c.checkErrors(c.Document, status, body))
	}
	err = errors.Join(op.CheckResponse(status, header, body), checkLayout(req, header, body),
		c.checkErrors(c.Document, status, body))
	// What a fault rule has struck proves nothing.
	if status >= http.StatusMultipleChoices || header.Get("Sandbox-Fault") != "" {
		return "", err
	}
	task := c.task(body)

	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case status == http.StatusAccepted:
		r.begun[task.id] = op.ID
		return "", err
	case task.id != "" && task.completed:
		finished = r.begun[task.id]
		r.done[op.ID] = true
	case task.id == "":
		finished = op.ID
	}
	if finished != "" {
		r.done[finished] = true
	}
	return finished, err
}

// Find returns the operation that an escaped path belongs to, nil if there is none.
func (r *Recorder) Find(method, path string) *openapi.Operation {
	_, op := r.find(method, path)
	return op
}

// find is Find; the contract is that which answers for the path.
func (r *Recorder) find(method, path string) (contract, *openapi.Operation) {
	found := r.contracts[0]
	for _, c := range r.contracts {
		if op := c.find(method, path); op != nil {
			return c, op
		}
		if strings.HasPrefix(path, c.Base()+"/") {
			found = c
		}
	}
	return found, nil
}

// Operations returns the ids of all that succeeded, sorted.
func (r *Recorder) Operations() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Sorted(maps.Keys(r.done))
}

// find returns the operation that an escaped path belongs to; a literal segment
// goes before a parameter. Official clients end paths with a slash, or with a query
// whose question mark is escaped.
func (c contract) find(method, path string) (found *openapi.Operation) {
	if query := strings.Index(strings.ToUpper(path), "%3F"); query >= 0 {
		path = path[:query]
	}
	got := strings.Split(strings.TrimRight(path, "/"), "/")
	for _, op := range c.Operations() {
		want := strings.Split(strings.TrimSuffix(op.Path, "/"), "/")
		if op.Method == method && matches(want, got, op.CatchesAll()) &&
			(found == nil || strings.Count(op.Path, "{") < strings.Count(found.Path, "{")) {
			found = op
		}
	}
	return found
}

func matches(want, got []string, rest bool) bool {
	if rest && len(got) > len(want) {
		got = got[:len(want)]
	}
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || strings.HasPrefix(w, "{") && g != "" })
}
