package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// What is told of: work that may be there, and changes of the fault rules.
const (
	channel      = "understudy"
	faultChannel = "understudy_faults"
)

// Notify tells every other DB on the same database that something changed.
func (db *DB) Notify(ctx context.Context) error {
	if _, err := db.pool.aside.Exec(ctx, `SELECT pg_notify($1, $2)`, channel, db.id); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// Listen calls changed whenever another DB notified, and faults whenever another one changed fault rules. It calls both
// at the start, since something may have been missed before. It returns when its connection is lost or the context
// ends.
func (db *DB) Listen(ctx context.Context, changed, faults func()) error {
	own, err := db.ownSession(ctx)
	if err != nil {
		return fmt.Errorf("listen: %w", err)
	}
	defer func() { _ = own.Close(context.WithoutCancel(ctx)) }()
	for _, name := range []string{channel, faultChannel} {
		if _, err := own.Exec(ctx, "LISTEN "+pgx.Identifier{name}.Sanitize()); err != nil {
			return fmt.Errorf("listen: %w", err)
		}
	}
	changed()
	faults()
	for {
		n, err := own.WaitForNotification(ctx)
		if err != nil {
			return fmt.Errorf("listen: %w", err)
		}
		switch {
		case n.Payload == db.id:
		case n.Channel == faultChannel:
			faults()
		default:
			changed()
		}
	}
}

// ownSession is a connection whose session keeps what it is told, so it never goes back to the pool.
func (db *DB) ownSession(ctx context.Context) (*pgx.Conn, error) {
	if db.direct != nil {
		return pgx.ConnectConfig(ctx, db.direct)
	}
	conn, err := db.pool.conns.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	return conn.Hijack(), nil
}
