package serve

import (
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// Fault rules go through every command on them, and outlive the server.
func TestFaultsByCommand(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	file := filepath.Join(s.dir, "rule.yaml")
	if err := os.WriteFile(file, []byte(`
name: busy
match: {operation: listProSubscriptions}
when: {first: 2}
effect: {do: status, status: 503, message: Come back later.}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	wants := func(words string, args ...string) {
		t.Helper()
		out := s.do(args...)
		for word := range strings.FieldsSeq(words) {
			if !strings.Contains(out, word) {
				t.Errorf("understudy %s printed %q, want %q in it", strings.Join(args, " "), out, word)
			}
		}
	}
	asks := func(want int) {
		t.Helper()
		if status, answer := s.ready.ask(t, http.MethodGet, "/subscriptions", nil); status != want {
			t.Errorf("got %d %v, want %d", status, answer, want)
		}
	}
	wants("busy status never", "fault", "arm", "--file", file, "--account", "Demo", "--set", "when.first=1")
	wants("garbage", "fault", "arm", "garbage", "--account", "Demo", "--set", "when.every=100")
	asks(http.StatusServiceUnavailable)
	asks(http.StatusOK)
	wants("1000 busy status 1", "fault", "list")
	wants("first: 1 hits: 1 Come", "fault", "show", "1")
	wants(`"hits": 1`, "fault", "show", "1", "--json")
	wants("flaky-5xx network-hell", "fault", "presets")
	wants("latency task-stuck", "fault", "effects")
	s.refuse("flaky-5xx?", "fault", "arm", "flaky-5x")
	s.refuse("getTask?", "fault", "arm", "--set", "match.operation=getTak", "--set", "effect.do=empty")
	wants("disarmed", "fault", "disarm", "1")
	s.refuse("no fault rule 1", "fault", "disarm", "1")
	wants("1 disarmed", "fault", "clear", "--account", "Demo")
	wants(`"faults": []`, "fault", "list", "--json")
}
