package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
)

// snapshotHead is the first line of a snapshot as a file; each further one is a snapshotRow. All of it is JSON, so that
// what changed between two of them can be seen.
type snapshotHead struct {
	Format string `json:"format"`
	Rows   *int   `json:"rows,omitempty"` // how many lines follow; nil: an early file, which does not say
	Snapshot
}

// snapshotFormat is what tells the file from others. What is in its lines the schema version says.
const snapshotFormat = "understudy-snapshot"

// snapshotRow is a row of a table, in the columns of the snapshot's schema.
type snapshotRow struct {
	Table string `json:"table"`
	Row   row    `json:"row"`
}

type row = map[string]any

// ErrNoSnapshotFile says that something is not the file of a snapshot.
var ErrNoSnapshotFile = errors.New("not a snapshot file")

// ExportSnapshot writes a snapshot as a file. It returns ErrNoSnapshot.
func (db *DB) ExportSnapshot(ctx context.Context, name string) (file []byte, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) error {
		p.write(`SET TRANSACTION ISOLATION LEVEL REPEATABLE READ`)
		s, err := scanSnapshot(p.QueryRow(ctx, `SELECT `+snapshotColumns+` FROM snapshots WHERE name = $1`, name))
		if err != nil {
			return snapshotError(err)
		}
		rows, err := p.Query(ctx, `
			SELECT jsonb_build_object('table', table_name, 'row', content)::text
			FROM snapshot_rows
			WHERE snapshot_id = (SELECT id FROM snapshots WHERE name = $1)
			ORDER BY table_name, n`, name)
		if err != nil {
			return err
		}
		var line, lines []byte
		n := 0
		_, err = pgx.ForEachRow(rows, []any{(*pgxText)(&line)}, func() error {
			lines = append(append(lines, line...), '\n')
			n++
			return nil
		})
		if err != nil {
			return err
		}
		head, err := json.Marshal(snapshotHead{snapshotFormat, &n, s})
		file = slices.Concat(head, []byte{'\n'}, lines)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("export snapshot: %w", err)
	}
	return file, nil
}

// pgxText scans a text without making a string of it.
type pgxText []byte

// ScanText keeps the text until the next one is scanned.
func (t *pgxText) ScanText(v pgtype.Text) error {
	*t = append((*t)[:0], v.String...)
	return nil
}

// ImportSnapshot stores a snapshot from a file under a name, in the present schema. It returns ErrSnapshotTaken, unless
// it is to take the place of the snapshot of that name, ErrNoSnapshotFile, ErrNewerSnapshot and ErrUnreadableContent.
func (db *DB) ImportSnapshot(ctx context.Context, name string, file io.Reader, replace bool) (s Snapshot, err error) {
	head, content, err := readSnapshot(file)
	if err != nil {
		return s, fmt.Errorf("import snapshot: %w", err)
	}
	err = db.inPipeline(ctx, func(p *pipeline) error {
		var current int
		if err := p.QueryRow(ctx, `SELECT `+schemaVersion).Scan(&current); err != nil {
			return err
		}
		if content, err = db.upgrades.upgraded(content, head.Schema, current); err != nil {
			return err
		}
		forgetRules(content)
		if replace {
			p.write(`DELETE FROM snapshots WHERE name = $1`, name)
		}
		var id int64
		err := p.QueryRow(ctx, `
			INSERT INTO snapshots (name, schema, account, state_at)
			VALUES ($1, $2, $3, $4)
			ON CONFLICT (name) DO NOTHING
			RETURNING id`, name, current, head.Account, head.StateAt).Scan(&id)
		if errors.Is(err, pgx.ErrNoRows) {
			return ErrSnapshotTaken
		}
		if err != nil {
			return err
		}
		if err := writeContent(ctx, p, id, current, content); err != nil {
			return err
		}
		s, err = countSnapshot(ctx, p, id)
		return err
	})
	if err != nil {
		return s, fmt.Errorf("import snapshot: %w", contentError(err))
	}
	return s, nil
}

// contentError makes of an error of Postgres ErrUnreadableContent where that is about what was to be written.
func contentError(err error) error {
	pgErr, ok := errors.AsType[*pgconn.PgError](err)
	if ok && slices.Contains([]string{"21", "22", "23", "54"}, pgErr.Code[:2]) {
		return fmt.Errorf("%w: %s", ErrUnreadableContent, pgErr.Message)
	}
	return err
}

// readSnapshot reads the file of a snapshot.
func readSnapshot(file io.Reader) (head snapshotHead, content []snapshotRow, err error) {
	lines := json.NewDecoder(bufio.NewReader(file))
	lines.UseNumber()
	if err := lines.Decode(&head); err != nil || head.Format != snapshotFormat {
		return head, nil, fmt.Errorf("%w: it does not begin as one", ErrNoSnapshotFile)
	}
	for n := 2; ; n++ {
		var r snapshotRow
		err := lines.Decode(&r)
		if errors.Is(err, io.EOF) {
			if head.Rows != nil && *head.Rows != len(content) {
				err = fmt.Errorf("%w: %d lines follow the first one, instead of %d", ErrNoSnapshotFile, len(content), *head.Rows)
				return head, nil, err
			}
			return head, content, nil
		}
		if err == nil && (r.Table == "" || r.Row == nil) {
			err = errors.New("it is no row of a table")
		}
		if err != nil {
			return head, nil, fmt.Errorf("%w: line %d: %w", ErrNoSnapshotFile, n, err)
		}
		content = append(content, r)
	}
}

// upgradeSnapshot brings a snapshot in the database to the present schema.
func (db *DB) upgradeSnapshot(ctx context.Context, name string) error {
	return db.inPipeline(ctx, func(p *pipeline) error {
		var id int64
		var schema, current int
		err := p.QueryRow(ctx, `SELECT id, schema, `+schemaVersion+` FROM snapshots WHERE name = $1`, name).
			Scan(&id, &schema, &current)
		if err != nil || schema == current {
			return snapshotError(err)
		}
		err = p.QueryRow(ctx, `SELECT schema FROM snapshots WHERE id = $1 FOR UPDATE`, id).Scan(&schema)
		if err != nil || schema == current {
			return snapshotError(err)
		}
		content, err := readContent(ctx, p, id)
		if err != nil {
			return err
		}
		if content, err = db.upgrades.upgraded(content, schema, current); err != nil {
			return err
		}
		p.write(`DELETE FROM snapshot_rows WHERE snapshot_id = $1`, id)
		return writeContent(ctx, p, id, current, content)
	})
}

// readContent reads the rows of a snapshot.
func readContent(ctx context.Context, p *pipeline, id int64) (content []snapshotRow, err error) {
	rows, err := p.Query(ctx, `
		SELECT table_name, content::text
		FROM snapshot_rows
		WHERE snapshot_id = $1
		ORDER BY table_name, n`, id)
	if err != nil {
		return nil, err
	}
	var r snapshotRow
	var text []byte
	_, err = pgx.ForEachRow(rows, []any{&r.Table, (*pgxText)(&text)}, func() error {
		r.Row = nil
		decoder := json.NewDecoder(bytes.NewReader(text))
		decoder.UseNumber()
		err := decoder.Decode(&r.Row)
		content = append(content, r)
		return err
	})
	return content, err
}

// writeContent writes the rows of a snapshot, which are in the present schema.
func writeContent(ctx context.Context, p *pipeline, id int64, current int, content []snapshotRow) error {
	tables, counts, texts := make([]string, len(content)), make([]int64, len(content)), make([]string, len(content))
	count := map[string]int64{}
	for i, r := range content {
		if r.Table != "accounts" && !slices.ContainsFunc(stateTables, func(t stateTable) bool { return t.name == r.Table }) {
			return fmt.Errorf("%w: there is no table %s", ErrUnreadableContent, r.Table)
		}
		text, err := json.Marshal(r.Row)
		if err != nil {
			return err
		}
		count[r.Table]++
		tables[i], counts[i], texts[i] = r.Table, count[r.Table], string(text)
	}
	p.write(`UPDATE snapshots SET schema = $2 WHERE id = $1`, id, current)
	p.write(`
		INSERT INTO snapshot_rows (snapshot_id, table_name, n, content)
		SELECT $1, own.*
		FROM unnest($2::text[], $3::bigint[], $4::jsonb[]) own`, id, tables, counts, texts)
	return nil
}

// upgrade brings the rows of a snapshot from the schema before a migration to that after it, as the migration did with
// those in the database.
type upgrade func([]snapshotRow) ([]snapshotRow, error)

// firstSchema is that of the first snapshots.
const firstSchema = 13

// upgrades are upgrades by the numbers of their migrations.
type upgrades map[int]upgrade

// allUpgrades are those after firstSchema. A migration that only adds tables, or columns that have a default, needs
// none: nil says that it was thought of. A test asks for an entry for each.
func allUpgrades() upgrades {
	return upgrades{
		14: nil, // a column of keys, which are in no snapshot
		15: nil, // a column that the database makes itself
		16: nil, // another text of a function
		17: nil, // a table that the database fills itself
		18: nil, // a function
		19: nil, // another text of one
		20: nil, // other indexes
		21: nil, // from here on fewer constraints, which a snapshot is measured by when it is loaded
		22: nil, 23: nil, 24: nil, 25: nil,
		26: nil, // other texts of functions
		27: nil, // another index
		28: nil, // fewer constraints
	}
}

// upgraded brings the rows of a snapshot from a schema to the present one.
func (u upgrades) upgraded(content []snapshotRow, schema, current int) (_ []snapshotRow, err error) {
	switch {
	case schema > current:
		return nil, fmt.Errorf("%w: it is of version %d, and this program knows versions up to %d",
			ErrNewerSnapshot, schema, current)
	case schema < firstSchema:
		return nil, fmt.Errorf("%w: there never was a snapshot of version %d", ErrNoSnapshotFile, schema)
	}
	for version := schema + 1; version <= current; version++ {
		if change := u[version]; change != nil {
			if content, err = change(content); err != nil {
				return nil, fmt.Errorf("%w: to version %d: %w", ErrUnreadableContent, version, err)
			}
		}
	}
	return content, nil
}
