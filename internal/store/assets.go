package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Assets returns what the caller's account declares to have, as it was set; nil: nothing.
func (tx *Tx) Assets(ctx context.Context) ([]byte, error) {
	return assets(ctx, tx.q, tx.Caller.Account)
}

// Assets returns what an account declares to have, as it was set; nil: nothing.
func (db *DB) Assets(ctx context.Context, account int64) ([]byte, error) {
	return assets(ctx, db.pool, account)
}

func assets(ctx context.Context, q querier, account int64) (declared []byte, err error) {
	err = q.QueryRow(ctx, `SELECT assets FROM account_assets WHERE account_id = $1`, account).Scan(&declared)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return nil, fmt.Errorf("read assets of account %d: %w", account, err)
	}
	return declared, nil
}

// ChangeAssets makes an account declare to have what change makes of what it declared; nil: nothing. An account that is
// not there is AccountGone.
func (db *DB) ChangeAssets(ctx context.Context, account int64, change func(declared []byte) ([]byte, error)) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		var id int64
		err := p.QueryRow(ctx, `SELECT id FROM accounts WHERE id = $1 FOR NO KEY UPDATE`, account).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			err = ErrAccountGone
		}
		if err != nil {
			return fmt.Errorf("lock account %d: %w", account, err)
		}
		declared, err := assets(ctx, p, account)
		if err == nil {
			declared, err = change(declared)
		}
		if err != nil {
			return err
		}
		setAssets(p, account, declared)
		return nil
	})
}

// SetAssets makes the caller's account declare to have something in place of what it declared; nil: nothing.
func (tx *Tx) SetAssets(declared []byte) { setAssets(tx.writes, tx.Caller.Account, declared) }

func setAssets(p *pipeline, account int64, declared []byte) {
	p.write(`DELETE FROM account_assets WHERE account_id = $1`, account)
	if declared != nil {
		p.write(`INSERT INTO account_assets (account_id, assets) VALUES ($1, $2)`, account, string(declared))
	}
}
