package server

import (
	"context"
	"net/http"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/internal/store"
)

const pingTimeout = 2 * time.Second

// withHealth adds what is asked by machines without keys: whether the process
// lives, whether it can do its work, and the document.
func withHealth(db *store.DB, document []byte, next http.Handler) http.Handler {
	mux := chi.NewRouter()
	mux.Get("/healthz", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, http.StatusOK, `{"status":"ok"}`)
	})
	mux.Get("/readyz", func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), pingTimeout)
		defer cancel()
		if err := db.Ping(ctx); err != nil {
			answer(w, http.StatusServiceUnavailable, `{"status":"database unreachable"}`)
			return
		}
		answer(w, http.StatusOK, `{"status":"ready"}`)
	})
	mux.Get("/openapi.yaml", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/yaml")
		_, _ = w.Write(document)
	})
	mux.NotFound(next.ServeHTTP)
	mux.MethodNotAllowed(next.ServeHTTP)
	return mux
}

func answer(w http.ResponseWriter, status int, body string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = w.Write([]byte(body + "\n"))
}
