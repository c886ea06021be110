package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// The state of an account goes through every command on it.
func TestStateByCommand(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file := filepath.Join(home, "ready")
	server := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", home, "--speed", "0", "--ready-file", file)
	ready := server.ready(file)
	do := func(says string, args ...string) (stdout string) {
		t.Helper()
		status, stdout, stderr := run(t, []string{"UNDERSTUDY_DATA_DIR=" + home}, args...)
		if status != 0 || !strings.Contains(stdout+stderr, says) || stdout != "" && stderr != "" {
			t.Fatalf("%v ended with %d, stdout %q, stderr %q, want %q", args, status, stdout, stderr, says)
		}
		return stdout
	}
	wantRefused := func(says string, args ...string) {
		t.Helper()
		wantRefusal(t, 1, []string{says}, []string{"UNDERSTUDY_DATA_DIR=" + home}, args...)
	}
	has := func(who string, r readiness, want int) {
		t.Helper()
		_, answer := r.ask(t, http.MethodGet, "/subscriptions", nil)
		if list, _ := answer["subscriptions"].([]any); len(list) != want {
			t.Errorf("%s: there are subscriptions %v, want %d", who, answer, want)
		}
	}
	status, answer := ready.ask(t, http.MethodPost, "/subscriptions", subscriptionBody("kept"))
	if status != http.StatusAccepted {
		t.Fatalf("got %d %v", status, answer)
	}
	server.until("it is made", func() bool {
		_, answer := ready.ask(t, http.MethodGet, "/subscriptions", nil)
		list, _ := answer["subscriptions"].([]any)
		return len(list) == 1
	})

	var fork struct {
		Keys struct{ APIKey, APISecretKey string }
	}
	if err := json.Unmarshal([]byte(do("", "fork", "Demo", "other", "--json")), &fork); err != nil {
		t.Fatal(err)
	}
	forked := readiness{URL: ready.URL, APIKey: fork.Keys.APIKey, APISecretKey: fork.Keys.APISecretKey}
	do("Demo", "snapshot", "save", "base")
	wantRefused("already", "snapshot", "save", "base")
	do("base", "snapshot", "save", "base", "--replace", "--account", "other")
	do("Demo", "reset", "Demo")
	has("reset", ready, 0)
	has("fork", forked, 1)
	saved := filepath.Join(home, "base.json")
	do("", "snapshot", "export", "base", saved)
	do("base", "snapshot", "list")
	do("deleted", "snapshot", "delete", "base")
	wantRefused("no snapshot", "snapshot", "load", "base")
	do("again", "snapshot", "import", "again", saved)
	do("again", "snapshot", "load", "again")
	has("loaded", ready, 1)
	do("other", "reset", "--all")
	has("all reset", forked, 0)
	wantRefusal(t, 2, []string{"--all"}, []string{"UNDERSTUDY_DATA_DIR=" + home}, "reset")
	wantRefused("no account", "reset", "nobody")
}

// What a seed file says is there when the server is ready, also at the next start, and by command; what is wrong ends
// the start and names the line.
func TestSeedFile(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file, seed := filepath.Join(home, "ready"), filepath.Join(home, "seed.yaml")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(seed, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const rules = `accounts:
  - name: seeded
    keys: [{name: seeded-owner, apiKey: seeded, apiSecretKey: secret}]
    resources:
      - {operation: createAclRedisRule, body: {name: reads, redisRule: +@read ~*}}
`
	args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(home, "data"), "--ready-file", file}
	write(strings.Replace(rules, "redisRule:", "rule:", 1))
	wantRefusal(t, 2, []string{"--seed", "line 5: body.redisRule: "}, []string{"UNDERSTUDY_SEED=" + seed}, args...)

	write(rules)
	for range 2 {
		server := launch(t, nil, append(args, "--seed", seed)...)
		ready := server.ready(file)
		ready.APIKey, ready.APISecretKey = "seeded", "secret"
		_, answer := ready.ask(t, http.MethodGet, "/acl/redisRules", nil)
		if found := strings.Count(fmt.Sprint(answer), "name:reads"); found != 1 {
			t.Errorf("the rule is there %d times: %v", found, answer)
		}
		status, stdout, stderr := run(t, nil, "seed", seed, "--url", ready.URL, "--json")
		if status != 0 || !strings.Contains(stdout, `"made": 0`) || stderr != "" {
			t.Errorf("the same file again: %d %s %s", status, stdout, stderr)
		}
		server.signal(syscall.SIGTERM)
		server.wait()
	}
}
