package store

import (
	"context"
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
)

// await returns when so many are at work for an account or wait for it.
func (t *accountQueues) await(account int64, users int) {
	for {
		t.mu.Lock()
		q, ok := t.accounts[account]
		there := ok && q.users == users
		t.mu.Unlock()
		if there {
			return
		}
		runtime.Gosched()
	}
}

func TestTurns(t *testing.T) {
	t.Parallel()
	queues := accountQueues{accounts: map[int64]*accountQueue{}}
	take := func(account int64) func() {
		t.Helper()
		done, err := queues.take(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		return done
	}
	first, second := take(1), take(1)
	other := take(2) // is not kept waiting by them

	ctx, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	go func() {
		_, err := queues.take(ctx, 1)
		gone <- err
	}()
	queues.await(1, 3)
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("who is gone got %v, want %v", err, context.Canceled)
	}

	var wait sync.WaitGroup
	var working, all atomic.Int64
	for range 20 {
		wait.Go(func() {
			done, err := queues.take(t.Context(), 1)
			if err != nil {
				t.Error(err)
				return
			}
			if n := working.Add(1); n > changesAtOnce {
				t.Errorf("%d are at work at once, want up to %d", n, changesAtOnce)
			}
			runtime.Gosched()
			working.Add(-1)
			all.Add(1)
			done()
		})
	}
	queues.await(1, 22)
	if n := all.Load(); n != 0 {
		t.Errorf("%d had their turn before the first two were done", n)
	}
	first()
	second()
	wait.Wait()
	other()
	if all.Load() != 20 {
		t.Errorf("%d had their turn, want 20", all.Load())
	}
	if len(queues.accounts) != 0 {
		t.Errorf("what is left: %v", queues.accounts)
	}
}
