package serve

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"syscall"
	"testing"
)

func TestEventsCommand(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "0")
	follow := s.start("events", "--after", "0")
	task := s.post("/subscriptions", subscriptionBody("one"))
	follow.until("all has been told", func() bool {
		text := follow.stdout.String()
		return strings.Contains(text, "active") && strings.Contains(text, "done")
	})
	order(t, "events", follow.stdout.String(), "1  ", "task "+task, "createProSubscription", "received")
	follow.signal(syscall.SIGINT)
	if status := follow.wait(); status != 0 {
		t.Errorf("interrupted it ends with %d, %s", status, &follow.stderr)
	}
	lines := strings.Split(strings.TrimSpace(s.do("events", "--after", "1", "--count", "2", "--json")), "\n")
	for i, line := range lines {
		var event struct{ Seq int }
		if err := json.Unmarshal([]byte(line), &event); err != nil || event.Seq != i+2 {
			t.Errorf("line %d is %s, %v", i, line, err)
		}
	}
	if len(lines) != 2 {
		t.Errorf("got %d events, want 2", len(lines))
	}
	s.refuse("no account", "events", "--account", "nobody")
}

func TestWebhookCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "0")
	received := make(chan string, 100)
	receiver := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		received <- r.Header.Get("Webhook-Signature") + " " + string(body)
	}))
	t.Cleanup(receiver.Close)
	order(t, "create", s.do("webhook", "create", receiver.URL, "--type", "task.done"), "webhook", "1", "secret", "whsec_")
	task := s.post("/subscriptions", subscriptionBody("one"))
	order(t, "what is sent", <-received, "v1,", `"type":"task.done"`, task)
	list := s.do("webhook", "list")
	order(t, "list", list, "ID", "URL", "1", receiver.URL, "task.done")
	if strings.Contains(list, "whsec_") {
		t.Errorf("the list tells the secret: %s", list)
	}
	order(t, "delete", s.do("webhook", "delete", "1"), "Webhook 1 is deleted.")
	s.refuse("no webhook", "webhook", "delete", "1")
	s.refuse("not a URL", "webhook", "create", "nowhere")
	s.refuse("not a type", "webhook", "create", receiver.URL, "--type", "tasks")
	s.refuse("no account", "webhook", "list", "--account", "nobody")
	wantRefusal(t, 2, []string{"webhook"}, nil, "webhook", "delete", "first")
}

// The external events go through their command; what it takes amiss is a matter of the command line.
func TestExternalCommands(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "0")
	order(t, "list", s.do("external", "list"), "EVENT", "INPUTS", "accept-peering", "peering=INTEGER", "[reason=STRING]")
	s.post("/subscriptions", subscriptionBody("one"))
	s.do("wait", "--idle", "--account", "Demo")
	peering := s.post("/subscriptions/100001/peerings", map[string]any{
		"region": "us-east-1", "awsAccountId": "123456789012", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24",
	})
	s.do("wait", "--task", peering)
	_, answer := s.ready.ask(t, http.MethodGet, "/tasks/"+peering, nil)
	id := fmt.Sprintf("peering=%.0f", answer["response"].(map[string]any)["resourceId"])
	order(t, "trigger", s.do("external", "trigger", "reject-peering", id), "reject-peering has happened.")
	s.refuse("no external event", "external", "trigger", "reject-everything")
	s.refuse("VPC_PEERING_NOT_FOUND", "external", "trigger", "accept-peering", "peering=1")
	wantRefusal(t, 2, []string{"NAME=VALUE"}, []string{"UNDERSTUDY_DATA_DIR=" + s.dir},
		"external", "trigger", "accept-peering", "1")
}

// The doctor finds a server that runs, and says what is wrong and how to mend it.
func TestDoctorCommand(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	status, stdout, stderr := run(t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir},
		"doctor", "--listen", "127.0.0.1:0", "--json")
	var found struct {
		Findings []struct{ Verdict, Check, Says, Mend string }
	}
	err := json.Unmarshal([]byte(stdout), &found)
	if err != nil || len(found.Findings) == 0 || status != 0 || stderr != "" {
		t.Errorf("got %d, %s, %q, %v", status, stdout, stderr, err)
	}
	dir := t.TempDir()
	status, stdout, stderr = run(t, []string{"UNDERSTUDY_DATA_DIR=" + dir, "UNDERSTUDY_SPEDE=1"}, "doctor",
		"--listen", "127.0.0.1:0", "--database-url", "postgres://someone:hidden@127.0.0.1:1/theirs")
	if status != 1 || !strings.Contains(stdout, "→") || stderr != "understudy: something is wrong: see above\n" {
		t.Errorf("with a database that is not there: %d\n%s\n%s", status, stdout, stderr)
	}
	if !strings.Contains(stdout, "UNDERSTUDY_SPEDE") || strings.Contains(stdout, "hidden") {
		t.Errorf("the doctor says\n%s", stdout)
	}
	wantRefusal(t, 2, []string{"--nope"}, nil, "doctor", "--nope")
}

func TestCompletionCommand(t *testing.T) {
	t.Parallel()
	for shell, want := range map[string]string{
		"bash": "complete -o default -F _understudy understudy", "zsh": "compdef", "fish": "complete -c understudy",
	} {
		status, stdout, stderr := run(t, nil, "completion", shell)
		if status != 0 || stderr != "" || !strings.Contains(stdout, want) {
			t.Errorf("%s: got %d, %q, %q", shell, status, stdout, stderr)
		}
	}
	wantRefusal(t, 2, []string{"bash"}, nil, "completion", "csh")
}
