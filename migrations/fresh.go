package migrations

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/database"
)

// fresh makes the schema of an empty database as goose does, but in one
// transaction: goose has one for each migration, and waits for the disk as
// often. It leaves to goose a database that ever had migrations, and files that
// cannot share a transaction.
func (m *migrator) fresh(ctx context.Context, files fs.FS) (err error) {
	steps, err := m.steps(files)
	if err != nil || steps == nil {
		return err
	}
	conn, err := m.db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if err := (advisoryLock{}).SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() {
		err = errors.Join(err, advisoryLock{}.SessionUnlock(context.WithoutCancel(ctx), conn))
	}()
	var had bool // another server may have had its turn
	err = conn.QueryRowContext(ctx, "SELECT to_regclass($1) IS NOT NULL", goose.DefaultTablename).Scan(&had)
	if err != nil || had {
		return err
	}
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	if err := apply(ctx, tx, steps); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	return tx.Commit()
}

// step is a migration as Postgres reads it.
type step struct {
	version int64
	file    string
	sql     string
}

// steps reads all migrations; nil: they cannot share a transaction.
func (m *migrator) steps(files fs.FS) (steps []step, err error) {
	for _, source := range m.provider.ListSources() {
		text, err := fs.ReadFile(files, source.Path)
		if err != nil {
			return nil, err
		}
		if strings.Contains(string(text), "-- +goose NO TRANSACTION") {
			return nil, nil
		}
		// To Postgres, what else goose is told in a file is a comment.
		up, _, _ := strings.Cut(string(text), "-- +goose Down")
		steps = append(steps, step{source.Version, source.Path, up})
	}
	return steps, nil
}

// apply takes the steps and notes them as goose does, whose table begins with
// one that is none.
func apply(ctx context.Context, tx *sql.Tx, steps []step) error {
	noted, err := database.NewStore(goose.DialectPostgres, goose.DefaultTablename)
	if err != nil {
		return err
	}
	if err := noted.CreateVersionTable(ctx, tx); err != nil {
		return err
	}
	for _, s := range append([]step{{}}, steps...) {
		if _, err := tx.ExecContext(ctx, s.sql); err != nil {
			return fmt.Errorf("%s: %w", s.file, err)
		}
		if err := noted.Insert(ctx, tx, database.InsertRequest{Version: s.version}); err != nil {
			return err
		}
	}
	return nil
}
