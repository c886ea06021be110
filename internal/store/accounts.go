package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// ErrNameTaken says that another account has the name.
var ErrNameTaken = errors.New("the name is taken")

// ErrAccountGone says that an account is not there any more.
var ErrAccountGone = errors.New("the account is gone")

// AccountGone reports whether an error says that the account was deleted that somebody is at work for.
func AccountGone(err error) bool {
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok {
		const foreignKey = "23503"
		return pgErr.Code == foreignKey && strings.HasSuffix(pgErr.ConstraintName, "_account_id_fkey")
	}
	return errors.Is(err, ErrAccountGone)
}

// freeName is a name, with the id behind it where another account has it.
const freeName = `CASE WHEN EXISTS (SELECT FROM accounts WHERE name = $1) THEN $1 || '-' || id ELSE $1 END`

// newAccount creates an account under the next id, without a row where somebody has that or the name. What is left out
// is made of the id.
func newAccount(name string) string {
	return `
		INSERT INTO accounts (id, name, owner_name, owner_email, cap_policy)
		SELECT id, COALESCE(NULLIF(` + name + `, ''), 'account-' || id), $2,
			COALESCE(NULLIF($3, ''), 'owner@' || id || '.example'), NULLIF($4, '')
		FROM nextval(pg_get_serial_sequence('accounts', 'id')) AS id
		ON CONFLICT DO NOTHING
		RETURNING id`
}

// maxTries bounds the ids that are tried for a new account: keys files may have any of them.
const maxTries = 10_000

// insertAccount creates an account under the next free id. A name that another account has gets the id behind it, or is
// ErrNameTaken where it must be exactly so.
func insertAccount(
	ctx context.Context, q querier, a cloud.Account, capPolicy string, exact bool,
) (id int64, err error) {
	sql := newAccount(freeName)
	if exact {
		sql = newAccount(`$1`)
	}
	for range maxTries {
		err = q.QueryRow(ctx, sql, a.Name, a.OwnerName, a.OwnerEmail, capPolicy).Scan(&id)
		if !errors.Is(err, pgx.ErrNoRows) {
			break
		}
		var taken bool
		err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM accounts WHERE name = $1)`, a.Name).Scan(&taken)
		if err != nil || exact && taken {
			return 0, errors.Join(err, ErrNameTaken)
		}
	}
	if err != nil {
		return 0, fmt.Errorf("create account: %w", err)
	}
	return id, nil
}

// EnsureAccount creates an account under a fixed id unless it is there already. Several servers may do so at once. A
// name that another account has gets the id behind it.
func (db *DB) EnsureAccount(ctx context.Context, a cloud.Account) error {
	for range maxTries {
		_, err := db.pool.exec(ctx, of(), `
			INSERT INTO accounts (id, name, owner_name, owner_email)
			SELECT id, `+freeName+`, $2, $3
			FROM (SELECT $4::bigint AS id) new
			ON CONFLICT DO NOTHING`, a.Name, a.OwnerName, a.OwnerEmail, a.ID)
		if err != nil {
			return fmt.Errorf("ensure account %d: %w", a.ID, err)
		}
		if ok, err := db.HasAccount(ctx, a.ID); ok || err != nil {
			return err
		}
	}
	return fmt.Errorf("ensure account %d: %w", a.ID, ErrNameTaken)
}

// CreateAccount creates an account and returns its id. A name that another account has gets the id behind it.
func (db *DB) CreateAccount(ctx context.Context, a cloud.Account) (id int64, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) (err error) {
		p.scope = of() // of a new account nothing is kept
		id, err = insertAccount(ctx, p, a, "", false)
		return err
	})
	return id, err
}

// NewAccount creates an account with a pair of keys and returns its id. What it does not say of a name and of its
// owner's address is made of the id. It returns ErrNameTaken and ErrPairTaken.
func (db *DB) NewAccount(
	ctx context.Context, a cloud.Account, capPolicy string, key cloud.Key, s Secrets,
) (id int64, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) (err error) {
		p.scope = of()
		if id, err = insertAccount(ctx, p, a, capPolicy, true); err != nil {
			return err
		}
		_, err = insertKey(ctx, p, DeclaredKey{Account: id, Key: key, Secrets: s})
		return err
	})
	return id, err
}

// Account reads the caller's own account.
func (tx *Tx) Account(ctx context.Context) (cloud.Account, error) {
	a := cloud.Account{ID: tx.Caller.Account}
	err := tx.q.QueryRow(ctx, `
		SELECT name, owner_name, owner_email, created_at, COALESCE(changed_at, created_at)
		FROM accounts
		WHERE id = $1`, a.ID).Scan(&a.Name, &a.OwnerName, &a.OwnerEmail, &a.CreatedAt, &a.ChangedAt)
	if errors.Is(err, pgx.ErrNoRows) {
		err = ErrAccountGone
	}
	if err != nil {
		return a, fmt.Errorf("read account %d: %w", a.ID, err)
	}
	return a, nil
}

// HasAccount reports whether an account is there.
func (db *DB) HasAccount(ctx context.Context, id int64) (bool, error) {
	return hasAccount(ctx, db.pool, id)
}

func hasAccount(ctx context.Context, q querier, id int64) (ok bool, err error) {
	if err := q.QueryRow(ctx, `SELECT EXISTS (SELECT FROM accounts WHERE id = $1)`, id).Scan(&ok); err != nil {
		return false, fmt.Errorf("look for account %d: %w", id, err)
	}
	return ok, nil
}

// AccountState is an account with what is counted of it.
type AccountState struct {
	cloud.Account
	CapPolicy    string // empty: the server's
	Resources    int
	PendingTasks int
}

const accountStates = `
	SELECT a.id, a.name, a.owner_name, a.owner_email, a.created_at, COALESCE(a.cap_policy, ''),
		(SELECT count(*) FROM resources r WHERE r.account_id = a.id), a.last_seq - a.done_seq
	FROM accounts a`

func scanAccountState(row pgx.CollectableRow) (a AccountState, err error) {
	err = row.Scan(&a.ID, &a.Name, &a.OwnerName, &a.OwnerEmail, &a.CreatedAt, &a.CapPolicy, &a.Resources, &a.PendingTasks)
	return a, err
}

// Accounts returns all accounts, by id.
func (db *DB) Accounts(ctx context.Context) ([]AccountState, error) {
	rows, err := db.pool.Query(ctx, accountStates+` ORDER BY a.id`)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	all, err := pgx.CollectRows(rows, scanAccountState)
	if err != nil {
		return nil, fmt.Errorf("list accounts: %w", err)
	}
	return all, nil
}

// FindAccount returns an account by its id or name, and whether there is one. What is an id is no name.
func (db *DB) FindAccount(ctx context.Context, ref string) (a AccountState, ok bool, err error) {
	rows, err := db.pool.Query(ctx, accountStates+`
		WHERE a.id::text = $1 OR a.name = $1
		ORDER BY a.name = $1
		LIMIT 1`, ref)
	if err == nil {
		a, err = pgx.CollectExactlyOneRow(rows, scanAccountState)
	}
	switch {
	case errors.Is(err, pgx.ErrNoRows):
		return a, false, nil
	case err != nil:
		return a, false, fmt.Errorf("find account %q: %w", ref, err)
	}
	return a, true, nil
}

// CountAccounts returns how many accounts there are.
func (db *DB) CountAccounts(ctx context.Context) (n int, err error) {
	if err := db.pool.QueryRow(ctx, `SELECT count(*) FROM accounts`).Scan(&n); err != nil {
		return 0, fmt.Errorf("count accounts: %w", err)
	}
	return n, nil
}

// AccountChange is what is to be another way. Nil: it stays.
type AccountChange struct {
	Name, OwnerName, OwnerEmail *string
	CapPolicy                   *string // empty: the server's
}

// ChangeAccount changes an account. It returns ErrNameTaken; one that is not there is AccountGone.
func (db *DB) ChangeAccount(ctx context.Context, id int64, c AccountChange) error {
	tag, err := db.pool.exec(ctx, of(id), `
		UPDATE accounts
		SET name        = COALESCE($2, name),
			owner_name  = COALESCE($3, owner_name),
			owner_email = COALESCE($4, owner_email),
			cap_policy  = NULLIF(COALESCE($5, cap_policy), ''),
			changed_at  = business_now(accounts)
		WHERE id = $1`, id, c.Name, c.OwnerName, c.OwnerEmail, c.CapPolicy)
	const unique = "23505"
	if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == unique {
		return ErrNameTaken
	}
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrAccountGone
	}
	if err != nil {
		return fmt.Errorf("change account %d: %w", id, err)
	}
	return nil
}

// How long a deletion waits for requests that are in its way, each time and altogether.
const (
	deletePause = 5 * time.Millisecond
	deleteTime  = 30 * time.Second
)

// DeleteAccount deletes an account with all that it has, once nobody is changing it. One that is not there is no error.
// Its keys go first, so that what is in its way comes to an end; a deletion that fails after that is to be repeated.
func (db *DB) DeleteAccount(ctx context.Context, id int64) error {
	ctx, cancel := context.WithTimeout(ctx, deleteTime)
	defer cancel()
	_, err := db.pool.exec(ctx, ofKeys(), `DELETE FROM api_keys WHERE account_id = $1`, id)
	for err == nil {
		if err = db.deleteAccount(ctx, id); err == nil {
			return nil
		}
		const lockNotAvailable = "55P03"
		if pgErr, ok := errors.AsType[*pgconn.PgError](err); ok && pgErr.Code == lockNotAvailable {
			err = sleep(ctx, deletePause)
		}
	}
	return fmt.Errorf("delete account %d: %w", id, err)
}

// deleteAccount deletes an account unless somebody has one of its idempotency keys, who may wait for the account: to
// wait for him, too, would be for ever.
func (db *DB) deleteAccount(ctx context.Context, id int64) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		p.write(`SELECT FROM accounts WHERE id = $1 FOR UPDATE`, id)
		p.write(`SELECT FROM idempotency_keys WHERE account_id = $1 FOR UPDATE NOWAIT`, id)
		p.write(`DELETE FROM accounts WHERE id = $1`, id)
		return nil
	})
}

func sleep(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
