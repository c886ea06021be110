// Package demo plays a story on a sandbox of its own that nobody will miss: three accounts at work at once, each by the
// API and as a client of it would, with things going wrong. Whoever watches is told what happens and where to look.
//
// The story is the same each time: the same requests in the same order of each account, with the same ids.
package demo

import (
	"context"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/sandbox"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/throwaway"
)

// Config is how the demo runs.
type Config struct {
	Server server.Config          // of the sandbox; its data directory is the demo's business
	For    time.Duration          // how long it goes on; 0: until the context ends
	Out    io.Writer              // is told the story
	Open   func(url string) error // shows a page to whoever watches; nil: nobody does
}

// Run plays the story, round by round, and leaves nothing behind, however it ends. It returns nil when its time is over
// or the context ends. An error that wraps server.ErrConfig asks for another configuration.
func Run(ctx context.Context, cfg Config) (err error) {
	if cfg.Server.Speed <= 0 {
		return fmt.Errorf("%w: --speed %v is not above 0: there would be nothing to see", server.ErrConfig,
			cfg.Server.Speed)
	}
	if cfg.For < 0 {
		return fmt.Errorf("%w: --for %v is not a length of time", server.ErrConfig, cfg.For)
	}
	dir, remove, err := throwaway.Dir()
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove()) }()
	cfg.Server.DataDir = dir
	s, err := server.Open(ctx, cfg.Server)
	switch {
	case err == nil:
		return play(ctx, cfg, s)
	case ctx.Err() != nil && !errors.Is(err, server.ErrConfig):
		return nil // stopped before it began
	}
	return err
}

// play tells the story on a server that is open, and closes it.
func play(ctx context.Context, cfg Config, s *server.Server) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	if cfg.For > 0 {
		ctx, stop = context.WithTimeout(ctx, cfg.For)
		defer stop()
	}
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error { return s.Serve(ctx) })
	group.Go(func() error {
		defer stop() // a story that cannot go on ends the server, too
		err := newStage(cfg, s).play(ctx)
		if ctx.Err() != nil { // it was stopped somewhere in the middle
			return nil
		}
		return err
	})
	return group.Wait()
}

// stage is where the story is played.
type stage struct {
	narrator

	server *server.Server
	speed  float64
	show   func(url string) error
}

func newStage(cfg Config, s *server.Server) *stage {
	return &stage{narrator: narrator{out: cfg.Out, began: time.Now()}, server: s, speed: cfg.Server.Speed, show: cfg.Open}
}

// play plays round after round until the context ends.
func (s *stage) play(ctx context.Context) error {
	actors, err := s.cast(ctx)
	if err != nil {
		return err
	}
	if err := s.welcome(actors); err != nil {
		return err
	}
	for round := 1; ; round++ {
		var acts sync.WaitGroup
		for _, a := range actors {
			acts.Go(func() { a.perform(ctx) })
		}
		acts.Wait()
		if err := s.curtain(ctx, round, actors); err != nil {
			return err
		}
	}
}

// cast gives every role an account. That of the demo account is the first one's.
func (s *stage) cast(ctx context.Context) (actors []*actor, err error) {
	control := s.server.Sandbox
	for i, role := range roles {
		a := &actor{role: role, stage: s}
		var made sandbox.Account
		if i == 0 {
			a.identify(s.server.APIKey, s.server.APISecretKey)
			made, err = control.ChangeAccount(ctx, sandbox.DefaultAccount, sandbox.AccountChange{Name: &role.account})
		} else {
			var keys sandbox.KeyPair
			made, keys, err = control.CreateAccount(ctx, sandbox.NewAccount{Name: role.account})
			a.identify(keys.APIKey, keys.APISecretKey)
		}
		if a.id = fmt.Sprint(made.ID); err != nil {
			return nil, fmt.Errorf("account %s: %w", role.account, err)
		}
		actors = append(actors, a)
		if err := a.begin(ctx); err != nil {
			return nil, err
		}
	}
	return actors, nil
}

// curtain ends a round: the accounts are empty again, and the next one has the same ids.
func (s *stage) curtain(ctx context.Context, round int, actors []*actor) error {
	if err := s.pause(ctx, short); err != nil {
		return err
	}
	s.say("everybody", "", "is done: round %d is over, and another one begins", round)
	if err := s.pause(ctx, long); err != nil {
		return err
	}
	for _, a := range actors {
		if err := a.begin(ctx); err != nil {
			return err
		}
	}
	return nil
}

// Lengths of time, as in the real cloud.
const (
	taskTime = 40 * time.Second // that a task is processed
	look     = 30 * time.Second // between two looks at something that is under way
	short    = time.Minute      // for a line to be read
	long     = 3 * time.Minute  // for a page to be looked at
)

// real is how long a length of time of the cloud is here.
func (s *stage) real(d time.Duration) time.Duration { return time.Duration(float64(d) / s.speed) }

// pause lets some time of the cloud pass.
func (s *stage) pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(s.real(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
