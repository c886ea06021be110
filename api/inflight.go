package api

import (
	"crypto/sha256"
	"net/http"
	"sync"
)

// inflight are the requests with an idempotency key that this server is carrying
// out now. The zero value is ready.
type inflight struct {
	mu   sync.Mutex
	all  map[inflightKey]chan struct{}
	past map[inflightKey]pastRequest // some of those that have an outcome: a hint, no more
}

// pastRequest is how a request with a key was sent, from which its fingerprint follows.
type pastRequest struct {
	sent        [sha256.Size]byte
	fingerprint []byte
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
		f.remember(key) // before anybody goes on who waits
		f.mu.Lock()
		defer f.mu.Unlock()
		close(end)
		if f.all[id] == end {
			delete(f.all, id)
		}
	}
}

// remember keeps in mind that a key probably has an outcome.
func (f *inflight) remember(key *requestKey) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.past == nil || len(f.past) >= maxPast {
		f.past = map[inflightKey]pastRequest{}
	}
	f.past[key.id()] = pastRequest{key.sent, key.store.Fingerprint}
}

// before returns the last request with a key that probably has an outcome. If there is one, it is worth while to look
// for that first.
func (f *inflight) before(key *requestKey) (last pastRequest, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	last, ok = f.past[key.id()]
	return last, ok
}

// digest tells requests apart as they were sent. Its parts cannot run into each other: only the body can have a 0.
func digest(r *http.Request, body []byte) [sha256.Size]byte {
	text := make([]byte, 0, 1024)
	for _, part := range []string{r.Method, r.URL.EscapedPath(), r.URL.RawQuery} {
		text = append(append(text, part...), 0)
	}
	return sha256.Sum256(append(text, body...))
}

// of returns a channel that is closed when the request with a key has been
// carried out; nil if this server knows of none.
func (f *inflight) of(key *requestKey) <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.all[key.id()]
}
