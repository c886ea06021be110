package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
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
	var p50s []float64 // in milliseconds
	for range e.rounds {
		accounts, err := e.fixture.newAccounts(ctx, 1)
		if err != nil {
			return nil, err
		}
		p50, err := e.wake(ctx, p.addr, accounts[0])
		if err != nil {
			return nil, err
		}
		p50s = append(p50s, float64(p50)/float64(time.Millisecond))
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
	slices.Sort(took)
	return took[len(took)/2], nil
}

// arrival is when the event came that tells of a task being received.
type arrival struct {
	task string
	at   time.Time
}

// follow returns a channel with the tasks that an account receives. It returns once the stream has begun.
func follow(ctx context.Context, addr string, account int64) (<-chan arrival, error) {
	url := fmt.Sprintf("http://%s/_sandbox/v1/accounts/%d/events/stream", addr, account)
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	res, err := http.DefaultClient.Do(req) //nolint:bodyclose // who reads the stream closes it at its end
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
