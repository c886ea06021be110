// Package sandbox is control of a running sandbox, in plain Go: what a test author can do here and nobody can with the
// real service. It has three faces that hold no logic: the control API (package control), the command line and the Go
// door.
//
// A method either does all that it says or nothing. Its errors are a *cloud.Error with a code of sandbox.yaml, for what
// the caller can mend, or any other one.
//
// Begin with Service.
package sandbox

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what control needs of a server.
type Config struct {
	DB      *store.DB
	Engine  *engine.Engine
	Journal *journal.Journal // nil: none is kept
	Shared  bool             // other servers may work on the same database
	Version string
	URL     string // base of the API that is stood in for
	PID     int
	Roles   []string // that a key may have, the mightiest first
	Slots   int      // that changes of an account's resources share; 0: they need none

	Keys store.Secrets // a pair that the server was told of
	// Environment returns the variables that point clients at what is served; its caller reaches it at an address, or
	// empty.
	Environment func(address string, s store.Secrets) []cloud.Variable
	Assets      Assets // nil: accounts have nothing that is declared

	// Externals are what can happen from outside the API that is stood in for.
	Externals []engine.External
	// WebhookRetry is how long a webhook is left alone after a first failure; 0: a second.
	WebhookRetry time.Duration
}

// Service controls a sandbox. Its methods may be called by many goroutines at once.
type Service struct {
	cfg    Config
	db     *store.DB
	hooked chan struct{} // there may be a first webhook
}

// New returns control of what a configuration names.
func New(cfg Config) *Service {
	return &Service{cfg: cfg, db: cfg.DB, hooked: make(chan struct{}, 1)}
}

// Status is what runs.
type Status struct {
	Version  string `json:"version"`
	URL      string `json:"url"`
	PID      int    `json:"pid"`
	Accounts int    `json:"accounts"`
}

// Status returns what runs.
func (s *Service) Status(ctx context.Context) (Status, error) {
	accounts, err := s.db.CountAccounts(ctx)
	return Status{Version: s.cfg.Version, URL: s.cfg.URL, PID: s.cfg.PID, Accounts: accounts}, err
}
