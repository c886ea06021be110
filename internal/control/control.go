// Package control is the sandbox's own API: sandbox.yaml over HTTP, bound to package sandbox, which has the logic. Its
// other half is the client, by which the command line and tests call the same operations.
//
// Begin with operations.go, which lists them, and with New.
package control

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what the control API needs.
type Config struct {
	Document *openapi.Document // sandbox.yaml
	Service  *sandbox.Service
	Logger   *slog.Logger
	Access   Access
}

// Handler serves the control API.
type Handler struct {
	Config
	mux *chi.Mux
	http.Handler
}

// New returns the handler of all below the document's base. It fails, naming every problem, where the document and the
// operations do not match.
func New(cfg Config) (*Handler, error) {
	h := &Handler{Config: cfg, mux: chi.NewRouter()}
	served := map[string]bool{}
	var problems []error
	for _, op := range operations(cfg.Service) {
		doc, ok := cfg.Document.Operation(op.id)
		if !ok {
			problems = append(problems, fmt.Errorf("%s is bound, but not declared", op.id))
			continue
		}
		problems = append(problems, op.input.Problems(doc)...)
		served[op.id] = true
		serve := h.serve
		if op.stream != nil {
			serve = h.serveStream
		}
		h.mux.Method(doc.Method, doc.ChiPattern(), serve(doc, op))
	}
	for _, doc := range cfg.Document.Operations() {
		if !served[doc.ID] {
			problems = append(problems, fmt.Errorf("%s is declared, but not bound", doc.ID))
		}
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("sandbox.yaml and the functions do not match:\n%w", errors.Join(problems...))
	}
	h.mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, cloud.Errorf("NOT_FOUND", "Control has no %s.", r.URL.Path))
	})
	h.mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, cloud.Errorf("METHOD_NOT_ALLOWED", "%s cannot be done to %s.", r.Method, r.URL.Path))
	})
	h.Handler = h.Guarded(h.mux)
	return h, nil
}

// serve answers the requests for one operation.
func (h *Handler) serve(doc *openapi.Operation, op bound) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		in, err := h.read(w, r, doc, op)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		if op.patient {
			unhurried(w)
		}
		out, err := op.call(r.Context(), in)
		if err != nil {
			h.fail(w, r, err)
			return
		}
		if file, ok := out.(File); ok {
			h.send(w, doc.Status, octets, file.Content)
			return
		}
		h.answer(w, doc.Status, "application/json", out)
	}
}

// unhurried lets an answer take longer than the server's time-outs, which would end the request.
func unhurried(w http.ResponseWriter) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // who cannot is a test's recorder, which has none
	_ = control.SetWriteDeadline(time.Time{})
}

// read makes the operation's input of a request.
func (h *Handler) read(w http.ResponseWriter, r *http.Request, doc *openapi.Operation, op bound) (any, error) {
	req := binding.Request{Path: map[string]string{}, Query: map[string]string{}}
	for _, name := range doc.PathParams() {
		req.Path[name] = chi.URLParam(r, name)
	}
	query := r.URL.Query()
	for name := range query {
		if !slices.Contains(doc.QueryParams(), name) {
			return nil, &openapi.Invalid{In: "query", Problems: []openapi.Problem{{Field: name, Text: "is not known"}}}
		}
		req.Query[name] = query.Get(name)
	}
	var body openapi.Body
	if _, has := doc.BodyProperties(); has {
		sent, err := api.ReadBody(w, r)
		if err != nil {
			return nil, err
		}
		body = doc.ReadBody(sent)
		req.Body = body.JSON
	}
	if err := doc.CheckRequest(r, req.Path, body); err != nil {
		return nil, err
	}
	in, err := op.input.Decode(req)
	if err == nil && doc.TakesFile() {
		err = readFile(w, r, in)
	}
	return in, err
}

func (h *Handler) answer(w http.ResponseWriter, status int, media string, body any) {
	if status == http.StatusNoContent {
		w.WriteHeader(status)
		return
	}
	text, err := json.Marshal(body)
	if err != nil {
		h.Logger.Error("control", "error", err)
		status = http.StatusInternalServerError
	}
	h.send(w, status, media, append(text, '\n'))
}

func (*Handler) send(w http.ResponseWriter, status int, media string, body []byte) {
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(body) // the client is gone
}

// Problem is the body of an error: problem details, RFC 9457.
type Problem struct {
	Title  string `json:"title"`
	Status int    `json:"status"`
	Code   string `json:"code"`
	Detail string `json:"detail,omitempty"`
}

func (p *Problem) Error() string { return p.Detail }

// fail answers with an error.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error) {
	p := h.problem(err)
	if p.Status == http.StatusInternalServerError {
		h.Logger.Error("control failed", "method", r.Method, "path", r.URL.Path, "error", err)
	}
	h.answer(w, p.Status, "application/problem+json", p)
}

// problem returns what a client is told of an error.
func (h *Handler) problem(err error) Problem {
	var p Problem
	if rule, ok := errors.AsType[*cloud.Error](err); ok {
		p.Code, p.Detail = string(rule.Code), rule.Description
	} else if invalid, ok := errors.AsType[*openapi.Invalid](err); ok {
		p.Code, p.Detail = "BAD_REQUEST", strings.TrimPrefix(invalid.Error(), "JSON parse error: ")
	} else if edge, ok := errors.AsType[api.Problem](err); ok {
		p.Code, p.Detail, p.Status = "BAD_REQUEST", edge.Message, edge.Status
	} else if store.Unavailable(err) {
		p.Code, p.Detail = "UNAVAILABLE", "The database cannot be reached just now. Try again."
	} else {
		p.Code, p.Detail = h.Document.InternalError(), "The server failed; its log has more."
	}
	if p.Status == 0 {
		code, _ := h.Document.Code(p.Code)
		p.Status = code.Status
		if code.Status == 0 {
			p.Status = http.StatusInternalServerError
		}
	}
	p.Title = http.StatusText(p.Status)
	return p
}
