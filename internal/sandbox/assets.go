package sandbox

import (
	"context"
	"encoding/json"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// Assets knows, for a dialect, what accounts have that nothing in its API makes. An account may declare its own, as an
// object with a list of each sort: a list takes the place of what the server gives every account. How an object is kept
// is for Assets to say. The error of a wrong one is a *cloud.Error, INVALID_ASSETS, which names what is wrong.
type Assets interface {
	// Declare reads an object as a user writes it.
	Declare(object []byte) (kept []byte, err error)
	// Add is Declare for what an account shall have beside what it has, by what it has declared; nil: nothing.
	Add(kept, object []byte) ([]byte, error)
	// Show returns all that an account has, with its ids.
	Show(kept []byte) ([]byte, error)
}

// AccountAssets returns all that an account has and no operation makes. It returns what Account does.
func (s *Service) AccountAssets(ctx context.Context, account string) (json.RawMessage, error) {
	a, err := s.Account(ctx, account)
	if err != nil || s.cfg.Assets == nil {
		return json.RawMessage(`{}`), err
	}
	kept, err := s.db.Assets(ctx, a.ID)
	if err != nil {
		return nil, err
	}
	return s.cfg.Assets.Show(kept)
}

// SetAssets makes an object all that an account declares to have, in place of what it declared before, and returns what
// it has then. To say the same again changes nothing. It returns what Account does, and INVALID_ASSETS.
func (s *Service) SetAssets(ctx context.Context, account string, object json.RawMessage) (json.RawMessage, error) {
	return s.changeAssets(ctx, account, func([]byte) ([]byte, error) { return s.declareAssets(object) })
}

// declareAssets reads an object as it is kept.
func (s *Service) declareAssets(object []byte) ([]byte, error) {
	if s.cfg.Assets == nil {
		return nil, noAssets()
	}
	return s.cfg.Assets.Declare(object)
}

func noAssets() error {
	return cloud.Errorf("INVALID_ASSETS", "Accounts of this server have nothing that could be declared.")
}

// AddAssets makes an account have what an object says beside what it has, and returns what it has then. It returns what
// SetAssets does.
func (s *Service) AddAssets(ctx context.Context, account string, object json.RawMessage) (json.RawMessage, error) {
	return s.changeAssets(ctx, account, func(kept []byte) ([]byte, error) { return s.cfg.Assets.Add(kept, object) })
}

func (s *Service) changeAssets(
	ctx context.Context, account string, change func(kept []byte) ([]byte, error),
) (json.RawMessage, error) {
	if s.cfg.Assets == nil {
		return nil, noAssets()
	}
	a, err := s.Account(ctx, account)
	if err != nil {
		return nil, err
	}
	var now []byte
	err = s.db.ChangeAssets(ctx, a.ID, func(kept []byte) (_ []byte, err error) {
		now, err = change(kept)
		return now, err
	})
	if store.AccountGone(err) {
		return nil, notThere(account)
	}
	if err != nil {
		return nil, err
	}
	return s.cfg.Assets.Show(now)
}
