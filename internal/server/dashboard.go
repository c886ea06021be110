package server

import (
	"cmp"
	"net/http"
	"regexp"
	"strings"
	"sync"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/dashboard"
)

// DefaultUIPrefix is the path that the dashboard is below, where nothing else is said.
const DefaultUIPrefix = "/ui"

// uiPath is what can be a prefix: some segments, each of plain characters.
var uiPath = regexp.MustCompile(`^(/[A-Za-z0-9_~-]+)+$`)

func (c *Config) uiPrefix() string {
	return strings.TrimRight(cmp.Or(c.UIPrefix, DefaultUIPrefix), "/")
}

// checkUI refuses a prefix that is no path.
func (c *Config) checkUI() error {
	if !uiPath.MatchString(c.uiPrefix()) {
		return badConfig("--ui-prefix %q is no path like %s", c.UIPrefix, DefaultUIPrefix)
	}
	return nil
}

// dashboard makes the dashboard, if there is to be one. A prefix that is below another one is refused.
func (s *Server) dashboard(
	edge http.Handler, c controls, readings []reading, dialects []api.Dialect,
) error {
	if s.cfg.NoUI {
		return nil
	}
	prefix := s.cfg.uiPrefix()
	taken := []string{c.base, "/healthz", "/readyz", "/metrics", "/debug"}
	var shown []dashboard.Dialect
	for i, d := range dialects {
		taken = append(taken, d.Document.Base())
		shown = append(shown, dashboard.Dialect{
			Name: d.Name, Document: d.Document, Text: readings[i].text, Authorize: readings[i].authorize,
		})
	}
	for _, other := range taken {
		if strings.HasPrefix(prefix+"/", other+"/") {
			return badConfig("--ui-prefix %s is taken: %s is served for others", prefix, other)
		}
	}
	s.pages = s.whenAsked(dashboard.Config{
		Service: s.Sandbox, Control: c.handler.Document, Dialects: shown, API: edge,
		Prefix: prefix, Token: s.access.Token, ReadOnly: s.cfg.UIReadOnly,
		Secrets: sync.OnceValues(func() (map[string]bool, error) { return secrets(s.cfg) }), Logger: s.cfg.Logger,
	})
	return nil
}

// whenAsked makes the pages for the first who asks for one: to read their templates takes a tenth of what a start
// computes, and most servers are looked at by programs only.
func (s *Server) whenAsked(cfg dashboard.Config) http.Handler {
	made := sync.OnceValues(func() (*dashboard.Handler, error) { return dashboard.New(cfg) })
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		pages, err := made()
		if err != nil { // of the program's own templates, which tests read
			s.cfg.Logger.Error("the dashboard cannot be shown", "error", err)
			http.Error(w, "the dashboard cannot be shown", http.StatusInternalServerError)
			return
		}
		pages.ServeHTTP(w, r)
	})
}

// routeDashboard adds the dashboard, and leads there who opens the server itself with a browser.
func (s *Server) routeDashboard(mux *chi.Mux, next http.Handler) {
	prefix := s.cfg.uiPrefix()
	pages := calledAt(s.pages)
	mux.Handle(prefix, pages)
	mux.Handle(prefix+"/*", pages)
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || !strings.Contains(r.Header.Get("Accept"), "text/html") {
			next.ServeHTTP(w, r)
			return
		}
		http.Redirect(w, r, prefix+"/", http.StatusFound)
	})
}
