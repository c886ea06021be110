package engine

import "sync"

// AnyAccount stands for all accounts in Watch.
const AnyAccount = 0

// Watch returns a channel that is closed when something of an account may have changed, and the function to call when
// one watches no longer. Who watches looks after that, so that no change comes in between, and begins again.
func (e *Engine) Watch(account int64) (changed <-chan struct{}, leave func()) {
	return e.events.join(account)
}

// Drain ends all waiting, for a server that is about to stop: whoever waits is answered with what there is.
func (e *Engine) Drain() { e.drain.Do(func() { close(e.draining) }) }

// Draining returns a channel that is closed by Drain.
func (e *Engine) Draining() <-chan struct{} { return e.draining }

// waiters are those who wait for something to happen to a task or an account. The zero value is ready.
type waiters[Key comparable] struct {
	mu  sync.Mutex
	all map[Key]*waiting
}

type waiting struct {
	end  chan struct{}
	many int
}

// join returns a channel that is closed when it may have happened, and the function to call when one waits no longer.
func (w *waiters[Key]) join(key Key) (end <-chan struct{}, leave func()) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.all == nil {
		w.all = map[Key]*waiting{}
	}
	one, ok := w.all[key]
	if !ok {
		one = &waiting{end: make(chan struct{})}
		w.all[key] = one
	}
	one.many++
	return one.end, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		if one.many--; one.many == 0 && w.all[key] == one {
			delete(w.all, key)
		}
	}
}

// wake wakes those who wait for a key.
func (w *waiters[Key]) wake(key Key) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if one, ok := w.all[key]; ok {
		close(one.end)
		delete(w.all, key)
	}
}

// wakeAll wakes everybody to look again.
func (w *waiters[Key]) wakeAll() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for key, one := range w.all {
		close(one.end)
		delete(w.all, key)
	}
}
