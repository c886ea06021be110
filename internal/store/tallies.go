package store

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Tally is how many resources below a parent are alike in what is counted of them.
type Tally[B cloud.Body] struct {
	Body B // with no more than that
	N    int64
}

// Tallies reads what is counted of the caller's resources of a kind, by the ids of their parents, which are of the kind
// with a name. The database keeps the counts, so that it costs the same however many resources there are.
func Tallies[B cloud.Body](ctx context.Context, tx *Tx, parentKind string) (map[int64][]Tally[B], error) {
	return tallies[B](ctx, tx, ``, parentKind)
}

// TalliesOf is Tallies for one parent.
func TalliesOf[B cloud.Body](ctx context.Context, tx *Tx, parentKind string, parent int64) ([]Tally[B], error) {
	of, err := tallies[B](ctx, tx, `AND parent_id = $4`, parentKind, parent)
	return of[parent], err
}

func tallies[B cloud.Body](
	ctx context.Context, tx *Tx, which string, args ...any,
) (map[int64][]Tally[B], error) {
	kind := kindOf[B]()
	rows, err := tx.state().Query(ctx, `
		SELECT parent_id, body, n
		FROM tallies
		WHERE account_id = $1 AND kind = $2 AND parent_kind = $3 `+which+`
		ORDER BY parent_id, body`, append([]any{tx.Caller.Account, kind.Name}, args...)...)
	if err != nil {
		return nil, fmt.Errorf("count %ss: %w", kind.Name, err)
	}
	found := map[int64][]Tally[B]{}
	bodies := map[string]B{} // few are many times there
	var parent, n int64
	var body []byte
	_, err = pgx.ForEachRow(rows, []any{&parent, &body, &n}, func() (err error) {
		of, ok := bodies[string(body)]
		if !ok {
			err = json.Unmarshal(body, &of)
			bodies[string(body)] = of
		}
		found[parent] = append(found[parent], Tally[B]{of, n})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("count %ss: %w", kind.Name, err)
	}
	return found, nil
}
