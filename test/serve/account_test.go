package serve

import (
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// sandbox is a running server with a data directory, by which commands find it.
type sandbox struct {
	*process
	dir   string
	ready readiness
}

func startSandbox(t *testing.T, args ...string) *sandbox {
	t.Helper()
	dir := pgtest.TempDir(t)
	file := filepath.Join(dir, "ready.json")
	p := launch(t, nil, append([]string{
		"serve", "--listen", "127.0.0.1:0", "--database-url", pgtest.New(t), "--data-dir", dir, "--ready-file", file,
	}, args...)...)
	return &sandbox{process: p, dir: dir, ready: p.ready(file)}
}

// do runs a command that has to work and returns what it prints, on standard error what it did.
func (s *sandbox) do(args ...string) string {
	s.t.Helper()
	status, stdout, stderr := run(s.t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, args...)
	if status != 0 {
		s.t.Fatalf("understudy %s: status %d, %s", strings.Join(args, " "), status, stderr)
	}
	return stdout + stderr
}

// refuse runs a command that has to fail with a word.
func (s *sandbox) refuse(word string, args ...string) {
	s.t.Helper()
	status, stdout, stderr := run(s.t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, args...)
	if status != 1 || stdout != "" || !strings.Contains(stderr, word) {
		s.t.Errorf("understudy %s: status %d, %q, %q, want %q", strings.Join(args, " "), status, stdout, stderr, word)
	}
}

// as asks the API with keys that a command has printed.
func (s *sandbox) as(key, secret string) int {
	s.t.Helper()
	status, _ := s.ready.with(map[string]any{"apiKey": key, "apiSecretKey": secret}).ask(s.t, "GET", "/", nil)
	return status
}

func TestAccountAndKeyCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	s.do("account", "create", "ci", "--api-key", "key-1", "--api-secret-key", "secret-1")
	got := s.do("account", "change", "ci", "--name", "nightly", "--cap-policy", "reject")
	if !strings.Contains(got, "nightly") || !strings.Contains(got, "reject") {
		t.Errorf("the changed account is shown as %s", got)
	}
	s.refuse("already", "account", "change", "nightly", "--name", "Demo")
	s.do("key", "create", "nightly", "watcher", "--role", "Viewer", "--api-key", "key-2", "--api-secret-key", "secret-2")
	if got := s.do("key", "list", "nightly"); !strings.Contains(got, "watcher") || !strings.Contains(got, "Viewer") {
		t.Errorf("the keys are shown as %s", got)
	}
	if got := s.as("key-2", "secret-2"); got != 200 {
		t.Errorf("the new key is answered with %d", got)
	}
	var rotated struct {
		Keys struct{ APIKey, APISecretKey string }
	}
	if err := json.Unmarshal([]byte(s.do("key", "rotate", "nightly", "watcher", "--json")), &rotated); err != nil {
		t.Fatal(err)
	}
	before, after := s.as("key-2", "secret-2"), s.as(rotated.Keys.APIKey, rotated.Keys.APISecretKey)
	if before != 401 || after != 200 {
		t.Errorf("after the rotation the old pair is answered with %d, the new one with %d", before, after)
	}
	s.do("key", "revoke", "nightly", "watcher")
	s.refuse("no key", "key", "revoke", "nightly", "watcher")
	s.do("account", "delete", "nightly")
	if got := s.as("key-1", "secret-1"); got != 401 {
		t.Errorf("with a key of an account that is gone: got %d", got)
	}
	s.refuse("no account", "account", "show", "nightly")
}

func TestAssetCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--card", "Visa 1111")
	s.do("account", "create", "ci", "--api-key", "key-1", "--api-secret-key", "secret-1")
	if got := s.do("asset", "show", "ci"); !strings.Contains(got, `"creditCardEndsWith": 1111`) {
		t.Errorf("without a declaration it has %s, want the server's card", got)
	}
	s.do("asset", "set", "ci", "--card", "Mastercard 1234", "--user", "ann@example.com:Viewer")
	got := s.do("asset", "add", "ci", "--cloud-account", "ours", "--transit-gateway", "tgw-0feedfacecafebeef")
	all := []string{`"Mastercard"`, `"ann@example.com"`, `"ours"`, `"Redis Internal`, `"tgw-0feedfacecafebeef"`}
	for _, want := range all {
		if !strings.Contains(got, want) {
			t.Errorf("it has %s, want %s", got, want)
		}
	}
	if strings.Contains(got, `"Visa"`) {
		t.Errorf("it has the server's card beside its own: %s", got)
	}
	ci := s.ready.with(map[string]any{"apiKey": "key-1", "apiSecretKey": "secret-1"})
	if _, cards := ci.ask(t, "GET", "/payment-methods", nil); !strings.Contains(fmt.Sprint(cards), "Mastercard") {
		t.Errorf("the API shows %v", cards)
	}
	file := filepath.Join(s.dir, "assets.json")
	if err := os.WriteFile(file, []byte(`{"users": []}`), 0o600); err != nil {
		t.Fatal(err)
	}
	got = s.do("asset", "set", "ci", "--file", file)
	if !strings.Contains(got, `"users": []`) || !strings.Contains(got, "1111") {
		t.Errorf("of a file it has %s", got)
	}
	s.refuse("none of", "asset", "set", "ci", "--user", "ann@example.com:King")
	wantRefusal(t, 2, []string{"--card"}, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, "asset", "set", "ci", "--card", "Visa")
}

// variables are all that env prints, in its order.
var variables = []string{
	"REDISCLOUD_URL", "REDISCLOUD_ACCESS_KEY", "REDISCLOUD_SECRET_KEY",
	"HUAWEICLOUD_SDK_REGION_RDS_CN_NORTH_4", "HUAWEICLOUD_SDK_PROJECT_ID", "HUAWEICLOUD_SDK_AK", "HUAWEICLOUD_SDK_SK",
}

// What env prints is taken by a shell and by what reads such files as it was meant, whatever is in the keys.
func TestEnv(t *testing.T) {
	t.Parallel()
	const key, secret = "it's ${mine} %{all}", "a \"b\" `c` $d \\"
	s := startSandbox(t, "--api-key", key, "--api-secret-key", secret)
	script := s.do("env") + `printf '%s|%s|%s' "$REDISCLOUD_URL" "$REDISCLOUD_ACCESS_KEY" "$REDISCLOUD_SECRET_KEY"`
	out, err := exec.Command("sh", "-c", script).Output()
	if want := s.ready.URL + "|" + key + "|" + secret; err != nil || string(out) != want {
		t.Errorf("a shell has %q, %v, want %q", out, err, want)
	}
	var values map[string]*string
	decode := func(text string) {
		t.Helper()
		clear(values)
		if err := json.Unmarshal([]byte(text), &values); err != nil || len(values) != len(variables) {
			t.Fatalf("got %s, %v", text, err)
		}
	}
	decode(s.do("env", "--format", "json"))
	if *values["REDISCLOUD_ACCESS_KEY"] != key || *values["REDISCLOUD_SECRET_KEY"] != secret {
		t.Errorf("as JSON: %v", values)
	}
	for format, want := range map[string]string{
		"dotenv": `REDISCLOUD_ACCESS_KEY="it's \${mine} %{all}"`,
		"tfvars": `rediscloud_access_key = "it's $${mine} %%{all}"`,
		"github": `REDISCLOUD_ACCESS_KEY=` + key,
	} {
		if got := s.do("env", "--format", format); !strings.Contains(got, "\n"+want+"\n") {
			t.Errorf("as %s: got %s, want a line %s", format, got, want)
		}
	}

	s.do("account", "create", "ci")
	decode(s.do("env", "--account", "ci", "--json"))
	first := fmt.Sprint(*values["REDISCLOUD_ACCESS_KEY"], *values["REDISCLOUD_SECRET_KEY"])
	if got := s.as(*values["REDISCLOUD_ACCESS_KEY"], *values["REDISCLOUD_SECRET_KEY"]); got != 200 {
		t.Errorf("with the keys of another account: got %d", got)
	}
	decode(s.do("env", "--account", "ci", "--json"))
	if again := fmt.Sprint(*values["REDISCLOUD_ACCESS_KEY"], *values["REDISCLOUD_SECRET_KEY"]); again != first {
		t.Errorf("the second time it has other keys")
	}
	s.refuse("no account", "env", "--account", "nobody")

	// To take it back needs no server.
	status, unset, _ := run(t, []string{"UNDERSTUDY_DATA_DIR=/nowhere"}, "env", "--unset", "--format", "json")
	decode(unset)
	for name, value := range values {
		if status != 0 || value != nil {
			t.Errorf("--unset as json: status %d, %s is %v, want null", status, name, value)
		}
	}
	lines := func(before, after string) (text string) {
		for _, name := range variables {
			text += before + name + after + "\n"
		}
		return text
	}
	for format, want := range map[string]string{
		"shell":  lines("unset ", ""),
		"dotenv": lines("", "="),
		"github": lines("", "="),
		"tfvars": strings.ToLower(lines("", " = null")),
	} {
		status, got, _ := run(t, []string{"UNDERSTUDY_DATA_DIR=/nowhere"}, "env", "--unset", "--format", format)
		if status != 0 || got != want {
			t.Errorf("--unset as %s: status %d, got %q, want %q", format, status, got, want)
		}
	}
}
