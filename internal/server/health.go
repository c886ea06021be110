package server

import (
	"context"
	"net/http"
	"net/http/pprof"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

const pingTimeout = 2 * time.Second

// routes puts together all that is served: before the API what is asked by machines without keys (whether the process
// lives, whether it can do its work, the documents), control, and what only who may control may see.
func (s *Server) routes(
	c controls, readings []reading, dialects []api.Dialect, next http.Handler,
) http.Handler {
	mux := chi.NewRouter()
	get := func(path string, handle http.HandlerFunc) {
		mux.Get(path, handle)
		mux.Head(path, handle)
	}
	get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"status":"ok"}`)
	})
	get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
		defer cancel()
		if err := s.database.Ping(ctx); err != nil {
			answer(w, http.StatusServiceUnavailable, `{"status":"database unreachable"}`)
			return
		}
		answer(w, http.StatusOK, `{"status":"ready"}`)
	})
	contract := func(path string, text []byte) {
		get(path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/yaml")
			_, _ = w.Write(text)
		})
	}
	for _, d := range readings {
		contract(d.path, d.text)
	}
	contract("/sandbox.yaml", c.document)
	get("/metrics", c.handler.Guarded(s.metrics.Handler()).ServeHTTP)
	if s.cfg.Pprof {
		profile := func(path string, handle http.HandlerFunc) {
			mux.Handle("/debug/pprof/"+path, c.handler.Guarded(handle))
		}
		profile("*", pprof.Index)
		profile("cmdline", pprof.Cmdline)
		profile("profile", pprof.Profile)
		profile("symbol", pprof.Symbol)
		profile("trace", pprof.Trace)
	}
	mux.Handle(c.base+"/*", calledAt(c.handler))
	if s.pages != nil {
		s.routeDashboard(mux, next)
	}
	mux.NotFound(next.ServeHTTP)
	mux.MethodNotAllowed(func(w http.ResponseWriter, r *http.Request) {
		if !mux.Match(chi.NewRouteContext(), http.MethodGet, r.URL.Path) {
			next.ServeHTTP(w, r) // an unusual method, and not for one of ours
			return
		}
		w.Header().Set("Allow", "GET, HEAD")
		answer(w, http.StatusMethodNotAllowed, `{"status":"method not allowed"}`)
	})
	return c.handler.Addressed(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, d := range dialects {
			if d.Document.Covers(r.URL.Path) { // as most are: nothing of the above is there
				next.ServeHTTP(w, r)
				return
			}
		}
		mux.ServeHTTP(w, r)
	}))
}

// calledAt tells control, and pages of it, how the client reaches the server.
func calledAt(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r.WithContext(sandbox.CalledAt(r.Context(), api.BaseURL(r))))
	})
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body + "\n"))
}
