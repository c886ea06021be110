package serve

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// To let other machines in must be said.
func TestExposureMustBeWanted(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0"} {
		says := []string{"--listen " + listen + " lets other machines in", "--expose"}
		dir := filepath.Join(pgtest.TempDir(t), "data")
		wantRefusal(t, 2, says, nil, "serve", "--listen", listen, "--data-dir", dir)
		if _, err := os.Stat(dir); !os.IsNotExist(err) {
			t.Errorf("%s was made (%v)", dir, err)
		}
	}
}

// Who lets others in and chooses no token gets one: control from elsewhere needs it, commands on this machine find it.
func TestExposedControlAsksForItsToken(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{
		"--listen", "0.0.0.0:0", "--expose", "--pprof", "--database-url", pgtest.New(t),
	}})
	base := strings.TrimSuffix(s.URL, "/v1")
	for _, path := range []string{"/_sandbox/v1/status", "/metrics", "/debug/pprof/", "/debug/pprof/cmdline"} {
		if got := status(t, base+path, ""); got != http.StatusUnauthorized {
			t.Errorf("GET %s without the token: %d", path, got)
		}
		if got := status(t, base+path, "wrong"); got != http.StatusUnauthorized {
			t.Errorf("GET %s with another token: %d", path, got)
		}
	}
	if got, out, errs := run(t, nil, "account", "list", "--data-dir", s.Dir); got != 0 || !strings.Contains(out, "Demo") {
		t.Errorf("a command on this machine: %d %s%s", got, out, errs)
	}
	got, _, errs := run(t, nil, "account", "list", "--url", base)
	if got != 1 || !strings.Contains(errs, "control token") {
		t.Errorf("a command that knows only the URL: %d %s", got, errs)
	}
	_, token, _ := strings.Cut(s.Log(), "UNDERSTUDY_CONTROL_TOKEN=")
	token = strings.Fields(token + " none")[0]
	if got, _, errs := run(t, []string{"UNDERSTUDY_CONTROL_TOKEN=" + token}, "account", "list", "--url", base); got != 0 {
		t.Errorf("a command with the token that the banner has: %d %s", got, errs)
	}
	for _, path := range []string{"/metrics", "/debug/pprof/cmdline"} {
		if got := status(t, base+path, token); got != http.StatusOK {
			t.Errorf("GET %s with the token: %d", path, got)
		}
	}
	info, err := os.Stat(filepath.Join(s.Dir, "server.json"))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("server.json: %v %v, want it closed to others", info.Mode(), err)
	}
}

// A token of the user's own counts on the loopback address too.
func TestChosenToken(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--control-token", "mine", "--database-url", pgtest.New(t)}})
	base := strings.TrimSuffix(s.URL, "/v1")
	for token, want := range map[string]int{"": http.StatusUnauthorized, "mine": http.StatusOK} {
		if got := status(t, base+"/_sandbox/v1/status", token); got != want {
			t.Errorf("with the token %q: %d, want %d", token, got, want)
		}
	}
}

// A server on the loopback address is called by the names that it is told, and no others.
func TestAllowedHosts(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{
		Env:  []string{"UNDERSTUDY_ALLOW_HOST=of.environment"},
		Args: []string{"--allow-host", "one.example,two.example", "--database-url", pgtest.New(t)},
	})
	for host, want := range map[string]int{
		"one.example": http.StatusOK, "two.example:8080": http.StatusOK, "of.environment": http.StatusForbidden,
	} {
		if got := calledAs(t, host, strings.TrimSuffix(s.URL, "/v1")+"/healthz"); got != want {
			t.Errorf("as %s it answers %d, want %d", host, got, want)
		}
	}
}

// calledAs asks a server by another name than that of its address, and returns the status of the answer.
func calledAs(t *testing.T, host, url string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Host = host
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	return res.StatusCode
}

// status asks with a token and returns the status of the answer.
func status(t *testing.T, url, token string) int {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	return res.StatusCode
}
