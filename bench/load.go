package main

import (
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"
)

// loaded is what a load measured.
type loaded struct {
	perSecond float64
	p50       time.Duration
	requests  int   // the warm-up's included
	cpu       usage // per request
}

// pieces is into how many a round is cut where goals lie a few hundredths away from what is measured: what else keeps
// the machine busy changes from second to second.
const pieces = 10

// load lets so many clients send requests one after the other, taking turns
// through the rendered ones, for a duration that follows a short warm-up. Every
// answer must have the wanted status.
func load(ctx context.Context, addr string, clients int, d time.Duration, requests [][]byte, want int) (loaded, error) {
	warm := min(d/8, 500*time.Millisecond)
	begin := time.Now().Add(warm)
	end := begin.Add(d)
	tallies := make([]tally, clients)
	var group errgroup.Group
	for i := range clients {
		group.Go(func() error {
			c, err := dial(ctx, addr)
			if err != nil {
				return err
			}
			defer c.close()
			for n := i * len(requests) / clients; ctx.Err() == nil; n++ {
				sent := time.Now()
				status, body, err := c.do(requests[n%len(requests)])
				if err != nil {
					return err
				}
				if status != want {
					return fmt.Errorf("got %d %s, want %d", status, body, want)
				}
				if !tallies[i].count(sent, begin, end) {
					return nil
				}
			}
			return ctx.Err()
		})
	}
	if err := group.Wait(); err != nil {
		return loaded{}, fmt.Errorf("load: %w", err)
	}
	return sum(tallies, d), nil
}

// tally is what one client counts.
type tally struct {
	times    []time.Duration // of what ended between begin and end
	requests int
}

// count an operation that began at sent and ends now; false says that it is
// time to stop.
func (t *tally) count(sent, begin, end time.Time) bool {
	now := time.Now()
	t.requests++
	if now.After(begin) && !now.After(end) {
		t.times = append(t.times, now.Sub(sent))
	}
	return !now.After(end)
}

func sum(tallies []tally, d time.Duration) (l loaded) {
	var all []time.Duration
	for _, t := range tallies {
		all = append(all, t.times...)
		l.requests += t.requests
	}
	l.perSecond, l.p50 = float64(len(all))/d.Seconds(), median(all)
	return l
}
