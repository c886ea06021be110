package migrations

import (
	"context"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

// Together they are the schema as all migrations leave it, with what goose would have noted and what else is in its
// tables. A test holds them against the migrations, and writes the first one anew.
const (
	schemaFile = "fresh/schema.sql"
	rowsFile   = "fresh/rows.sql"
)

// fresh makes the schema of an empty database at once: that takes a third of the time of the migrations, which create
// much that later ones change or drop, each in a transaction that waits for the disk. It leaves to goose a database
// that ever had migrations, and files without a schema.
func (m *migrator) fresh(ctx context.Context, files fs.FS) (err error) {
	schema, err := fs.ReadFile(files, schemaFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	rows, err := fs.ReadFile(files, rowsFile)
	if err != nil {
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
	if _, err := conn.ExecContext(ctx, string(schema)+string(rows)); err != nil { // sent together: in one transaction
		return fmt.Errorf("%s, %s: %w", schemaFile, rowsFile, err)
	}
	return nil
}
