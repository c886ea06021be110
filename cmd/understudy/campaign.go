package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/campaign"
	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/terraform"
	"github.com/understudy-dev/understudy/internal/throwaway"
)

type campaignCmd struct {
	jsonFlag
	toolFlags
	Dir            string        `arg:"" type:"path" help:"Directory of the Terraform module. Nothing in it is changed."`
	Preset         []string      `placeholder:"NAME" help:"Fault preset to run the module under; may be repeated or separated by commas. Default: every one."`
	Bundle         []string      `placeholder:"NAME" help:"Bundle of presets to run it under, all of them at once; may be repeated or separated by commas. Default: none."`
	Parallel       int           `placeholder:"N" help:"How many runs there are at once. Default: as many as there are processors."`
	Var            []string      `sep:"none" placeholder:"NAME=VALUE" help:"Variable of the module; may be repeated."`
	VarFile        []string      `type:"path" placeholder:"FILE" help:"File with variables of the module; may be repeated."`
	Seed           string        `type:"path" placeholder:"FILE" help:"Seed file with what each account has before, as for understudy seed. Default: nothing."`
	Speed          *float64      `placeholder:"N" help:"How much faster than in the real cloud time passes in the accounts; 0 lets nothing take any time. Default: 600 under faults that need time to pass, else 0."`
	Timeout        time.Duration `placeholder:"DURATION" help:"How long a command of Terraform may take before it counts as hanging. Default: ten times what it takes without a fault, and a minute at least."`
	Baseline       string        `type:"path" placeholder:"FILE" help:"File with the results that are expected; exit status 2 says that they differ."`
	UpdateBaseline bool          `help:"Write the results to the file of --baseline instead of comparing them."`
	JUnit          string        `name:"junit" type:"path" placeholder:"FILE" help:"File to write the results to for a CI system, as JUnit XML."`
	HTML           string        `name:"html" type:"path" placeholder:"FILE" help:"File to write the results to as one page."`
	URL            string        `env:"UNDERSTUDY_URL" placeholder:"URL" help:"Base URL of a running server to use, with or without /v1. Default: a sandbox of its own, which goes when the campaign ends."`
	ControlToken   string        `env:"UNDERSTUDY_CONTROL_TOKEN" placeholder:"TOKEN" help:"Control token of a server that is exposed. Default: none."`
}

// Help shows how it is used.
func (*campaignCmd) Help() string {
	return `  understudy campaign --fast ./module                    what the module makes of every fault
  understudy campaign --fast ./module --preset flaky-5xx,stale-read
  understudy campaign --fast ./module --html campaign.html --junit campaign.xml
  understudy campaign --fast ./module --baseline campaign.json --update-baseline
  understudy campaign --fast ./module --baseline campaign.json   exit status 2 where it differs

docs/campaign.md says what the results mean.`
}

// Run runs the campaign. Whatever is wrong has the exit status 1: 2 says that the results differ.
func (c *campaignCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	err := c.run(ctx, stdout, stderr)
	switch {
	case errors.Is(err, context.Canceled):
		return errors.New("interrupted: nothing is left behind")
	case errors.Is(err, server.ErrConfig):
		return fmt.Errorf("%v", err) //nolint:errorlint // which is no mistake of the command line here
	}
	return err
}

func (c *campaignCmd) run(ctx context.Context, stdout io.Writer, stderr Stderr) (err error) {
	if err := c.check(); err != nil {
		return err
	}
	work, remove, err := throwaway.Dir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	cfg := campaign.Config{
		Dir: c.Dir, Work: filepath.Join(work, "campaign"), Faults: append(c.Preset, c.Bundle...), Speed: c.Speed,
		Parallel: cmp.Or(c.Parallel, runtime.NumCPU()), Timeout: c.Timeout,
	}
	if err := os.Mkdir(cfg.Work, 0o700); err != nil {
		return err
	}
	if c.Seed != "" {
		if cfg.Seed, err = os.ReadFile(c.Seed); err != nil {
			return err
		}
	}
	if cfg.Terraform, err = c.terraform(ctx, cfg.Work, stderr); err != nil {
		return err
	}
	progress := stderr.Progress("campaign", 0)
	defer progress.Done()
	cfg.Progress = func(p campaign.Progress) { c.tell(stderr, progress, p) }
	var report *campaign.Report
	err = c.server(ctx, work, stderr, func(ctx context.Context, client *control.Client) (err error) {
		cfg.Client = client
		report, err = campaign.Run(ctx, cfg)
		return err
	})
	if err != nil {
		return err
	}
	progress.Done()
	return c.show(stdout, stderr, report)
}

// check finds what is wrong before anything takes time.
func (c *campaignCmd) check() error {
	switch {
	case c.Parallel < 0:
		return fmt.Errorf("--parallel %d is below 0", c.Parallel)
	case c.Timeout < 0:
		return fmt.Errorf("--timeout %v is not a length of time", c.Timeout)
	case c.Speed != nil && *c.Speed < 0:
		return fmt.Errorf("--speed %v is below 0", *c.Speed)
	case c.UpdateBaseline && c.Baseline == "":
		return errors.New("--update-baseline needs --baseline FILE")
	case c.Baseline == "" || c.UpdateBaseline:
		return nil
	}
	_, err := campaign.ReadBaseline(c.Baseline)
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no baseline %s yet: --update-baseline writes it", c.Baseline)
	}
	return err
}

// terraform is the command line to run, with the provider that is wanted.
func (c *campaignCmd) terraform(ctx context.Context, work string, stderr Stderr) (t campaign.Terraform, err error) {
	t = campaign.Terraform{Environ: os.Environ(), Provider: "the official provider"}
	if t.Tool, err = c.path(); err != nil {
		return t, err
	}
	for _, v := range c.Var {
		t.Args = append(t.Args, "-var="+v)
	}
	for _, file := range c.VarFile {
		t.Args = append(t.Args, "-var-file="+file)
	}
	if !c.Fast {
		_, _ = fmt.Fprintln(stderr, "understudy: the official provider sleeps by fixed rules, minutes for every run: "+
			"--fast uses one that does not")
		return t, nil
	}
	var version string
	if t.Config, version, err = c.config(ctx, c.Dir, t.Tool, t.Environ, work, stderr); err == nil {
		t.Provider = fmt.Sprintf("provider %s with its waits divided by %d, not the official binary",
			version, terraform.Hurry)
	}
	return t, err
}

// journalOfCampaign is how many requests are kept of each account: those of a run.
const journalOfCampaign = 5000

// server calls f with a client of the server that is named, or of one that goes when f returns.
func (c *campaignCmd) server(
	ctx context.Context, dir string, stderr Stderr, f func(context.Context, *control.Client) error,
) error {
	if c.URL != "" {
		client, err := clientFlags{URL: c.URL, ControlToken: c.ControlToken}.client()
		if err != nil {
			return err
		}
		return f(ctx, client)
	}
	cfg := ownServer("127.0.0.1:0", journalOfCampaign, stderr)
	cfg.DataDir, cfg.TaskHold = dir, 10*time.Second // a task is read once: some faults count requests
	s, err := server.Open(ctx, cfg)
	if err != nil {
		return err
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx)) // it serves until the accounts are closed
	defer stop()
	group, serving := errgroup.WithContext(serving)
	group.Go(func() error { return s.Serve(serving) })
	group.Go(func() error {
		defer stop()
		client, err := clientFlags{URL: "http://" + s.Address(), ControlToken: s.ControlToken}.client()
		if err != nil {
			return err
		}
		both, cancel := context.WithCancel(ctx) // a server that ends takes the campaign along
		defer cancel()
		defer context.AfterFunc(serving, cancel)()
		return f(both, client)
	})
	return group.Wait()
}

// tell says on standard error how far it is.
func (c *campaignCmd) tell(stderr Stderr, bar *Progress, p campaign.Progress) {
	note := p.Note
	if p.Left > 0 {
		note = fmt.Sprintf("about %v left", p.Left)
	}
	bar.Set(p.Done, p.Total, note)
	if p.Run == nil {
		bar.Say(fmt.Sprintf("%3d/%d  %s", p.Done, p.Total, p.Note))
		return
	}
	text := fmt.Sprintf("%3d/%d  %-32s %s", p.Done, p.Total, p.Run.Name(), p.Run.Verdict())
	if p.Done == 1 {
		text += fmt.Sprintf(" in %.1f s, so the others take about %v", p.Run.Seconds, p.Left)
	}
	bar.Say(text)
}

// show writes the results, and compares them with those that are expected.
func (c *campaignCmd) show(stdout io.Writer, stderr Stderr, report *campaign.Report) error {
	if c.Baseline != "" && !c.UpdateBaseline {
		baseline, err := campaign.ReadBaseline(c.Baseline)
		if err != nil {
			return err
		}
		report.Differences = baseline.Compare(report)
	}
	err := errors.Join(toFile(c.JUnit, report.WriteJUnit), toFile(c.HTML, report.WriteHTML))
	if c.JSON {
		err = errors.Join(err, c.print(stdout, report, ""))
	} else {
		err = errors.Join(err, report.WriteTable(stdout))
	}
	if err != nil {
		return err
	}
	if c.UpdateBaseline {
		return c.updateBaseline(stderr, report)
	}
	if len(report.Differences) == 0 {
		return nil
	}
	_, _ = fmt.Fprintf(stderr, "understudy: %d of %d results differ from %s\n",
		len(report.Differences), len(report.Faulty()), c.Baseline)
	return exitStatus(exitDifferent)
}

// updateBaseline writes what is expected from now on.
func (c *campaignCmd) updateBaseline(stderr Stderr, report *campaign.Report) error {
	before, err := campaign.ReadBaseline(c.Baseline)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := before.Updated(report).Write(c.Baseline); err != nil {
		return err
	}
	_, err = fmt.Fprintf(stderr, "understudy: %s has the results that are expected from now on\n", c.Baseline)
	return err
}

// toFile writes something to a file that is wanted.
func toFile(name string, write func(io.Writer) error) error {
	if name == "" {
		return nil
	}
	var text bytes.Buffer
	if err := write(&text); err != nil {
		return err
	}
	return os.WriteFile(name, text.Bytes(), 0o644) //nolint:gosec // a report, for all to read
}
