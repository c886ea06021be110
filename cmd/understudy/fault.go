package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/oasdiff/yaml"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

type faultCmd struct {
	List    faultListCmd    `cmd:"" help:"List the rules that are armed, with their hits."`
	Arm     faultArmCmd     `cmd:"" help:"Arm a preset, a bundle, or a rule from a file."`
	Show    faultShowCmd    `cmd:"" help:"Show a rule."`
	Disarm  faultDisarmCmd  `cmd:"" help:"Disarm a rule; the tasks that it holds go on."`
	Clear   faultClearCmd   `cmd:"" help:"Disarm all rules."`
	Presets faultPresetsCmd `cmd:"" help:"List the presets and bundles, and what clients make of them."`
	Effects faultEffectsCmd `cmd:"" help:"List what a rule can do."`
}

// ofAccountFlag names whose rules are meant.
type ofAccountFlag struct {
	Account string `env:"UNDERSTUDY_ACCOUNT" placeholder:"ACCOUNT" help:"Only what is for this account alone, by its id or name. Default: all."`
}

const faultHeader = "ID\tACCOUNT\tNAME\tEFFECT\tHITS\tLAST HIT"

func faultRow(f sandbox.Fault) string {
	account, last := "all", "never"
	if f.Account != 0 {
		account = fmt.Sprint(f.Account)
	}
	if f.LastHit != nil {
		last = f.LastHit.Format("2006-01-02 15:04:05")
	}
	return fmt.Sprintf("%d\t%s\t%s\t%s\t%d\t%s", f.ID, account, f.Rule.Name, f.Rule.Effect.Do, f.Hits, last)
}

func faultRows(list []sandbox.Fault) (rows []string) {
	for _, f := range list {
		rows = append(rows, faultRow(f))
	}
	return rows
}

type faultListCmd struct {
	clientFlags
	ofAccountFlag
}

// Run lists the rules.
func (c *faultListCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListFaults.Call(ctx, client, control.FaultQuery{Account: c.Account})
	if err != nil {
		return err
	}
	return c.print(stdout, list, faultHeader, faultRows(list.Faults)...)
}

type faultArmCmd struct {
	clientFlags
	Preset  string   `arg:"" optional:"" help:"Preset or bundle; see understudy fault presets."`
	File    string   `placeholder:"FILE" help:"Rule, as YAML or JSON; - reads it from standard input. With a preset, what its rules say otherwise."`
	Account string   `env:"UNDERSTUDY_ACCOUNT" placeholder:"ACCOUNT" help:"Account that it strikes, by its id or name. Default: all."`
	Set     []string `sep:"none" placeholder:"PATH=VALUE" help:"Something that the rule says otherwise, such as when.first=2 or effect.status=502; may be repeated."`
}

// Run arms.
func (c *faultArmCmd) Run(ctx context.Context, stdout io.Writer) error {
	if c.Preset == "" && c.File == "" && len(c.Set) == 0 {
		return fmt.Errorf("%w: name a preset, or a rule with --file", server.ErrConfig)
	}
	rule, err := c.rule(os.Stdin)
	if err != nil {
		return err
	}
	client, err := c.client()
	if err != nil {
		return err
	}
	armed, err := control.ArmFault.Call(ctx, client, sandbox.NewFault{Preset: c.Preset, Rule: rule})
	if err != nil {
		return err
	}
	return c.print(stdout, armed, faultHeader, faultRows(armed.Faults)...)
}

// rule reads the rule of the file and of the flags.
func (c *faultArmCmd) rule(stdin io.Reader) (json.RawMessage, error) {
	var text []byte
	var err error
	switch c.File {
	case "":
	case "-":
		text, err = io.ReadAll(stdin)
	default:
		text, err = os.ReadFile(c.File)
	}
	if err != nil {
		return nil, err
	}
	set := map[string]any{}
	if c.Account != "" {
		set["match.account"] = strconv.Quote(c.Account)
	}
	for _, pair := range c.Set {
		path, value, ok := strings.Cut(pair, "=")
		if !ok {
			return nil, fmt.Errorf("%w: --set %q is not PATH=VALUE", server.ErrConfig, pair)
		}
		set[path] = value
	}
	rule, err := sandbox.ReadRule(text, set)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cmp.Or(c.File, "--set"), err)
	}
	return rule, nil
}

// faultArg names a rule.
type faultArg struct {
	Fault string `arg:"" help:"Rule, by its id."`
}

type faultShowCmd struct {
	clientFlags
	faultArg
}

// Run shows a rule.
func (c *faultShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	f, err := control.GetFault.Call(ctx, client, control.FaultPath{Fault: c.Fault})
	if err != nil {
		return err
	}
	if c.JSON {
		return c.print(stdout, f, "")
	}
	text, err := yaml.Marshal(f)
	if err != nil {
		return err
	}
	_, err = stdout.Write(text)
	return err
}

type faultDisarmCmd struct {
	clientFlags
	faultArg
}

// Run disarms a rule.
func (c *faultDisarmCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	if _, err := control.DisarmFault.Call(ctx, client, control.FaultPath{Fault: c.Fault}); err != nil {
		return err
	}
	return c.say(stdout, stderr, map[string]any{"disarmed": c.Fault}, "Rule %s is disarmed.", c.Fault)
}

type faultClearCmd struct {
	clientFlags
	ofAccountFlag
}

// Run disarms all rules.
func (c *faultClearCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	cleared, err := control.ClearFaults.Call(ctx, client, control.FaultQuery{Account: c.Account})
	if err != nil {
		return err
	}
	return c.print(stdout, cleared, "", fmt.Sprintf("%d disarmed", cleared.Disarmed))
}

type faultPresetsCmd struct{ clientFlags }

// Run lists the presets.
func (c *faultPresetsCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListFaultPresets.Call(ctx, client, control.None{})
	if err != nil {
		return err
	}
	var rows []string
	for _, p := range list.Presets {
		what := p.What
		if len(p.Presets) > 0 {
			what += " A bundle of " + strings.Join(p.Presets, ", ") + "."
		}
		rows = append(rows, p.Name+"\t"+what)
	}
	return c.print(stdout, list, "NAME\tWHAT GOES WRONG", rows...)
}

type faultEffectsCmd struct{ clientFlags }

// Run lists the effects.
func (c *faultEffectsCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	list, err := control.ListFaultEffects.Call(ctx, client, control.None{})
	if err != nil {
		return err
	}
	var rows []string
	for _, e := range list.Effects {
		rows = append(rows, e.Name+"\t"+e.What)
	}
	return c.print(stdout, list, "EFFECT\tWHAT IT DOES", rows...)
}
