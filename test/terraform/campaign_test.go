package terraform

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/campaign"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// campaignOf is `understudy campaign` of a module, everything of which is in a directory.
type campaignOf struct {
	t      *testing.T
	module string
	dir    string // of what it keeps for as long as it runs
}

func newCampaign(t *testing.T, module string) campaignOf {
	t.Helper()
	c := campaignOf{t: t, module: filepath.Join(t.TempDir(), module), dir: pgtest.TempDir(t)}
	if err := os.CopyFS(c.module, os.DirFS(filepath.Join("testdata", module))); err != nil {
		t.Fatal(err)
	}
	return c
}

// command is the campaign with flags.
func (c campaignOf) command(flags ...string) *exec.Cmd {
	c.t.Helper()
	fast.dir(c.t) // is there
	cmd := exec.CommandContext(c.t.Context(), servetest.Binary(c.t), append([]string{
		"campaign", c.module, "--fast", "--provider-version", terraform.TestedVersion,
		"--tool", find(c.t, programs.Terraform),
	}, flags...)...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TF_") && !strings.HasPrefix(pair, "REDISCLOUD_") &&
			!strings.HasPrefix(pair, "UNDERSTUDY_") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "TMPDIR="+c.dir)
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 30 * time.Second
	return cmd
}

// run runs a campaign to its end.
func (c campaignOf) run(flags ...string) (status int, stdout, stderr string) {
	c.t.Helper()
	var out, said bytes.Buffer
	cmd := c.command(flags...)
	cmd.Stdout, cmd.Stderr = &out, &said
	_ = cmd.Run() // its status says it
	c.wantNothingLeft()
	return cmd.ProcessState.ExitCode(), out.String(), said.String()
}

// wantNothingLeft waits until the directory is empty and no process is about it any more. What removes some of it is
// another process.
func (c campaignOf) wantNothingLeft() {
	c.t.Helper()
	apitest.Eventually(c.t, "nothing is left of a campaign", func() bool {
		left, err := os.ReadDir(c.dir)
		if err != nil {
			c.t.Fatal(err)
		}
		return len(left) == 0 && len(c.processes()) == 0
	})
}

// processes are those that were started by it, terraform and its providers among them: all have its environment.
func (c campaignOf) processes() (list []string) {
	c.t.Helper()
	files, err := filepath.Glob("/proc/[0-9]*/environ")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err == nil && bytes.Contains(text, []byte("TMPDIR="+c.dir)) { // else it has ended
			list = append(list, file)
		}
	}
	return list
}

// seedOfCampaign has what is there before, and is no leak.
const seedOfCampaign = `
resources:
  - operation: createProSubscription
    body:
      name: older
      paymentMethodId: 24681
      cloudProviders: [{regions: [{region: us-east-1, networking: {deploymentCIDR: 10.0.0.0/24}}]}]
      databases: [{name: cache, datasetSizeInGb: 1}]
`

// A module is survived under one fault, leaks under another, misreports under a third, and fails as it should under a
// fourth. What differs from what was kept of that has an exit status of its own.
func TestCampaign(t *testing.T) {
	t.Parallel()
	c := newCampaign(t, "subscription")
	there := files(t, c.module)
	dir := t.TempDir()
	baseline := filepath.Join(dir, "campaign.json")
	page, junit := filepath.Join(dir, "campaign.html"), filepath.Join(dir, "campaign.xml")
	seed := filepath.Join(dir, "seed.yaml")
	if err := os.WriteFile(seed, []byte(seedOfCampaign), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr := c.run("--json", "--parallel=2", "--html", page, "--junit", junit, "--seed", seed,
		"--preset=reordered-lists,flaky-5xx,stale-read,task-error-general,instance-busy",
		"--baseline", baseline, "--update-baseline")
	if status != 0 {
		t.Fatalf("got status %d: %s", status, stderr)
	}
	var report campaign.Report
	if err := json.Unmarshal([]byte(stdout), &report); err != nil {
		t.Fatalf("%v: %s", err, stdout)
	}
	want := map[string][]campaign.Verdict{
		"":                   {campaign.Survives},
		"reordered-lists":    {campaign.Survives},
		"flaky-5xx":          {campaign.Leaks, campaign.Failed},
		"stale-read":         {campaign.Misreports},
		"task-error-general": {campaign.Failed},
		"instance-busy":      {campaign.Untouched},
	}
	for _, r := range report.Results {
		if !slices.Equal(r.Verdicts, want[r.Fault]) {
			t.Errorf("%s: got %v, want %v: %q", r.Name(), r.Verdicts, want[r.Fault], r.Findings)
		}
		if r.Fault == "flaky-5xx" && (len(r.Left) == 0 || r.Left[0].By != "createProSubscription" || len(r.Struck) != 1) {
			t.Errorf("%s: left %v, struck %q", r.Name(), r.Left, r.Struck)
		}
	}
	if len(report.Results) != len(want) {
		t.Errorf("%d results, want %d", len(report.Results), len(want))
	}
	if after := files(t, c.module); !slices.Equal(there, after) {
		t.Errorf("the module has %q, want %q", after, there)
	}
	if text := read(t, page); !strings.Contains(text, "<td class=\"verdict\"><span class=\"leaks\">leaks</span>") {
		t.Errorf("the page says nothing of a leak: %s", text)
	}
	if err := xml.Unmarshal([]byte(read(t, junit)), new(struct {
		XMLName xml.Name `xml:"testsuites"`
	})); err != nil {
		t.Errorf("JUnit: %v", err)
	}

	kept := read(t, baseline)
	before, of, _ := strings.Cut(kept, `"task-error-general"`)
	changed := before + `"task-error-general"` + strings.ReplaceAll(of, `"fails"`, `"survives"`)
	if err := os.WriteFile(baseline, []byte(changed), 0o600); err != nil {
		t.Fatal(err)
	}
	status, stdout, stderr = c.run("--preset=task-error-general,instance-busy", "--baseline", baseline)
	if status != 2 || !strings.Contains(stdout, "Different from the baseline:\n  task-error-general: fails instead of") ||
		!strings.Contains(stderr, "1 of 2 results differ") {
		t.Errorf("otherwise: got status %d, want 2: %s%s", status, stdout, stderr)
	}
	if read(t, baseline) != changed {
		t.Error("the baseline is written anew though nobody asked for it")
	}
}

// Without --fast the provider is the one that terraform init brings: here a fast one, too, from a mirror. A server that
// runs has no account more afterwards.
func TestCampaignWithWhatInitBrings(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{})
	c := newCampaign(t, "subscription")
	mirror := t.TempDir()
	dir := filepath.Join(mirror, "registry.terraform.io/redislabs/rediscloud", terraform.TestedVersion,
		runtime.GOOS+"_"+runtime.GOARCH)
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	err := os.Symlink(filepath.Join(fast.dir(t), "terraform-provider-rediscloud"),
		filepath.Join(dir, "terraform-provider-rediscloud_v"+terraform.TestedVersion))
	if err != nil {
		t.Fatal(err)
	}
	config := filepath.Join(t.TempDir(), "terraform.rc")
	text := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := c.command("--fast=false", "--preset=payment-missing", "--url", server.URL)
	cmd.Env = append(cmd.Env, "TF_CLI_CONFIG_FILE="+config)
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	if !strings.Contains(string(out), "under 1 fault: 1 fails") {
		t.Errorf("got %s", out)
	}
	c.wantNothingLeft()
	list := exec.CommandContext(t.Context(), servetest.Binary(t), "account", "list", "--json", "--url", server.URL)
	out, err = list.Output()
	if err != nil || strings.Count(string(out), `"name"`) != 1 {
		t.Errorf("there are %s, %v, want the demo account alone", out, err)
	}
}

// What is wrong with the campaign is told, with another status than a difference.
func TestCampaignThatCannotBe(t *testing.T) {
	t.Parallel()
	c := newCampaign(t, "subscription")
	for says, flags := range map[string][]string{
		`no fault preset or bundle "flaky"`:  {"--preset=flaky"},
		"there is no baseline":               {"--baseline=/nowhere/campaign.json"},
		"--update-baseline needs --baseline": {"--update-baseline"},
		"the module does not work without a fault: apply fails: Value for undeclared": {"--var=nobody=1"},
	} {
		status, stdout, stderr := c.run(flags...)
		if status != 1 || stdout != "" || !strings.Contains(stderr, says) {
			t.Errorf("%q: got status %d, want 1, and %q: %s%s", flags, status, says, stdout, stderr)
		}
	}
}

// Ctrl-C in the middle leaves no process, no account and no directory, nor does what nobody can prepare for.
func TestCampaignInterrupted(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGINT, syscall.SIGKILL} {
		t.Run(signal.String(), func(t *testing.T) {
			t.Parallel()
			c := newCampaign(t, "subscription")
			said := &apitest.Output{}
			cmd := c.command("--preset=task-stuck,slow-lognormal", "--parallel=2")
			cmd.Stderr = said
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			ended := make(chan struct{})
			go func() {
				_ = cmd.Wait() // its status says it
				close(ended)
			}()
			// The first run, after which the others begin, takes Terraform as long as the machine is slow.
			tick := time.NewTicker(10 * time.Millisecond)
			defer tick.Stop()
			for !strings.Contains(said.String(), "survives in") {
				select {
				case <-tick.C:
				case <-ended:
					t.Fatalf("it has ended: %s", said)
				}
			}
			apitest.Eventually(t, "terraform and its provider run", func() bool { return len(c.processes()) > 4 })
			if err := cmd.Process.Signal(signal); err != nil {
				t.Fatal(err)
			}
			<-ended
			status := cmd.ProcessState.ExitCode()
			if signal == syscall.SIGINT && (status != 1 || !strings.Contains(said.String(), "interrupted")) {
				t.Errorf("got status %d, want 1: %s", status, said)
			}
			c.wantNothingLeft()
		})
	}
}

// files are the names of all that a directory has.
func files(t *testing.T, dir string) (names []string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, entry := range entries {
		names = append(names, entry.Name())
	}
	return names
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
