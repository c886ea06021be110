package store

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Secrets is a pair of API keys as a client sends it.
type Secrets struct{ Key, Secret string }

// hashes are what is stored of a pair. The keys are random, so no slow hash is
// needed.
func (s Secrets) hashes() (key, secret []byte) {
	k, c := sha256.Sum256([]byte(s.Key)), sha256.Sum256([]byte(s.Secret))
	return k[:], c[:]
}

// EnsureKey lets a pair of keys act for an account as its owner, if it does not
// act for one yet. Only hashes are stored.
func (db *DB) EnsureKey(ctx context.Context, account int64, name string, s Secrets) error {
	key, secret := s.hashes()
	_, err := db.pool.Exec(ctx, `
		INSERT INTO api_keys (account_id, name, key_hash, secret_hash)
		VALUES ($1, $2, $3, $4)
		ON CONFLICT (key_hash, secret_hash) DO NOTHING`, account, name, key, secret)
	if err != nil {
		return fmt.Errorf("ensure API key: %w", err)
	}
	return nil
}

// DeclaredKey is a pair of keys that shall act for an account.
type DeclaredKey struct {
	Account int64
	Key     cloud.Key // its name, role and allow list
	Secrets Secrets
}

// DeclareKeys makes these the pairs that were ever declared: those of an earlier
// declaration that are not among them go, and those of EnsureKey stay, unless one
// of these is the same. The accounts must be there.
func (db *DB) DeclareKeys(ctx context.Context, keys []DeclaredKey) error {
	err := db.inPipeline(ctx, func(p *pipeline) error {
		// Servers that start together take turns; who authenticates does not wait.
		p.write(`LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE`)
		pairs := make([][]byte, len(keys))
		for i, k := range keys {
			key, secret := k.Secrets.hashes()
			pairs[i] = slices.Concat(key, secret)
			p.write(`
				INSERT INTO api_keys (account_id, name, role, allow_from, key_hash, secret_hash, declared)
				VALUES ($1, $2, $3, $4, $5, $6, true)
				ON CONFLICT (key_hash, secret_hash) DO UPDATE
				SET account_id = EXCLUDED.account_id, name = EXCLUDED.name, role = EXCLUDED.role,
				    allow_from = EXCLUDED.allow_from, declared = true`,
				k.Account, k.Key.Name, k.Key.Role, append([]netip.Prefix{}, k.Key.AllowFrom...), key, secret)
		}
		p.write(`DELETE FROM api_keys WHERE declared AND key_hash || secret_hash <> ALL($1)`, pairs)
		return nil
	})
	if err != nil {
		return fmt.Errorf("declare API keys: %w", err)
	}
	return nil
}

// KeyRoles lists the roles that the API keys of the account have.
func (tx *Tx) KeyRoles(ctx context.Context) ([]string, error) {
	rows, err := tx.q.Query(ctx, `SELECT DISTINCT role FROM api_keys WHERE account_id = $1`, tx.Caller.Account)
	if err != nil {
		return nil, fmt.Errorf("list roles of API keys: %w", err)
	}
	roles, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		return nil, fmt.Errorf("list roles of API keys: %w", err)
	}
	return roles, nil
}

// ErrWrongKeys says that a pair of API keys belongs to no account.
var ErrWrongKeys = errors.New("wrong API keys")

// Authenticate finds whose keys these are, or returns ErrWrongKeys. The
// comparison with the stored hashes takes constant time.
func (db *DB) Authenticate(ctx context.Context, s Secrets) (cloud.Caller, error) {
	key, secret := s.hashes()
	rows, err := db.pool.Query(ctx, `
		SELECT account_id, id, name, role, allow_from, created_at, secret_hash
		FROM api_keys
		WHERE key_hash = $1`, key)
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("authenticate: %w", err)
	}
	var caller cloud.Caller
	found := 0
	var c cloud.Caller
	var hash []byte
	into := []any{&c.Account, &c.Key.ID, &c.Key.Name, &c.Key.Role, &c.Key.AllowFrom, &c.Key.CreatedAt, &hash}
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
