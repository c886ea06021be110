package store

import (
	"context"
	"fmt"
	"time"
)

// rateWindow is how long requests are counted together. It begins with the first
// request after the last one, as the official clients' own count does.
const rateWindow = time.Minute

// CountRequests adds requests, none to only look, to what an account has sent in
// its present window. It gives back their number so far, and for how long the
// window goes on. All servers of the database share the count.
func (db *DB) CountRequests(ctx context.Context, account int64, requests int) (used int, left time.Duration, err error) {
	// now() is the same throughout, so that of two requests at once after the end
	// of a window one begins the next and the other finds it.
	err = db.pool.QueryRow(ctx, `
		INSERT INTO rate_windows AS w (account_id, ends_at, used)
		VALUES ($1, now() + $3, $2)
		ON CONFLICT (account_id) DO UPDATE
		SET used    = CASE WHEN w.ends_at > now() THEN w.used + EXCLUDED.used ELSE EXCLUDED.used END,
		    ends_at = CASE WHEN w.ends_at > now() THEN w.ends_at ELSE EXCLUDED.ends_at END
		RETURNING used, ends_at - now()`, account, requests, rateWindow).Scan(&used, &left)
	if err != nil {
		return 0, 0, fmt.Errorf("count requests of account %d: %w", account, err)
	}
	return used, left, nil
}
