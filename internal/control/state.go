package control

import (
	"cmp"
	"context"

	"github.com/understudy-dev/understudy/internal/sandbox"
)

// The operations on the state of accounts.
const (
	ResetAccount   Operation[ResetInput, sandbox.Account]     = "resetAccount"
	ResetAccounts  Operation[sandbox.Reset, Accounts]         = "resetAccounts"
	ForkAccount    Operation[ForkInput, CreatedAccount]       = "forkAccount"
	ListSnapshots  Operation[None, Snapshots]                 = "listSnapshots"
	SaveSnapshot   Operation[SaveInput, sandbox.Snapshot]     = "saveSnapshot"
	LoadSnapshot   Operation[SnapshotInput, sandbox.Snapshot] = "loadSnapshot"
	DeleteSnapshot Operation[SnapshotPath, None]              = "deleteSnapshot"
	ExportSnapshot Operation[SnapshotPath, File]              = "exportSnapshot"
	SeedAccounts   Operation[SeedInput, Seeded]               = "seedAccounts"
	ImportSnapshot Operation[ImportInput, sandbox.Snapshot]   = "importSnapshot"
)

// ResetInput names an account to reset.
type ResetInput struct {
	AccountPath
	sandbox.Reset
}

// ForkInput names an account to fork, and the new one.
type ForkInput struct {
	AccountPath

	Name string `json:"name,omitempty"`
}

// SnapshotPath names a snapshot.
type SnapshotPath struct {
	Snapshot string `path:"snapshot" json:"-"`
}

// SaveInput names an account and the snapshot that is saved of it.
type SaveInput struct {
	SnapshotPath

	Account string `json:"account"`
	Replace bool   `json:"replace,omitempty"`
}

// SnapshotInput names an account and the snapshot that it is given.
type SnapshotInput struct {
	AccountPath

	Snapshot string `json:"snapshot"`
}

// ImportInput is a file, and the name of the snapshot that is to be made of it.
type ImportInput struct {
	SnapshotPath
	File

	Replace bool `query:"replace" json:"-"`
}

// SeedInput is a seed file, and the account that what stands at its top belongs to.
type SeedInput struct {
	File

	Account string `query:"account" json:"-"`
}

// Seeded is what a seed file made.
type Seeded struct {
	Accounts []sandbox.SeededAccount `json:"accounts"`
}

// Snapshots is a list of snapshots.
type Snapshots struct {
	Snapshots []sandbox.Snapshot `json:"snapshots"`
}

// stateOperations binds the operations on the state of accounts.
func stateOperations(s *sandbox.Service) []bound {
	return []bound{
		ResetAccount.bind(func(ctx context.Context, in ResetInput) (sandbox.Account, error) {
			return s.Reset(ctx, in.Account, in.Reset)
		}),
		ResetAccounts.bind(func(ctx context.Context, in sandbox.Reset) (Accounts, error) {
			list, err := s.ResetAll(ctx, in)
			return Accounts{list}, err
		}),
		ForkAccount.bind(func(ctx context.Context, in ForkInput) (CreatedAccount, error) {
			account, keys, err := s.Fork(ctx, in.Account, in.Name)
			return CreatedAccount{account, keys}, err
		}),
		ListSnapshots.bind(func(ctx context.Context, _ None) (Snapshots, error) {
			list, err := s.Snapshots(ctx)
			return Snapshots{list}, err
		}),
		SaveSnapshot.bind(func(ctx context.Context, in SaveInput) (sandbox.Snapshot, error) {
			return s.SaveSnapshot(ctx, in.Account, in.Snapshot, in.Replace)
		}),
		LoadSnapshot.bind(func(ctx context.Context, in SnapshotInput) (sandbox.Snapshot, error) {
			return s.LoadSnapshot(ctx, in.Account, in.Snapshot)
		}),
		DeleteSnapshot.bind(func(ctx context.Context, in SnapshotPath) (None, error) {
			return None{}, s.DeleteSnapshot(ctx, in.Snapshot)
		}),
		ExportSnapshot.bind(func(ctx context.Context, in SnapshotPath) (File, error) {
			content, err := s.ExportSnapshot(ctx, in.Snapshot)
			return File{content}, err
		}),
		SeedAccounts.bind(func(ctx context.Context, in SeedInput) (Seeded, error) {
			accounts, err := s.Seed(ctx, cmp.Or(in.Account, sandbox.DefaultAccount), in.Content)
			return Seeded{accounts}, err
		}),
		ImportSnapshot.bind(func(ctx context.Context, in ImportInput) (sandbox.Snapshot, error) {
			return s.ImportSnapshot(ctx, in.Snapshot, in.Content, in.Replace)
		}),
	}
}
