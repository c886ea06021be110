package store

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/migrations"
)

// Snapshot is the state of an account at one moment, under a name.
type Snapshot struct {
	Name      string    `json:"name"`
	Schema    int       `json:"schema"`  // number of the newest migration of the schema that it is in
	Account   string    `json:"account"` // name of the account that it was saved of
	StateAt   time.Time `json:"stateAt"` // business time of the account then
	CreatedAt time.Time `json:"createdAt"`
	Resources int       `json:"resources"`
	Tasks     int       `json:"tasks"`
}

// What can be wrong with a snapshot.
var (
	ErrNoSnapshot        = errors.New("no such snapshot")
	ErrSnapshotTaken     = errors.New("there is a snapshot of that name")
	ErrNewerSnapshot     = errors.New("the snapshot is of a newer schema")
	ErrUnreadableContent = errors.New("the content does not fit the schema")
)

// schemaVersion is the number of the newest migration.
const schemaVersion = `(SELECT max(version_id)::int FROM goose_db_version WHERE is_applied)`

const snapshotColumns = `name, schema, account, state_at, created_at, resources, tasks`

// SaveSnapshot saves the state of an account as it is at one moment. It returns ErrSnapshotTaken, unless it is to take
// the place of the snapshot of that name, and ErrAccountGone.
func (db *DB) SaveSnapshot(ctx context.Context, account int64, name string, replace bool) (saved Snapshot, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) error {
		if err := lockAccounts(ctx, p, []int64{account}); err != nil {
			return err
		}
		if replace {
			p.write(`DELETE FROM snapshots WHERE name = $1`, name)
		}
		var id int64
		err := p.QueryRow(ctx, `
			INSERT INTO snapshots (name, schema, account, state_at)
			SELECT $1, `+schemaVersion+`, name, business_now(accounts)
			FROM accounts
			WHERE id = $2
			ON CONFLICT (name) DO NOTHING
			RETURNING id`, name, account).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrSnapshotTaken
		}
		if err != nil {
			return err
		}
		columns, err := stateColumns(ctx, p)
		if err != nil {
			return err
		}
		p.write(`
			INSERT INTO snapshot_rows (snapshot_id, table_name, n, content)
			SELECT $1, 'accounts', 1, to_jsonb(own)
			FROM (SELECT `+strings.Join(columns["accounts"], ", ")+` FROM accounts WHERE id = $2) own`, id, account)
		for _, t := range stateTables {
			p.write(`
				INSERT INTO snapshot_rows (snapshot_id, table_name, n, content)
				SELECT $1, $3, row_number() OVER (), to_jsonb(own)
				FROM (
					SELECT `+t.copying(columns[t.name])+`
					FROM `+t.name+`
					WHERE account_id = $2 AND `+cmp.Or(t.only, "true")+`
					ORDER BY `+t.order+`
				) own`, id, account, t.name)
		}
		saved, err = countSnapshot(ctx, p, id)
		return err
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("save snapshot: %w", err)
	}
	return saved, nil
}

// countSnapshot writes down how much a snapshot has and returns it.
func countSnapshot(ctx context.Context, p *pipeline, id int64) (Snapshot, error) {
	return scanSnapshot(p.QueryRow(ctx, `
		UPDATE snapshots
		SET resources = (SELECT count(*) FROM snapshot_rows WHERE snapshot_id = id AND table_name = 'resources'),
			tasks = (SELECT count(*) FROM snapshot_rows WHERE snapshot_id = id AND table_name = 'tasks')
		WHERE id = $1
		RETURNING `+snapshotColumns, id))
}

func scanSnapshot(row pgx.Row) (s Snapshot, err error) {
	err = row.Scan(&s.Name, &s.Schema, &s.Account, &s.StateAt, &s.CreatedAt, &s.Resources, &s.Tasks)
	return s, err
}

// Snapshots returns all snapshots, by name.
func (db *DB) Snapshots(ctx context.Context) ([]Snapshot, error) {
	rows, err := db.pool.Query(ctx, `SELECT `+snapshotColumns+` FROM snapshots ORDER BY name`)
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	all, err := pgx.CollectRows(rows, func(row pgx.CollectableRow) (Snapshot, error) { return scanSnapshot(row) })
	if err != nil {
		return nil, fmt.Errorf("list snapshots: %w", err)
	}
	return all, nil
}

// DeleteSnapshot deletes a snapshot, or returns ErrNoSnapshot.
func (db *DB) DeleteSnapshot(ctx context.Context, name string) error {
	tag, err := db.pool.aside.Exec(ctx, `DELETE FROM snapshots WHERE name = $1`, name)
	if err == nil && tag.RowsAffected() == 0 {
		err = ErrNoSnapshot
	}
	if err != nil {
		return fmt.Errorf("delete snapshot: %w", err)
	}
	return nil
}

// LoadSnapshot gives an account the state of a snapshot in place of its own, in one commit: nobody sees a part of it.
// The name and the keys of the account stay. A snapshot of an older schema is brought to the present one first. check,
// unless it is nil, is asked whether what others read can be read. It returns ErrAccountGone, ErrNoSnapshot,
// ErrNewerSnapshot and ErrUnreadableContent, and then all is as before.
func (db *DB) LoadSnapshot(
	ctx context.Context, account int64, name string, check func(rules [][]byte, d Durations) error,
) (loaded Snapshot, err error) {
	if err := db.upgradeSnapshot(ctx, name); err != nil {
		return Snapshot{}, fmt.Errorf("load snapshot: %w", err)
	}
	err = db.replace(ctx, []int64{account}, func(p *pipeline) error {
		var id int64
		err := p.QueryRow(ctx, `SELECT id FROM snapshots WHERE name = $1 FOR SHARE`, name).Scan(&id)
		if err != nil {
			return snapshotError(err)
		}
		if err := loadState(ctx, p, account, id); err != nil {
			return err
		}
		if err := checkState(ctx, p, account, check); err != nil {
			return err
		}
		loaded, err = scanSnapshot(p.QueryRow(ctx, `SELECT `+snapshotColumns+` FROM snapshots WHERE id = $1`, id))
		return err
	})
	if err != nil {
		return Snapshot{}, fmt.Errorf("load snapshot: %w", contentError(err))
	}
	return loaded, nil
}

// snapshotError is the error of looking for a snapshot.
func snapshotError(err error) error {
	if errors.Is(err, pgx.ErrNoRows) {
		return ErrNoSnapshot
	}
	return err
}

// loadState puts the content of a snapshot into an account. Columns that the snapshot does not have, since a migration
// has added them, get their defaults, as the rows of that time did.
func loadState(ctx context.Context, p *pipeline, account, snapshot int64) error {
	columns, err := stateColumns(ctx, p)
	if err != nil {
		return err
	}
	has, err := snapshotKeys(ctx, p, snapshot)
	if err != nil {
		return err
	}
	for table, keys := range has {
		for _, key := range keys {
			if !slices.Contains(columns[table], key) {
				return fmt.Errorf("%w: there is no column %s.%s", ErrUnreadableContent, table, key)
			}
		}
	}
	removeState(p, []int64{account}, true)
	own := strings.Join(has["accounts"], ", ")
	if own != "" {
		p.write(`
			UPDATE accounts
			SET generation = generation + 1, (`+own+`) = (
				SELECT `+own+`
				FROM snapshot_rows, jsonb_populate_record(NULL::accounts, content)
				WHERE snapshot_id = $2 AND table_name = 'accounts'
			)
			WHERE id = $1`, account, snapshot)
	}
	for _, t := range stateTables {
		if len(has[t.name]) == 0 {
			continue
		}
		copied := strings.Join(has[t.name], ", ")
		p.write(`
			INSERT INTO `+t.name+` (account_id, `+copied+`)
			SELECT $1, `+copied+`
			FROM (
				SELECT *
				FROM snapshot_rows
				WHERE snapshot_id = $2 AND table_name = $3
				ORDER BY n
			) saved, jsonb_populate_record(NULL::`+t.name+`, content) own
			WHERE `+cmp.Or(t.fits, "true")+`
			ORDER BY saved.n`, account, snapshot, t.name)
	}
	if err := checkRules(ctx, p, account); err != nil {
		return err
	}
	settle(p, account)
	return nil
}

// checkState refuses a state that would trouble whoever looks at all accounts at once.
func checkState(ctx context.Context, p *pipeline, account int64, check func([][]byte, Durations) error) error {
	var inTime bool
	var rules [][]byte
	err := p.QueryRow(ctx, `
		SELECT business_now(a) BETWEEN '1970-01-01Z' AND $2
			AND NOT EXISTS (
				SELECT FROM steps
				WHERE account_id = a.id AND NOT (after BETWEEN '0' AND '100 years'
					AND COALESCE(due_at, '2000-01-01Z') BETWEEN '1900-01-01Z' AND '2400-01-01Z')
			) AND NOT EXISTS (
				SELECT FROM tasks
				WHERE account_id = a.id AND NOT (work BETWEEN '0' AND '100 years'
					AND COALESCE(due_at, '2000-01-01Z') BETWEEN '1900-01-01Z' AND '2400-01-01Z')
			),
			(SELECT array_agg(rule::text::bytea) FROM fault_rules WHERE account_id = a.id)
		FROM accounts a
		WHERE id = $1`, account, EndOfTime).Scan(&inTime, &rules)
	if err != nil {
		return err
	}
	if !inTime {
		return fmt.Errorf("%w: it has times that no clock shows", ErrUnreadableContent)
	}
	durations, err := readDurations(ctx, p, account)
	if err == nil && check != nil {
		err = check(rules, durations)
	}
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrUnreadableContent, err)
	}
	return err
}

// checkRules refuses a state in which a row is not as ours always are.
func checkRules(ctx context.Context, p *pipeline, account int64) error {
	broken := make([]string, len(migrations.Rules))
	for i, r := range migrations.Rules {
		key := "account_id"
		if r.Table == "accounts" {
			key = "id"
		}
		broken[i] = fmt.Sprintf(`SELECT '%[1]s.%[2]s' WHERE EXISTS (SELECT FROM %[1]s WHERE %[4]s = $1 AND NOT (%[3]s))`,
			r.Table, r.Name, r.Check, key)
	}
	var rule string
	err := p.QueryRow(ctx, strings.Join(broken, " UNION ALL "), account).Scan(&rule)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil
	}
	if err == nil {
		err = fmt.Errorf("%w: it breaks the rule %s", ErrUnreadableContent, rule)
	}
	return err
}

// snapshotKeys reads the columns that the rows of a snapshot have, by table: those of one table all have the same.
func snapshotKeys(ctx context.Context, p *pipeline, snapshot int64) (map[string][]string, error) {
	rows, err := p.Query(ctx, `
		SELECT table_name, array_agg(key)
		FROM snapshot_rows, jsonb_object_keys(content) key
		WHERE snapshot_id = $1 AND n = 1
		GROUP BY table_name`, snapshot)
	if err != nil {
		return nil, err
	}
	keys := map[string][]string{}
	var table string
	var of []string
	_, err = pgx.ForEachRow(rows, []any{&table, &of}, func() error {
		keys[table] = slices.Clone(of)
		return nil
	})
	return keys, err
}
