package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// Draw is what the ids of a request follow from in an account with an id seed.
type Draw struct {
	Seed   int64
	Number int64     // of requests so far that may have changed something
	Now    time.Time // business time
}

// DrawID draws for a request of an account, which may change something or only reads. It returns nil where ids of the
// account follow from no seed. Reads do not count, since a client that waits reads as often as it happens to.
func (db *DB) DrawID(ctx context.Context, account int64, reads bool) (*Draw, error) {
	sql := `
		UPDATE accounts
		SET ids_drawn = ids_drawn + 1
		WHERE id = $1 AND id_seed IS NOT NULL
		RETURNING id_seed, ids_drawn, business_now(accounts)`
	if reads {
		sql = `
			SELECT id_seed, ids_drawn, business_now(accounts)
			FROM accounts
			WHERE id = $1 AND id_seed IS NOT NULL`
	}
	var d Draw
	err := db.pool.aside.QueryRow(ctx, sql, account).Scan(&d.Seed, &d.Number, &d.Now)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("draw id for account %d: %w", account, err)
	}
	return &d, nil
}
