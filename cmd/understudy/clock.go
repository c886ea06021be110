package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
)

type clockCmd struct {
	Show    clockShowCmd    `cmd:"" help:"Show how the clock runs, and what comes next and when."`
	Real    clockRealCmd    `cmd:"" help:"Let the clock run as fast as real time."`
	Scaled  clockScaledCmd  `cmd:"" help:"Let the clock run faster or slower than real time."`
	Freeze  clockFreezeCmd  `cmd:"" help:"Stop the clock."`
	Advance clockAdvanceCmd `cmd:"" help:"Let time pass: by a length, as in 30m, or until something is there."`
	Step    clockStepCmd    `cmd:"" help:"Let time pass to the next thing that is due."`

	Durations clockDurationsCmd `cmd:"" help:"Show and change how long each kind of work takes."`
}

func (f accountFlag) named() control.AccountPath { return control.AccountPath{Account: f.Account} }

type clockShowCmd struct {
	clientFlags
	accountFlag
}

// Run shows the clock.
func (c *clockShowCmd) Run(ctx context.Context, stdout io.Writer) error {
	client, err := c.client()
	if err != nil {
		return err
	}
	clock, err := control.GetClock.Call(ctx, client, c.named())
	if err != nil {
		return err
	}
	return c.printClock(stdout, clock)
}

func (f clientFlags) printClock(w io.Writer, clock sandbox.Clock) error {
	return f.print(w, clock, "", append(clockRows(clock), eventRows("next", clock.Next)...)...)
}

func clockRows(c sandbox.Clock) []string {
	mode := string(c.Mode)
	if c.Mode == sandbox.ClockScaled {
		mode += fmt.Sprintf(", %v times as fast as real time", c.Rate)
	}
	return []string{
		"clock\t" + mode, "now\t" + c.Now.Format(time.RFC3339Nano),
		fmt.Sprintf("pending\ttasks: %d, steps of provisioning: %d", c.PendingTasks, c.PendingSteps),
	}
}

func eventRows(name string, events []sandbox.Event) (rows []string) {
	for _, e := range events {
		what := e.Resource
		if e.Task != "" {
			what = "task " + e.Task
		}
		row := fmt.Sprintf("%s\t%s\t%s %s", name, e.At.Format(time.RFC3339Nano), what, e.Status)
		rows = append(rows, strings.TrimSpace(row))
	}
	return rows
}

// clockSetFlags are of all commands that let the clock run in another way.
type clockSetFlags struct {
	clientFlags
	accountFlag
}

func (f clockSetFlags) set(ctx context.Context, stdout io.Writer, to sandbox.ClockSetting, at string) error {
	if at != "" {
		instant, err := time.Parse(time.RFC3339, at)
		if err != nil {
			return fmt.Errorf("%w: %q is no time like 2026-05-20T10:30:00Z", server.ErrConfig, at)
		}
		to.At = &instant
	}
	client, err := f.client()
	if err != nil {
		return err
	}
	clock, err := control.SetClock.Call(ctx, client, control.ClockSetting{AccountPath: f.named(), ClockSetting: to})
	if err != nil {
		return err
	}
	return f.printClock(stdout, clock)
}

type clockRealCmd struct {
	clockSetFlags
	At string `placeholder:"TIME" help:"What it is to show first, as in 2026-05-20T10:30:00Z. Default: it goes on from what it shows."`
}

// Run lets the clock run.
func (c *clockRealCmd) Run(ctx context.Context, stdout io.Writer) error {
	return c.set(ctx, stdout, sandbox.ClockSetting{Mode: sandbox.ClockReal}, c.At)
}

type clockScaledCmd struct {
	clockSetFlags
	Rate float64 `arg:"" help:"How much time passes for the account in a length of real time: 60 makes minutes of seconds."`
	At   string  `placeholder:"TIME" help:"What it is to show first, as in 2026-05-20T10:30:00Z. Default: it goes on from what it shows."`
}

// Run lets the clock run at a rate.
func (c *clockScaledCmd) Run(ctx context.Context, stdout io.Writer) error {
	return c.set(ctx, stdout, sandbox.ClockSetting{Mode: sandbox.ClockScaled, Rate: c.Rate}, c.At)
}

type clockFreezeCmd struct {
	clockSetFlags
	At string `arg:"" optional:"" help:"Where it stops, as in 2026-05-20T10:30:00Z. Default: where it is."`
}

// Run stops the clock.
func (c *clockFreezeCmd) Run(ctx context.Context, stdout io.Writer) error {
	return c.set(ctx, stdout, sandbox.ClockSetting{Mode: sandbox.ClockFrozen}, c.At)
}

// clockAdvanceFlags are of both commands that let time pass.
type clockAdvanceFlags struct {
	clientFlags
	accountFlag
}

func (f clockAdvanceFlags) advance(
	ctx context.Context, stdout io.Writer, stderr Stderr, what string, to sandbox.Advance,
) error {
	client, err := f.client()
	if err != nil {
		return err
	}
	progress := stderr.Progress(what, 0)
	passed, err := control.AdvanceClock.Call(ctx, client, control.ClockAdvance{AccountPath: f.named(), Advance: to})
	progress.Done()
	if err != nil {
		return err
	}
	return f.print(stdout, passed, "", slices.Concat(
		eventRows("passed", passed.Events),
		[]string{fmt.Sprintf("moved\t%s, events: %d", passed.Moved, passed.Count)},
		clockRows(passed.Clock),
		eventRows("next", passed.Clock.Next),
	)...)
}

type clockAdvanceCmd struct {
	clockAdvanceFlags
	How    []string `arg:"" help:"LENGTH, until task ID, until resource KIND/ID, or until idle."`
	Status string   `placeholder:"STATUS" help:"Until the resource has this status; gone: until it is not there. Default: until nothing is under way for it."`
	Within string   `placeholder:"LENGTH" help:"The longest that may pass until then. Default: any length."`
}

// Run lets time pass.
func (c *clockAdvanceCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	to := sandbox.Advance{Status: c.Status, Within: c.Within}
	switch how := c.How; {
	case len(how) == 1:
		to.By = how[0]
	case len(how) == 2 && how[0] == "until" && how[1] == "idle":
		to.Idle = true
	case len(how) == 3 && how[0] == "until" && how[1] == "task":
		to.Task = how[2]
	case len(how) == 3 && how[0] == "until" && how[1] == "resource":
		to.Resource = how[2]
	default:
		return fmt.Errorf("%w: say a length like 30m, until task ID, until resource KIND/ID, or until idle", server.ErrConfig)
	}
	return c.advance(ctx, stdout, stderr, "advance", to)
}

type clockStepCmd struct {
	clockAdvanceFlags
	Events int `arg:"" optional:"" default:"1" help:"How many times at which something happens are to be passed. Default: ${default}."`
}

// Run lets time pass to what is next.
func (c *clockStepCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	return c.advance(ctx, stdout, stderr, "step", sandbox.Advance{Events: c.Events})
}
