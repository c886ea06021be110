package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// knownFor is how long a pair of keys is taken for good without asking again where others change the database: one that
// another server has revoked works so much longer at most.
const (
	knownFor = time.Second
	maxKnown = 10_000
)

// authenticator finds out whose keys a request carries.
type authenticator struct {
	db    *store.DB
	now   func() time.Time
	limit time.Duration // of asking the database

	mu    sync.Mutex
	known map[[sha256.Size]byte]*knownHolders
}

type knownHolders struct {
	store.Holders
	caller cloud.Caller // that was found among them
	until  time.Time    // where they are not lasting
}

// authenticate finds out who sends the request. Its error is a Problem where the
// credentials are missing or wrong.
func (s *server) authenticate(r *http.Request) (cloud.Caller, error) {
	credentials, err := s.Credentials(r)
	if err != nil {
		return cloud.Caller{}, err
	}
	caller, err := s.auth.lookUp(r.Context(), credentials)
	switch {
	case errors.Is(err, store.ErrWrongKeys):
		return cloud.Caller{}, s.WrongCredentials()
	case errors.Is(err, store.ErrTooManyAccounts):
		wrong := s.WrongCredentials()
		wrong.Message += " They do not get an account of their own either: there are as many accounts as may be."
		return cloud.Caller{}, wrong
	}
	if err != nil {
		return cloud.Caller{}, err
	}
	caller.SourceIP, _, _ = net.SplitHostPort(r.RemoteAddr)
	caller.Agent = r.UserAgent()
	return caller, nil
}

// lookUp returns whose credentials these are, by what is known of their keys if that suffices.
func (a *authenticator) lookUp(ctx context.Context, c store.Credentials) (cloud.Caller, error) {
	// A hash keeps the keys themselves out of the memory of the server.
	text := make([]byte, 0, 256) // enough for all but strange ones
	for _, part := range []string{c.Key, "\x00", c.Tenant, "\x00", c.Secret} {
		text = append(text, part...)
	}
	id := sha256.Sum256(text)
	a.mu.Lock()
	one, ok := a.known[id]
	a.mu.Unlock()
	if ok && one.Hold() && (one.Lasting || a.now().Before(one.until)) {
		if c.Signature == nil { // all of the credentials is in the hash
			return one.caller, nil
		}
		if caller, err := one.Find(c); err == nil {
			return caller, nil
		}
	}
	ctx, cancel := context.WithTimeout(ctx, a.limit)
	defer cancel()
	holders, err := a.db.HoldersOf(ctx, c)
	if err != nil {
		return cloud.Caller{}, err
	}
	caller, err := holders.Find(c)
	switch {
	case errors.Is(err, store.ErrWrongKeys):
		return a.db.Adopt(ctx, c)
	case err != nil:
		return cloud.Caller{}, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.known == nil || len(a.known) >= maxKnown {
		a.known = map[[sha256.Size]byte]*knownHolders{}
	}
	a.known[id] = &knownHolders{Holders: holders, caller: caller, until: a.now().Add(knownFor)}
	return caller, nil
}
