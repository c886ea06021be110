package serve

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// The commands of docs/sandbox.md, in a story.
func TestClockCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "1")
	says := func(want string, args ...string) {
		t.Helper()
		if got := s.do(append([]string{"clock"}, args...)...); !strings.Contains(got, want) {
			t.Errorf("clock %s says\n%s\nwant %q in it", strings.Join(args, " "), got, want)
		}
	}
	create := func(name string) string {
		t.Helper()
		status, answer := s.ready.ask(t, http.MethodPost, "/subscriptions", servetest.SubscriptionBody(name))
		if status != http.StatusAccepted {
			t.Fatalf("got %d %v, want a task", status, answer)
		}
		return fmt.Sprint(answer["taskId"])
	}
	says("2030-02-28T12:00:00Z", "freeze", "2030-02-28T12:00:00Z")
	task := create("one")
	says("tasks: 1", "show")
	says("moved", "advance", "until", "task", task)
	says("subscription/100001 active", "show") // what comes next
	s.refuse("not come to that", "clock", "advance", "until", "idle", "--within", "1m")
	says("2030-02-28T12:04:05Z", "step")
	says("moved    0s", "advance", "until", "resource", "subscription/100001", "--status", "active")
	says("2030-02-28T12:34:05Z", "advance", "30m")

	says("10s", "durations", "--set", "subscription.creation=10s", "--set", "change=1s..20s", "--seed", "7")
	says("lognormal 2m0s 0.5", "durations", "--set", "database.creation=lognormal 2m 0.5", "--set", "createProDatabase=2m")
	says("speed", "durations", "--speed", "1")
	create("two")
	says("moved", "advance", "until", "idle", "--within", "31s")
	says("as the server says", "durations", "--reset")
	s.refuse("no work called", "clock", "durations", "--set", "nothing=1s")

	says("60 times as fast", "scaled", "60")
	says("real", "real")
	if got := s.do("clock", "show", "--json"); !strings.Contains(got, `"mode": "real"`) {
		t.Errorf("as JSON it is %s", got)
	}
}
