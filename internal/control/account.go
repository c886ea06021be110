package control

import (
	"context"
	"encoding/json"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// Operations on accounts.
const (
	ListAccounts  Operation[None, Accounts]                     = "listAccounts"
	CreateAccount Operation[sandbox.NewAccount, CreatedAccount] = "createAccount"
	GetAccount    Operation[AccountPath, sandbox.Account]       = "getAccount"
	ChangeAccount Operation[AccountChange, sandbox.Account]     = "changeAccount"
	DeleteAccount Operation[AccountPath, None]                  = "deleteAccount"

	GetAssets Operation[AccountPath, Assets]   = "getAssets"
	SetAssets Operation[AccountAssets, Assets] = "setAssets"
	AddAssets Operation[AccountAssets, Assets] = "addAssets"
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

// AccountChange is what is to be changed of which account.
type AccountChange struct {
	AccountPath
	sandbox.AccountChange
}

// Assets is what an account has that no operation makes, in the words of its dialect.
type Assets struct {
	Assets json.RawMessage `json:"assets"`
}

// AccountAssets is what an account is to have.
type AccountAssets struct {
	AccountPath
	Assets
}

func accountOperations(s *sandbox.Service) []bound {
	return []bound{
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
		ChangeAccount.bind(func(ctx context.Context, in AccountChange) (sandbox.Account, error) {
			return s.ChangeAccount(ctx, in.Account, in.AccountChange)
		}),
		DeleteAccount.bind(func(ctx context.Context, in AccountPath) (None, error) {
			return None{}, s.DeleteAccount(ctx, in.Account)
		}),
		GetAssets.bind(func(ctx context.Context, in AccountPath) (Assets, error) {
			assets, err := s.AccountAssets(ctx, in.Account)
			return Assets{assets}, err
		}),
		SetAssets.bind(func(ctx context.Context, in AccountAssets) (Assets, error) {
			assets, err := s.SetAssets(ctx, in.Account, in.Assets.Assets)
			return Assets{assets}, err
		}),
		AddAssets.bind(func(ctx context.Context, in AccountAssets) (Assets, error) {
			assets, err := s.AddAssets(ctx, in.Account, in.Assets.Assets)
			return Assets{assets}, err
		}),
	}
}
