package store

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// stateTable is a table with what an account has, one row or many. What stands here is all that reset, snapshots and
// forks know of it: its columns they read from Postgres itself.
type stateTable struct {
	name  string
	order string // by which copies of its rows are inserted: ids that the database draws keep their order
	only  string // condition for what is copied; empty: everything
	fits  string // condition for what of a snapshot, own, can be inserted into account $1; empty: everything
	kept  string // condition for rows that a reset keeps unless it is asked to take the set-up, too; empty: none
	// as says how columns are copied that mean something else elsewhere.
	as    map[string]string
	setup bool // it is what the account was set up with, which a reset keeps unless it is asked to take it, too
	// remove removes the rows of the accounts $1; empty: all of them at once.
	remove string
}

// stateTables are in an order in which their rows can be inserted; they are removed in the opposite one.
// A test holds that each table with an account_id is either here or in otherTables.
var stateTables = []stateTable{
	{name: "resources", order: "kind, id"},
	{name: "steps", order: "id"},
	{name: "tasks", order: "seq", as: map[string]string{"faults": copiedStrikes}},
	{name: "idempotency_keys", order: "purge_at", only: "state = 'done'", remove: removeKeys, fits: keyFits},
	{name: "fault_rules", order: "id", setup: true},
	{name: "seeded", order: "item", kept: "setup"},
	{name: "account_assets", order: "account_id", setup: true},
}

// otherTables are no part of an account's state, for the reason given.
var otherTables = map[string]string{
	"api_keys":     "a pair of keys acts for one account, and its secrets are nobody's to copy",
	"revoked_keys": "they stay so, whatever the state",
	"rate_windows": "real requests are counted, in real time",
	"tallies":      "the database counts them itself",
	"events":       "what has happened stays so, and its numbers go on",
	"webhooks":     "who is told of one account need not be told of another",
}

// accountIdentity are the columns of accounts that no state brings along.
var accountIdentity = []string{
	"id", "name", "owner_name", "owner_email", "created_at", "changed_at", "generation", "event_seq",
}

// removeKeys leaves a key that a request holds: the request is accepted after what removes the others, or comes to
// nothing by itself. It waits for none, since who has one may wait for the lock of the account.
const removeKeys = `
	DELETE FROM idempotency_keys k
	USING (
		SELECT account_id, scheme, key_hash
		FROM idempotency_keys
		WHERE account_id = ANY ($1) AND NOT (state = 'held' AND lease_until > clock_timestamp())
		FOR UPDATE SKIP LOCKED
	) free
	WHERE k.account_id = free.account_id AND k.scheme = free.scheme AND k.key_hash = free.key_hash`

// keyFits passes over a key that removeKeys has left.
const keyFits = `NOT EXISTS (
				SELECT
				FROM idempotency_keys k
				WHERE k.account_id = $1 AND k.scheme = own.scheme AND k.key_hash = own.key_hash
			)`

// wakeTasks and wakeSteps say of a state that has come into the accounts $1 when somebody has to look at it. Who worked
// on a task where it came from does not do so here. A task that was held is looked at again, and is due where none of
// the rules that struck it is armed.
const (
	wakeTasks = `
		UPDATE tasks t
		SET lease = NULL,
			due_at = CASE
				WHEN t.due_at = ` + heldFor + ` AND NOT EXISTS (
					SELECT
					FROM jsonb_array_elements(t.faults) strike
					JOIN fault_rules r ON r.id = (strike ->> 'rule')::bigint
				) THEN business_now(a)
				ELSE t.due_at
			END,
			wake_at = CASE
				WHEN t.status = 'received' OR t.due_at = ` + heldFor + ` THEN clock_timestamp()
				ELSE wake_time(a, t.due_at)
			END
		FROM accounts a
		WHERE a.id = ANY ($1) AND t.account_id = a.id AND t.head`
	wakeSteps = `
		UPDATE steps s
		SET wake_at = wake_time(a, s.due_at)
		FROM accounts a
		WHERE a.id = ANY ($1) AND s.account_id = a.id AND s.due_at IS NOT NULL`
)

// Reset says what a reset takes beside what requests have made.
type Reset struct {
	Setup bool   // fault rules and whatever else the account was set up with
	Clock bool   // its clock is the real one again
	Seed  *int64 // ids follow from this number from now on; nil: from the same as before, if from any
}

// ResetAccounts takes accounts back to when they were created, all in one commit: nobody sees a part of it. Their
// names, keys and policies stay. Requests and work that are under way for them come before it, or after it, or to
// nothing.
func (db *DB) ResetAccounts(ctx context.Context, accounts []int64, reset Reset) error {
	err := db.replace(ctx, accounts, func(p *pipeline) error {
		removeState(p, accounts, reset.Setup)
		p.write(`
			UPDATE accounts
			SET generation = generation + 1, last_seq = 0, done_seq = 0, last_id = 0, ids_drawn = 0,
				id_seed = COALESCE($2, id_seed)
			WHERE id = ANY ($1)`, accounts, reset.Seed)
		if reset.Clock {
			p.write(`
				UPDATE accounts
				SET clock_offset = '0', clock_frozen_at = NULL, clock_rate = 1, durations = NULL
				WHERE id = ANY ($1)`, accounts)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("reset accounts: %w", err)
	}
	return nil
}

// replace runs fn in a transaction under the locks of accounts.
func (db *DB) replace(ctx context.Context, accounts []int64, fn func(*pipeline) error) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		if err := lockAccounts(ctx, p, accounts); err != nil {
			return err
		}
		return fn(p)
	})
}

// lockInOrder locks accounts: whoever locks several of them does so in the same order.
const lockInOrder = `SELECT id FROM accounts WHERE id = ANY ($1) ORDER BY id FOR NO KEY UPDATE`

func lockAccounts(ctx context.Context, p *pipeline, accounts []int64) error {
	rows, err := p.Query(ctx, lockInOrder, accounts)
	if err != nil {
		return err
	}
	locked, err := pgx.CollectRows(rows, pgx.RowTo[int64])
	if err == nil && len(locked) < len(accounts) {
		err = ErrAccountGone
	}
	return err
}

// removeState removes what accounts have.
func removeState(p *pipeline, accounts []int64, setup bool) {
	for _, t := range slices.Backward(stateTables) {
		switch {
		case setup || !t.setup && t.kept == "":
			p.write(cmp.Or(t.remove, `DELETE FROM `+t.name+` WHERE account_id = ANY ($1)`), accounts)
		case !t.setup:
			p.write(`DELETE FROM `+t.name+` WHERE account_id = ANY ($1) AND NOT (`+t.kept+`)`, accounts)
		}
	}
}

// stateColumns reads the columns of the tables of a state: those that are copied. Ids that the database draws are not,
// nor is the account. Of accounts they are those that a state brings along.
func stateColumns(ctx context.Context, p *pipeline) (map[string][]string, error) {
	names := []string{"accounts"}
	for _, t := range stateTables {
		names = append(names, t.name)
	}
	rows, err := p.Query(ctx, `
		SELECT relname, array_agg(attname::text ORDER BY attnum)
		FROM pg_class c
		JOIN pg_attribute a ON a.attrelid = c.oid
		WHERE c.relnamespace = current_schema()::regnamespace AND c.relname = ANY ($1)
			AND attnum > 0 AND NOT attisdropped AND attidentity = '' AND attgenerated = '' AND attname <> 'account_id'
			AND NOT (relname = 'accounts' AND attname = ANY ($2))
		GROUP BY relname`, names, accountIdentity)
	if err != nil {
		return nil, err
	}
	columns := map[string][]string{}
	var table string
	var of []string
	_, err = pgx.ForEachRow(rows, []any{&table, &of}, func() error {
		columns[table] = slices.Clone(of)
		return nil
	})
	return columns, err
}

// settle lets a state that has come into an account go on there.
func settle(p *pipeline, account int64) {
	p.write(ownStrikes, account)
	p.write(wakeTasks, []int64{account})
	p.write(wakeSteps, []int64{account})
}

// copying is how the columns of a table are read to be copied.
func (t stateTable) copying(columns []string) string {
	as := make([]string, len(columns))
	for i, name := range columns {
		as[i] = name
		if expression, ok := t.as[name]; ok {
			as[i] = expression + ` AS ` + name
		}
	}
	return strings.Join(as, ", ")
}

// Fork makes an account with a pair of keys and the state of another one: it goes on in both, each by itself. Resources
// and tasks have the same ids. It returns ErrNameTaken, ErrPairTaken and ErrAccountGone.
func (db *DB) Fork(ctx context.Context, from int64, name string, key cloud.Key, s Secrets) (id int64, err error) {
	err = db.replace(ctx, []int64{from}, func(p *pipeline) error {
		columns, err := stateColumns(ctx, p)
		if err != nil {
			return err
		}
		var a cloud.Account
		err = p.QueryRow(ctx, `SELECT owner_name, owner_email FROM accounts WHERE id = $1`, from).
			Scan(&a.OwnerName, &a.OwnerEmail)
		if err != nil {
			return err
		}
		a.Name = name
		if id, err = insertAccount(ctx, p, a, "", true); err != nil {
			return err
		}
		if _, err := insertKey(ctx, p, DeclaredKey{Account: id, Key: key, Secrets: s}); err != nil {
			return err
		}
		own := strings.Join(columns["accounts"], ", ")
		p.write(`
			UPDATE accounts
			SET (`+own+`) = (SELECT `+own+` FROM accounts WHERE id = $2)
			WHERE id = $1`, id, from)
		for _, t := range stateTables {
			copied := strings.Join(columns[t.name], ", ")
			p.write(`
				INSERT INTO `+t.name+` (account_id, `+copied+`)
				SELECT $1, `+t.copying(columns[t.name])+`
				FROM `+t.name+`
				WHERE account_id = $2 AND `+cmp.Or(t.only, "true")+`
				ORDER BY `+t.order, id, from)
		}
		settle(p, id)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("fork account %d: %w", from, err)
	}
	return id, nil
}
