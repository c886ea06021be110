package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/terraform"
)

type terraformCmd struct {
	clientFlags
	Account         string   `env:"UNDERSTUDY_ACCOUNT" default:"1000" placeholder:"new|ACCOUNT" help:"Account to work in, by its id or name; new makes one. Default: ${default}, the demo account."`
	Fast            bool     `help:"Use the official provider built here with its fixed waits divided by 100, which is not the official binary. Needs Go."`
	ProviderVersion string   `placeholder:"VERSION" help:"Version that --fast builds. Default: the one that the module locks."`
	Tool            string   `env:"UNDERSTUDY_TERRAFORM" placeholder:"PROGRAM" help:"Command line to run, by its name or path. Default: terraform, else tofu."`
	Args            []string `arg:"" passthrough:"" help:"What to run it with, as in -- apply -auto-approve."`
}

// Help shows how it is used.
func (*terraformCmd) Help() string {
	return `  understudy terraform -- apply                          in the demo account of the sandbox that runs here
  understudy terraform --account new -- apply            in an account of its own
  understudy terraform --fast -- apply -auto-approve     without the provider's waits
  understudy terraform --account 1001 -- destroy         what that one made`
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
	tool, err := terraform.FindTool(c.Tool)
	if err != nil {
		return fmt.Errorf("%w: %w", server.ErrConfig, err)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	dir, environ := terraform.WorkingDir(args), os.Environ()
	var config []cloud.Variable
	if c.Fast {
		name, remove, err := c.fastConfig(ctx, dir, tool, environ, stderr)
		if err != nil {
			return err
		}
		defer remove()
		config = append(config, cloud.Variable{Name: terraform.ConfigVariable, Value: name})
	}
	account := c.Account
	if account == "new" {
		// What would be refused for any account makes none.
		env, err := control.GetEnvironment.Call(ctx, client, control.AccountPath{Account: "1000"})
		if err != nil {
			return err
		}
		if err := guard(dir, args, environ, env.Variables); err != nil {
			return err
		}
		made, err := control.CreateAccount.Call(ctx, client, sandbox.NewAccount{})
		if err != nil {
			return err
		}
		account = fmt.Sprint(made.Account.ID)
		_, _ = fmt.Fprintf(stderr, "understudy: account %s is new: --account %s goes on with it\n", account, account)
	}
	env, err := control.GetEnvironment.Call(ctx, client, control.AccountPath{Account: account})
	if err != nil {
		return err
	}
	if err := guard(dir, args, environ, env.Variables); err != nil {
		return err
	}
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP, syscall.SIGQUIT)
	defer signal.Stop(signals)
	status, err := terraform.Command{
		Tool: tool, Args: args, Env: terraform.Environment(environ, append(env.Variables, config...)...),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
	}.Run(context.WithoutCancel(ctx), signals) // a signal is terraform's to act upon
	if err == nil && status != 0 {
		return exitStatus(status)
	}
	return err
}

// guard refuses a run that would not stay within the sandbox: the user has to mend it.
func guard(dir string, args, environ []string, variables []cloud.Variable) error {
	err := terraform.Guard(terraform.Guarded{Dir: dir, Args: args, Environ: environ, Variables: variables})
	if refusal, ok := errors.AsType[*terraform.Refusal](err); ok {
		return fmt.Errorf("%w: %w", server.ErrConfig, refusal)
	}
	return err
}

// fastConfig builds the fast provider and writes the configuration that makes terraform use it.
func (c *terraformCmd) fastConfig(
	ctx context.Context, dir, tool string, environ []string, stderr Stderr,
) (config string, remove func(), err error) {
	version := c.ProviderVersion
	if version == "" {
		if version, err = terraform.LockedVersion(dir); err != nil {
			return "", nil, fmt.Errorf("%w: %w", server.ErrConfig, err)
		}
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", nil, err
	}
	provider, err := terraform.BuildProvider(ctx, filepath.Join(cache, "understudy"), version, true, func(doing string) {
		_, _ = fmt.Fprintln(stderr, "understudy: "+doing)
	})
	if err != nil {
		return "", nil, err
	}
	_, _ = fmt.Fprintf(stderr, "understudy: provider %s is built here, its fixed waits divided by %d: "+
		"it is not the official binary\n", strings.TrimPrefix(version, "v"), terraform.Hurry)
	temporary, err := os.MkdirTemp("", "understudy-terraform")
	if err != nil {
		return "", nil, err
	}
	remove = func() { _ = os.RemoveAll(temporary) }
	config, err = terraform.WriteConfig(temporary, tool, environ, provider)
	if err != nil {
		remove()
		return "", nil, err
	}
	return config, remove, nil
}
