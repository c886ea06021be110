package serve

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// Every command of docs/cli.md answers --json with JSON on standard output, and has nothing else to say.
func TestEveryCommandAnswersInJSON(t *testing.T) {
	t.Parallel()
	s := startSandbox(t, "--speed", "0")
	file := func(name, text string) string {
		t.Helper()
		path := filepath.Join(s.dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	seed, assets := file("seed.yaml", "idSeed: 7\n"), file("assets.json", `{"users": []}`)
	har, snapshot := filepath.Join(s.dir, "journal.har"), filepath.Join(s.dir, "base.json")
	task := s.post("/subscriptions", subscriptionBody("one"))
	answered := map[string]bool{
		"serve":          true, // its answer is the ready file
		"demo":           true, // a story for people
		"completion":     true, // a shell's
		"campaign":       true, // test/terraform has it
		"terraform":      true, // terraform's
		"journal curl":   true, // a command
		"journal follow": true, // below: it goes on until it is interrupted
	}
	for _, command := range [][]string{
		{"version"},
		{"healthcheck"},
		{"doctor", "--listen=127.0.0.1:0"},
		{"migrate", "--database-url", pgtest.Empty(t)},
		{"env"},
		{"account create", "ci"},
		{"account list"},
		{"account show", "ci"},
		{"account change", "ci", "--cap-policy=reject"},
		{"asset show", "ci"},
		{"asset set", "ci", "--file", assets},
		{"asset add", "ci", "--card=Visa 1111"},
		{"key create", "ci", "watcher"},
		{"key list", "ci"},
		{"key rotate", "ci", "watcher"},
		{"key revoke", "ci", "watcher"},
		{"account delete", "ci"},
		{"wait", "--task", task, "--state=provisioned"},
		{"task list"},
		{"task show", task},
		{"task watch", task},
		{"events", "--after=0", "--count=1"},
		{"journal list"},
		{"journal show", "1"},
		{"journal har"},
		{"journal har", "-o", har},
		{"journal clear"},
		{"snapshot save", "base"},
		{"snapshot load", "base"},
		{"snapshot list"},
		{"snapshot export", "base"},
		{"snapshot export", "base", snapshot},
		{"snapshot import", "again", snapshot},
		{"snapshot delete", "again"},
		{"fork", "Demo", "fork"},
		{"clock freeze"},
		{"clock show"},
		{"clock advance", "1h"},
		{"clock scaled", "60"},
		{"clock real"},
		{"clock durations"},
		{"fault presets"},
		{"fault effects"},
		{"fault arm", "flaky-5xx"},
		{"fault list"},
		{"fault show", "1"},
		{"fault disarm", "1"},
		{"fault clear"},
		{"webhook create", "http://127.0.0.1:1/hook"},
		{"webhook list"},
		{"webhook delete", "1"},
		{"external list"},
		{"seed", seed},
		{"reset", "Demo"},
	} {
		verb := command[0]
		answered[verb] = true
		args := append(append(strings.Fields(verb), command[1:]...), "--json")
		status, stdout, stderr := run(t, []string{"UNDERSTUDY_DATA_DIR=" + s.dir}, args...)
		if status != 0 || stderr != "" {
			t.Errorf("%q: status %d, %s", args, status, stderr)
		}
		wantJSON(t, strings.Join(args, " "), stdout)
	}

	body := `{"resources": [{"operation": "createProSubscription", "state": "pending", "stays": false, "body":
		{"name": "two", "paymentMethodId": 24681, "databases": [{"name": "a", "datasetSizeInGb": 1}], "cloudProviders":
		[{"regions": [{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}]}]}}],
		"clock": {"mode": "frozen"}}`
	s.do("clock", "durations", "--speed", "1")
	s.do("seed", file("pending.json", body))
	wantJSON(t, "clock step", s.do("clock", "step", "--json"))
	answered["clock step"] = true
	peerings := s.post("/subscriptions/100001/peerings", map[string]any{
		"region": "us-east-1", "awsAccountId": "123456789012", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24",
	})
	s.do("clock", "advance", "until", "task", peerings)
	_, answer := s.ready.ask(t, "GET", "/tasks/"+peerings, nil)
	peering := fmt.Sprintf("peering=%.0f", answer["response"].(map[string]any)["resourceId"])
	wantJSON(t, "external trigger", s.do("external", "trigger", "accept-peering", peering, "--json"))
	answered["external trigger"] = true

	follow := s.start("journal", "follow", "--json")
	follow.until("it follows", func() bool {
		s.as("nobody", "nothing")
		s.as(s.ready.APIKey, s.ready.APISecretKey)
		return follow.stdout.String() != ""
	})
	follow.signal(syscall.SIGINT)
	if status := follow.wait(); status != 0 {
		t.Errorf("interrupted, journal follow ends with %d", status)
	}
	wantJSON(t, "journal follow", follow.stdout.String())

	page, err := os.ReadFile("../../docs/cli.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, heading := range regexp.MustCompile(`(?m)^## understudy (.+)$`).FindAllStringSubmatch(string(page), -1) {
		if !answered[heading[1]] {
			t.Errorf("nobody has asked %s for JSON", heading[1])
		}
	}
}

// wantJSON wants one value, or one a line.
func wantJSON(t *testing.T, what, text string) {
	t.Helper()
	values := json.NewDecoder(strings.NewReader(text))
	for n := 0; ; n++ {
		var value any
		err := values.Decode(&value)
		if errors.Is(err, io.EOF) && n > 0 {
			return
		}
		if err != nil {
			t.Errorf("%s answers %q: %v", what, text, err)
			return
		}
	}
}
