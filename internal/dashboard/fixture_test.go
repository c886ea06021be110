package dashboard_test

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/server"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// fixture is a running sandbox on a database of its own, and a browser without scripts.
type fixture struct {
	*server.Server
	t      *testing.T
	client *http.Client
}

// start starts a sandbox; configure may change its configuration.
func start(t *testing.T, configure ...func(*server.Config)) *fixture {
	t.Helper()
	s := apitest.Serve(t, append([]func(*server.Config){func(cfg *server.Config) { cfg.Journal = 100 }}, configure...)...)
	// Nothing is followed by itself: where one is led to is part of the answer.
	return &fixture{Server: s, t: t, client: &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error {
		return http.ErrUseLastResponse
	}}}
}

// page is an answer.
type page struct {
	status int
	header http.Header
	text   string
}

// do sends a request with headers, pairs of name and value.
func (f *fixture) do(method, path, body string, headers ...string) page {
	f.t.Helper()
	req, err := http.NewRequestWithContext(f.t.Context(), method, "http://"+f.Address()+path, strings.NewReader(body))
	if err != nil {
		f.t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Set(headers[i], headers[i+1])
	}
	res, err := f.client.Do(req)
	if err != nil {
		f.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		f.t.Fatal(err)
	}
	return page{res.StatusCode, res.Header, string(text)}
}

func (f *fixture) get(path string, headers ...string) page {
	f.t.Helper()
	return f.do(http.MethodGet, path, "", headers...)
}

// post sends a form, as a browser does from a page of the dashboard.
func (f *fixture) post(path string, form url.Values, headers ...string) page {
	f.t.Helper()
	return f.do(http.MethodPost, path, form.Encode(), append([]string{
		"Content-Type", "application/x-www-form-urlencoded", "Sec-Fetch-Site", "same-origin",
	}, headers...)...)
}

// has fails unless a page has all of some texts.
func (f *fixture) has(p page, texts ...string) {
	f.t.Helper()
	for _, text := range texts {
		if !strings.Contains(p.text, text) {
			_, main, _ := strings.Cut(p.text, "<main")
			f.t.Errorf("the page has no %q: <main%s", text, main)
		}
	}
}

// api sends a request to the API of the demo account.
func (f *fixture) api(method, path, body string) page {
	f.t.Helper()
	return f.do(method, "/v1"+path, body, "x-api-key", f.APIKey, "x-api-secret-key", f.APISecretKey,
		"Content-Type", "application/json")
}

// withPrefix is a configuration with a prefix of the dashboard.
func withPrefix(t *testing.T, prefix string) server.Config {
	return server.Config{
		Document: understudy.Document, Control: understudy.ControlDocument, Listen: "127.0.0.1:0",
		DatabaseURL: pgtest.New(t), DataDir: t.TempDir(), CapPolicy: engine.PolicyQueue, UIPrefix: prefix,
	}
}
