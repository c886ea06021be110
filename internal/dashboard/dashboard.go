// Package dashboard is the face of package sandbox for people with a browser: pages that are rendered here and stay up
// to date by themselves. It has no logic of its own, and knows what an API offers from its document alone.
//
// A page is a plain URL that shows all it has without scripts. Where there are scripts, the same URL is also a stream
// of its parts (live.go). A form posts to the page it is on, with the name of an action (action.go).
//
// Begin with New, and with pages.go.
package dashboard

import (
	"errors"
	"html/template"
	"io/fs"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Config is what the dashboard needs.
type Config struct {
	Service  *sandbox.Service
	Control  *openapi.Document // that has the statuses of the service's errors
	Dialects []Dialect
	API      http.Handler // answers requests to the APIs that are stood in for
	Prefix   string       // of all its paths, like /ui
	Token    string       // to log in with; empty: nobody need
	ReadOnly bool         // it changes nothing
	// Secrets returns the names of members that are not to be shown, of what is stored. They are more than those of the
	// dialects: of a database that offered others the resources are still there.
	Secrets func() (map[string]bool, error)
	Logger  *slog.Logger
}

// Dialect is an API that is stood in for.
type Dialect struct {
	Name     string
	Document *openapi.Document
	Text     []byte // of the document
	// Authorize returns the headers, and the parameters of the path, that the credentials of an account go into.
	Authorize func(key, secret string) (header, path map[string]string)
}

// Handler serves the dashboard.
type Handler struct {
	Config
	assets    map[string]asset
	templates *template.Template
	described described
	proofs    func() (proofs, error)
	http.Handler
}

// New returns the handler of all below the prefix.
func New(cfg Config) (*Handler, error) {
	of, err := files()
	if err != nil {
		return nil, err
	}
	h := &Handler{Config: cfg, described: newDescribed(cfg.Dialects), proofs: readProofs(), assets: of.assets}
	if h.templates, err = of.templates.Clone(); err != nil {
		return nil, err
	}
	h.templates.Funcs(h.functions())
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+cfg.Prefix, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, cfg.Prefix+"/", http.StatusMovedPermanently)
	})
	mux.HandleFunc("GET "+cfg.Prefix+"/assets/{file}", h.serveAsset)
	mux.HandleFunc("GET "+cfg.Prefix+"/login", h.showLogin)
	mux.HandleFunc("POST "+cfg.Prefix+"/login", h.logIn)
	mux.HandleFunc("POST "+cfg.Prefix+"/logout", h.logOut)
	mux.Handle("GET "+cfg.Prefix+"/snapshots/file", h.loggedIn(h.exportSnapshot))
	for _, p := range pages() {
		p.parts = h.partsOf(p.name)
		mux.Handle("GET "+cfg.Prefix+p.path, h.loggedIn(h.serve(p)))
		mux.Handle("POST "+cfg.Prefix+p.path, h.loggedIn(h.act(p)))
	}
	mux.Handle(cfg.Prefix+"/", h.loggedIn(func(w http.ResponseWriter, r *http.Request) {
		h.fail(w, r, errNoPage)
	}))
	h.Handler = secured(http.NewCrossOriginProtection().Handler(mux))
	return h, nil
}

var errNoPage = errors.New("there is no such page")

// contentPolicy lets a page run and show nothing but what comes from here, and be framed by nobody.
const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"form-action 'self'; frame-ancestors 'none'; base-uri 'none'"

// secured says to browsers what the pages may do.
func secured(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, value := range map[string]string{
			"Content-Security-Policy":      contentPolicy,
			"X-Content-Type-Options":       "nosniff",
			"Referrer-Policy":              "same-origin",
			"Cross-Origin-Opener-Policy":   "same-origin",
			"Cross-Origin-Resource-Policy": "same-origin",
			"Cache-Control":                "no-store",
		} {
			w.Header().Set(name, value)
		}
		next.ServeHTTP(w, r)
	})
}

// shared is what all handlers have in common.
type shared struct {
	assets    map[string]asset
	templates *template.Template // each handler puts its own functions into a copy of them
}

var files = sync.OnceValues(func() (of shared, err error) {
	if of.assets, err = loadAssets(); err != nil {
		return of, err
	}
	names, err := fs.Glob(templateFiles, "templates/*.html")
	if err != nil {
		return of, err
	}
	of.templates, err = template.New("").Funcs((&Handler{}).functions()).ParseFS(templateFiles, names...)
	return of, err
})

// partsOf returns the names of the parts of a page, which are templates called PAGE#PART.
func (h *Handler) partsOf(page string) (parts []string) {
	for _, t := range h.templates.Templates() {
		if of, part, ok := strings.Cut(t.Name(), "#"); ok && of == page {
			parts = append(parts, part)
		}
	}
	slices.Sort(parts)
	return parts
}
