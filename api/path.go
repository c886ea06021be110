package api

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/internal/openapi"
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
	at := strings.IndexByte(path, '%') // hardly any path has one
	if at >= 0 {
		at = strings.Index(strings.ToLower(path), "%3f")
	}
	if at < 0 || !strings.Contains(path[at:], "=") {
		return path, "", false
	}
	query = strings.NewReplacer("%26", "&", "%3D", "=", "%3d", "=").Replace(path[at+3:])
	return path[:at], query, true
}

// routes find the handler of a request. Chi does the finding; that its handlers are not in it saves what it puts into
// each request that it serves.
type routes struct {
	mux      *chi.Mux
	handlers map[route]http.HandlerFunc
	found    *sync.Pool // of *chi.Context
}

type route struct{ method, pattern string }

func newRoutes() routes {
	return routes{
		chi.NewRouter(), map[route]http.HandlerFunc{}, &sync.Pool{New: func() any { return chi.NewRouteContext() }},
	}
}

func (rs *routes) add(method, pattern string, handle http.HandlerFunc) {
	rs.mux.Method(method, pattern, handle)
	rs.handlers[route{method, pattern}] = handle
}

// route has a request answered by the handler of its operation.
func (e *edge) route(w http.ResponseWriter, r *http.Request) {
	found := e.routes.found.Get().(*chi.Context)
	found.Reset()
	told := event(r)
	defer func() {
		told.found = nil
		e.routes.found.Put(found)
	}()
	handle, ok := e.routes.handlers[route{r.Method, e.routes.mux.Find(found, r.Method, routePath(r))}]
	if !ok {
		e.unrouted(w, r)
		return
	}
	told.found = found
	handle(w, r)
}

// PathParam returns a parameter of the path of a request, unescaped: chi leaves an escaped slash as it came. It is
// empty where no operation was found.
func PathParam(r *http.Request, name string) string {
	found := event(r).found
	if found == nil {
		return ""
	}
	value := cmp.Or(found.URLParam(name), found.URLParam("*"))
	if plain, err := url.PathUnescape(value); err == nil && r.URL.RawPath != "" {
		value = plain
	}
	return value
}

// pathParams are all parameters of the path of a request.
func pathParams(r *http.Request, op *openapi.Operation) map[string]string {
	params := map[string]string{}
	for _, name := range op.PathParams() {
		params[name] = PathParam(r, name)
	}
	return params
}

// unrouted answers 404, or 405 where the path has other methods, and names these.
func (e *edge) unrouted(w http.ResponseWriter, r *http.Request) {
	var allow []string
	for _, method := range []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"} {
		if e.routes.mux.Match(chi.NewRouteContext(), method, routePath(r)) {
			allow = append(allow, method)
		}
	}
	if len(allow) == 0 {
		e.unmatched(r).fail(w, r, Problem{Status: http.StatusNotFound, Message: "The path was not found."})
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
	if caller, err := s.authenticate(r.WithContext(ctx)); err == nil {
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
