package servetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// Speed is a pace at which a server can be run.
type Speed struct {
	Name    string
	Factor  float64       // business time over real time; 0: nothing takes any time
	Hold    time.Duration // how long a GET of an unfinished task waits for its end
	Stepped bool          // the account's clock stands still until it is stepped
}

// Speeds are those at which clients must find the same: as the server is started, with tasks that take their time, with
// nothing that takes any, and the real one.
func Speeds() []Speed {
	return []Speed{
		{Name: "speed 600", Factor: 600, Hold: 500 * time.Millisecond},
		{Name: "speed 60 without hold", Factor: 60},
		{Name: "speed 0", Hold: 500 * time.Millisecond},
		{Name: "speed 1 stepped", Factor: 1, Hold: 500 * time.Millisecond, Stepped: true},
	}
}

// Start is the package's Start for a server of this speed. Of a stepped one the demo account's clock stands still, and
// jumps from one event to the next while clients look on; the package of such a test calls pgtest.Main.
func (s Speed) Start(tb testing.TB, opts Options) *Server {
	tb.Helper()
	args := []string{"--speed", fmt.Sprint(s.Factor), "--task-hold", s.Hold.String()}
	if !s.Stepped {
		opts.Args = append(args, opts.Args...)
		return Start(tb, opts)
	}
	// A database whose URL is known. The server takes it for shared, and listens for changes from outside.
	url := pgtest.New(tb)
	opts.Args = append(append(args, "--database-url", url), opts.Args...)
	server := Start(tb, opts)
	keepStepping(tb, url)
	return server
}

const (
	// stepEvery is long enough for a client to look at what an event has changed, and only that.
	stepEvery = 50 * time.Millisecond
	// longestStep is how far the clock moves while nothing happens, for what is read from the clock alone.
	longestStep = 30 * time.Second
	// demoAccount is the account whose keys a server makes by itself.
	demoAccount = 1000
)

// keepStepping moves the clock of the demo account on until the test ends.
func keepStepping(tb testing.TB, url string) {
	tb.Helper()
	db, err := store.Open(tb.Context(), url, 1)
	if err != nil {
		tb.Fatal(err)
	}
	if err := db.Freeze(tb.Context(), demoAccount, pgtest.Now()); err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancel(tb.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		tick := time.NewTicker(stepEvery)
		defer tick.Stop()
		for {
			if err := step(ctx, db); err != nil && ctx.Err() == nil {
				tb.Errorf("step the clock: %v", err)
				return
			}
			select {
			case <-tick.C:
			case <-ctx.Done():
				return
			}
		}
	}()
	tb.Cleanup(func() { cancel(); <-done; db.Close() })
}

// step moves the clock to the next event, and nowhere while the server is still busy with the last one.
func step(ctx context.Context, db *store.DB) error {
	wait, ok, err := db.NextEvent(ctx, demoAccount)
	if err != nil {
		return err
	}
	if !ok {
		wait = longestStep
	}
	if err := db.Advance(ctx, demoAccount, min(wait, longestStep)); err != nil {
		return err
	}
	return db.Notify(ctx)
}
