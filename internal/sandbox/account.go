package sandbox

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Account is one account as control shows it.
type Account struct {
	ID           int64     `json:"id"`
	Name         string    `json:"name"`
	OwnerName    string    `json:"ownerName"`
	OwnerEmail   string    `json:"ownerEmail"`
	CapPolicy    string    `json:"capPolicy,omitempty"`
	CreatedAt    time.Time `json:"createdAt"`
	Resources    int       `json:"resources"`
	PendingTasks int       `json:"pendingTasks"`
}

// NewAccount is what a new account is to be. What is empty has a default.
type NewAccount struct {
	Name       string `json:"name,omitempty"`
	OwnerName  string `json:"ownerName,omitempty"`
	OwnerEmail string `json:"ownerEmail,omitempty"`
	CapPolicy  string `json:"capPolicy,omitempty"`
}

// KeyPair is a pair of keys, which is known only to who made it.
type KeyPair struct {
	APIKey       string `json:"apiKey"`
	APISecretKey string `json:"apiSecretKey"`
}

// Accounts returns all accounts, by id.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	all, err := s.db.Accounts(ctx)
	list := make([]Account, 0, len(all))
	for _, a := range all {
		list = append(list, shown(a))
	}
	return list, err
}

// Account returns an account by its id or name. It returns ACCOUNT_NOT_FOUND and ACCOUNT_AMBIGUOUS.
func (s *Service) Account(ctx context.Context, ref string) (Account, error) {
	all, err := s.db.Accounts(ctx)
	if err != nil {
		return Account{}, err
	}
	var named []Account
	id, notID := strconv.ParseInt(ref, 10, 64)
	for _, a := range all {
		if notID == nil && a.ID == id {
			return shown(a), nil
		}
		if a.Name == ref {
			named = append(named, shown(a))
		}
	}
	switch len(named) {
	case 0:
		return Account{}, cloud.Errorf("ACCOUNT_NOT_FOUND", "There is no account %q.", ref)
	case 1:
		return named[0], nil
	}
	return Account{}, cloud.Errorf("ACCOUNT_AMBIGUOUS", "Accounts %d and %d are both called %q: say the id.",
		named[0].ID, named[1].ID, ref)
}

// CreateAccount creates an empty account with a pair of keys of its owner's. It returns ACCOUNT_NAME_TAKEN.
func (s *Service) CreateAccount(ctx context.Context, spec NewAccount) (Account, KeyPair, error) {
	keys := store.Secrets{Key: "A" + rand.Text(), Secret: "S" + rand.Text()}
	id, err := s.db.NewAccount(ctx, cloud.Account{
		Name:       spec.Name,
		OwnerName:  cmp.Or(spec.OwnerName, "Demo Owner"),
		OwnerEmail: spec.OwnerEmail,
	}, spec.CapPolicy, keys)
	switch {
	case errors.Is(err, store.ErrNameTaken):
		return Account{}, KeyPair{}, cloud.Errorf("ACCOUNT_NAME_TAKEN", "There is an account %q already.", spec.Name)
	case err != nil:
		return Account{}, KeyPair{}, err
	}
	a, err := s.Account(ctx, fmt.Sprint(id))
	return a, KeyPair{APIKey: keys.Key, APISecretKey: keys.Secret}, err
}

// DeleteAccount deletes an account with all that it has. It returns what Account does.
func (s *Service) DeleteAccount(ctx context.Context, ref string) error {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return err
	}
	if err := s.db.DeleteAccount(ctx, a.ID); err != nil {
		return err
	}
	s.cfg.Engine.Wake()
	return nil
}

func shown(a store.AccountState) Account {
	return Account{
		ID: a.ID, Name: a.Name, OwnerName: a.OwnerName, OwnerEmail: a.OwnerEmail, CapPolicy: a.CapPolicy,
		CreatedAt: a.CreatedAt, Resources: a.Resources, PendingTasks: a.PendingTasks,
	}
}
