package serve

import (
	"io"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// served asks a path with the keys in the headers of one dialect and as the token of the other.
func served(t *testing.T, r readiness, path string) (status int, text string) {
	t.Helper()
	address, _, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), "/")
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+address+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header = http.Header{
		"X-Api-Key": {r.APIKey}, "X-Api-Secret-Key": {r.APISecretKey}, "X-Auth-Token": {r.APISecretKey},
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(body)
}

// Which APIs there are is chosen with --dialects or its twin in the environment; of the others there is nothing, and
// what is nobody's is answered by the first one that there is.
func TestDialects(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name      string
		args, env []string
		dialects  []string
		nobody    string // is in the answer to a path that is nobody's
	}{
		{"all", nil, nil, []string{"rds", "redis"}, `"status"`},
		{"one", []string{"--dialects", "rds"}, []string{"UNDERSTUDY_DIALECTS=redis"}, []string{"rds"}, "APIGW.0101"},
		{"environment", nil, []string{"UNDERSTUDY_DIALECTS=redis"}, []string{"redis"}, `"status"`},
		{"order", []string{"--dialects", "rds,redis,rds"}, nil, []string{"rds", "redis"}, `"status"`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := pgtest.TempDir(t)
			ready := filepath.Join(dir, "ready.json")
			p := launch(t, test.env, append([]string{
				"serve", "--listen", "127.0.0.1:0", "--database-url", pgtest.New(t), "--data-dir", dir, "--ready-file", ready,
			}, test.args...)...)
			r := p.ready(ready)
			for path, dialect := range map[string]string{
				"/openapi.yaml": "redis", "/v1/subscriptions": "redis",
				"/rds.yaml": "rds", "/v3/" + r.APIKey + "/instances": "rds",
			} {
				want := http.StatusNotFound
				if slices.Contains(test.dialects, dialect) {
					want = http.StatusOK
				}
				if status, text := served(t, r, path); status != want {
					t.Errorf("%s: got %d %s, want %d", path, status, text, want)
				}
			}
			if status, text := served(t, r, "/nobody/s"); status != http.StatusNotFound || !strings.Contains(text, test.nobody) {
				t.Errorf("a path that is nobody's: got %d %s, want %s", status, text, test.nobody)
			}
			for operation, dialect := range map[string]string{"listProSubscriptions": "redis", "listInstances": "rds"} {
				_, figures := served(t, r, "/metrics")
				counted := strings.Contains(figures, `understudy_requests_total{class="2xx",operation="`+operation+`"} 1`)
				if counted != slices.Contains(test.dialects, dialect) {
					t.Errorf("a request for %s is counted: %v", operation, counted)
				}
			}
			var names []string
			for name := range r.Dialects {
				names = append(names, name)
			}
			slices.Sort(names)
			if !slices.Equal(names, test.dialects) {
				t.Errorf("the ready file has %v, want %v", r.Dialects, test.dialects)
			}
			p.until("the banner is there", func() bool { return strings.Contains(p.stdout.String(), "Stop with Ctrl-C") })
			if banner := p.stdout.String(); strings.Contains(banner, "HUAWEICLOUD") != slices.Contains(names, "rds") {
				t.Errorf("with %v the server says:\n%s", names, banner)
			}
		})
	}
	wantRefusal(t, 2, []string{"--dialects", "rdds", "redis and rds"}, nil, "serve", "--dialects", "redis,rdds")
}
