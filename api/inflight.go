package api

import "sync"

// inflight are the requests with an idempotency key that this server is carrying
// out now. The zero value is ready.
type inflight struct {
	mu   sync.Mutex
	all  map[inflightKey]chan struct{}
	past map[inflightKey]struct{} // some of those that have an outcome: a hint, no more
}

const maxPast = 10_000

type inflightKey struct {
	account int64
	scheme  string
	hash    [32]byte
}

func (k *requestKey) id() inflightKey {
	return inflightKey{account: k.store.Account, scheme: k.Name, hash: [32]byte(k.store.Hash)}
}

// begin says that a request is being carried out, until the function that it
// returns is called.
func (f *inflight) begin(key *requestKey) (done func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.all == nil {
		f.all = map[inflightKey]chan struct{}{}
	}
	id, end := key.id(), make(chan struct{})
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
func (f *inflight) remember(id inflightKey) {
	if f.past == nil || len(f.past) >= maxPast {
		f.past = map[inflightKey]struct{}{}
	}
	f.past[id] = struct{}{}
}

// replayed says that the outcome of a key was just replayed.
func (f *inflight) replayed(key *requestKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.remember(key.id())
}

// settled reports whether it is worth while to look for an outcome first.
func (f *inflight) settled(key *requestKey) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	_, ok := f.past[key.id()]
	return ok
}

// of returns a channel that is closed when the request with a key has been
// carried out; nil if this server knows of none.
func (f *inflight) of(key *requestKey) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[key.id()]
}
