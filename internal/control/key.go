package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operations on the keys of an account.
const (
	ListKeys  Operation[AccountPath, Keys]   = "listKeys"
	CreateKey Operation[NewKey, CreatedKey]  = "createKey"
	RevokeKey Operation[KeyPath, None]       = "revokeKey"
	RotateKey Operation[KeyPath, CreatedKey] = "rotateKey"

	GetEnvironment Operation[AccountPath, Environment] = "getEnvironment"
)

// KeyPath names a key of an account, both by id or name.
type KeyPath struct {
	AccountPath
	Key string `path:"key" json:"-"`
}

// Keys is a list of keys.
type Keys struct {
	Keys []sandbox.Key `json:"keys"`
}

// NewKey is a key that is to be created for an account.
type NewKey struct {
	AccountPath
	sandbox.NewKey
}

// CreatedKey is a key with its pair, which is told this once.
type CreatedKey struct {
	Key  sandbox.Key     `json:"key"`
	Keys sandbox.KeyPair `json:"keys"`
}

// Environment is the variables that point clients at an account.
type Environment struct {
	Variables []cloud.Variable `json:"variables"`
}

func keyOperations(s *sandbox.Service) []bound {
	return []bound{
		ListKeys.bind(func(ctx context.Context, in AccountPath) (Keys, error) {
			list, err := s.Keys(ctx, in.Account)
			return Keys{list}, err
		}),
		CreateKey.bind(func(ctx context.Context, in NewKey) (CreatedKey, error) {
			key, pair, err := s.CreateKey(ctx, in.Account, in.NewKey)
			return CreatedKey{key, pair}, err
		}),
		RevokeKey.bind(func(ctx context.Context, in KeyPath) (None, error) {
			return None{}, s.RevokeKey(ctx, in.Account, in.Key)
		}),
		RotateKey.bind(func(ctx context.Context, in KeyPath) (CreatedKey, error) {
			key, pair, err := s.RotateKey(ctx, in.Account, in.Key)
			return CreatedKey{key, pair}, err
		}),
		GetEnvironment.bind(func(ctx context.Context, in AccountPath) (Environment, error) {
			variables, err := s.Environment(ctx, in.Account)
			return Environment{variables}, err
		}),
	}
}
