package store

import (
	"context"
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

// AccountState is an account with what is counted of it.
type AccountState struct {
	cloud.Account
	CapPolicy    string // empty: the server's
	Resources    int
	PendingTasks int
}

// Accounts returns all accounts, by id.
func (db *DB) Accounts(ctx context.Context) ([]AccountState, error) {
	rows, err := db.pool.Query(ctx, `
		SELECT a.id, a.name, a.owner_name, a.owner_email, a.created_at, COALESCE(a.cap_policy, ''),
			(SELECT count(*) FROM resources r WHERE r.account_id = a.id), a.last_seq - a.done_seq
		FROM accounts a
		ORDER BY a.id`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (a AccountState, err error) {
		err = row.Scan(&a.ID, &a.Name, &a.OwnerName, &a.OwnerEmail, &a.CreatedAt, &a.CapPolicy, &a.Resources, &a.PendingTasks)
		return a, err
	})
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return all, nil
}

// ErrNameTaken says that another account has the name.
var ErrNameTaken = errors.New("the name is taken")

// NewAccount creates an account with a pair of keys of its owner's and returns its id. One without a name is named
// after its id, and so is its owner's address. It returns ErrNameTaken.
func (db *DB) NewAccount(ctx context.Context, a cloud.Account, capPolicy string, s Secrets) (id int64, err error) {
	key, secret := s.hashes()
	err = db.inPipeline(ctx, func(p *pipeline) error {
		p.write(`SELECT pg_advisory_xact_lock(hashtext('understudy account names'))`) // of two at once one is first
		return p.QueryRow(ctx, `
			WITH new AS (
				INSERT INTO accounts (id, name, owner_name, owner_email, cap_policy)
				SELECT id, COALESCE(NULLIF($1, ''), 'account-' || id), $2,
					COALESCE(NULLIF($3, ''), 'owner@' || id || '.example'), NULLIF($4, '')
				FROM nextval(pg_get_serial_sequence('accounts', 'id')) AS id
				WHERE NOT EXISTS (SELECT FROM accounts WHERE name = $1)
				RETURNING id
			)
			INSERT INTO api_keys (account_id, name, key_hash, secret_hash)
			SELECT id, 'owner-key-' || id, $5, $6 FROM new
			RETURNING account_id`, a.Name, a.OwnerName, a.OwnerEmail, capPolicy, key, secret).Scan(&id)
	})
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return 0, ErrNameTaken
	case err != nil:
		return 0, fmt.Errorf("create account: %w", err)
	}
	return id, nil
}

// DeleteAccount deletes an account with all that it has, once nobody is changing it. One that is not there is no error.
func (db *DB) DeleteAccount(ctx context.Context, id int64) error {
	if _, err := db.pool.Exec(ctx, `DELETE FROM accounts WHERE id = $1`, id); err != nil {
		return fmt.Errorf("delete account %d: %w", id, err)
	}
	return nil
}
