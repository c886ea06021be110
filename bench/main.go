// Command bench measures understudy beside what the same machine can do at best
// in the same minute, and prints the ratios. It never judges by its exit status:
// figures of a shared machine are for reading, not for gates.
//
//	make bench
//	make bench ARGS='-only accept -rounds 5'
//	make bench ARGS='-out docs/bench'        the figures and plots of the README
//
// Baseline and product take turns on one private Postgres with fsync on; what is
// shown is the median of the rounds, and of their ratios. Clients, servers and
// Postgres share the same processors.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/understudy-dev/understudy/bench/report"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	if err != nil && !errors.Is(err, flag.ErrHelp) {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures; or, started by itself with one of two words, it is the baseline
// or the profiled product.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) error {
	if len(args) > 0 {
		switch args[0] {
		case "bare":
			return bare(ctx, args[1:], os.Stdin, stdout)
		case "serve":
			return serveProfiled(ctx, args[1:])
		}
	}
	opts, err := parse(args, stderr)
	if err != nil {
		return err
	}
	return measure(ctx, opts, stdout, stderr)
}

// options of a run.
type options struct {
	only     *regexp.Regexp
	duration time.Duration // of one measurement
	rounds   int
	profile  string // directory for CPU profiles of the product; empty: none
	before   string // binary of the product, of an earlier commit; empty: none
	growth   []int  // tasks in the databases that are asked the same
	out      string // directory that keeps the figures, their plots and their page; empty: none
}

func parse(args []string, stderr io.Writer) (opts options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	names := make([]string, 0, len(measurements()))
	for _, m := range measurements() {
		names = append(names, m.name)
	}
	only := flags.String("only", "", "regular expression for what to measure, of "+strings.Join(names, ", "))
	flags.DurationVar(&opts.duration, "duration", 4*time.Second, "length of each measurement, at least 1s")
	flags.IntVar(&opts.rounds, "rounds", 3, "times that everything is measured; the median counts")
	flags.StringVar(&opts.profile, "profile", "",
		"directory for CPU profiles of the product, which then runs inside this program")
	flags.StringVar(&opts.before, "before", "",
		"binary of an earlier commit, as a baseline in turn where one is of use")
	flags.StringVar(&opts.out, "out", "",
		"directory to keep the figures in, with their plots: docs/bench is that of the README")
	growth := flags.String("growth", "1000,100000,1000000",
		"how many tasks are in the databases that are asked the same, from few to many")
	if err := flags.Parse(args); err != nil {
		return opts, err
	}
	if opts.growth, err = sizes(*growth); err != nil {
		return opts, err
	}
	if opts.duration < time.Second || opts.rounds < 1 {
		return opts, errors.New("-duration is at least 1s and -rounds at least 1")
	}
	opts.only, err = regexp.Compile(*only)
	return opts, err
}

// sizes reads numbers with commas between them.
func sizes(text string) (all []int, err error) {
	for one := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(one)
		if err != nil || n < tasksOfAccount*growthReaders || len(all) > 0 && n <= all[len(all)-1] {
			return nil, fmt.Errorf("-growth %s: numbers that grow, from %d, with commas between them", text,
				tasksOfAccount*growthReaders)
		}
		all = append(all, n)
	}
	return all, nil
}

// measurement is one part of the table.
type measurement struct {
	name string
	run  func(ctx context.Context, e *env) ([]row, error)
}

func measurements() []measurement {
	return []measurement{
		{"ready", measureReady},
		{"memory", measureMemory},
		{"accept", measureAccept},
		{"dialects", measureDialects},
		{"keys", measureKeys},
		{"get", measureGet},
		{"kept", measureKept},
		{"layout", measureLayout},
		{"many-accounts", measureManyAccounts},
		{"life", measureLife},
		{"backlog", measureBacklog},
		{"river", measureRiver},
		{"wake", measureWake},
		{"growth", measureGrowth},
		{"bends", measureBends},
		{"claim", measureClaim},
		{"state", measureState},
		{"faults", measureFaults},
		{"advance", measureAdvance},
	}
}

// measure prints a table of what was measured, also when it is interrupted, and keeps it when it is all done.
func measure(ctx context.Context, opts options, stdout, stderr io.Writer) (err error) {
	e, err := prepare(ctx, opts, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.close()) }()

	var found report.Report
	if found.Machine, found.Run, err = e.describe(ctx); err != nil {
		return err
	}
	var rows []report.Row
	defer func() {
		if len(rows) == 0 {
			return
		}
		fmt.Fprintf(stdout, "\n%d cores, load average %s before and %s after; medians of %d rounds of %v\n\n",
			found.Machine.Cores, found.Run.LoadBefore, loadAverage(), opts.rounds, opts.duration)
		report.Print(stdout, rows)
	}()
	for _, m := range measurements() {
		if !opts.only.MatchString(m.name) {
			continue
		}
		measured, err := m.run(ctx, e)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		part := report.Measurement{Name: m.name}
		for _, r := range measured {
			part.Rows = append(part.Rows, r.report())
		}
		rows = append(rows, part.Rows...)
		found.Measurements = append(found.Measurements, part)
	}
	if opts.out == "" {
		return nil
	}
	found.Run.LoadAfter, found.Charts = loadAverage(), e.charts
	return record(opts.out, found)
}

// loadAverage of the last minute, as the system writes it.
func loadAverage() string {
	text, err := os.ReadFile("/proc/loadavg")
	if one, _, ok := strings.Cut(string(text), " "); err == nil && ok {
		return one
	}
	return unknown
}
