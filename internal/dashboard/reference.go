package dashboard

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// reference is the page of all operations.
type reference struct {
	Chapters []refChapter
	Text     string
	All      int
}

// refChapter are the operations of a family in a dialect.
type refChapter struct {
	Dialect string
	openapi.Family
	Operations []*openapi.Operation
}

// described are the documents of the dialects as people read them. They are read when somebody does.
type described struct {
	once func() ([]*openapi.Reference, error)
}

func newDescribed(dialects []Dialect) described {
	return described{sync.OnceValues(func() ([]*openapi.Reference, error) {
		all := make([]*openapi.Reference, len(dialects))
		for i, d := range dialects {
			var err error
			if all[i], err = openapi.Describe(d.Text); err != nil {
				return nil, err
			}
		}
		return all, nil
	})}
}

func loadReference(h *Handler, q *query) (any, error) {
	docs, err := h.described.once()
	if err != nil {
		return nil, err
	}
	r := &reference{Text: q.get("q")}
	for i, d := range h.Dialects {
		for _, family := range families(d.Document, docs[i]) {
			c := refChapter{Dialect: d.Name, Family: family}
			for _, op := range d.Document.Operations() {
				text := strings.ToLower(op.ID + " " + op.Method + " " + op.Path + " " + op.Summary)
				if op.Family == family.Name && strings.Contains(text, strings.ToLower(r.Text)) {
					c.Operations = append(c.Operations, op)
				}
			}
			if len(c.Operations) > 0 {
				r.Chapters = append(r.Chapters, c)
				r.All += len(c.Operations)
			}
		}
	}
	return r, nil
}

// families are those of a document in its order, and those that its operations name beside.
func families(document *openapi.Document, described *openapi.Reference) []openapi.Family {
	all := slices.Clone(described.Families)
	for _, op := range document.Operations() {
		if !slices.ContainsFunc(all, func(f openapi.Family) bool { return f.Name == op.Family }) {
			all = append(all, openapi.Family{Name: op.Family})
		}
	}
	return all
}

// operationPage is the page of an operation, where it can be tried.
type operationPage struct {
	*openapi.Operation
	openapi.Described
	Dialect string
	Roles   []string
	Given   map[string]bool // parameters that come with the credentials
	Clients []string        // with which it succeeds in the tests
	Seen    int             // requests for it in the journal
}

func loadOperation(h *Handler, q *query) (any, error) {
	docs, err := h.described.once()
	if err != nil {
		return nil, err
	}
	id := q.PathValue("operation")
	for i, d := range h.Dialects {
		op, ok := d.Document.Operation(id)
		if !ok {
			continue
		}
		p := &operationPage{Operation: op, Described: docs[i].Operation(id), Dialect: d.Name, Given: map[string]bool{}}
		for _, role := range h.Service.Roles() {
			if op.Allows(role) {
				p.Roles = append(p.Roles, role)
			}
		}
		tested, err := h.proofs()
		if err != nil {
			return nil, err
		}
		p.Clients = tested.of(id)
		_, path := d.Authorize("", "")
		for name := range path {
			p.Given[name] = true
		}
		seen, err := h.Service.Journal(q.ctx(), sandbox.JournalQuery{Account: q.ref(), Operation: id})
		p.Seen = len(seen)
		return p, ignoring(err, "JOURNAL_OFF")
	}
	return nil, cloud.Errorf("NOT_FOUND", "There is no operation %q.", id)
}

// tried is what an operation answered.
type tried struct {
	Method, URL string
	Status      int
	Body        json.RawMessage
	Text        string // where it is no JSON
	Request     string // its id, under which the journal has it
	Task        string
}

// try lets an operation answer a form, as an account that is chosen.
func (h *Handler) try(ctx context.Context, o order) (any, error) {
	op := h.operation(o.get("operation"))
	if op == nil {
		return nil, cloud.Errorf("NOT_FOUND", "There is no operation %q.", o.get("operation"))
	}
	pair, err := o.service.EnvironmentPair(ctx, o.account)
	if err != nil {
		return nil, err
	}
	// The request is another one: what the router knows of the form's must not go with it.
	own, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	req, err := h.request(own, op, pair, o.form)
	if err != nil {
		return nil, err
	}
	answer := httptest.NewRecorder()
	h.API.ServeHTTP(answer, req)
	res := answer.Result()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return nil, err
	}
	t := tried{
		Method: req.Method, URL: req.URL.RequestURI(), Status: res.StatusCode, Request: res.Header.Get("X-Request-Id"),
	}
	if json.Valid(body) && len(body) > 0 {
		t.Body = body
	} else {
		t.Text = string(body)
	}
	if entry, err := o.service.JournalEntry(t.Request); err == nil {
		t.Task = entry.Task
	}
	return t, nil
}

// request makes a request for an operation of what a form has: path.NAME, query.NAME, header.NAME and body.
func (h *Handler) request(
	ctx context.Context, op *openapi.Operation, pair sandbox.KeyPair, form url.Values,
) (*http.Request, error) {
	header, given := map[string]string{}, map[string]string{}
	for _, d := range h.Dialects {
		if d.Document == op.Document() {
			header, given = d.Authorize(pair.APIKey, pair.APISecretKey)
		}
	}
	path := op.Path
	for _, name := range op.PathParams() {
		value := strings.TrimSpace(form.Get("path." + name))
		if given[name] != "" {
			value = given[name]
		}
		if value == "" {
			return nil, cloud.Errorf("BAD_REQUEST", "The path needs %s.", name)
		}
		path = strings.ReplaceAll(path, "{"+name+"}", url.PathEscape(value))
	}
	query := url.Values{}
	for _, name := range op.QueryParams() {
		if value := form.Get("query." + name); value != "" {
			query.Set(name, value)
		}
	}
	if len(query) > 0 {
		path += "?" + query.Encode()
	}
	body := strings.TrimSpace(form.Get("body"))
	req, err := http.NewRequestWithContext(ctx, op.Method, path, bytes.NewReader([]byte(body)))
	if err != nil {
		return nil, err
	}
	req.Host, req.RequestURI, req.RemoteAddr = "localhost", path, "127.0.0.1:"+strconv.Itoa(1)
	req.Header.Set("User-Agent", "understudy-dashboard")
	req.Header.Set("Accept", "application/json")
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	for name, values := range form {
		if name, ok := strings.CutPrefix(name, "header."); ok && op.TakesHeader(name) && values[0] != "" {
			req.Header.Set(name, values[0])
		}
	}
	for name, value := range header {
		req.Header.Set(name, value)
	}
	return req, nil
}
