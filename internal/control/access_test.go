package control_test

import (
	"io"
	"net/http"
	"strings"
	"testing"
)

// Who cannot be asked for a token must be on this machine, and no web page that a browser on it has open.
func TestWhoMayControl(t *testing.T) {
	t.Parallel()
	f := start(t)
	for name, tt := range map[string]struct {
		host, header, value string
		status              int
		code                string
	}{
		"this machine":            {"", "", "", http.StatusOK, ""},
		"by name":                 {"localhost:8080", "", "", http.StatusOK, ""},
		"IPv6":                    {"[::1]:8080", "", "", http.StatusOK, ""},
		"a name that is rebound":  {"evil.example", "", "", http.StatusForbidden, "FORBIDDEN_HOST"},
		"an address of elsewhere": {"192.0.2.1", "", "", http.StatusForbidden, "FORBIDDEN_HOST"},
		"a web page":              {"", "Origin", "http://localhost:3000", http.StatusForbidden, "FORBIDDEN_ORIGIN"},
		"a web page that reads":   {"", "Sec-Fetch-Site", "cross-site", http.StatusForbidden, "FORBIDDEN_ORIGIN"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, f.client.URL+"/_sandbox/v1/status", nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Host = tt.host
			if tt.header != "" {
				req.Header.Set(tt.header, tt.value)
			}
			res, err := f.client.HTTP.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			body, err := io.ReadAll(res.Body)
			_ = res.Body.Close() // it is read
			if err != nil || res.StatusCode != tt.status || !strings.Contains(string(body), tt.code) {
				t.Errorf("got %d %s %v, want %d %s", res.StatusCode, body, err, tt.status, tt.code)
			}
			if origin := res.Header.Get("Access-Control-Allow-Origin"); origin != "" {
				t.Errorf("web pages of %s may read the answer", origin)
			}
		})
	}
}
