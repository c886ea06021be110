package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"
)

// rateWindow is how long requests are counted together, by the clock of the database and not by that of the account.
// It begins with the first request after the last one. The official clients count so themselves, in real time.
const rateWindow = time.Minute

// CountRequest adds one to the requests that an account has sent in its present
// window. It returns their number so far, and for how long the window goes on. All
// servers of the database share the count.
func (db *DB) CountRequest(ctx context.Context, account int64) (used int, left time.Duration, err error) {
	// now() is the same throughout, so that of two requests at once after the end
	// of a window one begins the next and the other finds it.
	err = db.pool.aside.QueryRow(ctx, `
		INSERT INTO rate_windows AS w (account_id, ends_at, used)
		VALUES ($1, now() + $2, 1)
		ON CONFLICT (account_id) DO UPDATE
		SET used    = CASE WHEN w.ends_at > now() THEN w.used + 1 ELSE 1 END,
		    ends_at = CASE WHEN w.ends_at > now() THEN w.ends_at ELSE EXCLUDED.ends_at END
		RETURNING used, ends_at - now()`, account, rateWindow).Scan(&used, &left)
	if err != nil {
		return 0, 0, fmt.Errorf("count request of account %d: %w", account, err)
	}
	return used, left, nil
}

// Requests returns what CountRequest would, without a request: it begins no window. Outside of one it returns 0 and 0.
func (db *DB) Requests(ctx context.Context, account int64) (used int, left time.Duration, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT used, ends_at - now()
		FROM rate_windows
		WHERE account_id = $1 AND ends_at > now()`, account).Scan(&used, &left)
	if err != nil && !errors.Is(err, pgx.ErrNoRows) {
		return 0, 0, fmt.Errorf("look at the requests of account %d: %w", account, err)
	}
	return used, left, nil
}
