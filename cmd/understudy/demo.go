package main

import (
	"context"
	"io"
	"log/slog"
	"os"
	"time"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/demo"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/server"
)

type demoCmd struct {
	For       time.Duration `env:"UNDERSTUDY_DEMO_FOR" placeholder:"DURATION" help:"How long it goes on, as in 2m. Default: until Ctrl-C."`
	NoBrowser bool          `env:"UNDERSTUDY_DEMO_NO_BROWSER" help:"Open no browser. Default: one opens where there is a display."`
	Speed     float64       `env:"UNDERSTUDY_DEMO_SPEED" default:"30" placeholder:"N" help:"How much faster than in the real cloud time passes: 600 is over in seconds. Default: ${default}."`
	Listen    string        `env:"UNDERSTUDY_DEMO_LISTEN" default:"127.0.0.1:0" placeholder:"HOST:PORT" help:"Address to listen on; port 0 picks one. Default: ${default}."`
}

// Help shows how it is used.
func (*demoCmd) Help() string {
	return `  understudy demo                                        watch three accounts at work, in a browser and here
  understudy demo --for 2m --no-browser                  the same for two minutes, here alone
  understudy demo --speed 120                            a round in seconds
  understudy demo --listen 127.0.0.1:9000                at an address that one knows beforehand`
}

// journalOfDemo is how many requests are kept of each account: those of a round, and more.
const journalOfDemo = 1000

// ownServer configures a server that is a command's own, and goes with it. It keeps so many requests of each account,
// and says nothing but what is wrong.
func ownServer(listen string, requests int, stderr Stderr) server.Config {
	return server.Config{
		Document: understudy.Document, Control: understudy.ControlDocument, Version: version(), Listen: listen,
		CapPolicy: engine.PolicyQueue, Journal: requests, CacheDir: os.Getenv("UNDERSTUDY_CACHE_DIR"),
		Logger: slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// Run plays the demo.
func (c *demoCmd) Run(ctx context.Context, stdout io.Writer, stderr Stderr) error {
	cfg := demo.Config{
		Server: ownServer(c.Listen, journalOfDemo, stderr),
		For:    c.For,
		Out:    stdout,
	}
	cfg.Server.Speed = c.Speed
	if !c.NoBrowser {
		cfg.Open = browser(os.Getenv)
	}
	return demo.Run(ctx, cfg)
}
