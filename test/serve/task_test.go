package serve

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// post sends a request that becomes a task and returns its id.
func (s *sandbox) post(path string, body any) string {
	s.t.Helper()
	status, answer := s.ready.ask(s.t, http.MethodPost, path, body)
	if status != http.StatusAccepted {
		s.t.Fatalf("got %d %v, want a task", status, answer)
	}
	return fmt.Sprint(answer["taskId"])
}

// start starts a command for the sandbox, which goes on for a while.
func (s *sandbox) start(args ...string) *process {
	s.t.Helper()
	return launch(s.t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, args...)
}

// order wants words in a text, one after the other.
func order(t *testing.T, what, text string, words ...string) {
	t.Helper()
	rest := text
	for _, word := range words {
		_, after, ok := strings.Cut(rest, word)
		if !ok {
			t.Errorf("%s says\n%s\nwant %q, in this order", what, text, words)
			return
		}
		rest = after
	}
}

// Whoever watches a task sees it and what it makes going through both phases, each step when it happens.
func TestTaskCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "1")
	s.do("clock", "freeze", "2030-02-28T12:00:00Z")
	task := s.post("/subscriptions", subscriptionBody("one"))
	order(t, "list", s.do("task", "list", "--pending"), "OPERATION", task, "createProSubscription", "2030-02-28")
	order(t, "show", s.do("task", "show", task), task, "createProSubscription", "received", "12:00:00.000")

	watch := s.start("task", "watch", task)
	sees := func(words ...string) {
		t.Helper()
		watch.until(strings.Join(words, " "), func() bool {
			rest := watch.stdout.String()
			for _, word := range words {
				_, after, ok := strings.Cut(rest, word)
				if !ok {
					return false
				}
				rest = after
			}
			return true
		})
	}
	sees("received", "running")
	s.do("clock", "advance", "until", "task", task)
	sees("12:00:05.000", "subscription 100001", "pending", "12:00:05.000", "task "+task, "done")
	if text := watch.stdout.String(); strings.Contains(text, "active") {
		t.Errorf("before it is provisioned the watch says\n%s", text)
	}
	show := s.do("task", "show", task)
	order(t, "show", show, "processed", "12:00:05.000", "pending")
	if strings.Contains(show, "provisioned") || strings.Contains(s.do("task", "list", "--pending"), task) {
		t.Errorf("between the phases it is\n%s", show)
	}
	s.do("clock", "advance", "until", "idle")
	if status := watch.wait(); status != 0 {
		t.Errorf("the watch ends with %d, %s", status, &watch.stderr)
	}
	order(t, "watch", watch.stdout.String(), "done", "12:04:05.000", "active")
	order(t, "show", s.do("task", "show", task), "provisioned", "12:04:05.000", "active")

	// Whoever comes late is told all of it, as JSON a line for each.
	lines := strings.Split(strings.TrimSpace(s.do("task", "watch", task, "--json")), "\n")
	for _, line := range lines {
		var event struct{ Seq int64 }
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Seq == 0 {
			t.Errorf("got the line %s, %v", line, err)
		}
	}
	if want := strings.Count(watch.stdout.String(), "\n"); len(lines) != want {
		t.Errorf("afterwards there are %d events, want %d", len(lines), want)
	}

	s.do("clock", "real")
	body := subscriptionBody("two").(map[string]any)
	body["paymentMethodId"] = 1
	failing := s.post("/subscriptions", body)
	s.do("clock", "advance", "until", "task", failing)
	status, stdout, stderr := run(t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, "task", "watch", failing)
	if status != 1 || !strings.Contains(stdout, "failed  SUBSCRIPTION_PI_NOT_FOUND") ||
		stderr != "understudy: the task failed\n" {
		t.Errorf("a task that fails: got %d, %q, %q", status, stdout, stderr)
	}
	order(t, "show", s.do("task", "show", failing), "error", "SUBSCRIPTION_PI_NOT_FOUND")
	s.refuse("no task", "task", "show", "nothing")
	s.refuse("no task", "task", "watch", "nothing")
	s.refuse("no account", "task", "list", "--account", "nobody")
}

// Waiting ends when it has come, with status 1 when it does not, and 2 when it cannot be understood.
func TestWaitCommand(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	task := s.post("/subscriptions", subscriptionBody("one"))
	order(t, "wait", s.do("wait", "--task", task), "done")
	order(t, "wait", s.do("wait", "--task", task, "--state", "provisioned", "--json"), `"reached": true`)
	order(t, "wait", s.do("wait", "--resource", "subscription/100001"), "active")
	s.do("wait", "--idle", "--account", "Demo")
	s.do("clock", "freeze")
	held := s.post("/subscriptions", subscriptionBody("two"))
	env := []string{"UNDERSTUDY_DATA_DIR=" + s.dir}
	status, stdout, stderr := run(t, env, "wait", "--task", held, "--timeout", "10ms")
	if status != 1 || strings.TrimSpace(stdout) == "" || !strings.HasPrefix(stderr, "understudy: it did not come: ") {
		t.Errorf("what does not come: got %d, %q, %q", status, stdout, stderr)
	}
	s.refuse("no task", "wait", "--task", "nothing")
	wantRefusal(t, 2, []string{"--timeout"}, env, "wait", "--idle", "--timeout", "0s")
	wantRefusal(t, 2, []string{"--nope"}, env, "wait", "--nope")
	wantRefusal(t, 1, []string{"no server runs on"}, []string{"UNDERSTUDY_DATA_DIR=" + t.TempDir()}, "wait", "--idle")
}
