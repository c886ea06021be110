package store

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// ErrWrongKeys says that a pair of API keys belongs to no account.
var ErrWrongKeys = errors.New("wrong API keys")

// Authenticate finds whose keys these are, or returns ErrWrongKeys. The comparison with the stored hashes takes
// constant time. After AdoptAnyKeys a pair that nobody ever had gets an account.
func (db *DB) Authenticate(ctx context.Context, s Secrets) (cloud.Caller, error) {
	caller, err := db.KeyHolder(ctx, s)
	if db.adoption != nil && errors.Is(err, ErrWrongKeys) {
		return db.adopt(ctx, s)
	}
	return caller, err
}

// KeyHolder is Authenticate for a pair that gets no account by being asked for.
func (db *DB) KeyHolder(ctx context.Context, s Secrets) (cloud.Caller, error) {
	return authenticate(ctx, db.pool, s)
}

func authenticate(ctx context.Context, q querier, s Secrets) (cloud.Caller, error) {
	key, secret := s.hashes()
	rows, err := q.Query(ctx, `
		SELECT k.account_id, k.id, k.name, k.role, k.allow_from, k.created_at, a.id_seed IS NOT NULL,
			a.generation, k.secret_hash
		FROM api_keys k
		JOIN accounts a ON a.id = k.account_id
		WHERE k.key_hash = $1`, key)
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("authenticate: %w", err)
	}
	var caller cloud.Caller
	found := 0
	var c cloud.Caller
	var hash []byte
	into := []any{
		&c.Account, &c.Key.ID, &c.Key.Name, &c.Key.Role, &c.Key.AllowFrom, &c.Key.CreatedAt, &c.Seeded,
		&c.Generation, &hash,
	}
	_, err = pgx.ForEachRow(rows, into, func() error {
		if subtle.ConstantTimeCompare(hash, secret) == 1 {
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

// ErrTooManyAccounts says that there are as many accounts as there may be.
var ErrTooManyAccounts = errors.New("there are too many accounts")

// Adoption is what becomes of a pair of keys that nobody ever had: it gets an empty account of its own.
type Adoption struct {
	Owner cloud.Account // its name and its owner
	Role  string        // of the pair
	Most  int           // accounts there may be, of whatever sort
}

// AdoptAnyKeys makes Authenticate adopt pairs. It must be called before that.
func (db *DB) AdoptAnyKeys(a Adoption) { db.adoption = &a }

// adopt gives a pair an account, and returns it. Of several servers and requests that do so at once one makes the
// account. It returns ErrWrongKeys for a pair that was revoked, and ErrTooManyAccounts.
func (db *DB) adopt(ctx context.Context, s Secrets) (caller cloud.Caller, err error) {
	err = db.changeKeys(ctx, nil, func(p *pipeline) error {
		caller, err = authenticate(ctx, p, s)
		if !errors.Is(err, ErrWrongKeys) {
			return err
		}
		var revoked bool
		var accounts int
		key, secret := s.hashes()
		err := p.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM revoked_keys WHERE key_hash = $1 AND secret_hash = $2), (SELECT count(*) FROM accounts)`,
			key, secret).Scan(&revoked, &accounts)
		switch {
		case err != nil:
			return err
		case revoked:
			return ErrWrongKeys
		case accounts >= db.adoption.Most:
			return ErrTooManyAccounts
		}
		id, err := insertAccount(ctx, p, db.adoption.Owner, "", false)
		if err != nil {
			return err
		}
		declared := DeclaredKey{Account: id, Key: cloud.Key{Role: db.adoption.Role}, Secrets: s}
		if _, err := insertKey(ctx, p, declared); err != nil {
			return err
		}
		caller, err = authenticate(ctx, p, s)
		return err
	})
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("adopt API keys: %w", err)
	}
	return caller, nil
}
