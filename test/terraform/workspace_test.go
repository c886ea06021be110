package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// command is a command line together with the configuration that makes it use a provider.
type command struct {
	path   string // of the executable
	config string // path of its configuration file
	fast   bool   // whether the provider is the fast one
	kinds  *kinds // what was made with it
}

// newCommand finds a command line and a provider: this module builds none of them, scripts/setup.sh does.
func newCommand(t *testing.T, line programs.Program, provider provider) *command {
	t.Helper()
	config := filepath.Join(t.TempDir(), "terraform.rc")
	text := fmt.Sprintf(`provider_installation {
  dev_overrides {
    "RedisLabs/rediscloud" = %q
  }
  direct {}
}
`, provider.dir(t))
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return &command{
		path: find(t, line), config: config, fast: provider == fast,
		kinds: &kinds{found: map[string]bool{}},
	}
}

// provider is the official one in one of its speeds.
type provider string

const (
	official provider = "official" // with the waits it has
	fast     provider = "fast"     // with a hundredth of them
)

// dir is the directory that it was built into.
func (p provider) dir(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	cache = filepath.Join(cache, "understudy")
	dir, err := terraform.BuildProvider(t.Context(), cache, terraform.TestedVersion, p == fast,
		func(doing string) { t.Errorf("%s: run scripts/setup.sh provider first", doing) })
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// find returns the path of a program that must be there.
func find(t *testing.T, program programs.Program) string {
	t.Helper()
	path, err := program.Path(".")
	if err == nil {
		_, err = os.Stat(path)
	}
	if err != nil {
		t.Fatalf("%v: run scripts/setup.sh terraform opentofu provider", err)
	}
	return path
}

// workspace is a directory with a root module and its state.
type workspace struct {
	t         *testing.T
	dir       string
	env       []string
	terraform string
	fast      bool // whether the waits are shorter than the stories say
	kinds     *kinds
}

// open copies testdata/<module> into a directory of its own, set up for the server.
func (c *command) open(t *testing.T, server *servetest.Server, module string) *workspace {
	t.Helper()
	w := c.copy(t, module)
	w.env = append(w.env, "REDISCLOUD_URL="+server.RecordedURL(),
		"REDISCLOUD_ACCESS_KEY="+server.APIKey, "REDISCLOUD_SECRET_KEY="+server.SecretKey)
	return w
}

// copy is open for commands that need no server.
func (c *command) copy(t *testing.T, module string) *workspace {
	t.Helper()
	w := &workspace{t: t, dir: t.TempDir(), terraform: c.path, fast: c.fast, kinds: c.kinds}
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join("testdata", module))); err != nil {
		t.Fatal(err)
	}
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "TF_") && !strings.HasPrefix(pair, "REDISCLOUD_") {
			w.env = append(w.env, pair)
		}
	}
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+c.config, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return w
}

// set gives the module's variables their values for the commands that follow.
func (w *workspace) set(variables map[string]any) {
	w.t.Helper()
	text, err := json.Marshal(variables)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(w.dir, "terraform.tfvars.json"), text, 0o600); err != nil {
		w.t.Fatal(err)
	}
}

// apply creates or changes what the module describes.
func (w *workspace) apply(waits time.Duration) {
	w.t.Helper()
	w.timed("apply", waits, "apply", "-auto-approve")
	w.kinds.note(w)
}

// destroy deletes all that apply made.
func (w *workspace) destroy(waits time.Duration) {
	w.t.Helper()
	w.timed("destroy", waits, "destroy", "-auto-approve")
}

// timed runs a command and logs how long it took beside the sleeps the provider makes in it whatever the server does.
func (w *workspace) timed(what string, waits time.Duration, args ...string) {
	w.t.Helper()
	start := time.Now()
	w.must(args...)
	took := time.Since(start)
	if waits > 0 && !w.fast {
		w.t.Logf("%s took %.1f s, of which the provider slept %.0f s: %.1f %% more", what, took.Seconds(),
			waits.Seconds(), 100*(took-waits).Seconds()/waits.Seconds())
	}
}

// importEach imports a resource for each id, by name, and in the order of the names: terraform reads the module's data
// sources at every import, so what those refer to must come first ("AWS" does).
func (w *workspace) importEach(address string, ids map[string]any) {
	w.t.Helper()
	for _, name := range slices.Sorted(maps.Keys(ids)) {
		w.must("import", fmt.Sprintf(address, name), fmt.Sprint(ids[name]))
	}
}

// wantNoChanges plans and fails the test unless the plan is empty.
func (w *workspace) wantNoChanges(when string) {
	w.t.Helper()
	if status, out := w.run("plan", "-detailed-exitcode"); status != 0 {
		w.t.Fatalf("plan %s: got status %d, want 0 (nothing to change):\n%s", when, status, out)
	}
}

// wantPlan plans and fails the test unless the plan says so.
func (w *workspace) wantPlan(when, says string) {
	w.t.Helper()
	if status, out := w.run("plan", "-detailed-exitcode"); status != 2 || !strings.Contains(out, says) {
		w.t.Fatalf("plan %s: got status %d, want 2 (something to change), and %q:\n%s", when, status, says, out)
	}
}

// outputs returns the module's outputs, sensitive ones too.
func (w *workspace) outputs() map[string]any {
	w.t.Helper()
	cmd := w.exec("output", "-json")
	text, err := cmd.Output()
	if err != nil {
		w.t.Fatalf("%s: %v", cmd, err)
	}
	var raw map[string]struct{ Value any }
	if err := json.Unmarshal(text, &raw); err != nil {
		w.t.Fatalf("decode the outputs %s: %v", text, err)
	}
	values := map[string]any{}
	for name, output := range raw {
		values[name] = output.Value
	}
	return values
}

// wantKept fails the test unless outputs are what they were before an update, and returns all outputs of now.
func (w *workspace) wantKept(created map[string]any, names ...string) map[string]any {
	w.t.Helper()
	updated := w.outputs()
	for _, name := range names {
		if updated[name] != created[name] {
			w.t.Errorf("output %s: got %v after the update, want %v: it must not be replaced",
				name, updated[name], created[name])
		}
	}
	return updated
}

// must runs a terraform command that has to succeed.
func (w *workspace) must(args ...string) {
	w.t.Helper()
	if status, out := w.run(args...); status != 0 {
		w.t.Fatalf("terraform %s: got status %d, want 0:\n%s", strings.Join(args, " "), status, out)
	}
}

// run runs a terraform command and returns its exit status and all it said.
func (w *workspace) run(args ...string) (status int, out string) {
	w.t.Helper()
	cmd := w.exec(args[0], append([]string{"-no-color", "-input=false"}, args[1:]...)...)
	text, err := cmd.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		w.t.Fatalf("%s: %v", cmd, err)
	}
	return cmd.ProcessState.ExitCode(), string(text)
}

func (w *workspace) exec(name string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(w.t.Context(), w.terraform, append([]string{name}, args...)...)
	cmd.Dir, cmd.Env = w.dir, w.env
	// When the test is cut short terraform gets the chance to end its provider.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}
