package coverage_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/coverage"
)

func TestKeep(t *testing.T) { //nolint:paralleltest // sets the environment
	dir := t.TempDir()
	t.Setenv("UNDERSTUDY_ANSWERS", dir)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://127.0.0.1/v1/a?b=c",
		strings.NewReader(`{"sent": 1}`))
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{"Idempotency-Key": {"k"}, "X-Api-Key": {"secret"}}
	header := http.Header{"Retry-After": {"1"}, "Date": {"today"}, "Content-Type": {"text/plain"}}
	for range 2 {
		if err := coverage.Keep("TestA/b", req, http.StatusAccepted, header, []byte("got")); err != nil {
			t.Fatal(err)
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "TestA"))
	if err != nil {
		t.Fatal(err)
	}
	one := "\n=== TestA/b\nPOST /v1/a?b=c\nIdempotency-Key: k\n\n{\"sent\": 1}\n" +
		"202 Accepted\nContent-Type: text/plain\nRetry-After: 1\n\ngot\n"
	if diff := cmp.Diff(one+one, string(text)); diff != "" {
		t.Errorf("kept: want (-), got (+):\n%s", diff)
	}

	t.Setenv("UNDERSTUDY_ANSWERS", "")
	if err := coverage.Keep("TestB", httptest.NewRequest(http.MethodGet, "/", nil), http.StatusOK, nil, nil); err != nil {
		t.Error(err)
	}
}
