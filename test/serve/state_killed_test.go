package serve

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// A server that is killed while it replaces the state of an account has replaced all of it or nothing.
func TestKilledWhileStateIsReplaced(t *testing.T) {
	t.Parallel()
	const rules = 400
	home := pgtest.TempDir(t)
	file, seed := filepath.Join(home, "ready"), filepath.Join(home, "seed.yaml")
	var text strings.Builder
	text.WriteString("resources:\n")
	for n := range rules {
		fmt.Fprintf(&text, "  - {operation: createAclRedisRule, body: {name: rule-%d, redisRule: +get}}\n", n)
	}
	if err := os.WriteFile(seed, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	start := func() (*process, readiness) {
		_ = os.Remove(file) // of one that was killed
		p := launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--data-dir", home, "--ready-file", file)
		return p, p.ready(file)
	}
	do := func(args ...string) string {
		t.Helper()
		status, stdout, stderr := run(t, []string{"UNDERSTUDY_DATA_DIR=" + home}, args...)
		if status != 0 {
			t.Fatalf("%v ended with %d %s", args, status, stderr)
		}
		return stdout
	}
	resources := func() (counts map[string]int) {
		t.Helper()
		var list struct {
			Accounts []struct {
				Name      string
				Resources int
			}
		}
		if err := json.Unmarshal([]byte(do("account", "list", "--json")), &list); err != nil {
			t.Fatal(err)
		}
		counts = map[string]int{}
		for _, a := range list.Accounts {
			counts[a.Name] = a.Resources
		}
		return counts
	}
	server, ready := start()
	do("seed", seed)
	do("snapshot", "save", "all")
	for round := range 2 {
		for _, args := range [][]string{
			{"reset", "Demo"},
			{"seed", seed},
			{"snapshot", "save", "again", "--replace"},
			{"snapshot", "load", "all"},
			{"fork", "Demo"},
		} {
			cmd := exec.Command(servetest.Binary(t), args...)
			cmd.Env = append(os.Environ(), "UNDERSTUDY_DATA_DIR="+home)
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			for range 5 + rand.IntN(400) { // so many answers to others, until it is somewhere in the middle of that
				ready.ask(t, http.MethodGet, "/subscriptions", nil)
			}
			server.signal(syscall.SIGKILL)
			_ = cmd.Wait() // it was cut off, or was quicker
			server.wait()
			server, ready = start()
			for name, n := range resources() {
				if n != 0 && n != rules {
					t.Errorf("round %d, %v: account %s has %d resources, want none or %d", round, args, name, n, rules)
				}
			}
			do("snapshot", "load", "all")
			if n := resources()["Demo"]; n != rules {
				t.Errorf("round %d, %v: what is loaded then has %d resources, want %d", round, args, n, rules)
			}
		}
	}
}
