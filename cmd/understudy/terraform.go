package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/terraform"
)

type terraformCmd struct {
	clientFlags
	toolFlags
	Account string   `env:"UNDERSTUDY_ACCOUNT" default:"1000" placeholder:"new|ACCOUNT" help:"Account to work in, by its id or name; new makes one. Default: ${default}, the demo account."`
	Quiet   bool     `short:"q" help:"Tell nothing of the tasks while it runs."`
	Args    []string `arg:"" passthrough:"" help:"What to run it with, as in -- apply -auto-approve."`
}

// Help shows how it is used.
func (*terraformCmd) Help() string {
	return `  understudy terraform -- apply                          in the demo account of the sandbox that runs here
  understudy terraform --account new -- apply            in an account of its own
  understudy terraform --fast -- apply -auto-approve     without the provider's waits
  understudy terraform --account 1001 -- destroy         what is in that one`
}

// exitStatus ends understudy with the status of a program that it ran for the user.
type exitStatus int

// Error says it.
func (s exitStatus) Error() string { return fmt.Sprintf("exit status %d", int(s)) }

// Run runs terraform.
func (c *terraformCmd) Run(ctx context.Context, stderr Stderr) error {
	args := c.Args
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	tool, err := c.path()
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	environ := os.Environ()
	dir := terraform.WorkingDir(args)
	if c.Fast {
		name, remove, err := c.fastConfig(ctx, dir, tool, environ, stderr)
		if err != nil {
			return err
		}
		defer remove()
		environ = terraform.Environment(environ, cloud.Variable{Name: terraform.ConfigVariable, Value: name})
	}
	state := func() (terraform.State, error) { return terraform.ReadState(ctx, tool, dir, args, environ) }
	before, err := state()
	if err != nil {
		return err
	}
	account, variables, err := c.account(ctx, client, stderr, before, terraform.Guarded{
		Dir: dir, Args: args, Environ: environ,
	})
	if refusal, ok := errors.AsType[*terraform.Refusal](err); ok {
		return fmt.Errorf("%w: %w", server.ErrConfig, refusal)
	}
	if err != nil {
		return err
	}
	ctx = context.WithoutCancel(ctx) // a signal is terraform's to act upon
	watch, err := terraform.Follow(ctx, client, account, c.teller(stderr))
	if err != nil {
		return err
	}
	status, err := c.terraform(ctx, tool, args, terraform.Environment(environ, variables...))
	if err != nil {
		return err
	}
	c.sumUp(ctx, watch, stderr)
	after, err := state()
	if err == nil {
		err = after.Note(account)
	}
	if err != nil {
		_, _ = fmt.Fprintln(stderr, "understudy: whose the state is could not be noted:", err)
	}
	if status != 0 {
		return exitStatus(status)
	}
	return nil
}

// account returns the id of the account to work in and the variables of the run, unless it is refused: then no account
// was made.
func (c *terraformCmd) account(
	ctx context.Context, client *control.Client, stderr Stderr, state terraform.State, g terraform.Guarded,
) (id string, variables []cloud.Variable, err error) {
	const demo = "1000" // has what is the same for all accounts
	name := c.Account
	if name == "new" {
		name = demo
	} else {
		account, err := control.GetAccount.Call(ctx, client, control.AccountPath{Account: name})
		if err != nil {
			return "", nil, err
		}
		id = fmt.Sprint(account.ID)
	}
	guard := func(account string) ([]cloud.Variable, error) {
		env, err := control.GetEnvironment.Call(ctx, client, control.AccountPath{Account: account})
		if err != nil {
			return nil, err
		}
		g.Variables = env.Variables
		return terraform.Guard(g)
	}
	if variables, err = guard(name); err != nil {
		return "", nil, err
	}
	if err := state.Check(ctx, client, id); err != nil || id != "" {
		return id, variables, err
	}
	made, err := control.CreateAccount.Call(ctx, client, sandbox.NewAccount{})
	if err != nil {
		return "", nil, err
	}
	id = fmt.Sprint(made.Account.ID)
	_, _ = fmt.Fprintf(stderr, "understudy: account %s is new: --account %s goes on with it\n", id, id)
	variables, err = guard(id)
	return id, variables, err
}

// terraform runs it with our own input and output, and the signals that come.
func (c *terraformCmd) terraform(ctx context.Context, tool string, args, environ []string) (status int, err error) {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	return terraform.Command{
		Tool: tool, Args: args, Env: environ, Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}.Run(ctx, signals)
}

// teller tells the user what happens in the account, a line each, so that terraform's own lines stay whole.
func (c *terraformCmd) teller(stderr Stderr) func(time.Duration, sandbox.Transition) {
	return func(after time.Duration, e sandbox.Transition) {
		switch {
		case c.Quiet || terraform.Reads(e):
		case c.JSON:
			_ = json.NewEncoder(stderr).Encode(e)
		default:
			_, _ = fmt.Fprintf(stderr, "understudy: %6.1f s  %s\n", after.Seconds(), terraform.Line(e))
		}
	}
}

// sumUp tells what the run has come to.
func (c *terraformCmd) sumUp(ctx context.Context, watch *terraform.Watch, stderr Stderr) {
	const patience = 10 * time.Second
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	summary, err := watch.End(ctx)
	switch {
	case err != nil:
		_, _ = fmt.Fprintln(stderr, "understudy: what was done is not known:", err)
	case c.JSON:
		_ = json.NewEncoder(stderr).Encode(summary)
	default:
		for _, line := range summary.Lines() {
			_, _ = fmt.Fprintln(stderr, "understudy:", line)
		}
	}
}

// fastConfig writes the configuration that makes terraform use the fast provider.
func (c *terraformCmd) fastConfig(
	ctx context.Context, dir, tool string, environ []string, stderr Stderr,
) (config string, remove func(), err error) {
	temporary, err := os.MkdirTemp("", "understudy-terraform")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(temporary) }
	if config, _, err = c.config(ctx, dir, tool, environ, temporary, stderr); err != nil {
		remove()
		return "", nil, err
	}
	return config, remove, nil
}
