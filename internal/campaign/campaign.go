// Package campaign finds out what a Terraform module makes of every fault: it applies, plans and destroys the module
// under each of them, in an account of its own, and says which it survives, which leak resources and which let
// Terraform say what is not so.
//
// Begin with Run, and with judge, which says what a run shows.
package campaign

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/terraform"
)

// Config is how a campaign runs.
type Config struct {
	Client    *control.Client // of the server
	Terraform Terraform
	Dir       string   // of the module, which is left as it is
	Work      string   // an empty directory for copies of it, which the caller removes
	Seed      []byte   // what each account has before, as a seed file; nil: nothing
	Faults    []string // presets and bundles; none: all presets
	Speed     *float64 // how much faster than in the real cloud time passes; nil: as it suits each fault
	Parallel  int      // runs at once
	Timeout   time.Duration
	Progress  func(Progress)
}

// Progress is how far a campaign has come.
type Progress struct {
	Done, Total int
	Run         *Result       // that has just ended; nil: none
	Left        time.Duration // about how long the others take; 0: nobody knows
	Note        string        // what is done
}

// ErrModule says that the module does not work without a fault either: there is nothing to find out.
var ErrModule = errors.New("the module does not work without a fault")

// Run runs a campaign. When the context ends it stops, with the context's error, and leaves no account behind.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	began := time.Now()
	plans, err := cfg.plans(ctx)
	if err != nil {
		return nil, err
	}
	say := cfg.Progress
	total := len(plans) + 1
	say(Progress{Total: total, Note: "getting the module ready"})
	mod, err := prepare(ctx, cfg)
	if err != nil {
		return nil, err
	}
	say(Progress{Total: total, Note: "the module without a fault"})
	first, operations, err := cfg.round(ctx, mod, plan{}, nil)
	if err != nil {
		return nil, err
	}
	if first.Worst() != Survives {
		return nil, fmt.Errorf("%w: %s", ErrModule, first.Findings[0])
	}
	report := &Report{
		Module: filepath.Base(mod.source), Terraform: mod.version, Provider: cfg.Terraform.Provider, Began: began,
		Parallel: cfg.Parallel, Complete: len(cfg.Faults) == 0, Results: make([]Result, total),
	}
	report.Results[0] = *first
	if err := cfg.faulty(ctx, mod, plans, operations, report); err != nil {
		return nil, err
	}
	report.Seconds = seconds(began)
	return report, nil
}

// faulty does the runs under a fault, several at once.
func (cfg Config) faulty(
	ctx context.Context, mod *module, plans []plan, operations map[string]bool, report *Report,
) error {
	undisturbed := &report.Results[0]
	count := counter{say: cfg.Progress, total: len(report.Results), parallel: cfg.Parallel}
	count.ended(undisturbed, false)
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(cfg.Parallel)
	for i, p := range plans {
		into := &report.Results[i+1]
		if !p.canStrike(operations) {
			*into = Result{
				Fault: p.fault, What: p.what, Verdicts: []Verdict{Untouched},
				Apply: Step{Outcome: Skipped}, Plan: Step{Outcome: Skipped}, Destroy: Step{Outcome: Skipped},
			}
			count.ended(into, false)
			continue
		}
		group.Go(func() error {
			if ctx.Err() != nil {
				return ctx.Err()
			}
			run, _, err := cfg.round(ctx, mod, p, undisturbed)
			if err != nil {
				return fmt.Errorf("%s: %w", p.fault, err)
			}
			*into = *run
			count.ended(into, true)
			return nil
		})
	}
	return group.Wait()
}

// round is one run: apply, plan, destroy in an account. An error is one of ours, or of the context.
func (cfg Config) round(
	ctx context.Context, mod *module, p plan, undisturbed *Result,
) (run *Result, operations map[string]bool, err error) {
	began := time.Now()
	speed := p.speed
	if cfg.Speed != nil {
		speed = *cfg.Speed
	}
	a, err := openAccount(ctx, cfg.Client, p.fault, speed)
	if err != nil {
		return nil, nil, err
	}
	defer func() { err = errors.Join(err, a.close(context.WithoutCancel(ctx))) }()
	if err := a.seed(ctx, cfg.Seed); err != nil {
		return nil, nil, err
	}
	if p.fault != "" {
		if err := a.arm(ctx, p.fault); err != nil {
			return nil, nil, err
		}
	}
	l, err := mod.copy(cfg.Terraform, a, p.fault)
	if err != nil {
		return nil, nil, err
	}
	a.variables, err = terraform.Guard(terraform.Guarded{
		Dir: l.dir, Args: append([]string{"apply"}, cfg.Terraform.Args...), Environ: l.environ(), Variables: a.variables,
	})
	if err != nil {
		return nil, nil, err
	}
	l.timeout = cfg.Timeout
	if l.timeout == 0 {
		l.timeout = longest(undisturbed)
	}
	run = &Result{Fault: p.fault, What: p.what}
	if err := l.live(ctx, a, run); err != nil {
		return nil, nil, err
	}
	if run.Requests, run.Struck, operations, err = a.requests(ctx); err != nil {
		return nil, nil, err
	}
	run.Seconds = seconds(began)
	if undisturbed == nil {
		undisturbed = run
	}
	run.judge(undisturbed)
	return run, operations, nil
}

// How long a command may take at most, where nobody says so.
const (
	patience      = 10               // times what it takes without a fault,
	leastTimeout  = time.Minute      // and so long at least
	firstsTimeout = 2 * time.Hour    // without a fault
	graceful      = 10 * time.Second // to end when it is interrupted
)

// longest is how long a command may take, by what it took without a fault.
func longest(undisturbed *Result) time.Duration {
	if undisturbed == nil {
		return firstsTimeout
	}
	most := 0.0
	for _, step := range undisturbed.steps() {
		most = max(most, step.Seconds)
	}
	return max(leastTimeout, time.Duration(patience*most*float64(time.Second)))
}

// seconds since some moment, to a tenth.
func seconds(since time.Time) float64 {
	return float64(time.Since(since).Round(100*time.Millisecond)) / float64(time.Second)
}
