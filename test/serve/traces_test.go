package serve

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// A collector that the environment names gets the requests, by the names of their operations, with what they asked of
// the database, and no secret of them.
func TestTraces(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var got bytes.Buffer
	collector := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body := io.Reader(r.Body)
		if r.Header.Get("Content-Encoding") == "gzip" {
			unpacked, err := gzip.NewReader(r.Body)
			if err != nil {
				t.Error(err)
				return
			}
			body = unpacked
		}
		mu.Lock()
		defer mu.Unlock()
		if _, err := io.Copy(&got, body); err != nil || r.URL.Path != "/v1/traces" {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
		w.Header().Set("Content-Type", "application/x-protobuf")
	}))
	defer collector.Close()
	s := servetest.Start(t, servetest.Options{
		Args: []string{"--database-url", pgtest.New(t)}, Env: []string{"OTEL_EXPORTER_OTLP_ENDPOINT=" + collector.URL},
	})
	user := map[string]any{"name": "ada", "role": "nobody", "password": "Sentinel-4711"}
	if status, _, body := s.Do(http.MethodPost, "/acl/users", user); status != http.StatusAccepted {
		t.Errorf("got %d %s", status, body)
	}
	s.Stop() // which sends what is left
	mu.Lock()
	defer mu.Unlock()
	for _, want := range []string{"createAclUser", "understudy", "api_keys", "request.id"} {
		if !bytes.Contains(got.Bytes(), []byte(want)) {
			t.Errorf("%s is in no trace", want)
		}
	}
	for _, secret := range []string{"Sentinel-4711", s.SecretKey, s.APIKey} {
		if bytes.Contains(got.Bytes(), []byte(secret)) {
			t.Errorf("%s is in a trace", secret)
		}
	}
}

func TestTracesOfAnotherProtocolAreRefused(t *testing.T) {
	t.Parallel()
	env := []string{"OTEL_EXPORTER_OTLP_ENDPOINT=http://127.0.0.1:1", "OTEL_EXPORTER_OTLP_PROTOCOL=grpc"}
	wantRefusal(t, 2, []string{"OTEL_EXPORTER_OTLP_PROTOCOL", "grpc", "http/protobuf"}, env,
		"serve", "--listen", "127.0.0.1:0", "--data-dir", pgtest.TempDir(t))
}
