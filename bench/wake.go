package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// wakes is how often a waiter is woken.
const wakes = 300

// measureWake accepts tasks of one account, one after the other, and takes the time from the answer, which leaves after
// the commit, until who follows the account's events has it.
func measureWake(ctx context.Context, e *env) (_ []row, err error) {
	if _, err := e.sharedFixture(ctx); err != nil {
		return nil, err
	}
	p, err := e.serveFixture(ctx, "--speed", "0")
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, p.stop()) }()
	p50s, err := e.roundsOf(ctx, p, e.wake)
	if err != nil {
		return nil, err
	}
	e.say("wake: %.2f ms", median(p50s))
	waits, err := e.measureWaits(ctx)
	if err != nil {
		return nil, err
	}
	return []row{
		{"event after the commit, p50", millis, p50s, nil, nil, goal{atMost: 5}},
		{"wait for a task after its end, p50", millis, waits, nil, nil, goal{atMost: 5}},
	}, nil
}

// roundsOf measures a length for a new account in each round, and returns them in milliseconds.
func (e *env) roundsOf(
	ctx context.Context, p *product, measure func(ctx context.Context, addr string, a account) (time.Duration, error),
) (took []float64, err error) {
	for range e.rounds {
		accounts, err := e.fixture.newAccounts(ctx, 1)
		if err != nil {
			return nil, err
		}
		one, err := measure(ctx, p.addr, accounts[0])
		if err != nil {
			return nil, err
		}
		took = append(took, float64(one)/float64(time.Millisecond))
	}
	return took, nil
}

func (e *env) wake(ctx context.Context, addr string, a account) (time.Duration, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	came, err := follow(ctx, addr, a.id)
	if err != nil {
		return 0, err
	}
	c, err := newClient(ctx, addr, a.headers)
	if err != nil {
		return 0, err
	}
	defer c.close()
	path := fmt.Sprintf("/v1/subscriptions/%d/databases", e.fixture.subscription)
	took := make([]time.Duration, 0, wakes)
	for n := range wakes {
		id, err := c.start(path, named(n+1))
		if err != nil {
			return 0, err
		}
		answered := time.Now()
		for event := range came {
			if event.task == id {
				took = append(took, max(0, event.at.Sub(answered)))
				break
			}
		}
		if len(took) != n+1 {
			return 0, errors.New("the stream ended")
		}
	}
	return median(took), nil
}

// arrival is when the event came that tells of a task being received.
type arrival struct {
	task string
	at   time.Time
}

// follow returns a channel with the tasks that an account receives. It returns once the stream has begun.
func follow(ctx context.Context, addr string, account int64) (<-chan arrival, error) {
	req, err := controlRequest(ctx, addr, http.MethodGet, fmt.Sprintf("/accounts/%d/events/stream", account), "")
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose,gosec // who reads it closes it
	if err != nil {
		return nil, err
	}
	if res.StatusCode != http.StatusOK {
		_ = res.Body.Close() // its status says enough
		return nil, fmt.Errorf("stream: %s", res.Status)
	}
	came := make(chan arrival, wakes)
	go func() {
		defer close(came)
		defer func() { _ = res.Body.Close() }() // the stream does not end by itself
		for lines := bufio.NewScanner(res.Body); lines.Scan(); {
			data, ok := strings.CutPrefix(lines.Text(), "data: ")
			var event struct{ Type, Task, Status string }
			if ok && json.Unmarshal([]byte(data), &event) == nil && event.Type == "task" && event.Status == "received" {
				came <- arrival{event.Task, time.Now()}
			}
		}
	}()
	return came, nil
}
