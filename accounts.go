package understudy

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Accounts is the account of a sandbox: its keys, how it behaves, and what it has that no operation of the API makes.
type Accounts struct{ s *Sandbox }

// Account is what control knows of an account.
type Account = sandbox.Account

// AccountChange is what of an account is to be another way.
type AccountChange = sandbox.AccountChange

// Key is a pair of keys of an account, without the pair.
type Key = sandbox.Key

// NewKey is what a new key is to be. What is empty has a default: the owner's role, and everywhere.
type NewKey = sandbox.NewKey

// Accounts returns the account of the sandbox. One that another test shall not see is another sandbox: Start.
func (s *Sandbox) Accounts() Accounts { return Accounts{s} }

// Show returns the account.
func (a Accounts) Show(ctx context.Context) (Account, error) {
	account, err := a.s.control().Account(ctx, a.s.ref())
	return account, wrapped(err)
}

// Change changes the account, also its cap policy, and returns it as it is then.
func (a Accounts) Change(ctx context.Context, change AccountChange) (Account, error) {
	account, err := a.s.control().ChangeAccount(ctx, a.s.ref(), change)
	return account, wrapped(err)
}

// Keys returns the keys of the account, by id; the first one is that of Sandbox.Keys.
func (a Accounts) Keys(ctx context.Context) ([]Key, error) {
	keys, err := a.s.control().Keys(ctx, a.s.ref())
	return keys, wrapped(err)
}

// CreateKey creates a key of the account and returns its pair.
func (a Accounts) CreateKey(ctx context.Context, key NewKey) (Keys, error) {
	_, pair, err := a.s.control().CreateKey(ctx, a.s.ref(), key)
	return Keys{APIKey: pair.APIKey, SecretKey: pair.APISecretKey}, wrapped(err)
}

// RotateKey gives a key, by its id or name, a new pair, and returns that. The old one is refused at once.
func (a Accounts) RotateKey(ctx context.Context, key string) (Keys, error) {
	_, pair, err := a.s.control().RotateKey(ctx, a.s.ref(), key)
	return Keys{APIKey: pair.APIKey, SecretKey: pair.APISecretKey}, wrapped(err)
}

// RevokeKey revokes a key, by its id or name: its pair is refused at once.
func (a Accounts) RevokeKey(ctx context.Context, key string) error {
	return wrapped(a.s.control().RevokeKey(ctx, a.s.ref(), key))
}

// SetAssets declares what the account has and no operation of the API makes, as a JSON object: paymentMethods,
// cloudAccounts, users, transitGateways, in the words of the API. Each list takes the place of what every account has:
//
//	{"paymentMethods": [{"type": "Mastercard", "creditCardEndsWith": 1234}]}
//
// It returns all that the account has then, in the same form and with ids.
func (a Accounts) SetAssets(ctx context.Context, object string) (json.RawMessage, error) {
	has, err := a.s.control().SetAssets(ctx, a.s.ref(), json.RawMessage(object))
	return has, wrapped(err)
}

// AddAssets is SetAssets for what the account has beside what it has.
func (a Accounts) AddAssets(ctx context.Context, object string) (json.RawMessage, error) {
	has, err := a.s.control().AddAssets(ctx, a.s.ref(), json.RawMessage(object))
	return has, wrapped(err)
}

// Environ returns the variables that point the official clients at the sandbox, as exec.Cmd takes them.
func (s *Sandbox) Environ() []string {
	var env []string
	ready := s.host.server.Ready
	ready.APIKey, ready.APISecretKey = s.Keys.APIKey, s.Keys.SecretKey
	for _, v := range ready.Environment() {
		env = append(env, v.Name+"="+v.Value)
	}
	return env
}

// wrapped says whose error it is.
func wrapped(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("understudy: %w", err)
}
