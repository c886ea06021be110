package campaign

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/terraform"
)

// Terraform is the command line of a campaign.
type Terraform struct {
	Tool     string   // its path
	Environ  []string // of the user
	Config   string   // configuration of the command line that has the provider in it; empty: the user's
	Provider string   // which one it is, in words
	Args     []string // of plan, apply and destroy: -var, -var-file
}

// life is the module in one account, from apply to destroy.
type life struct {
	terraform Terraform
	account   *account
	dir       string
	data      string
	timeout   time.Duration // of each command
}

// live lets the module live: apply, plan, destroy.
func (l *life) live(ctx context.Context, a *account, run *Result) (err error) {
	run.Plan.Outcome, run.Destroy.Outcome = Skipped, Skipped
	over := func() error { // the fault
		hits, err := a.disarm(ctx)
		run.Hits += hits
		return err
	}
	if run.Apply, err = l.step(ctx, "apply", "-auto-approve"); err != nil {
		return err
	}
	if run.Apply.Outcome == Hangs {
		if err := over(); err != nil {
			return err
		}
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	if run.Made, err = l.there(ctx, a); err != nil {
		return err
	}
	if run.Apply.Outcome == OK {
		if run.Plan, err = l.step(ctx, "plan", "-detailed-exitcode"); err != nil {
			return err
		}
	}
	if run.Apply.Outcome != Hangs {
		if run.Destroy, err = l.step(ctx, "destroy", "-auto-approve"); err != nil {
			return err
		}
		if err := over(); err != nil {
			return err
		}
	}
	if err := a.settle(ctx); err != nil {
		return err
	}
	if run.Destroy.Outcome != OK {
		again, err := l.step(ctx, "destroy", "-auto-approve")
		if err != nil {
			return err
		}
		run.Again = &again
		if err := a.settle(ctx); err != nil {
			return err
		}
	}
	run.Left, err = l.there(ctx, a)
	return err
}

// step runs a command and says how it ended.
func (l *life) step(ctx context.Context, name string, args ...string) (Step, error) {
	began := time.Now()
	args = append(append([]string{name, "-json", "-input=false"}, args...), l.terraform.Args...)
	status, stdout, stderr, err := l.run(ctx, args...)
	if _, late := errors.AsType[errTimeout](err); late {
		return Step{Outcome: Hangs, Seconds: seconds(began), Errors: readSaid(stdout, stderr).errors}, nil
	}
	if err != nil {
		return Step{}, err
	}
	said := readSaid(stdout, stderr)
	step := Step{Outcome: Fails, Errors: said.errors, Changes: said.changes, Seconds: seconds(began)}
	const different = 2 // of plan -detailed-exitcode
	switch {
	case said.crashed:
		step.Outcome = Crashes
	case status == 0 && name == "plan":
		step.Outcome = Empty
	case status == 0:
		step.Outcome = OK
	case status == different && name == "plan":
		step.Outcome = Changes
	}
	return step, nil
}

// errTimeout says that a command did not end in its time.
type errTimeout struct{ after time.Duration }

func (e errTimeout) Error() string { return fmt.Sprintf("it did not end in %v", e.after) }

// run runs a command, for no longer than its time. Its error is the context's, errTimeout, or why it could not be run.
func (l *life) run(ctx context.Context, args ...string) (status int, stdout, stderr []byte, err error) {
	timed, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	// What it says goes into files: a pipe would kill it when we are killed, and it could not end its provider.
	out, err := os.CreateTemp(filepath.Dir(l.data), "stdout")
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = out.Close() }() // it is read
	said, err := os.CreateTemp(filepath.Dir(l.data), "stderr")
	if err != nil {
		return 0, nil, nil, err
	}
	defer func() { _ = said.Close() }()
	status, err = terraform.Command{
		Tool: l.terraform.Tool, Args: args, Dir: l.dir, Env: l.environ(), Stdout: out, Stderr: said, Patience: graceful,
	}.Run(timed, nil)
	switch {
	case ctx.Err() != nil:
		err = ctx.Err()
	case timed.Err() != nil:
		err = errTimeout{l.timeout}
	}
	stdout, unread := os.ReadFile(out.Name())
	if unread == nil {
		stderr, unread = os.ReadFile(said.Name())
	}
	return status, stdout, stderr, errors.Join(err, unread)
}

// environ is the environment of a command: the user's, but for what would change what a command does, and with what
// points at the account.
func (l *life) environ() []string {
	env := slices.DeleteFunc(slices.Clone(l.terraform.Environ), func(pair string) bool {
		return strings.HasPrefix(pair, "TF_CLI_ARGS") || strings.HasPrefix(pair, "TF_WORKSPACE=")
	})
	variables := []cloud.Variable{
		{Name: "TF_DATA_DIR", Value: l.data},
		{Name: "TF_IN_AUTOMATION", Value: "1"},
		{Name: "CHECKPOINT_DISABLE", Value: "1"},
	}
	if l.terraform.Config != "" {
		variables = append(variables, cloud.Variable{Name: terraform.ConfigVariable, Value: l.terraform.Config})
	}
	if l.account != nil {
		variables = append(variables, l.account.variables...)
	}
	return terraform.Environment(env, variables...)
}

// must runs a command that has to work, whatever the module is.
func (l *life) must(ctx context.Context, args ...string) ([]byte, error) {
	status, stdout, stderr, err := l.run(ctx, args...)
	if err == nil && status != 0 {
		err = fmt.Errorf("exit status %d: %s", status, oneLine(string(stderr)+string(stdout)))
	}
	if err != nil {
		return nil, fmt.Errorf("terraform %s: %w", strings.Join(args, " "), err)
	}
	return stdout, nil
}

// there returns what the account has, and whether the state has it.
func (l *life) there(ctx context.Context, a *account) ([]Resource, error) {
	has, err := a.has(ctx)
	if err != nil || len(has) == 0 {
		return has, err
	}
	text, err := l.must(ctx, "show", "-json")
	if err != nil {
		return nil, err
	}
	known, err := idsOfState(text)
	if err != nil {
		return nil, err
	}
	for i := range has {
		has[i].Stateless = !known[fmt.Sprint(has[i].ID)]
	}
	return has, nil
}

// version returns which command line it is.
func (l *life) version(ctx context.Context) (string, error) {
	text, err := l.must(ctx, "version", "-json")
	if err != nil {
		return "", err
	}
	var v struct {
		Version string `json:"terraform_version"` // so OpenTofu calls it, too
	}
	if err := json.Unmarshal(text, &v); err != nil {
		return "", fmt.Errorf("read the version of %s: %w", l.terraform.Tool, err)
	}
	return strings.TrimSuffix(filepath.Base(l.terraform.Tool), ".exe") + " " + v.Version, nil
}

// bring brings the modules and the providers that the module needs. A provider that is built here is brought already,
// and the registry need not be asked for it where there is no other one.
func (l *life) bring(ctx context.Context) error {
	if l.terraform.Config != "" {
		if _, err := l.must(ctx, "get"); err != nil {
			return err
		}
		if status, _, _, err := l.run(ctx, "validate"); err != nil || status == 0 {
			return err
		}
	}
	_, err := l.must(ctx, "init", "-input=false", "-no-color")
	return err
}
