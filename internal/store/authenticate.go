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

// errForged says that a signature was not made with the secret of its key.
var errForged = fmt.Errorf("%w: forged", ErrWrongKeys)

// Credentials are what a request shows of a pair of API keys: its secret, or something signed with that.
type Credentials struct {
	Secrets        // its Secret is empty where there is a Signature
	Tenant  string // a key of the account that is meant: a pair of another one is wrong; empty: that of the pair is meant
	// Signature is that of Message by HMAC-SHA256; nil: nothing is signed.
	Message, Signature []byte
}

// Holders are the pairs that credentials may be of.
type Holders struct {
	pairs []holder
	valid Validity
	// Lasting says that they are right for as long as they Hold. Else others change the database, too, or the credentials
	// are signed, of which more can be known once there is another pair.
	Lasting bool
}

// Hold reports whether this process has taken nothing from pairs of keys since they were asked for.
func (h Holders) Hold() bool { return h.valid.Holds() }

// holder is a pair of keys and for whom it acts.
type holder struct {
	caller          cloud.Caller
	key             bool // it has the key of the credentials,
	tenant          bool // or that which says who is meant
	secret, signing []byte
}

// HoldersOf returns the pairs that credentials may be of, for Find.
func (db *DB) HoldersOf(ctx context.Context, c Credentials) (Holders, error) {
	valid := db.pool.gate.markKeys() // before they are asked for
	h, err := holdersOf(ctx, db.pool, c)
	h.valid, h.Lasting = valid, db.pool.gate.alone && c.Signature == nil
	return h, err
}

func holdersOf(ctx context.Context, q querier, c Credentials) (h Holders, err error) {
	key, _ := c.hashes()
	tenant, _ := Secrets{Key: c.Tenant}.hashes()
	rows, err := q.Query(ctx, `
		SELECT k.account_id, k.id, k.name, k.role, k.allow_from, k.created_at, a.id_seed IS NOT NULL, a.generation,
			k.key_hash = $1, k.key_hash = $2, k.secret_hash, k.signing
		FROM api_keys k
		JOIN accounts a ON a.id = k.account_id
		WHERE k.key_hash IN ($1, $2)`, key, tenant)
	if err != nil {
		return h, fmt.Errorf("authenticate: %w", err)
	}
	h.pairs, err = pgx.CollectRows(rows, func(row pgx.CollectableRow) (h holder, err error) {
		c := &h.caller
		err = row.Scan(&c.Account, &c.Key.ID, &c.Key.Name, &c.Key.Role, &c.Key.AllowFrom, &c.Key.CreatedAt, &c.Seeded,
			&c.Generation, &h.key, &h.tenant, &h.secret, &h.signing)
		return h, err
	})
	if err != nil {
		return h, fmt.Errorf("authenticate: %w", err)
	}
	return h, nil
}

// Find returns whose the credentials are, or ErrWrongKeys. The comparison with the stored hashes takes constant time.
func (h Holders) Find(c Credentials) (cloud.Caller, error) {
	if c.Signature != nil {
		return h.signer(c)
	}
	_, secret := c.hashes()
	for _, one := range h.pairs {
		if one.key && subtle.ConstantTimeCompare(one.secret, secret) == 1 {
			return one.caller, nil
		}
	}
	return cloud.Caller{}, ErrWrongKeys
}

// signer is Find for a signature, which is taken unchecked where no secret of the key is known: that of a pair was not
// told since signatures are checked, or a tenant was adopted by a signature. Then the pair has the key of the tenant,
// and as its secret the key that was signed for.
func (h Holders) signer(c Credentials) (cloud.Caller, error) {
	_, adopted := Secrets{Secret: c.Key}.hashes()
	found, known, right := cloud.Caller{}, false, false
	for _, one := range h.pairs {
		mine := one.key && h.means(one.caller.Account, c)
		if one.key && one.signing != nil {
			known = true
			ok, err := signed(one.signing, c.Message, c.Signature)
			if err != nil {
				return cloud.Caller{}, err
			}
			right, mine = right || ok, mine && ok
		}
		if mine || one.tenant && subtle.ConstantTimeCompare(one.secret, adopted) == 1 {
			found = one.caller
		}
	}
	switch {
	case known && !right:
		return cloud.Caller{}, errForged
	case found.Account == 0:
		return cloud.Caller{}, ErrWrongKeys
	}
	return found, nil
}

// means reports whether an account is one that is meant.
func (h Holders) means(account int64, c Credentials) bool {
	if c.Tenant == "" {
		return true
	}
	for _, one := range h.pairs {
		if one.tenant && one.caller.Account == account {
			return true
		}
	}
	return false
}

// Authenticate finds whose keys these are, or returns ErrWrongKeys.
func (db *DB) Authenticate(ctx context.Context, s Secrets) (cloud.Caller, error) {
	return authenticate(ctx, db.pool, Credentials{Secrets: s})
}

func authenticate(ctx context.Context, q querier, c Credentials) (cloud.Caller, error) {
	holders, err := holdersOf(ctx, q, c)
	if err != nil {
		return cloud.Caller{}, err
	}
	return holders.Find(c)
}

// ErrTooManyAccounts says that there are as many accounts as there may be.
var ErrTooManyAccounts = errors.New("there are too many accounts")

// Adoption is what becomes of a pair of keys that nobody ever had: it gets an empty account of its own.
type Adoption struct {
	Owner cloud.Account // its name and its owner
	Role  string        // of the pair
	Most  int           // accounts there may be, of whatever sort
}

// AdoptAnyKeys makes Adopt give accounts. It must be called before that.
func (db *DB) AdoptAnyKeys(a Adoption) { db.adoption = &a }

// Adopt gives credentials that are nobody's an account, and returns it. Of several servers and requests that do so at
// once one makes the account. A tenant has one pair: that of the first credentials that mean it; where these are
// signed, the pair is of the tenant's key and the one that was signed for. It returns ErrWrongKeys where accounts are
// not given, for a pair that was revoked and for a tenant that has another one, and ErrTooManyAccounts.
func (db *DB) Adopt(ctx context.Context, c Credentials) (caller cloud.Caller, err error) {
	if db.adoption == nil {
		return cloud.Caller{}, ErrWrongKeys
	}
	pair := c.Secrets
	if c.Signature != nil {
		pair = Secrets{Key: c.Tenant, Secret: c.Key}
	}
	err = db.changeKeys(ctx, of(), nil, func(p *pipeline) error {
		caller, err = authenticate(ctx, p, c)
		if !errors.Is(err, ErrWrongKeys) || errors.Is(err, errForged) {
			return err
		}
		var refused bool
		var accounts int
		key, secret := pair.hashes()
		err := p.QueryRow(ctx, `
			SELECT EXISTS (SELECT FROM revoked_keys WHERE key_hash = $1 AND secret_hash = $2)
				OR $3 AND EXISTS (SELECT FROM api_keys WHERE key_hash = $1), (SELECT count(*) FROM accounts)`,
			key, secret, c.Tenant != "").Scan(&refused, &accounts)
		switch {
		case err != nil:
			return err
		case refused:
			return ErrWrongKeys
		case accounts >= db.adoption.Most:
			return ErrTooManyAccounts
		}
		id, err := insertAccount(ctx, p, db.adoption.Owner, "", false)
		if err != nil {
			return err
		}
		declared := DeclaredKey{Account: id, Key: cloud.Key{Role: db.adoption.Role}, Secrets: pair}
		if _, err := insertKey(ctx, p, declared); err != nil {
			return err
		}
		caller, err = authenticate(ctx, p, c)
		return err
	})
	if err != nil {
		return cloud.Caller{}, fmt.Errorf("adopt API keys: %w", err)
	}
	return caller, nil
}
