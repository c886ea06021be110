package control

import (
	"context"

	"github.com/understudy-dev/understudy/internal/binding"
	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operation is an operation of sandbox.yaml with the Go types of what goes in and out: the server binds it to a
// function, a client calls it.
type Operation[In, Out any] string

// None is what goes in or out where nothing does.
type None struct{}

// The operations.
const (
	GetStatus     Operation[None, sandbox.Status]               = "getStatus"
	ListAccounts  Operation[None, Accounts]                     = "listAccounts"
	CreateAccount Operation[sandbox.NewAccount, CreatedAccount] = "createAccount"
	GetAccount    Operation[AccountPath, sandbox.Account]       = "getAccount"
	DeleteAccount Operation[AccountPath, None]                  = "deleteAccount"
)

// AccountPath names an account, by its id or name.
type AccountPath struct {
	Account string `path:"account" json:"-"`
}

// Accounts is a list of accounts.
type Accounts struct {
	Accounts []sandbox.Account `json:"accounts"`
}

// CreatedAccount is a new account with its keys, which are told this once.
type CreatedAccount struct {
	Account sandbox.Account `json:"account"`
	Keys    sandbox.KeyPair `json:"keys"`
}

// operations binds all operations to the service.
func operations(s *sandbox.Service) []bound {
	return []bound{
		GetStatus.bind(func(ctx context.Context, _ None) (sandbox.Status, error) { return s.Status(ctx) }),
		ListAccounts.bind(func(ctx context.Context, _ None) (Accounts, error) {
			list, err := s.Accounts(ctx)
			return Accounts{list}, err
		}),
		CreateAccount.bind(func(ctx context.Context, in sandbox.NewAccount) (CreatedAccount, error) {
			account, keys, err := s.CreateAccount(ctx, in)
			return CreatedAccount{account, keys}, err
		}),
		GetAccount.bind(func(ctx context.Context, in AccountPath) (sandbox.Account, error) {
			return s.Account(ctx, in.Account)
		}),
		DeleteAccount.bind(func(ctx context.Context, in AccountPath) (None, error) {
			return None{}, s.DeleteAccount(ctx, in.Account)
		}),
	}
}

// bound is an operation with its function.
type bound struct {
	id    string
	input binding.Input
	call  func(ctx context.Context, in any) (any, error)
}

func (o Operation[In, Out]) bind(f func(context.Context, In) (Out, error)) bound {
	return bound{id: string(o), input: binding.Of[In](), call: func(ctx context.Context, in any) (any, error) {
		return f(ctx, *in.(*In))
	}}
}
