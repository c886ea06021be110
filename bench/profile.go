package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime/pprof"
	"time"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/server"
)

// serveProfiled is `understudy serve`, as far as the measurements need it, with
// a CPU profile of its whole run. The binary itself carries no profiler.
func serveProfiled(ctx context.Context, args []string) (err error) {
	cfg := server.Config{
		Document:  understudy.Document,
		Control:   understudy.ControlDocument,
		CapPolicy: engine.PolicyQueue,
		Logger:    slog.New(slog.NewTextHandler(os.Stderr, nil)),
	}
	flags := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags.StringVar(&cfg.Listen, "listen", "127.0.0.1:0", "")
	flags.StringVar(&cfg.DatabaseURL, "database-url", "", "")
	flags.StringVar(&cfg.DataDir, "data-dir", "", "")
	flags.Float64Var(&cfg.Speed, "speed", 600, "")
	flags.StringVar(&cfg.APIKey, "api-key", "", "")
	flags.StringVar(&cfg.APISecretKey, "api-secret-key", "", "")
	flags.StringVar(&cfg.ReadyFile, "ready-file", "", "")
	flags.DurationVar(&cfg.TaskHold, "task-hold", 500*time.Millisecond, "")
	profile := flags.String("cpu-profile", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	file, err := os.Create(*profile)
	if err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return fmt.Errorf("profile: %w", err)
	}
	defer pprof.StopCPUProfile()
	return server.Run(ctx, cfg)
}
