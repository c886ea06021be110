package control_test

import (
	"bytes"
	"flag"
	"io"
	"net/http"
	"testing"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/go-chi/chi/v5"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/server"
)

func TestMain(m *testing.M) {
	// By default the random test is a short one; -rapid.checks asks for more.
	if err := flag.Set("rapid.checks", "30"); err != nil {
		panic(err)
	}
	pgtest.Main(m)
}

// fixture is a running sandbox on a database of its own, and a client of its control whose answers are held to
// sandbox.yaml.
type fixture struct {
	*server.Server
	client *control.Client
}

// start starts a sandbox; configure may change its configuration.
func start(t *testing.T, configure ...func(*server.Config)) *fixture {
	t.Helper()
	s := apitest.Serve(t, configure...)
	document, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		t.Fatal(err)
	}
	return &fixture{Server: s, client: &control.Client{
		Document: document, URL: "http://" + s.Address(), HTTP: &http.Client{Transport: checked(t, document)},
	}}
}

// checked holds every answer to the document.
func checked(t *testing.T, document *openapi.Document) http.RoundTripper {
	mux := chi.NewRouter()
	for _, op := range document.Operations() {
		mux.Method(op.Method, op.ChiPattern(), http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	}
	return roundTrip(func(r *http.Request) (*http.Response, error) {
		res, err := http.DefaultTransport.RoundTrip(r)
		route := chi.NewRouteContext()
		if err != nil || !mux.Match(route, r.Method, r.URL.Path) {
			return res, err
		}
		if media := res.Header.Get("Content-Type"); media == "text/event-stream" { // it need not end
			return res, nil
		}
		body, err := io.ReadAll(res.Body)
		if err != nil {
			return nil, err
		}
		res.Body = io.NopCloser(bytes.NewReader(body))
		for _, op := range document.Operations() {
			if op.Method == r.Method && op.ChiPattern() == route.RoutePattern() {
				if err := op.CheckResponse(res.StatusCode, res.Header, body); err != nil {
					t.Errorf("%s %s answered against its contract: %v", r.Method, r.URL, err)
				}
			}
		}
		return res, nil
	})
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// must calls an operation that has to work.
func must[In, Out any](t *testing.T, f *fixture, o control.Operation[In, Out], in In) Out {
	t.Helper()
	out, err := o.Call(t.Context(), f.client, in)
	if err != nil {
		t.Fatalf("%s: %v", o, err)
	}
	return out
}

// refused calls an operation that has to be refused with a code.
func refused[In, Out any](t *testing.T, f *fixture, code string, o control.Operation[In, Out], in In) {
	t.Helper()
	_, err := o.Call(t.Context(), f.client, in)
	if problem, ok := err.(*control.Problem); !ok || problem.Code != code { //nolint:errorlint // Call does not wrap it
		t.Errorf("%s: got error %v, want %s", o, err, code)
	}
}
