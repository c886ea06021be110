// Package terraform runs the user's Terraform or OpenTofu against a sandbox: it finds the command line, sets its
// environment, refuses what would reach the real API, and builds the official provider with shorter waits.
package terraform

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Tools are the command lines that are looked for, in this order.
var Tools = []string{"terraform", "tofu"}

// FindTool returns the path of a command line, by its name or path; empty: the first of Tools that PATH has.
func FindTool(name string) (string, error) {
	if name != "" {
		found, err := exec.LookPath(name)
		if err != nil {
			return "", fmt.Errorf("there is no %q to run: %w", name, err)
		}
		return found, nil
	}
	for _, name := range Tools {
		if found, err := exec.LookPath(name); err == nil {
			return found, nil
		}
	}
	return "", errors.New("PATH has neither terraform nor tofu: install one of them, or say where it is with --tool")
}

// Environment is an environment with variables set: those that point at an account of a sandbox. It is found by who
// looks up the first as well as by who looks up the last of a name.
func Environment(environ []string, variables ...cloud.Variable) []string {
	env := slices.DeleteFunc(slices.Clone(environ), func(pair string) bool {
		name, _, _ := strings.Cut(pair, "=")
		return slices.ContainsFunc(variables, func(v cloud.Variable) bool { return v.Name == name })
	})
	for _, v := range variables {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// lookup returns a variable of an environment.
func lookup(environ []string, name string) string {
	for _, pair := range slices.Backward(environ) {
		if n, value, _ := strings.Cut(pair, "="); n == name {
			return value
		}
	}
	return ""
}

// Command is a run of Terraform.
type Command struct {
	Tool   string // its path
	Args   []string
	Dir    string // empty: here
	Env    []string
	Stdin  io.Reader
	Stdout io.Writer
	Stderr io.Writer

	// Patience is how long it may take to end once it is interrupted; then it is killed, with its providers. 0: for ever.
	Patience time.Duration
}

// Run runs it and returns its exit status, as a shell would: 128 and more for one that a signal ended. Signals that
// come over the channel are passed on. When the context ends it is interrupted, once, and may finish what it is at.
func (c Command) Run(ctx context.Context, signals <-chan os.Signal) (status int, err error) {
	cmd := exec.CommandContext(ctx, c.Tool, c.Args...)
	cmd.Dir, cmd.Env = c.Dir, c.Env
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.Stdin, c.Stdout, c.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = c.Patience
	own := ownGroup(cmd, c.Stdin)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	for {
		select {
		case s := <-signals:
			if own || !fromTerminal(s) {
				_ = cmd.Process.Signal(s) // it may have ended
			}
		case err := <-ended:
			if own && ctx.Err() != nil && c.Patience > 0 {
				killGroup(cmd.Process)
			}
			if _, exited := errors.AsType[*exec.ExitError](err); err != nil && !exited {
				return 0, err
			}
			return statusOf(cmd.ProcessState), nil
		}
	}
}
