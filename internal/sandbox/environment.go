package sandbox

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base32"
	"errors"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// calledAt is the key of a context's value: how the caller reaches the server, without a path.
type calledAt struct{}

// CalledAt tells Environment how the caller reaches the server, as in http://name:8080: others next to it do so, too.
func CalledAt(ctx context.Context, address string) context.Context {
	return context.WithValue(ctx, calledAt{}, address)
}

// Environment returns the variables that point clients at an account of this server. It returns what Account does.
//
// The pair in them is the one that the server was told of when it started, or one that is made of a secret of the
// database and the account: so it is kept nowhere and is the same however often and at which server one asks, until it
// is revoked.
func (s *Service) Environment(ctx context.Context, account string) ([]cloud.Variable, error) {
	pair, err := s.EnvironmentPair(ctx, account)
	if err != nil {
		return nil, err
	}
	address, _ := ctx.Value(calledAt{}).(string)
	return s.cfg.Environment(address, pair.secrets()), nil
}

// EnvironmentPair returns the pair of keys that Environment has. It returns what Account does.
func (s *Service) EnvironmentPair(ctx context.Context, account string) (KeyPair, error) {
	a, err := s.Account(ctx, account)
	if err != nil {
		return KeyPair{}, err
	}
	pair, err := s.environmentPair(ctx, a)
	if store.AccountGone(err) {
		err = notThere(account)
	}
	return KeyPair{pair.Key, pair.Secret}, err
}

func (s *Service) environmentPair(ctx context.Context, a Account) (store.Secrets, error) {
	works := func(pair store.Secrets) (bool, error) {
		caller, err := s.db.Authenticate(ctx, pair)
		if errors.Is(err, store.ErrWrongKeys) {
			return false, nil
		}
		return err == nil && caller.Account == a.ID, err
	}
	if ok, err := works(s.cfg.Keys); ok || err != nil {
		return s.cfg.Keys, err
	}
	secret, err := s.db.ServerSecret(ctx)
	if err != nil {
		return store.Secrets{}, err
	}
	const mostRevoked = 1000
	for n := range mostRevoked {
		pair := store.Secrets{Key: derived(secret, "A", a.ID, n), Secret: derived(secret, "S", a.ID, n)}
		if ok, err := works(pair); ok || err != nil {
			return pair, err
		}
		declared := store.DeclaredKey{Account: a.ID, Key: cloud.Key{Name: "environment", Role: s.role("")}, Secrets: pair}
		_, err := s.db.NewKey(ctx, declared)
		if errors.Is(err, store.ErrKeyNameTaken) { // by one that was rotated, or a user's own
			declared.Key.Name = ""
			_, err = s.db.NewKey(ctx, declared)
		}
		if !errors.Is(err, store.ErrPairTaken) {
			return pair, err
		}
		// It was revoked, or somebody else was quicker.
		if ok, err := works(pair); ok || err != nil {
			return pair, err
		}
	}
	return store.Secrets{}, cloud.Errorf("KEY_TAKEN",
		"%d pairs for the environment of account %d were revoked.", mostRevoked, a.ID)
}

// derived makes the n-th key of an account that only who knows the secret can guess.
func derived(secret []byte, sort string, account int64, n int) string {
	mac := hmac.New(sha256.New, secret)
	_, _ = fmt.Fprintf(mac, "environment %s %d %d", sort, account, n) // a hash takes everything
	return sort + base32.StdEncoding.EncodeToString(mac.Sum(nil))[:26]
}
