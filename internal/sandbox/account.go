package sandbox

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
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
	Name         string `json:"name,omitempty"`
	OwnerName    string `json:"ownerName,omitempty"`
	OwnerEmail   string `json:"ownerEmail,omitempty"`
	CapPolicy    string `json:"capPolicy,omitempty"`
	APIKey       string `json:"apiKey,omitempty"` // of its owner; both or none
	APISecretKey string `json:"apiSecretKey,omitempty"`
}

// AccountChange is what of an account is to be another way. Nil: it stays.
type AccountChange struct {
	Name       *string `json:"name,omitempty"`
	OwnerName  *string `json:"ownerName,omitempty"`
	OwnerEmail *string `json:"ownerEmail,omitempty"`
	CapPolicy  *string `json:"capPolicy,omitempty"`
}

// policyDefault is the cap policy that is the server's.
const policyDefault = "default"

// Accounts returns all accounts, by id.
func (s *Service) Accounts(ctx context.Context) ([]Account, error) {
	all, err := s.db.Accounts(ctx)
	list := make([]Account, 0, len(all))
	for _, a := range all {
		list = append(list, shown(a))
	}
	return list, err
}

// Account returns an account by its id or name. It returns ACCOUNT_NOT_FOUND.
func (s *Service) Account(ctx context.Context, ref string) (Account, error) {
	a, ok, err := s.db.FindAccount(ctx, ref)
	if err == nil && !ok {
		err = notThere(ref)
	}
	return shown(a), err
}

func notThere(ref string) error {
	return cloud.Errorf("ACCOUNT_NOT_FOUND", "There is no account %q.", ref)
}

// CreateAccount creates an empty account with a pair of keys of its owner's. It returns ACCOUNT_NAME_TAKEN,
// INVALID_ACCOUNT, INVALID_KEY and KEY_TAKEN.
func (s *Service) CreateAccount(ctx context.Context, spec NewAccount) (Account, KeyPair, error) {
	pair, err := pairOf(spec.APIKey, spec.APISecretKey)
	if err == nil {
		err = checkName(spec.Name)
	}
	if err == nil {
		err = checkPolicy(spec.CapPolicy)
	}
	if err != nil {
		return Account{}, KeyPair{}, err
	}
	id, err := s.db.NewAccount(ctx, cloud.Account{
		Name:       spec.Name,
		OwnerName:  cmp.Or(spec.OwnerName, ownerName),
		OwnerEmail: spec.OwnerEmail,
	}, spec.CapPolicy, cloud.Key{Role: s.role("")}, pair.secrets())
	switch {
	case errors.Is(err, store.ErrNameTaken):
		return Account{}, KeyPair{}, nameTaken(spec.Name)
	case errors.Is(err, store.ErrPairTaken):
		return Account{}, KeyPair{}, pairTaken()
	case err != nil:
		return Account{}, KeyPair{}, err
	}
	a, err := s.Account(ctx, fmt.Sprint(id))
	return a, pair, err
}

// ownerName is what the owner of an account is called who is not named.
const ownerName = "Demo Owner"

// checkName refuses a name that another account may have as its id.
func checkName(name string) error {
	if _, err := strconv.ParseInt(name, 10, 64); err == nil {
		return cloud.Errorf("INVALID_ACCOUNT", "An account cannot be called %q: numbers are ids.", name)
	}
	return nil
}

// checkPolicy refuses what is no policy; empty: the server's.
func checkPolicy(policy string) error {
	if policy != "" && policy != string(engine.PolicyQueue) && policy != string(engine.PolicyReject) {
		return cloud.Errorf("INVALID_ACCOUNT", "The cap policy must be %s or %s.", engine.PolicyQueue, engine.PolicyReject)
	}
	return nil
}

func nameTaken(name string) error {
	return cloud.Errorf("ACCOUNT_NAME_TAKEN", "There is an account %q already.", name)
}

// ChangeAccount changes an account and returns it as it is then. It returns what Account does, ACCOUNT_NAME_TAKEN and
// INVALID_ACCOUNT.
func (s *Service) ChangeAccount(ctx context.Context, ref string, c AccountChange) (Account, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Account{}, err
	}
	change := store.AccountChange{Name: c.Name, OwnerName: c.OwnerName, OwnerEmail: c.OwnerEmail, CapPolicy: c.CapPolicy}
	if c.CapPolicy != nil && *c.CapPolicy == policyDefault {
		change.CapPolicy = new("")
	}
	if change.CapPolicy != nil {
		if err := checkPolicy(*change.CapPolicy); err != nil {
			return Account{}, err
		}
	}
	if c.Name != nil {
		if err := checkName(*c.Name); err != nil {
			return Account{}, err
		}
	}
	err = s.db.ChangeAccount(ctx, a.ID, change)
	switch {
	case errors.Is(err, store.ErrNameTaken):
		return Account{}, nameTaken(*c.Name)
	case store.AccountGone(err):
		return Account{}, notThere(ref)
	case err != nil:
		return Account{}, err
	}
	return s.Account(ctx, fmt.Sprint(a.ID))
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
	s.cfg.Journal.Forget(a.ID)
	s.cfg.Engine.Replaced(ctx)
	return nil
}

func shown(a store.AccountState) Account {
	return Account{
		ID: a.ID, Name: a.Name, OwnerName: a.OwnerName, OwnerEmail: a.OwnerEmail, CapPolicy: a.CapPolicy,
		CreatedAt: a.CreatedAt, Resources: a.Resources, PendingTasks: a.PendingTasks,
	}
}
