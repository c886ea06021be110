package terraform

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// wrapped runs `understudy terraform` in a directory of its own.
type wrapped struct {
	t      *testing.T
	server *servetest.Server
	dir    string
	env    []string
	tool   string
}

// wrap copies testdata/<module> into a directory of its own.
func wrap(t *testing.T, server *servetest.Server, tool programs.Program, module string) *wrapped {
	t.Helper()
	w := &wrapped{t: t, server: server, dir: t.TempDir(), tool: find(t, tool)}
	if err := os.CopyFS(w.dir, os.DirFS(filepath.Join("testdata", module))); err != nil {
		t.Fatal(err)
	}
	for _, pair := range os.Environ() {
		if !slices.ContainsFunc([]string{"TF_", "REDISCLOUD_", "UNDERSTUDY_"}, func(prefix string) bool {
			return strings.HasPrefix(pair, prefix)
		}) {
			w.env = append(w.env, pair)
		}
	}
	w.env = append(w.env, "TF_IN_AUTOMATION=1", "CHECKPOINT_DISABLE=1")
	return w
}

// command is understudy with the arguments of a verb.
func (w *wrapped) command(verb string, args ...string) *exec.Cmd {
	args = append([]string{verb, "--url", strings.TrimSuffix(w.server.URL, "/v1")}, args...)
	cmd := exec.CommandContext(w.t.Context(), servetest.Binary(w.t), args...)
	cmd.Dir, cmd.Env = w.dir, w.env
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// run runs `understudy terraform` and returns what it said on both outputs; its status must be as wanted.
func (w *wrapped) run(status int, args ...string) (stdout, stderr string) {
	w.t.Helper()
	var out, said bytes.Buffer
	cmd := w.command("terraform", append([]string{"--tool", w.tool}, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &said
	err := cmd.Run()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != status {
		w.t.Fatalf("%q: %v, want status %d\n%s\n%s", args, err, status, &said, &out)
	}
	return out.String(), said.String()
}

// says fails the test unless each of some texts is there, in their order.
func (w *wrapped) says(text string, parts ...string) {
	w.t.Helper()
	rest := text
	for _, part := range parts {
		_, after, found := strings.Cut(rest, part)
		if !found {
			w.t.Errorf("got no %q, or not where it belongs:\n%s", part, text)
			return
		}
		rest = after
	}
}

// accounts is how many accounts the sandbox has.
func (w *wrapped) accounts() int {
	w.t.Helper()
	var list struct{ Accounts []struct{} }
	w.ask(&list, "account", "list")
	return len(list.Accounts)
}

// ask runs another verb of understudy.
func (w *wrapped) ask(answer any, verb string, args ...string) {
	w.t.Helper()
	cmd := exec.CommandContext(w.t.Context(), servetest.Binary(w.t), append(append([]string{verb}, args...),
		"--json", "--url", strings.TrimSuffix(w.server.URL, "/v1"))...)
	cmd.Env = w.env
	text, err := cmd.Output()
	if err == nil {
		err = json.Unmarshal(text, answer)
	}
	if err != nil {
		w.t.Fatalf("%s %v: %v", verb, args, err)
	}
}

var newAccount = regexp.MustCompile(`account (\d+) is new`)

// A module from nothing to nothing in an account of its own, without the provider's waits.
func TestWrapper(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{})
	w := wrap(t, server, programs.Terraform, "subscription")
	begun := time.Now()
	out, said := w.run(0, "--fast", "--account", "new", "--", "apply", "-auto-approve", "-no-color")
	t.Logf("apply took %.1f s", time.Since(begun).Seconds())
	w.says(out, "Apply complete! Resources: 2 added")
	w.says(said, "it is not the official binary", "is new",
		"createProSubscription received", "subscription 100001 shop active", "database 51000003 orders active",
		"created subscription 100001 shop\n", "created database 51000003 orders\n", "requests, 7 tasks\n",
		"the client's own waits")
	if strings.Contains(out, "understudy:") {
		t.Errorf("terraform's output is not its own:\n%s", out)
	}
	found := newAccount.FindStringSubmatch(said)
	if found == nil {
		t.Fatalf("no account is named:\n%s", said)
	}
	account := found[1]
	w.wantFast(account)

	w.run(0, "--fast", "--account", account, "--", "plan", "-detailed-exitcode")
	_, said = w.run(2, "--account", "new", "--", "plan")
	w.says(said, "the state is of account "+account)
	// Where that is not noted the account is asked.
	if err := os.Remove(filepath.Join(w.dir, ".terraform", "understudy.json")); err != nil {
		t.Fatal(err)
	}
	_, said = w.run(2, "--account", "new", "--", "plan")
	w.says(said, "the state has rediscloud_subscription.shop, which a new account has not")
	_, said = w.run(2, "--", "destroy")
	w.says(said, "the state has rediscloud_subscription.shop 100001, which account 1000 has not")

	// The status and the summary of a change, as JSON.
	change := []string{"-var", "dataset_size=3"}
	w.run(2, append([]string{"--fast", "-q", "--account", account, "--", "plan", "-detailed-exitcode"}, change...)...)
	_, said = w.run(0, append([]string{
		"--fast", "-q", "--json", "--account", account, "--", "apply", "-auto-approve",
	}, change...)...)
	w.says(said, `{"account":"`+account+`","resources":[{"change":"changed","kind":"database"`, `"failedTasks":0`)
	if strings.Contains(said, `"type":"task"`) {
		t.Errorf("it is told of tasks, and should be quiet:\n%s", said)
	}

	_, said = w.run(0, "--fast", "--account", account, "--", "destroy", "-auto-approve")
	w.says(said, "deleted subscription 100001 shop\n", "deleted database 51000003 orders\n")
	if w.accounts() != 2 {
		t.Errorf("got %d accounts, want the demo's and the new one", w.accounts())
	}
}

// wantFast fails the test unless all requests of an account are by the provider that says it is not the official one.
func (w *wrapped) wantFast(account string) {
	w.t.Helper()
	var journal struct {
		Entries []struct {
			Request struct {
				Headers []struct{ Name, Value string }
			}
		}
	}
	w.ask(&journal, "journal", "list", "--account", account, "--bodies")
	agents := map[string]int{}
	for _, e := range journal.Entries {
		for _, h := range e.Request.Headers {
			if h.Name == "User-Agent" {
				agents[h.Value]++
			}
		}
	}
	for agent, n := range agents {
		if n != len(journal.Entries) || !strings.Contains(agent, "/"+terraform.TestedVersion+"-understudy-fast-100") {
			w.t.Errorf("got %d of %d requests by %q, want all by the fast provider", n, len(journal.Entries), agent)
		}
	}
	if len(agents) == 0 {
		w.t.Error("no request says by whom it is")
	}
}

// Nothing is started, and no account made, where something points at the real API.
func TestWrapperRefuses(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{})
	w := wrap(t, server, programs.Terraform, "subscription")
	started := filepath.Join(w.dir, "started")
	w.tool = filepath.Join(w.dir, "terraform")
	script := "#!/bin/sh\n[ \"$1\" = state ] || touch started\n"
	if err := os.WriteFile(w.tool, []byte(script), 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(w.dir, "provider.tf")
	block := []byte(`provider "rediscloud" { url = "https://api.redislabs.com/v1" }`)
	if err := os.WriteFile(file, block, 0o600); err != nil {
		t.Fatal(err)
	}
	_, said := w.run(2, "--account", "new", "--", "apply", "-auto-approve")
	w.says(said, "terraform was not started: ", "provider.tf:1: api.redislabs.com is the real API",
		"provider.tf:1: the provider's url wins over REDISCLOUD_URL")
	if _, err := os.Stat(started); err == nil || w.accounts() != 1 {
		t.Errorf("terraform was started: %v, and there are %d accounts", err == nil, w.accounts())
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	w.run(0, "--account", "new", "--", "apply", "-auto-approve")
	if _, err := os.Stat(started); err != nil || w.accounts() != 2 {
		t.Errorf("terraform was started: %v, and there are %d accounts", err == nil, w.accounts())
	}

	// What --fast needs is said as well.
	machine := w.env
	w.env = append(slices.Clone(machine), "XDG_CACHE_HOME="+t.TempDir(), "GOPROXY=off")
	_, said = w.run(1, "--fast", "--provider-version", "0.0.1", "--account", "new", "--", "apply")
	w.says(said, "the Go module proxy does not give it")
	w.env = append(w.env, "PATH="+w.dir)
	_, said = w.run(1, "--fast", "--account", "new", "--", "apply")
	w.says(said, "needs Go, and PATH has none")
	w.env = machine
	if w.accounts() != 2 {
		t.Errorf("got %d accounts, want no other one", w.accounts())
	}

	server.Stop()
	_, said = w.run(1, "--", "apply")
	w.says(said, "connection refused")
}

// The other command line, with the overrides that its user has.
func TestWrapperOfOpenTofu(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{})
	w := wrap(t, server, programs.OpenTofu, "subscription")
	w.env = append(w.env, "TF_CLI_CONFIG_FILE="+newCommand(t, programs.OpenTofu, fast).config)
	_, said := w.run(0, "--account", "new", "--", "apply", "-auto-approve")
	w.says(said, "created subscription 100001 shop\n")
	if strings.Contains(said, "official") {
		t.Errorf("it is said to be built, and is the user's:\n%s", said)
	}
	account := newAccount.FindStringSubmatch(said)[1]
	_, said = w.run(0, "--fast", "--account", account, "--", "destroy", "-auto-approve")
	w.says(said, "it is not the official binary", "deleted subscription 100001 shop\n")
}

// One interrupt is one: terraform ends in its own way, and its status is ours.
func TestWrapperIsInterrupted(t *testing.T) {
	t.Parallel()
	server := servetest.Start(t, servetest.Options{Args: []string{"--speed", "1"}}) // nothing is ready for minutes
	w := wrap(t, server, programs.Terraform, "subscription")
	cmd := w.command("terraform", "--tool", w.tool, "--fast", "--", "apply", "-auto-approve", "-no-color")
	var out bytes.Buffer
	cmd.Stdout = &out
	read, write := io.Pipe()
	cmd.Stderr = write
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	running, ran := context.WithCancel(t.Context())
	defer ran()
	go func() { // until the subscription is on its way, and then the rest
		var text []byte
		piece := make([]byte, 1<<10)
		for {
			n, err := read.Read(piece)
			if text = append(text, piece[:n]...); bytes.Contains(text, []byte("createProSubscription done")) {
				ran()
			}
			if err != nil {
				said <- string(text)
				return
			}
		}
	}()
	ended := make(chan error, 1)
	go func() {
		ended <- cmd.Wait()
		_ = write.Close()
	}()
	select {
	case <-running.Done():
	case err := <-ended:
		t.Fatalf("it has ended: %v\n%s\n%s", err, &out, <-said)
	}
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if exit := new(exec.ExitError); !errors.As(<-ended, &exit) || exit.ExitCode() != 1 {
		t.Errorf("got %v, want status 1", exit)
	}
	w.says(out.String(), "Interrupt received.")
	if strings.Count(out.String(), "Interrupt received.") != 1 || strings.Contains(out.String(), "Two interrupts") {
		t.Errorf("terraform got another one:\n%s", &out)
	}
	w.says(<-said, "created subscription 100001 shop\n", "the client's own waits")
}
