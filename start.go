package understudy

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
)

// Instant is the Speed at which nothing takes any time: what a task changes is done when the task is.
var Instant = math.Inf(1)

// The values of Options.CapPolicy.
const (
	QueueChanges  = string(engine.PolicyQueue)  // a change of a fourth subscription waits
	RejectChanges = string(engine.PolicyReject) // its task fails with TOO_MANY_PENDING_SUBSCRIPTIONS
)

// Defaults of Options, the same as those of the command line.
const (
	defaultSpeed    = 600
	defaultTaskHold = 500 * time.Millisecond
)

// Options says how a sandbox behaves. The zero value is what `understudy serve` does without flags.
type Options struct {
	// Speed is how much faster than in the real cloud time passes for tasks and provisioning: 1 is realistic minutes,
	// Instant lets nothing take any time. Zero: 600.
	Speed float64

	// TaskHold is how long a GET of an unfinished task waits for its end, 10 s at most. Zero: 500 ms; negative: it
	// answers at once.
	TaskHold time.Duration

	// CapPolicy is what becomes of a change of a fourth subscription while three are being changed. Empty: QueueChanges.
	CapPolicy string

	// RateLimit is how many requests the account may send in a minute: 400 in the real cloud. Zero: any number.
	RateLimit int

	// Logger receives what the sandbox logs. Nil: nothing is logged. Sandboxes of the same options log to the same place.
	Logger *slog.Logger
}

// Keys are the API keys of a sandbox's account, those of its owner.
type Keys struct {
	APIKey    string // header x-api-key, the provider's REDISCLOUD_ACCESS_KEY; a project and an AK of RDS
	SecretKey string // header x-api-secret-key, the provider's REDISCLOUD_SECRET_KEY; a token and an SK of RDS
}

// Sandbox is one empty account of a running Understudy. Nothing in it is seen by another sandbox, nor waits for one.
type Sandbox struct {
	URL      string // base of the API with /v1, the provider's REDISCLOUD_URL
	Endpoint string // the same without a path, what Huawei's SDK takes for RDS
	Keys     Keys

	host    *host
	account int64
	leave   func() error // runs once
}

// Start starts a sandbox on the loopback address. The first one of a process also starts a Postgres, in half a second,
// that goes with the process; further ones share it, and a server with those of the same Options, and take a few
// milliseconds. ctx bounds the start. The caller closes the sandbox.
//
// Postgres 14 or newer must be installed; the error says where it was looked for.
func Start(ctx context.Context, opts Options) (*Sandbox, error) {
	h, err := shared.enter(ctx, opts.withDefaults())
	if err != nil {
		return nil, fmt.Errorf("understudy: %w", err)
	}
	account, keys, err := h.server.NewAccount(ctx, cloud.Account{
		Name: "Demo", OwnerName: "Demo Owner", OwnerEmail: "owner@demo.example",
	})
	if err != nil {
		return nil, fmt.Errorf("understudy: %w", errors.Join(err, shared.leave(h)))
	}
	return newSandbox(h, account, Keys{APIKey: keys.Key, SecretKey: keys.Secret}), nil
}

// TB is what StartT needs of a testing.TB, so that programs that import this package do not import testing.
type TB interface {
	Helper()
	Context() context.Context
	Cleanup(f func())
	Error(args ...any)
	Fatal(args ...any)
}

// StartT starts a sandbox for a test, which fails if that does not work, and closes it when the test is over.
func StartT(tb TB, opts Options) *Sandbox {
	tb.Helper()
	s, err := Start(tb.Context(), opts)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

// Close ends the sandbox; what was in it is gone, and its keys are refused: a request that is under way comes to
// nothing. With the last sandbox on it the server stops. Further calls do nothing and return the same.
func (s *Sandbox) Close() error {
	if err := s.leave(); err != nil {
		return fmt.Errorf("understudy: %w", err)
	}
	return nil
}

// withDefaults fills in what was not said.
func (o Options) withDefaults() Options {
	switch {
	case o.Speed == 0:
		o.Speed = defaultSpeed
	case math.IsInf(o.Speed, 1):
		o.Speed = 0 // what the server calls it
	}
	switch {
	case o.TaskHold == 0:
		o.TaskHold = defaultTaskHold
	case o.TaskHold < 0:
		o.TaskHold = 0
	}
	if o.CapPolicy == "" {
		o.CapPolicy = QueueChanges
	}
	return o
}
