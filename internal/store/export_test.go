package store

import (
	"context"

	"github.com/google/uuid"
)

// FirstSchema is the schema of the first snapshots.
const FirstSchema = firstSchema

// UpgradesTo reports whether it was thought of how snapshots come to a schema.
func UpgradesTo(schema int) bool {
	_, ok := allUpgrades()[schema]
	return ok
}

// StateTables returns the tables of an account's state, and the others that have something of an account.
func StateTables() (state []string, other map[string]string) {
	for _, t := range stateTables {
		state = append(state, t.name)
	}
	return state, otherTables
}

// SnapshotRow is a row of a snapshot.
type SnapshotRow = snapshotRow

// UpgradeBy lets snapshots come to later schemas by these functions.
func (db *DB) UpgradeBy(steps map[int]func([]SnapshotRow) ([]SnapshotRow, error)) {
	db.upgrades = upgrades{}
	for schema, step := range steps {
		db.upgrades[schema] = step
	}
}

// Applied says that a migration was applied.
func (db *DB) Applied(ctx context.Context, schema int) error {
	_, err := db.pool.conns.Exec(ctx, `INSERT INTO goose_db_version (version_id, is_applied) VALUES ($1, true)`, schema)
	return err
}

// Blocks counts the blocks of the database that this transaction has looked at so far.
func (tx *Tx) Blocks(ctx context.Context) (n int64, err error) {
	err = tx.q.QueryRow(ctx, `
		SELECT sum(pg_stat_get_xact_blocks_fetched(oid))
		FROM pg_class
		WHERE relnamespace = current_schema()::regnamespace`).Scan(&n)
	return n, err
}

// Analyze brings the statistics up to date.
func (db *DB) Analyze(ctx context.Context) error {
	_, err := db.pool.Exec(ctx, `ANALYZE`)
	db.pool.conns.Reset() // and the plans
	return err
}

// DecodeResponse decodes what a task came to.
var DecodeResponse = decodeResponse

// Ask asks by the door for what is read, and Aside by the one for what no kept answer shows.
func (db *DB) Ask(ctx context.Context, sql string) error {
	_, err := db.pool.Exec(ctx, sql)
	return err
}

// Aside is Ask by the other door.
func (db *DB) Aside(ctx context.Context, sql string) error {
	_, err := db.pool.aside.Exec(ctx, sql)
	return err
}

// ErrPastGate is the error of a change by the wrong door.
var ErrPastGate = errPastGate

// SettledKey is that of the database, within a transaction, so that its blocks can be counted.
func (tx *Tx) SettledKey(ctx context.Context, key IdempotencyKey) (*KeyRecord, error) {
	return settledKey(ctx, tx.q, key)
}

// AcquireKey is that of the database, once, within a transaction.
func (tx *Tx) AcquireKey(ctx context.Context, key IdempotencyKey, terms KeyTerms) (KeyClaim, *KeyRecord, error) {
	return acquireOnce(ctx, tx.q, key, terms, uuid.NewString(), uuid.NewString())
}

// PruneKeys is that of the database, within a transaction.
func (tx *Tx) PruneKeys(ctx context.Context, limit int) error {
	rows, err := tx.q.Query(ctx, pruneKeys, limit)
	if err != nil {
		return err
	}
	rows.Close()
	return rows.Err()
}
