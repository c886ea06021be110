package servetest

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

// recorder is that of this test process: Recorded and the servers have no other place in common.
var recorder = sync.OnceValues(coverage.New)

// Recorded runs the tests of a package that drives clients, through Wire or RecordedURL, and ends the test process. A
// whole run is held to the list, in a file, of the operations that these clients are known to carry out.
func Recorded(m *testing.M, file string) {
	pgtest.Main(m, func() error {
		r, err := recorder()
		if err != nil {
			return err
		}
		return r.Check(file)
	})
}

// RecordedURL is URL through a gate that holds every answer against the contract and notes which operations succeed,
// for clients that are processes of their own. It is open until the test ends, and leads to the server also after a
// Restart.
func (s *Server) RecordedURL() string {
	s.tb.Helper()
	r, err := recorder()
	if err != nil {
		s.tb.Fatal(err)
	}
	gate := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(req *httputil.ProxyRequest) {
			if err := repeatable(req.Out); err != nil {
				s.tb.Error(err)
			}
			if target, err := url.Parse(s.ready.Load().URL); err == nil { // one that does not parse ends in an answer of 502
				target.Path = ""
				req.SetURL(target)
			}
		},
		ModifyResponse: func(res *http.Response) error {
			if _, err := r.Note(s.tb.Name(), res); err != nil {
				s.tb.Error(err)
			}
			return nil
		},
	})
	s.tb.Cleanup(gate.Close)
	return gate.URL + "/v1"
}

// Wire returns what the clients of a test, in this process, send their requests through. An answer against the contract
// is none: whoever asked is told what is wrong with it.
func Wire(tb testing.TB) http.RoundTripper {
	tb.Helper()
	r, err := recorder()
	if err != nil {
		tb.Fatal(err)
	}
	return wire{r, tb.Name()}
}

type wire struct {
	recorder *coverage.Recorder
	test     string
}

// RoundTrip sends one request.
func (w wire) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	if _, err := w.recorder.Note(w.test, res); err != nil {
		return nil, err
	}
	return res, nil
}

// repeatable lets the body of a request be read once more, by who takes note of its answer.
func repeatable(req *http.Request) error {
	if req.Body == nil {
		return nil
	}
	body, err := io.ReadAll(req.Body)
	req.GetBody = func() (io.ReadCloser, error) { return io.NopCloser(bytes.NewReader(body)), nil }
	req.Body = io.NopCloser(bytes.NewReader(body))
	return err
}
