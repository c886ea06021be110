package store

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/netip"
	"slices"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Secrets is a pair of API keys as a client sends it.
type Secrets struct{ Key, Secret string }

// NewSecrets makes a pair that nobody can guess.
func NewSecrets() Secrets { return Secrets{Key: "A" + rand.Text(), Secret: "S" + rand.Text()} }

// hashes are what is stored of a pair to know it by. The keys are random, so no slow hash is
// needed.
func (s Secrets) hashes() (key, secret []byte) {
	k, c := sha256.Sum256([]byte(s.Key)), sha256.Sum256([]byte(s.Secret))
	return k[:], c[:]
}

// forgiven takes pairs back from those that were revoked.
const forgiven = `DELETE FROM revoked_keys WHERE key_hash = $1 AND secret_hash = $2`

// HasKey reports whether a pair of keys acts for an account, and EnsureKey has nothing to do.
func (db *DB) HasKey(ctx context.Context, account int64, s Secrets) (ok bool, err error) {
	key, secret := s.hashes()
	err = db.pool.QueryRow(ctx, `
		SELECT EXISTS (
			SELECT FROM api_keys
			WHERE key_hash = $1 AND secret_hash = $2 AND account_id = $3 AND signing IS NOT NULL
		)`, key, secret, account).Scan(&ok)
	if err != nil {
		return false, fmt.Errorf("look for API key: %w", err)
	}
	return ok, nil
}

// EnsureKey lets a pair of keys act for an account as its owner, if it does not act for one yet, even if it was
// revoked. Only hashes are stored.
func (db *DB) EnsureKey(ctx context.Context, account int64, name string, s Secrets) error {
	key, secret := s.hashes()
	err := db.changeKeys(ctx, of(), []int64{account}, func(p *pipeline) error {
		p.write(forgiven, key, secret)
		p.write(`
			INSERT INTO api_keys (account_id, name, key_hash, secret_hash, signing)
			VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (key_hash, secret_hash) DO UPDATE
			SET signing = EXCLUDED.signing
			WHERE api_keys.signing IS NULL`, account, name, key, secret, s.signing())
		return nil
	})
	if err != nil {
		return fmt.Errorf("ensure API key: %w", err)
	}
	return nil
}

// changeKeys runs fn in a transaction that alone changes pairs of keys; who authenticates does not wait. The accounts
// are locked first, as a deletion does, so that the two do not wait for each other.
func (db *DB) changeKeys(ctx context.Context, s scope, accounts []int64, fn func(*pipeline) error) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		p.scope = s
		p.write(`SELECT FROM accounts WHERE id = ANY ($1) ORDER BY id FOR KEY SHARE`, accounts)
		p.write(`LOCK TABLE api_keys IN SHARE ROW EXCLUSIVE MODE`)
		return fn(p)
	})
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
	accounts := make([]int64, len(keys))
	for i, k := range keys {
		accounts[i] = k.Account
	}
	err := db.changeKeys(ctx, ofKeys(), accounts, func(p *pipeline) error { // servers that start together take turns
		pairs := make([][]byte, len(keys))
		for i, k := range keys {
			key, secret := k.Secrets.hashes()
			pairs[i] = slices.Concat(key, secret)
			k.declare(p, true)
		}
		p.write(`
			WITH gone AS (
				DELETE FROM api_keys
				WHERE declared AND key_hash || secret_hash <> ALL($1)
				RETURNING key_hash, secret_hash, account_id
			)
			INSERT INTO revoked_keys
			SELECT * FROM gone
			ON CONFLICT DO NOTHING`, pairs)
		return nil
	})
	if err != nil {
		return fmt.Errorf("declare API keys: %w", err)
	}
	return nil
}

// declare makes a pair what it shall be. By the next declaration of DeclareKeys it goes, or it stays.
func (k DeclaredKey) declare(p *pipeline, untilNext bool) {
	key, secret := k.Secrets.hashes()
	p.write(forgiven, key, secret)
	p.write(`
		INSERT INTO api_keys (account_id, name, role, allow_from, key_hash, secret_hash, declared, signing)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (key_hash, secret_hash) DO UPDATE
		SET account_id = EXCLUDED.account_id, name = EXCLUDED.name, role = EXCLUDED.role,
		    allow_from = EXCLUDED.allow_from, declared = EXCLUDED.declared, signing = EXCLUDED.signing`,
		k.Account, k.Key.Name, k.Key.Role, append([]netip.Prefix{}, k.Key.AllowFrom...), key, secret, untilNext,
		k.Secrets.signing())
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

// Errors of NewKey.
var (
	ErrPairTaken    = errors.New("the pair of keys is known already")
	ErrKeyNameTaken = errors.New("another key of the account has the name")
)

// insertKey lets a pair act for an account and returns its id. One without a name is named after its account and its
// id.
func insertKey(ctx context.Context, q querier, k DeclaredKey) (id int64, err error) {
	key, secret := k.Secrets.hashes()
	err = q.QueryRow(ctx, `
		INSERT INTO api_keys (id, account_id, name, role, allow_from, key_hash, secret_hash, signing)
		SELECT id, $1::bigint, COALESCE(NULLIF($2, ''), 'key-' || $1::bigint || '-' || id), $3, $4, $5, $6, $7
		FROM nextval(pg_get_serial_sequence('api_keys', 'id')) AS id
		WHERE NOT EXISTS (SELECT FROM revoked_keys WHERE key_hash = $5 AND secret_hash = $6)
		ON CONFLICT DO NOTHING
		RETURNING id`,
		k.Account, k.Key.Name, k.Key.Role, append([]netip.Prefix{}, k.Key.AllowFrom...), key, secret,
		k.Secrets.signing()).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrPairTaken
	}
	return id, err
}

// NewKey lets a pair of keys act for an account and returns its id. It returns ErrPairTaken, also for one that was
// revoked, and ErrKeyNameTaken; an account that is not there is AccountGone.
func (db *DB) NewKey(ctx context.Context, k DeclaredKey) (id int64, err error) {
	err = db.changeKeys(ctx, of(), []int64{k.Account}, func(p *pipeline) error {
		var taken bool
		err := p.QueryRow(ctx, `SELECT EXISTS (SELECT FROM api_keys WHERE account_id = $1 AND name = $2)`,
			k.Account, k.Key.Name).Scan(&taken)
		switch {
		case err != nil:
			return err
		case taken:
			return ErrKeyNameTaken
		}
		id, err = insertKey(ctx, p, k)
		return err
	})
	return id, err
}

// DeclareKey makes a pair of keys what it shall be, whatever it was.
func (db *DB) DeclareKey(ctx context.Context, k DeclaredKey) error {
	return db.changeKeys(ctx, ofKeys(), []int64{k.Account}, func(p *pipeline) error {
		k.declare(p, false)
		return nil
	})
}

// Keys returns the keys of an account, by id.
func (db *DB) Keys(ctx context.Context, account int64) ([]cloud.Key, error) {
	rows, err := db.pool.Query(ctx, `
		SELECT id, name, role, allow_from, created_at
		FROM api_keys
		WHERE account_id = $1
		ORDER BY id`, account)
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	keys, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (k cloud.Key, err error) {
		err = row.Scan(&k.ID, &k.Name, &k.Role, &k.AllowFrom, &k.CreatedAt)
		return k, err
	})
	if err != nil {
		return nil, fmt.Errorf("list API keys: %w", err)
	}
	return keys, nil
}

// revoke keeps a pair from being taken for one that nobody ever had.
const revoke = `
	INSERT INTO revoked_keys (key_hash, secret_hash, account_id)
	SELECT key_hash, secret_hash, account_id
	FROM api_keys
	WHERE account_id = $1 AND id = $2
	ON CONFLICT DO NOTHING`

// RevokeKey takes a key of an account back for good. One that is not there is no error.
func (db *DB) RevokeKey(ctx context.Context, account, id int64) error {
	err := db.changeKeys(ctx, ofKeys(), []int64{account}, func(p *pipeline) error {
		p.write(revoke, account, id)
		p.write(`DELETE FROM api_keys WHERE account_id = $1 AND id = $2`, account, id)
		return nil
	})
	if err != nil {
		return fmt.Errorf("revoke API key: %w", err)
	}
	return nil
}

// RotateKey gives a key of an account another pair and takes the one back that it had. It returns ErrPairTaken.
func (db *DB) RotateKey(ctx context.Context, account, id int64, s Secrets) error {
	key, secret := s.hashes()
	err := db.changeKeys(ctx, ofKeys(), []int64{account}, func(p *pipeline) error {
		var taken bool
		err := p.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM api_keys WHERE key_hash = $1 AND secret_hash = $2)
				OR EXISTS (SELECT FROM revoked_keys WHERE key_hash = $1 AND secret_hash = $2)`, key, secret).Scan(&taken)
		switch {
		case err != nil:
			return err
		case taken:
			return ErrPairTaken
		}
		p.write(revoke, account, id)
		p.write(`
			UPDATE api_keys
			SET key_hash = $3, secret_hash = $4, declared = false, signing = $5
			WHERE account_id = $1 AND id = $2`, account, id, key, secret, s.signing())
		return nil
	})
	if err != nil {
		return fmt.Errorf("rotate API key: %w", err)
	}
	return nil
}
