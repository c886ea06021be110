package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// The ready file says where the server is and who it is, to nobody but its owner;
// the banner says the same in lines to paste.
func TestReadyFile(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file := filepath.Join(home, "of", "mine", "ready.json")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	stale := `{"url":"http://127.0.0.1:1/v1","apiKey":"stale","apiSecretKey":"stale","pid":1}`
	if err := os.WriteFile(file, []byte(stale), 0o644); err != nil {
		t.Fatal(err)
	}
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--database-url", pgtest.New(t),
		"--data-dir", filepath.Join(home, "data"), "--ready-file", file)
	p.until("the old file is gone", func() bool {
		data, err := os.ReadFile(file)
		return err != nil || string(data) != stale
	})
	ready := p.ready(file)
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(data, &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]any{
		"url": ready.URL, "apiKey": ready.APIKey, "apiSecretKey": ready.APISecretKey, "pid": float64(p.cmd.Process.Pid),
		"dashboardUrl": strings.TrimSuffix(ready.URL, "v1") + "ui/",
		"dialects":     map[string]any{"redis": ready.URL, "rds": strings.TrimSuffix(ready.URL, "v1") + "v3"},
	}
	if diff := cmp.Diff(want, got); diff != "" || ready.APIKey == "" || ready.APISecretKey == "" {
		t.Errorf("ready file, want (-), got (+):\n%s", diff)
	}
	port, found := strings.CutPrefix(ready.URL, "http://127.0.0.1:")
	if n, err := strconv.Atoi(strings.TrimSuffix(port, "/v1")); !found || err != nil || n == 0 {
		t.Errorf("url %q, want one with the port that was picked", ready.URL)
	}
	// Ready means ready.
	if status, answer := ready.ask(t, http.MethodGet, "/", nil); status != http.StatusOK {
		t.Errorf("GET /v1/: got %d %v", status, answer)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, want one for the owner alone (%v)", info.Mode(), err)
	}
	if left, err := os.ReadDir(filepath.Dir(file)); err != nil || len(left) != 1 {
		t.Errorf("beside the ready file: %v, %v", left, err)
	}
	p.until("the banner is out", func() bool { return strings.Contains(p.stdout.String(), "Ctrl-C") })
	for _, line := range []string{
		"Understudy is ready at " + ready.URL,
		"The dashboard is at " + strings.TrimSuffix(ready.URL, "v1") + "ui/",
		"x-api-key " + ready.APIKey + ", x-api-secret-key " + ready.APISecretKey,
		"export REDISCLOUD_URL=" + ready.URL,
		"export REDISCLOUD_ACCESS_KEY=" + ready.APIKey,
		"export REDISCLOUD_SECRET_KEY=" + ready.APISecretKey,
	} {
		if !strings.Contains(p.stdout.String(), line+"\n") {
			t.Errorf("the banner lacks %q:\n%s", line, &p.stdout)
		}
	}
}

// The lines of the banner mean to a shell what they say, whatever is in the keys.
func TestBannerIsForAShell(t *testing.T) {
	t.Parallel()
	const key, secret = "it's $HOME", "a;b`c`\"d\"\\ &*"
	p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--database-url", pgtest.New(t),
		"--data-dir", filepath.Join(pgtest.TempDir(t), "data"),
		"--api-key", key, "--api-secret-key", secret)
	p.until("the banner is out", func() bool { return strings.Contains(p.stdout.String(), "Ctrl-C") })
	var script strings.Builder
	for line := range strings.Lines(p.stdout.String()) {
		if strings.HasPrefix(line, "  export ") {
			script.WriteString(line)
		}
	}
	script.WriteString(`printf '%s\n%s' "$REDISCLOUD_ACCESS_KEY" "$REDISCLOUD_SECRET_KEY"`)
	out, err := exec.Command("sh", "-c", script.String()).CombinedOutput()
	if want := key + "\n" + secret; err != nil || string(out) != want {
		t.Errorf("a shell makes of them %q (%v), want %q", out, err, want)
	}
}

// A server that listens everywhere gives an address that a client can use.
func TestListenEverywhere(t *testing.T) {
	t.Parallel()
	for _, listen := range []string{":0", "0.0.0.0:0", "[::]:0", "localhost:0"} {
		s := servetest.Start(t, servetest.Options{Args: []string{
			"--listen", listen, "--expose", "--database-url", pgtest.New(t),
		}})
		if status, _, _ := s.Do(http.MethodGet, "/", nil); status != http.StatusOK || strings.HasSuffix(s.URL, ":0/v1") {
			t.Errorf("--listen %s: GET %s: %d", listen, s.URL, status)
		}
		s.Stop()
	}
}

// Keys and data stay over a restart and over kill -9; keys of the user's own are
// not written down, and work beside those that were minted.
func TestDataAndKeysAreKept(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{})
	file := filepath.Join(s.Dir, "credentials.json")
	key, secret := s.APIKey, s.SecretKey
	credentials, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(credentials), key) || !strings.Contains(string(credentials), secret) {
		t.Errorf("credentials.json: %s, %v", credentials, err)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("credentials.json: mode %v, want 0600 (%v)", info.Mode(), err)
	}
	if len(key) < 20 || len(secret) < 20 || key == secret {
		t.Errorf("minted keys %q and %q", key, secret)
	}
	created := s.Accept(http.MethodPost, "/subscriptions", subscriptionBody("kept"))
	sub := fmt.Sprintf("/subscriptions/%d", created.Response.ResourceID)
	s.Until(sub, func(_ int, body []byte) bool { return strings.Contains(string(body), `"status" : "active"`) })
	_, _, before := s.Do(http.MethodGet, sub, nil)
	wantKept := func(how string) {
		t.Helper()
		if s.APIKey != key || s.SecretKey != secret {
			t.Errorf("after %s the keys are %s and %s", how, s.APIKey, s.SecretKey)
		}
		if _, _, got := s.Do(http.MethodGet, sub, nil); withoutPort(got) != withoutPort(before) {
			t.Errorf("after %s: got %s, want %s", how, got, before)
		}
	}
	s.Restart()
	wantKept("a restart")
	s.Kill()
	s.Restart()
	wantKept("kill -9")
	s.Kill()
	s.Restart("UNDERSTUDY_API_KEY=mine", "UNDERSTUDY_API_SECRET_KEY=mine too")
	status, _, _ := s.Do(http.MethodGet, sub, nil)
	if status != http.StatusOK || s.APIKey != "mine" || s.SecretKey != "mine too" {
		t.Errorf("with keys of one's own: got %d, keys %s and %s", status, s.APIKey, s.SecretKey)
	}
	if now, err := os.ReadFile(file); err != nil || string(now) != string(credentials) {
		t.Errorf("credentials.json has changed to %s (%v)", now, err)
	}
	s.Restart()
	wantKept("own keys")
}

// Kept keys that somebody has spoilt are named, and not replaced by others: the
// database knows the old ones.
func TestSpoiltKeys(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	for _, content := range []string{"", "{}", `{"Key":"A"}`, "keys"} {
		dir := pgtest.TempDir(t)
		file := filepath.Join(dir, "credentials.json")
		if err := os.WriteFile(file, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		wantRefusal(t, 1, []string{"keys of the demo account", file}, nil,
			"serve", "--listen", "127.0.0.1:0", "--data-dir", dir, "--database-url", url)
		if now, err := os.ReadFile(file); err != nil || string(now) != content {
			t.Errorf("the file has %q (%v), want %q", now, err, content)
		}
	}
}

// withoutPort is a body without the server's own address, which is new at every
// start.
func withoutPort(body []byte) string {
	before, rest, _ := strings.Cut(string(body), "http://127.0.0.1:")
	_, after, _ := strings.Cut(rest, "/")
	if rest == "" {
		return before
	}
	return before + "/" + withoutPort([]byte(after))
}

// Where the data go without --data-dir: where the user's data belong, and for
// root where the user who runs Postgres can go.
func TestDefaultDataDir(t *testing.T) {
	t.Parallel()
	binary := openBinary(t)
	shown := func(attr *syscall.SysProcAttr, env ...string) string {
		t.Helper()
		cmd := exec.Command(binary, "serve", "--help")
		cmd.SysProcAttr = attr
		p := launchCmd(t, cmd, env)
		if status := p.wait(); status != 0 {
			t.Fatalf("status %d", status)
		}
		_, after, _ := strings.Cut(strings.Join(strings.Fields(p.stdout.String()), " "), "over restarts. Default: ")
		dir, _, _ := strings.Cut(after, " ")
		return dir
	}
	var user *syscall.SysProcAttr
	if os.Geteuid() == 0 {
		if got := shown(nil, "HOME=/home/x", "XDG_DATA_HOME=/data"); got != "/var/lib/understudy" {
			t.Errorf("root: got %s", got)
		}
		user = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 12345, Gid: 12345}}
	}
	for want, env := range map[string][]string{
		"/data/understudy":                {"HOME=/home/x", "XDG_DATA_HOME=/data"},
		"/home/x/.local/share/understudy": {"HOME=/home/x", "XDG_DATA_HOME="},
		filepath.Join(os.TempDir(), fmt.Sprintf("understudy-%d", userID(user))): {"HOME=", "XDG_DATA_HOME="},
	} {
		if got := shown(user, env...); got != want {
			t.Errorf("%v: got %s, want %s", env, got, want)
		}
	}
}

// openBinary is a copy of the binary where an ordinary user may run it. It is not
// written by this process: a child that another test forks now would hold it open.
func openBinary(t *testing.T) string {
	t.Helper()
	binary := filepath.Join(pgtest.TempDir(t), "understudy")
	if output, err := exec.Command("cp", servetest.Binary(t), binary).CombinedOutput(); err != nil {
		t.Fatalf("copy the binary: %v: %s", err, output)
	}
	return binary
}

func userID(attr *syscall.SysProcAttr) int {
	if attr == nil {
		return os.Getuid()
	}
	return int(attr.Credential.Uid)
}
