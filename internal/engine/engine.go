package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// Policy is what happens to a change beyond a limit: of one more resource while as many as
// its kind allows are being changed.
type Policy string

// The two policies.
const (
	PolicyQueue  Policy = "queue"  // it waits, pending, for one of the others to be done
	PolicyReject Policy = "reject" // its task ends in an error
)

// Config is what an engine needs and how it behaves.
type Config struct {
	APIs   []API // side by side, over the same accounts
	DB     *store.DB
	Logger *slog.Logger

	Speed  float64       // business time over real time; 0: nothing takes any time
	Policy Policy        // empty: PolicyQueue
	Hold   time.Duration // how long a GET of an unfinished task waits for its end
	Lease  time.Duration // after which a dead worker's task is taken again; 0: 5 s

	// Limit bounds a look for work and each piece of work; 0: 12 s, a bit more than
	// the longest statement.
	Limit time.Duration

	// Group is how many tasks, each of another account, share a transaction at most; 0: 16. Less than 0 means as many,
	// and that one alone takes the way of a group, too, for tests.
	Group int

	// Sweep is how often idempotency keys are removed that are as if never seen;
	// 0: every minute. Nothing else depends on it.
	Sweep time.Duration

	// Events is how many events are kept of an account, the newest ones; 0: DefaultEvents.
	Events int64

	// Shared says that other servers may work on the same database. An engine
	// that is alone takes up at once what a dead predecessor left.
	Shared bool
	// Hook is called at named points of the lifecycle, for tests that crash or
	// block there; nil: nothing.
	Hook func(point string)
}

// API is a document with the functions of its operations. No two documents may name an operation alike.
type API struct {
	Document   *openapi.Document
	Operations []Operation
	Presets    func() *fault.Presets // of faults; nil: none
	Lengths    cloud.Lengths         // what has none takes no time
}

// Engine runs the lifecycle. Its methods may be called while Run runs.
type Engine struct {
	cfg        Config
	db         *store.DB
	log        *slog.Logger
	operations map[string]*bound
	acceptor   *acceptor
	tasks      *dispatcher
	owed       owed
	lone       bool          // a task that is alone is a group
	single     chan struct{} // a place for each task that is processed in a transaction of its own
	steps      *dispatcher
	ended      waiters[string] // by task
	events     waiters[int64]  // by account
	changed    signal          // something other servers may wait for
	draining   chan struct{}   // closed: nobody waits any more
	drain      sync.Once
	faults     *fault.Armed
}

// New binds the operations to their documents; it fails, naming every problem,
// where the two do not match.
func New(cfg Config) (*Engine, error) {
	if cfg.Policy == "" {
		cfg.Policy = PolicyQueue
	}
	if cfg.Lease == 0 {
		cfg.Lease = 5 * time.Second
	}
	if cfg.Limit == 0 {
		cfg.Limit = 12 * time.Second
	}
	lone := cfg.Group < 0
	if cfg.Group = max(cfg.Group, -cfg.Group); cfg.Group == 0 {
		cfg.Group = defaultGroup
	}
	if cfg.Sweep == 0 {
		cfg.Sweep = time.Minute
	}
	if cfg.Events == 0 {
		cfg.Events = DefaultEvents
	}
	e := &Engine{
		cfg: cfg, db: cfg.DB, log: cfg.Logger, changed: newSignal(), draining: make(chan struct{}),
		single: make(chan struct{}, processWorkers), lone: lone,
	}
	operations, err := bind(cfg.APIs)
	if err != nil {
		return nil, err
	}
	for _, op := range operations {
		if op.asks != nil {
			op.answer = func(ctx context.Context, tx *store.Tx, in any) (any, error) {
				return e.awaitTask(ctx, tx, op.asks(in))
			}
		}
	}
	e.operations = operations
	e.faults = fault.NewArmed(e.db, vocabulary(cfg.APIs, operations))
	e.acceptor = newAcceptor(e.db)
	e.tasks = e.taskDispatcher()
	e.steps = e.stepDispatcher()
	return e, nil
}

// Run accepts, processes and provisions until the context ends; then it takes
// nothing more, waits for the work in hand and returns.
func (e *Engine) Run(ctx context.Context) error {
	if !e.cfg.Shared {
		// A database that is away just now costs no more than waiting for the leases.
		looking, cancel := context.WithTimeout(ctx, e.cfg.Limit)
		if err := e.db.ExpireLeases(looking); err != nil && ctx.Err() == nil {
			e.log.Warn("leases of a predecessor run out by themselves", "error", err)
		}
		cancel()
	}
	var group errgroup.Group
	group.Go(func() error { return e.tasks.run(ctx) })
	group.Go(func() error { return e.steps.run(ctx) })
	group.Go(func() error { return e.provisionOverdue(ctx) })
	group.Go(func() error { return e.prune(ctx) })
	group.Go(func() error { return e.sweep(ctx) })
	group.Go(func() error { return e.pruneEvents(ctx) })
	if e.cfg.Shared {
		group.Go(func() error { return e.notify(ctx) })
		group.Go(func() error { return e.listen(ctx) })
	}
	err := group.Wait()
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}

// Close stops accepting; what was handed in is still accepted.
func (e *Engine) Close() { e.acceptor.Close() }

// Wake makes the engine look for work at once, and whoever waits for a task look again, for whoever changed the
// database by another way.
func (e *Engine) Wake() {
	e.ended.wakeAll()
	e.tasks.wake.set()
	e.steps.wake.set()
	e.events.wakeAll()
	e.changed.set()
}

// Replaced is Wake for who has replaced the state of accounts: whoever waits for a task looks whether it is still
// there, and fault rules are read anew, also by other servers.
func (e *Engine) Replaced(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), e.cfg.Limit)
	defer cancel()
	e.refreshFaults(ctx)
	if err := e.db.NotifyFaults(ctx); err != nil {
		e.log.Warn("other servers not told of fault rules", "error", err)
	}
	e.Wake()
}

// Hold is how long a request may wait for the end of a task.
func (e *Engine) Hold() time.Duration { return e.cfg.Hold }

// at marks a point of the lifecycle.
func (e *Engine) at(point string) {
	if e.cfg.Hook != nil {
		e.cfg.Hook(point)
	}
}

// scaled turns a length at speed 1 into that at the server's speed.
func (e *Engine) scaled(d time.Duration) time.Duration {
	if e.cfg.Speed == 0 {
		return 0
	}
	return time.Duration(float64(d) / e.cfg.Speed)
}

// Tasks are kept, and can be read, for this long in business time.
const (
	taskRetention = 30 * 24 * time.Hour
	pruneEvery    = time.Hour
	pruneBatch    = 1000
	sweepBatch    = 500  // idempotency keys of each account
	eventBatch    = 1000 // events of each account
)

// DefaultEvents is how many events are kept of an account.
const DefaultEvents = 100_000

// prune removes tasks that are too old to be asked for.
func (e *Engine) prune(ctx context.Context) error {
	for {
		removed, err := e.db.PruneTasks(ctx, taskRetention, pruneBatch)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("tasks not pruned", "error", err)
		}
		if removed == pruneBatch {
			continue
		}
		if err := sleep(ctx, pruneEvery); err != nil {
			return err
		}
	}
}

// sweep removes idempotency keys that no request can notice any more. Any number
// of servers may do so at once.
func (e *Engine) sweep(ctx context.Context) error {
	for {
		removed, err := e.db.PruneKeys(ctx, sweepBatch)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("idempotency keys not swept", "error", err)
		}
		if err == nil && removed > 0 {
			continue
		}
		if err := sleep(ctx, e.cfg.Sweep); err != nil {
			return err
		}
	}
}

// pruneEvents removes events beyond those that are to be kept.
func (e *Engine) pruneEvents(ctx context.Context) error {
	for {
		removed, err := e.db.PruneEvents(ctx, e.cfg.Events, eventBatch)
		if err != nil && ctx.Err() == nil {
			e.log.Warn("events not pruned", "error", err)
		}
		if err == nil && removed > 0 {
			continue
		}
		if err := sleep(ctx, e.cfg.Sweep); err != nil {
			return err
		}
	}
}

// sleep waits, unless the context ends first.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Binds reports whether an operation of the document has its function.
func (e *Engine) Binds(id string) bool {
	_, err := e.operation(id)
	return err == nil
}

func (e *Engine) operation(id string) (*bound, error) {
	op, ok := e.operations[id]
	if !ok {
		return nil, fmt.Errorf("operation %q is not bound", id)
	}
	return op, nil
}
