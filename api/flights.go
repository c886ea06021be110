package api

import "sync"

// flights are the requests with an idempotency key that this server is carrying
// out now. The zero value is ready.
type flights struct {
	mu   sync.Mutex
	all  map[flight]chan struct{}
	past map[flight]struct{} // some of those that have an outcome: a hint, no more
}

const maxPast = 10_000

type flight struct {
	account int64
	scheme  string
	hash    [32]byte
}

func (k *requestKey) flight() flight {
	return flight{account: k.store.Account, scheme: k.Name, hash: [32]byte(k.store.Hash)}
}

// takeOff says that a request is being carried out, until the function it gives
// back is called.
func (f *flights) takeOff(key *requestKey) (landed func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[flight]chan struct{}{}
	}
	id, end := key.flight(), make(chan struct{})
	f.all[id] = end
	return func() {
		f.mu.Lock()
		defer f.mu.Unlock()
		close(end)
		if f.all[id] == end {
			delete(f.all, id)
		}
		f.remember(id)
	}
}

// remember keeps in mind that a key probably has an outcome.
func (f *flights) remember(id flight) {
	if f.past == nil || len(f.past) >= maxPast {
		f.past = map[flight]struct{}{}
	}
	f.past[id] = struct{}{}
}

// replayed says that the outcome of a key was just replayed.
func (f *flights) replayed(key *requestKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remember(key.flight())
}

// settled tells whether it is worth while to look for an outcome first.
func (f *flights) settled(key *requestKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.past[key.flight()]
	return ok
}

// of gives back a channel that is closed when the request with a key has been
// carried out; nil if this server knows of none.
func (f *flights) of(key *requestKey) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[key.flight()]
}
