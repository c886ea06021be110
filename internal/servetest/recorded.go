package servetest

import (
	"bytes"
	"errors"
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

// Recorded runs the tests of a package whose clients are processes of their own, and ends the test process. A whole run
// is held to the list, in a file, of the operations that these clients are known to carry out.
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
			body, err := io.ReadAll(res.Body)
			if err := errors.Join(err, res.Body.Close()); err != nil {
				return err
			}
			res.Body = io.NopCloser(bytes.NewReader(body))
			if _, err := r.Answered(s.tb.Name(), res.Request, res.StatusCode, res.Header, body); err != nil {
				s.tb.Errorf("%s %s answers %d against the document: %v\n%s",
					res.Request.Method, res.Request.URL.Path, res.StatusCode, err, body)
			}
			return nil
		},
	})
	s.tb.Cleanup(gate.Close)
	return gate.URL + "/v1"
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
