package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// EnsureAccount creates an account under a fixed id unless it is there already.
// Several servers may do so at once.
func (db *DB) EnsureAccount(ctx context.Context, a cloud.Account) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO accounts (id, name, owner_name, owner_email)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (id) DO NOTHING`, a.ID, a.Name, a.OwnerName, a.OwnerEmail)
	if err != nil {
		return fmt.Errorf("ensure account %d: %w", a.ID, err)
	}
	return nil
}

// CreateAccount creates an account and gives back its id.
func (db *DB) CreateAccount(ctx context.Context, a cloud.Account) (int64, error) {
	var id int64
	err := db.pool.QueryRow(ctx, `
		INSERT INTO accounts (name, owner_name, owner_email)
		VALUES ($1, $2, $3)
		RETURNING id`, a.Name, a.OwnerName, a.OwnerEmail).Scan(&id)
	if err != nil {
		return 0, fmt.Errorf("create account: %w", err)
	}
	return id, nil
}

// Account reads the caller's own account.
func (tx *Tx) Account(ctx context.Context) (cloud.Account, error) {
	a := cloud.Account{ID: tx.Caller.Account}
	err := tx.q.QueryRow(ctx, `
		SELECT name, owner_name, owner_email, created_at
		FROM accounts
		WHERE id = $1`, a.ID).Scan(&a.Name, &a.OwnerName, &a.OwnerEmail, &a.CreatedAt)
	if err != nil {
		return a, fmt.Errorf("read account %d: %w", a.ID, err)
	}
	return a, nil
}

// Secrets is a pair of API keys as a client sends it.
type Secrets struct{ Key, Secret string }

// EnsureKey lets a pair of keys act for an account, if it does not yet. Only
// hashes are stored.
func (db *DB) EnsureKey(ctx context.Context, account int64, name string, s Secrets) error {
	key, secret := sha256.Sum256([]byte(s.Key)), sha256.Sum256([]byte(s.Secret))
	_, err := db.pool.Exec(ctx, `
		INSERT INTO api_keys (account_id, name, key_hash, secret_hash)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (key_hash, secret_hash) DO NOTHING`, account, name, key[:], secret[:])
	if err != nil {
		return fmt.Errorf("ensure API key: %w", err)
	}
	return nil
}

// ErrWrongKeys says that a pair of API keys belongs to no account.
var ErrWrongKeys = errors.New("wrong API keys")

// Authenticate finds whose keys these are, or answers ErrWrongKeys. The
// comparison with the stored hashes takes constant time.
func (db *DB) Authenticate(ctx context.Context, s Secrets) (cloud.Caller, error) {
	key, secret := sha256.Sum256([]byte(s.Key)), sha256.Sum256([]byte(s.Secret))
	rows, err := db.pool.Query(ctx, `
		SELECT account_id, id, name, created_at, secret_hash
		FROM api_keys
		WHERE key_hash = $1`, key[:])
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("authenticate: %w", err)
	}
	var caller cloud.Caller
	found := 0
	var c cloud.Caller
	var hash []byte
	_, err = pgx.ForEachRow(rows, []any{&c.Account, &c.Key.ID, &c.Key.Name, &c.Key.CreatedAt, &hash}, func() error {
		if subtle.ConstantTimeCompare(hash, secret[:]) == 1 {
			caller, found = c, 1
		}
		return nil
	})
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("authenticate: %w", err)
	}
	if found == 0 {
		return cloud.Caller{}, ErrWrongKeys
	}
	return caller, nil
}
