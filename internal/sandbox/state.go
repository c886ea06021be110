package sandbox

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/store"
)

// Reset says what a reset takes beside what requests have made.
type Reset struct {
	Rules bool   `json:"rules,omitempty"` // the fault rules, and what else the account was set up with
	Clock bool   `json:"clock,omitempty"` // the clock is the real one again
	Seed  *int64 `json:"idSeed,omitempty"`
}

// Reset takes an account back to when it was created: its resources, tasks, idempotency keys and log are gone. Its
// name, keys and policy stay, and what is not asked for. It returns what Account does.
func (s *Service) Reset(ctx context.Context, ref string, reset Reset) (Account, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return a, err
	}
	if err := s.reset(ctx, []int64{a.ID}, reset); err != nil {
		return a, err
	}
	return s.Account(ctx, fmt.Sprint(a.ID))
}

// ResetAll resets all accounts at once.
func (s *Service) ResetAll(ctx context.Context, reset Reset) ([]Account, error) {
	all, err := s.Accounts(ctx)
	if err != nil {
		return nil, err
	}
	var ids []int64
	for _, a := range all {
		ids = append(ids, a.ID)
	}
	if err := s.reset(ctx, ids, reset); err != nil {
		return nil, err
	}
	return s.Accounts(ctx)
}

func (s *Service) reset(ctx context.Context, ids []int64, reset Reset) error {
	err := s.db.ResetAccounts(ctx, ids, store.Reset{Setup: reset.Rules, Clock: reset.Clock, Seed: reset.Seed})
	if err == nil {
		for _, id := range ids {
			s.cfg.Journal.Forget(id)
		}
	}
	return s.replaced(ctx, err)
}

// replaced is what to do after the state of an account was replaced: whoever waits for something in it has to look
// again. It makes the error one for the caller.
func (s *Service) replaced(ctx context.Context, err error) error {
	switch {
	case err == nil:
		s.cfg.Engine.Replaced(ctx)
	case store.AccountGone(err):
		err = cloud.Errorf("ACCOUNT_NOT_FOUND", "The account has just been deleted.")
	}
	return err
}

// Fork makes a new account with the state of another one, which goes on in both, each by itself: the same resources and
// tasks under the same ids, the same clock and rules, and a pair of keys of its own. Without a name it is named after
// its id. It returns what Account does, and ACCOUNT_NAME_TAKEN.
func (s *Service) Fork(ctx context.Context, ref, name string) (Account, KeyPair, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Account{}, KeyPair{}, err
	}
	pair, err := pairOf("", "")
	if err == nil {
		err = checkName(name)
	}
	if err != nil {
		return Account{}, KeyPair{}, err
	}
	id, err := s.db.Fork(ctx, a.ID, name, cloud.Key{Role: s.role("")}, pair.secrets())
	if errors.Is(err, store.ErrNameTaken) {
		return Account{}, KeyPair{}, nameTaken(name)
	}
	if err := s.replaced(ctx, err); err != nil {
		return Account{}, KeyPair{}, err
	}
	a, err = s.Account(ctx, fmt.Sprint(id))
	return a, pair, err
}

// Snapshot is the state of an account at one moment, under a name.
type Snapshot = store.Snapshot

// Snapshots returns all snapshots, by name.
func (s *Service) Snapshots(ctx context.Context) ([]Snapshot, error) {
	all, err := s.db.Snapshots(ctx)
	return append([]Snapshot{}, all...), err
}

// SaveSnapshot saves the state of an account under a name. It returns what Account does, and SNAPSHOT_NAME_TAKEN unless
// it is to take the place of the snapshot of that name.
func (s *Service) SaveSnapshot(ctx context.Context, ref, name string, replace bool) (Snapshot, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Snapshot{}, err
	}
	saved, err := s.db.SaveSnapshot(ctx, a.ID, name, replace)
	if store.AccountGone(err) {
		err = cloud.Errorf("ACCOUNT_NOT_FOUND", "The account has just been deleted.")
	}
	return saved, snapshotError(err, name)
}

// LoadSnapshot gives an account the state of a snapshot, of whichever account, in place of its own. Its name and its
// keys stay. It returns what Account does, SNAPSHOT_NOT_FOUND, SNAPSHOT_NEWER and SNAPSHOT_UNREADABLE.
func (s *Service) LoadSnapshot(ctx context.Context, ref, name string) (Snapshot, error) {
	a, err := s.Account(ctx, ref)
	if err != nil {
		return Snapshot{}, err
	}
	loaded, err := s.db.LoadSnapshot(ctx, a.ID, name, readable)
	return loaded, snapshotError(s.replaced(ctx, err), name)
}

// readable says whether rules and durations are such.
func readable(rules [][]byte, d store.Durations) error {
	for _, text := range rules {
		if err := json.Unmarshal(text, &fault.Rule{}); err != nil {
			return fmt.Errorf("it has no fault rule: %w", err)
		}
	}
	if !possible(d) {
		return errors.New("it has work that takes no length of time")
	}
	return nil
}

// DeleteSnapshot deletes a snapshot. It returns SNAPSHOT_NOT_FOUND.
func (s *Service) DeleteSnapshot(ctx context.Context, name string) error {
	return snapshotError(s.db.DeleteSnapshot(ctx, name), name)
}

// ExportSnapshot returns a snapshot as a file. It returns SNAPSHOT_NOT_FOUND.
func (s *Service) ExportSnapshot(ctx context.Context, name string) ([]byte, error) {
	file, err := s.db.ExportSnapshot(ctx, name)
	return file, snapshotError(err, name)
}

// ImportSnapshot stores a snapshot from a file under a name. A file of an older version is brought to the present one.
// It returns SNAPSHOT_NAME_TAKEN unless it is to take the place of the snapshot of that name, SNAPSHOT_NEWER and
// SNAPSHOT_UNREADABLE.
func (s *Service) ImportSnapshot(ctx context.Context, name string, file []byte, replace bool) (Snapshot, error) {
	imported, err := s.db.ImportSnapshot(ctx, name, strings.NewReader(string(file)), replace)
	return imported, snapshotError(err, name)
}

// snapshotError makes an error of the store's one for the caller.
func snapshotError(err error, name string) error {
	detail := func(code cloud.Code, sentinel error) error {
		_, text, _ := strings.Cut(err.Error(), sentinel.Error())
		return cloud.Errorf(code, "Snapshot %q: %s%s.", name, sentinel, cmp.Or(text, ""))
	}
	switch {
	case errors.Is(err, store.ErrNoSnapshot):
		return cloud.Errorf("SNAPSHOT_NOT_FOUND", "There is no snapshot %q.", name)
	case errors.Is(err, store.ErrSnapshotTaken):
		return cloud.Errorf("SNAPSHOT_NAME_TAKEN",
			"There is a snapshot %q already: delete it, or say that it is replaced.", name)
	case errors.Is(err, store.ErrNewerSnapshot):
		return detail("SNAPSHOT_NEWER", store.ErrNewerSnapshot)
	case errors.Is(err, store.ErrNoSnapshotFile):
		return detail("SNAPSHOT_UNREADABLE", store.ErrNoSnapshotFile)
	case errors.Is(err, store.ErrUnreadableContent):
		return detail("SNAPSHOT_UNREADABLE", store.ErrUnreadableContent)
	}
	return err
}
