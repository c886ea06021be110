package terraform

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/control"
	"github.com/understudy-dev/understudy/internal/journal"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Watch sees what happens to an account while Terraform runs: by its events and its journal, and by waiting until it is
// idle whenever it is not.
type Watch struct {
	client  *control.Client
	account string
	start   time.Time
	tell    func(after time.Duration, e sandbox.Transition)
	stop    context.CancelFunc
	work    sync.WaitGroup

	mu      sync.Mutex
	events  []sandbox.Transition
	last    int64  // the latest event
	waiting bool   // whether somebody waits until the account is idle
	busy    []span // when the server had something to do

	entry    int64 // of the journal, the latest
	requests int
	silent   bool // whether the server keeps no journal
}

// span is a length of time.
type span struct{ from, to time.Time }

// journalEvery is how often the journal is read: it keeps only so many requests.
const journalEvery = time.Second

// Follow begins to watch an account. tell is called with every event and how long after the start it was.
func Follow(
	ctx context.Context, client *control.Client, account string, tell func(time.Duration, sandbox.Transition),
) (*Watch, error) {
	ctx, stop := context.WithCancel(ctx)
	w := &Watch{client: client, account: account, start: time.Now(), tell: tell, stop: stop}
	if err := w.readJournal(ctx, 1); err != nil {
		stop()
		return nil, err
	}
	w.requests, w.busy = 0, nil // that was before
	connected, failed := make(chan struct{}), make(chan error, 1)
	w.work.Go(func() {
		stream := control.EventStream{Account: account}
		failed <- control.FollowEvents(ctx, client, stream, func(after int64) { w.last = after; close(connected) },
			func(e sandbox.Transition) error { w.see(ctx, e); return nil })
	})
	select {
	case <-connected:
	case err := <-failed:
		stop()
		w.work.Wait()
		return nil, fmt.Errorf("follow account %s: %w", account, err)
	}
	w.work.Go(func() { w.keepReading(ctx) })
	return w, nil
}

// see notes an event, after which the server has something to do until the account is idle.
func (w *Watch) see(ctx context.Context, e sandbox.Transition) {
	w.note(e)
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.waiting {
		w.waiting = true
		from := time.Now()
		w.work.Go(func() { w.untilIdle(ctx, from) })
	}
}

// note keeps an event and tells it.
func (w *Watch) note(e sandbox.Transition) {
	w.mu.Lock()
	w.events, w.last = append(w.events, e), e.Seq
	w.mu.Unlock()
	w.tell(time.Since(w.start), e)
}

// untilIdle notes that the server has something to do from a time until the account is idle, or the watch ends.
func (w *Watch) untilIdle(ctx context.Context, from time.Time) {
	for {
		out, err := control.Wait.Call(ctx, w.client, control.Await{
			Account: w.account, Idle: true, Timeout: sandbox.MaxTimeout.String(),
		})
		if err == nil && !out.Reached {
			continue // for another while
		}
		w.mu.Lock()
		w.waiting = false
		w.busy = append(w.busy, span{from, time.Now()})
		w.mu.Unlock()
		return
	}
}

// keepReading reads the journal now and then.
func (w *Watch) keepReading(ctx context.Context) {
	tick := time.NewTicker(journalEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			_ = w.readJournal(ctx, 0) // the next time, or the last one, will do
		case <-ctx.Done():
			return
		}
	}
}

// readJournal counts the requests since the last time, or the latest ones up to a limit.
func (w *Watch) readJournal(ctx context.Context, limit int) error {
	if w.silent {
		return nil
	}
	query := control.JournalQuery{After: w.entry}
	query.Account, query.Limit = w.account, limit
	found, err := control.ListJournal.Call(ctx, w.client, query)
	if problem, ok := errors.AsType[*control.Problem](err); ok && problem.Code == "JOURNAL_OFF" {
		w.silent = true
		return nil
	}
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, e := range found.Entries {
		w.entry = e.Seq
		w.requests++
		w.busy = append(w.busy, spanOf(e))
	}
	return nil
}

// spanOf is when a request was served.
func spanOf(e journal.Entry) span {
	return span{e.Time, e.Time.Add(time.Duration(e.DurationMS * float64(time.Millisecond)))}
}

// End ends the watch, and sums up what was seen. The context is that of its last questions.
func (w *Watch) End(ctx context.Context) (Summary, error) {
	end := time.Now()
	w.stop()
	w.work.Wait()
	if err := w.readJournal(ctx, 0); err != nil {
		return Summary{}, err
	}
	if err := w.catchUp(ctx); err != nil {
		return Summary{}, err
	}
	resources, err := w.resources(ctx)
	if err != nil {
		return Summary{}, err
	}
	s := Summary{
		Account: w.account, Took: end.Sub(w.start), Idle: idle(w.busy, span{w.start, end}), Resources: resources,
	}
	if !w.silent {
		s.Requests = &w.requests
	}
	for _, e := range w.events {
		if e.Type != sandbox.EventTask {
			continue
		}
		switch e.Status {
		case "received":
			s.Tasks++
		case "failed":
			if !reads(e.Name) {
				s.Failed++
			}
		}
	}
	return s, nil
}

// catchUp reads the events that came while the stream was ended.
func (w *Watch) catchUp(ctx context.Context) error {
	for {
		found, err := control.ListEvents.Call(ctx, w.client, control.EventList{Account: w.account, After: w.last})
		if err != nil || len(found.Events) == 0 {
			return err
		}
		for _, e := range found.Events {
			w.note(e)
		}
	}
}
