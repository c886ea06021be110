package main

import (
	"context"
	"fmt"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// stateResources is how many resources the account has whose state is replaced.
const stateResources = 10_000

// measureState saves, loads, forks and resets an account with many resources.
func measureState(ctx context.Context, e *env) ([]row, error) {
	f, err := e.newFixture(ctx, "state")
	if err != nil {
		return nil, err
	}
	defer f.close()
	accounts, err := f.newAccounts(ctx, 1)
	if err != nil {
		return nil, err
	}
	if _, err := f.fill(ctx, accounts, f.subscription, stateResources-1); err != nil {
		return nil, err
	}
	if _, err := f.conn.Exec(ctx, `VACUUM ANALYZE resources`); err != nil {
		return nil, err
	}
	id := accounts[0].id
	steps := []struct {
		what string
		most float64 // ms
		do   func(round int) error
	}{
		{"save a snapshot", 2000, func(round int) error {
			_, err := f.db.SaveSnapshot(ctx, id, fmt.Sprint("round-", round), false)
			return err
		}},
		{"reset", 1000, func(int) error { return f.db.ResetAccounts(ctx, []int64{id}, store.Reset{}) }},
		{"load the snapshot", 2000, func(round int) error {
			_, err := f.db.LoadSnapshot(ctx, id, fmt.Sprint("round-", round), nil)
			return err
		}},
		{"fork", 1000, func(round int) error {
			keys := store.Secrets{Key: fmt.Sprint("fork-", round), Secret: "fork"}
			_, err := f.db.Fork(ctx, id, fmt.Sprint("fork-", round), cloud.Key{Role: "Owner"}, keys)
			return err
		}},
	}
	took := make([][]float64, len(steps))
	for round := range e.rounds {
		for i, step := range steps {
			start := time.Now()
			if err := step.do(round); err != nil {
				return nil, err
			}
			took[i] = append(took[i], float64(time.Since(start))/float64(time.Millisecond))
		}
	}
	var rows []row
	for i, step := range steps {
		what := fmt.Sprintf("%s, %d resources", step.what, stateResources)
		e.say("%s: %.0f ms", what, median(took[i]))
		rows = append(rows, row{what, millis, took[i], nil, nil, goal{atMost: step.most}})
	}
	return rows, nil
}
