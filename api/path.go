package api

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/go-chi/chi/v5"
)

// plainPath lets two habits of the official clients through. They end some paths
// with a slash, which a redirect would answer with the loss of the body; and
// they append a query to a path before it is escaped, so that its question mark
// arrives as %3F. The paths that end with a slash in their document keep it, or
// get it: slashed are these, without it.
func plainPath(slashed []string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := r.URL.EscapedPath()
		plain, query, escaped := cutQuery(strings.TrimRight(path, "/"))
		if plain = strings.TrimRight(plain, "/"); plain == "" {
			plain = "/"
		}
		if slices.Contains(slashed, plain) {
			plain += "/"
		}
		if plain != path {
			u := *r.URL
			u.RawPath = plain
			if u.Path, _ = url.PathUnescape(plain); u.Path == u.RawPath {
				u.RawPath = ""
			}
			if escaped {
				u.RawQuery = strings.Trim(query+"&"+u.RawQuery, "&")
			}
			r2 := *r
			r2.URL = &u
			r = &r2
		}
		next.ServeHTTP(w, r)
	})
}

// cutQuery splits an escaped path at an escaped question mark and unescapes what
// separates the parameters behind it. A %3F with no parameter behind it stays.
func cutQuery(path string) (plain, query string, found bool) {
	at := strings.Index(strings.ToLower(path), "%3f")
	if at < 0 || !strings.Contains(path[at:], "=") {
		return path, "", false
	}
	query = strings.NewReplacer("%26", "&", "%3D", "=", "%3d", "=").Replace(path[at+3:])
	return path[:at], query, true
}

// pathParams reads the parameters of the route, unescaped: chi leaves an escaped
// slash as it came.
func pathParams(r *http.Request, names []string) map[string]string {
	if len(names) == 0 {
		return nil
	}
	params := make(map[string]string, len(names))
	for _, name := range names {
		value := chi.URLParam(r, name)
		if value == "" {
			value = chi.URLParam(r, "*")
		}
		if plain, err := url.PathUnescape(value); err == nil && r.URL.RawPath != "" {
			value = plain
		}
		params[name] = value
	}
	return params
}

func (e *edge) notFound(w http.ResponseWriter, r *http.Request) {
	e.unmatched(r).fail(w, r, Problem{Status: http.StatusNotFound, Message: "The path was not found."})
}

// methodNotAllowed answers 405 and names the methods that the path has.
func (e *edge) methodNotAllowed(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if e.mux.Match(chi.NewRouteContext(), method, routePath(r)) {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 { // an unusual method gets here whatever its path
		e.notFound(w, r)
		return
	}
	w.Header().Set("Allow", strings.Join(allow, ", "))
	e.unmatched(r).fail(w, r, Problem{
		Status:  http.StatusMethodNotAllowed,
		Message: "Method " + r.Method + " is not for this path; it has " + strings.Join(allow, ", ") + ".",
	})
}

// unmatched finds the dialect that answers a request for which there is no operation, and whose request it is, for the
// observer. It need not be anybody's.
func (e *edge) unmatched(r *http.Request) *server {
	s := e.serverOf(r.URL.Path)
	if e.cfg.Observe == nil {
		return s
	}
	const soon = time.Second // that the answer waits for
	ctx, cancel := context.WithTimeout(r.Context(), soon)
	defer cancel()
	told := event(r)
	told.in = s.Document
	if caller, err := s.authenticate(r.WithContext(ctx), nil); err == nil {
		told.account, told.apiKey = caller.Account, caller.Key.Name
	}
	return s
}

func routePath(r *http.Request) string {
	if r.URL.RawPath != "" {
		return r.URL.RawPath
	}
	return r.URL.Path
}

type contextKey int

const eventKey contextKey = iota

func withEvent(ctx context.Context, e *requestEvent) context.Context {
	return context.WithValue(ctx, eventKey, e)
}
