package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

type envCmd struct {
	clientFlags
	Account string `default:"1000" placeholder:"ACCOUNT" help:"Account to act for, by its id or name. Default: ${default}, the demo account."`
	Format  string `enum:"shell,dotenv,json,tfvars,github" default:"shell" placeholder:"FORMAT" help:"shell, dotenv, json, tfvars or github, for a file such as GITHUB_ENV. Default: ${default}."`
	Unset   bool   `help:"Print what takes it back. Needs no server."`
}

// Help shows how it is used.
func (*envCmd) Help() string {
	return `  eval "$(understudy env)"                               point the shell's clients at the demo account
  eval "$(understudy env --unset)"                       and back
  understudy env --account ci --format dotenv >.env      a file for other tools
  understudy env --format github >>"$GITHUB_ENV"         the further steps of a GitHub job`
}

// Run prints the variables.
func (c *envCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	if c.JSON {
		c.Format = "json"
	}
	if c.Unset {
		return printVariables(stdout, c.Format, server.Ready{}.Environment(), true)
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	env, err := control.GetEnvironment.Call(ctx, client, control.AccountPath{Account: c.Account})
	if err != nil {
		return err
	}
	if c.Format == "github" { // a command to the runner, which reads both streams; the other one goes into a file
		for _, v := range env.Variables {
			if v.Secret {
				_, _ = fmt.Fprintln(stderr, "::add-mask::"+v.Value)
			}
		}
	}
	return printVariables(stdout, c.Format, env.Variables, false)
}

// printVariables writes variables in a format, or what takes them back.
func printVariables(w io.Writer, format string, variables []cloud.Variable, unset bool) error {
	if format == "json" {
		all := map[string]*string{}
		for _, v := range variables {
			if all[v.Name] = nil; !unset {
				all[v.Name] = &v.Value
			}
		}
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		return encoder.Encode(all)
	}
	var text strings.Builder
	for _, v := range variables {
		text.WriteString(line(format, v, unset) + "\n")
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// line is a variable in a format of lines.
func line(format string, v cloud.Variable, unset bool) string {
	switch {
	case format == "shell" && unset:
		return "unset " + v.Name
	case format == "shell":
		return sandbox.Export(v)
	case format == "tfvars" && unset:
		return strings.ToLower(v.Name) + " = null"
	case format == "tfvars":
		return strings.ToLower(v.Name) + " = " + strings.NewReplacer("${", "$${", "%{", "%%{").Replace(strconv.Quote(v.Value))
	case format == "dotenv" && v.Value != "":
		return v.Name + "=" + dotenvWord(v.Value)
	}
	return v.Name + "=" + v.Value // which needs no quotes: no key has a line break
}

// dotenvWord quotes what a reader of such files would not take as it is.
func dotenvWord(text string) string {
	if !strings.Contains(text, "'") {
		return sandbox.ShellWord(text)
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`, "`", "\\`").Replace(text) + `"`
}
