package terraform

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// recorder is that of all stories: TestMain and they have no other place in common.
var recorder = sync.OnceValues(coverage.New)

// TestMain holds a whole run to the list of operations that the provider is known to carry out.
func TestMain(m *testing.M) {
	status := m.Run()
	if status == 0 {
		r, err := recorder()
		if err == nil {
			err = r.Check("testdata/operations.txt")
		}
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			status = 1
		}
	}
	os.Exit(status)
}

// recordedGate is a server's API with every answer held against the contract, because the provider is a process of its
// own. It returns the URL, with /v1.
func recordedGate(t *testing.T, server *servetest.Server) string {
	t.Helper()
	r, err := recorder()
	if err != nil {
		t.Fatal(err)
	}
	target, err := url.Parse(strings.TrimSuffix(server.URL, "/v1"))
	if err != nil {
		t.Fatal(err)
	}
	gate := httptest.NewServer(&httputil.ReverseProxy{
		Rewrite: func(req *httputil.ProxyRequest) { req.SetURL(target) },
		ModifyResponse: func(res *http.Response) error {
			body, err := io.ReadAll(res.Body)
			if err := errors.Join(err, res.Body.Close()); err != nil {
				return err
			}
			res.Body = io.NopCloser(bytes.NewReader(body))
			if _, err := r.Answered(res.Request, res.StatusCode, res.Header, body); err != nil {
				t.Errorf("%s %s answers %d against the document: %v\n%s", res.Request.Method, res.Request.URL.Path, res.StatusCode, err, body)
			}
			return nil
		},
	})
	t.Cleanup(gate.Close)
	return gate.URL + "/v1"
}
