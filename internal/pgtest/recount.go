package pgtest

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// recount reports where a count that the database keeps is not that of the rows that are there.
func recount(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer func() { _ = conn.Close(ctx) }() // it has read what it wanted
	var known bool
	if err := conn.QueryRow(ctx, `SELECT to_regclass('tallies') IS NOT NULL`).Scan(&known); err != nil || !known {
		return err
	}
	rows, err := conn.Query(ctx, `
		SELECT format('%s of %s %s of account %s alike in %s: %s are counted, and %s there',
			kind, parent_kind, parent_id, account_id, body, kept.n, own.n)
		FROM tallies kept
		FULL JOIN (
			SELECT account_id, kind, parent_kind, parent_id, body, count(*) AS n
			FROM (
				SELECT account_id, kind, parent_kind, parent_id, tallied(kind, parent_kind, status, body) AS body
				FROM resources
				WHERE parent_id IS NOT NULL
			) r
			WHERE body IS NOT NULL
			GROUP BY 1, 2, 3, 4, 5
		) own USING (account_id, kind, parent_kind, parent_id, body)
		WHERE kept.n IS DISTINCT FROM own.n`)
	if err != nil {
		return err
	}
	wrong, err := pgx.CollectRows(rows, pgx.RowTo[string])
	for _, one := range wrong {
		err = errors.Join(err, fmt.Errorf("wrong count: %s", one))
	}
	return err
}
