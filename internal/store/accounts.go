package store

import (
	"context"
	"fmt"

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

// CreateAccount creates an account and returns its id.
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
