package store

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Wanted is what a resource is to have that no other of its kind below the same parent may have, too. Those with the
// status Except do not count: they leave at once what they have.
type Wanted struct {
	Except cloud.Status
	Name   string
	// The first port that is free is looked for from From on, and then, after Last, from First on.
	From, First, Last int64
	Most              int // how many others are counted at most
}

// Siblings is what there is of that.
type Siblings struct {
	Named bool  // another one has the name
	Port  int64 // 0: none is free
	Count int
}

// Beside asks for no more of the caller's resources of a kind below a parent than one more has to know. It is one
// question, and costs the same however many there are.
func Beside[B cloud.Body](ctx context.Context, tx *Tx, parent int64, w Wanted) (s Siblings, err error) {
	kind := kindOf[B]()
	const (
		other  = `AND r.kind || '' = $2 AND r.parent_kind || '' = $3 AND r.status <> $5`
		byName = `r.account_id + 0 = $1 AND COALESCE(r.parent_id, 0) = $4 ` + other  // one index each, and no other,
		byPort = `r.account_id - 0 = $1 AND COALESCE(r.parent_id, -1) = $4 ` + other // whatever the statistics say
	)
	err = tx.q.QueryRow(ctx, `
		SELECT
			EXISTS (SELECT FROM resources r WHERE `+byName+` AND r.name = $6),
			COALESCE((
				SELECT port
				FROM (
					SELECT $8 + ($7::bigint - $8 + generate_series(0, $9 - $8)) % ($9::bigint - $8::bigint + 1) AS port
				) candidate
				WHERE (SELECT true FROM resources r WHERE `+byPort+` AND r.port = candidate.port LIMIT 1) IS NULL
				LIMIT 1
			), 0),
			(SELECT count(*) FROM (
				SELECT FROM resources r WHERE `+byName+` LIMIT $10
			) counted)`,
		tx.Caller.Account, kind.Name, kind.Parent, parent, w.Except, w.Name, w.From, w.First, w.Last, w.Most).
		Scan(&s.Named, &s.Port, &s.Count)
	if err != nil {
		return s, fmt.Errorf("look for what %ss have: %w", kind.Name, err)
	}
	return s, nil
}

// FirstBelow finds the first of the caller's resources of a kind below a parent of the kind with a name, those with a
// status aside; ok is false where there is none.
func FirstBelow[B cloud.Body](
	ctx context.Context, tx *Tx, parentKind string, parent int64, except cloud.Status,
) (r cloud.Resource[B], ok bool, err error) {
	found, err := list[B](ctx, tx, below+` AND r.status <> $5 ORDER BY r.id LIMIT 1`, parentKind, parent, except)
	if err != nil || len(found) == 0 {
		return r, false, err
	}
	return found[0], true, nil
}

// Named finds the first of the caller's resources of a kind without a parent that has a name, those with a status
// aside; ok is false where there is none. It is found as Beside finds one.
func Named[B cloud.Body](
	ctx context.Context, tx *Tx, name string, except cloud.Status,
) (r cloud.Resource[B], ok bool, err error) {
	kind := kindOf[B]()
	var row record
	err = tx.q.QueryRow(ctx, `
		SELECT `+resourceColumns(strconv.FormatBool(kind.Limit != nil))+`
		FROM resources r
		WHERE r.account_id + 0 = $1 AND COALESCE(r.parent_id, 0) = 0 AND r.name = $3 AND r.kind || '' = $2 AND r.status <> $4
		ORDER BY r.id
		LIMIT 1`, tx.Caller.Account, kind.Name, name, except).Scan(row.columns()...)
	if errors.Is(err, pgx.ErrNoRows) {
		return r, false, nil
	}
	if err == nil {
		r, err = resourceOf[B](&row)
	}
	if err != nil {
		return r, false, fmt.Errorf("look for %s %q: %w", kind.Name, name, err)
	}
	return r, true, nil
}
