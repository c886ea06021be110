package engine

import (
	"context"
	"log/slog"
	"sync"
	"time"
)

// signal remembers that something happened until somebody looks; setting it
// never blocks.
type signal chan struct{}

func newSignal() signal { return make(signal, 1) }

func (s signal) set() {
	select {
	case s <- struct{}{}:
	default:
	}
}

// dispatcher takes work from the database whenever there may be some and hands
// it to a bounded number of goroutines. It looks when it is woken, when the next
// due time has come, and once a second whatever happens: a lost wake-up costs
// time, never work.
type dispatcher struct {
	name string
	log  *slog.Logger
	wake signal
	size int // jobs at once
	// How long each look and each job may take. Postgres bounds its statements
	// itself, but a host that is gone bounds nothing.
	limit time.Duration
	// take returns up to free jobs. A job is called with a context that
	// outlives the dispatcher's by stopTime.
	take func(ctx context.Context, free int) ([]job, error)
	next func(ctx context.Context) (wait time.Duration, ok bool, err error)
}

type job func(ctx context.Context)

const (
	pollEvery = time.Second
	takeEvery = 3 * time.Millisecond // when busy: what becomes due meanwhile goes along;
	takeMany  = 8 * time.Millisecond // so where much is under way already: the more go together
	pollFloor = 2 * time.Millisecond // no tighter loop over what another server holds
	pauseDown = 250 * time.Millisecond
	stopTime  = 10 * time.Second
)

func (d *dispatcher) run(ctx context.Context) error {
	work, cancel := context.WithCancel(context.WithoutCancel(ctx))
	defer cancel()
	slots := make(chan struct{}, d.size)
	var jobs sync.WaitGroup
	var last time.Time
	down := false
	for {
		every := takeEvery
		if len(slots) > d.size/4 {
			every = takeMany
		}
		if sleep(ctx, every-time.Since(last)) != nil {
			break
		}
		free, err := acquire(ctx, slots)
		if err != nil {
			break
		}
		last = time.Now()
		taken, err := d.poll(ctx, free)
		for range free - len(taken) {
			<-slots
		}
		for _, do := range taken {
			jobs.Go(func() {
				defer func() { <-slots }()
				ctx, cancel := context.WithTimeout(work, d.limit)
				defer cancel()
				do(ctx)
			})
		}
		if err == nil && len(taken) == free {
			continue // there may be more
		}
		if down = d.logState(ctx, down, err); d.wait(ctx, err) != nil {
			break
		}
	}
	timer := time.AfterFunc(stopTime, cancel)
	defer timer.Stop()
	jobs.Wait()
	return ctx.Err()
}

// poll takes up to free jobs.
func (d *dispatcher) poll(ctx context.Context, free int) ([]job, error) {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	return d.take(ctx, free)
}

// pause is how long it is until the next due time, as far as is known.
func (d *dispatcher) pause(ctx context.Context) time.Duration {
	ctx, cancel := context.WithTimeout(ctx, d.limit)
	defer cancel()
	if next, ok, err := d.next(ctx); err == nil && ok {
		return min(max(next, pollFloor), pollEvery)
	}
	return pollEvery
}

// acquire waits for a free slot and takes all that are free.
func acquire(ctx context.Context, slots chan struct{}) (n int, err error) {
	select {
	case slots <- struct{}{}:
	case <-ctx.Done():
		return 0, ctx.Err()
	}
	for n = 1; ; n++ {
		select {
		case slots <- struct{}{}:
		default:
			return n, nil
		}
	}
}

// wait returns when it is time to look again.
func (d *dispatcher) wait(ctx context.Context, failed error) error {
	if failed != nil {
		return sleep(ctx, pauseDown)
	}
	select {
	case <-d.wake:
		return ctx.Err()
	default:
	}
	timer := time.NewTimer(d.pause(ctx))
	defer timer.Stop()
	select {
	case <-d.wake:
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// logState logs when the database goes away and when it comes back.
func (d *dispatcher) logState(ctx context.Context, down bool, err error) bool {
	switch {
	case err != nil && !down && ctx.Err() == nil:
		d.log.Warn("no work can be taken", "queue", d.name, "error", err)
	case err == nil && down:
		d.log.Info("work can be taken again", "queue", d.name)
	}
	return err != nil
}
