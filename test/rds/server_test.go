package rds

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// server is a started server, seen from the root of its addresses: /v3 and control of it are both below.
type server struct {
	*servetest.Server
	root string
}

func start(t *testing.T, args ...string) *server {
	t.Helper()
	s := servetest.Start(t, servetest.Options{Args: append([]string{"--log-level", "warn"}, args...)})
	return &server{s, strings.TrimSuffix(s.URL, "/v1")}
}

// command runs a command of the binary for this server and returns what it prints.
func (s *server) command(t *testing.T, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), servetest.Binary(t), append(args, "--url", s.root)...)
	cmd.Stderr = os.Stderr
	output, err := cmd.Output()
	if err != nil {
		t.Fatalf("understudy %s: %v", strings.Join(args, " "), err)
	}
	return string(output)
}

// control asks for something that no client of RDS can.
func (s *server) control(t *testing.T, method, path string, body, into any) {
	t.Helper()
	status, _, text := send(t, http.DefaultTransport, method, s.root+"/_sandbox/v1"+path, body, nil)
	if status/100 != 2 {
		t.Fatalf("%s %s: got %d %s", method, path, status, text)
	}
	if into == nil {
		return
	}
	if err := json.Unmarshal(text, into); err != nil {
		t.Fatalf("%s %s: %v in %s", method, path, err, text)
	}
}

// sendTimeout bounds one request, on a busy machine.
const sendTimeout = time.Minute

// send sends a request without the SDK. The body may be nil, a text, or something to encode.
func send(
	t *testing.T, transport http.RoundTripper, method, url string, body any, header http.Header,
) (status int, answered http.Header, text []byte) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), sendTimeout)
	defer cancel()
	sent, ok := body.(string)
	if !ok && body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			t.Fatal(err)
		}
		sent = string(text)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, bytes.NewReader([]byte(sent)))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", "application/json")
	maps.Copy(req.Header, header)
	res, err := (&http.Client{Transport: transport}).Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if text, err = io.ReadAll(res.Body); err != nil {
		t.Fatal(fmt.Errorf("%s %s: %w", method, url, err))
	}
	return res.StatusCode, res.Header, text
}
