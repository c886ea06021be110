package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

const channel = "understudy"

// Notify tells every other DB on the same database that something changed.
func (db *DB) Notify(ctx context.Context) error {
	if _, err := db.pool.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, db.id); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Listen calls changed whenever another DB notified, and once at the start, since
// something may have been missed before. It returns when its connection is lost
// or the context ends.
func (db *DB) Listen(ctx context.Context, changed func()) error {
	conn, err := db.pool.Acquire(ctx)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	// The connection keeps its LISTEN, so it never goes back to the pool.
	own := conn.Hijack()
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	if _, err := own.Exec(ctx, "LISTEN "+pgx.Identifier{channel}.Sanitize()); err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	changed()
	for {
		n, err := own.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		if n.Payload != db.id {
			changed()
		}
	}
}
