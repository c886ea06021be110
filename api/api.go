// Package api is the HTTP edge: who asks, for which operation, and what the
// answer looks like. Routes come from the document; what an operation does is
// the engine's business.
package api

import (
	"log/slog"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/api/openapi"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what the edge needs.
type Config struct {
	Document *openapi.Document
	Engine   *engine.Engine
	DB       *store.DB
	Logger   *slog.Logger
}

// server answers the requests of all operations.
type server struct {
	cfg       Config
	engine    *engine.Engine
	log       *slog.Logger
	auth      *authenticator
	resources map[string]resourcePath // of what an operation creates or changes
	taskPath  string                  // of a task, without its id
	listPath  string                  // of the list of tasks
	mux       *chi.Mux
}

// New builds the handler for every operation of the document. It panics only on
// routes that chi cannot hold, which the document's own checks rule out.
func New(cfg Config) http.Handler {
	s := &server{
		cfg:       cfg,
		engine:    cfg.Engine,
		log:       cfg.Logger,
		auth:      &authenticator{db: cfg.DB, now: time.Now},
		resources: resourcePaths(cfg.Document),
		taskPath:  taskPath(cfg.Document, "getTask"),
		listPath:  taskPath(cfg.Document, "listTasks"),
		mux:       chi.NewRouter(),
	}
	for _, op := range cfg.Document.Operations() {
		handle := s.handle(op)
		s.mux.Method(op.Method, op.ChiPattern(), handle)
		if op.Method == http.MethodGet {
			s.mux.Method(http.MethodHead, op.ChiPattern(), handle)
		}
	}
	s.mux.NotFound(func(w http.ResponseWriter, r *http.Request) {
		s.fail(w, r, statusError{status: http.StatusNotFound, message: "There is no such path."})
	})
	s.mux.MethodNotAllowed(s.methodNotAllowed)

	// From the outside in.
	return logged(cfg.Logger, recovered(s, plainPath(s.mux)))
}

// handle answers requests for one operation.
func (s *server) handle(op *openapi.Operation) http.HandlerFunc {
	params := op.PathParams()
	_, hasBody := op.BodyProperties()
	return func(w http.ResponseWriter, r *http.Request) {
		event(r).operation = op.ID
		caller, err := s.auth.authenticate(r)
		if err != nil {
			s.fail(w, r, err)
			return
		}
		event(r).account = caller.Account
		if op.Planned {
			s.fail(w, r, statusError{
				status:  http.StatusNotImplemented,
				message: "Operation " + op.ID + " belongs to the API, but is not built into this sandbox yet.",
			})
			return
		}
		var body []byte
		if hasBody {
			if body, err = readBody(w, r); err != nil {
				s.fail(w, r, err)
				return
			}
		}
		path := pathParams(r, params)
		if err := op.CheckRequest(r, path, body); err != nil {
			s.fail(w, r, err)
			return
		}
		req := engine.Request{Path: path, Query: queryParams(r, op), Body: body}
		var out any
		if op.Command != "" {
			out, err = s.engine.Accept(r.Context(), caller, op.ID, req)
		} else {
			out, err = s.engine.Answer(r.Context(), caller, op.ID, req)
		}
		if err != nil {
			s.fail(w, r, err)
			return
		}
		s.respond(w, r, op.Status, out)
	}
}

// queryParams keeps the parameters that the document knows; clients of the real
// API send others too.
func queryParams(r *http.Request, op *openapi.Operation) map[string]string {
	if r.URL.RawQuery == "" {
		return nil
	}
	sent := r.URL.Query()
	kept := map[string]string{}
	for _, name := range op.QueryParams() {
		if sent.Has(name) {
			kept[name] = sent.Get(name)
		}
	}
	return kept
}
