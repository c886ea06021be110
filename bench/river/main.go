// Command river is a baseline for working off a backlog: River, with the rows of the product in its jobs. It puts the
// backlog in, says its version when it is ready, waits for a line before it starts to work, and works until its
// standard input ends. It is a program of its own so that no test of the measurements compiles River.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"
)

// River's settings. By default it fetches once in 100 ms at most: with few workers that, and no work, would be what is
// measured.
const (
	fetchCooldown  = time.Millisecond
	fetchPoll      = 20 * time.Millisecond
	maxConnections = 24 // as many as the product opens
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Args[1:], os.Stdin, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "river:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, stdin io.Reader, stdout io.Writer) (err error) {
	w, b := worker{}, backlog{}
	flags := flag.NewFlagSet("river", flag.ContinueOnError)
	databaseURL := flags.String("database-url", "", "database with the product's schema")
	workers := flags.Int("workers", 1, "jobs worked at once")
	flags.BoolVar(&w.inside, "inside", false, "complete a job in the transaction of its effects")
	flags.BoolVar(&w.steps, "steps", false, "leave it to a second job to make a database active")
	flags.StringVar(&b.accounts, "accounts", "", "ids of accounts, with commas between them")
	flags.Int64Var(&b.subscription, "subscription", 0, "id of the first subscription of each")
	flags.Int64Var(&b.each, "each", 1, "databases for each account")
	flags.StringVar(&b.request, "request", "{}", "what creates a database")
	if err := flags.Parse(args); err != nil {
		return err
	}
	config, err := pgxpool.ParseConfig(*databaseURL)
	if err != nil {
		return err
	}
	config.MaxConns = maxConnections
	if w.pool, err = pgxpool.NewWithConfig(ctx, config); err != nil {
		return err
	}
	defer w.pool.Close()
	err = w.pool.QueryRow(ctx, `SELECT body FROM resources WHERE kind = 'database' LIMIT 1`).Scan(&w.body)
	if err != nil {
		return fmt.Errorf("look for a database: %w", err)
	}
	driver := riverpgxv5.New(w.pool)
	migrator, err := rivermigrate.New(driver, nil)
	if err != nil {
		return err
	}
	if _, err := migrator.Migrate(ctx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	known := river.NewWorkers()
	river.AddWorker(known, river.WorkFunc(w.workCreate))
	river.AddWorker(known, river.WorkFunc(w.workActivate))
	client, err := river.NewClient(driver, &river.Config{
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: *workers}},
		Workers:       known,
		FetchCooldown: fetchCooldown, FetchPollInterval: fetchPoll,
	})
	if err != nil {
		return err
	}
	jobs, err := b.jobs(w.steps)
	if err != nil {
		return err
	}
	if _, err := client.InsertMany(ctx, jobs); err != nil {
		return err
	}
	fmt.Fprintln(stdout, version())
	lines := bufio.NewScanner(stdin)
	if !lines.Scan() {
		return lines.Err()
	}
	if err := client.Start(ctx); err != nil {
		return err
	}
	for lines.Scan() {
		continue
	}
	return errors.Join(lines.Err(), client.Stop(ctx))
}

// backlog is what waits.
type backlog struct {
	accounts     string
	subscription int64
	each         int64
	request      string
}

// jobs are those of a backlog, the accounts taking turns, so that those that are worked at once seldom wait for each
// other's lock. Apart: each database of an account is for a subscription of its own.
func (b backlog) jobs(apart bool) (jobs []river.InsertManyParams, err error) {
	for n := range b.each {
		subscription := b.subscription
		if apart {
			subscription += n
		}
		for text := range strings.SplitSeq(b.accounts, ",") {
			account, err := strconv.ParseInt(text, 10, 64)
			if err != nil {
				return nil, err
			}
			jobs = append(jobs, river.InsertManyParams{Args: create{
				Account: account, Subscription: subscription, Name: fmt.Sprint("bench-", n+1),
				Request: json.RawMessage(b.request),
			}})
		}
	}
	return jobs, nil
}

// version is River's, of which this program was built.
func version() string {
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, m := range info.Deps {
			if m.Path == "github.com/riverqueue/river" {
				return m.Version
			}
		}
	}
	return "unknown"
}
