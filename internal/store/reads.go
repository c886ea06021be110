package store

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/batch"
	"github.com/understudy-dev/understudy/internal/cloud"
)

// reads are the questions that clients ask most by far: for one resource, for one
// task. Those of many requests share a round trip, which costs more than looking
// them up. No answer is older than its request: what is under way is not joined.
// Their keys are typed, so that none can make the statement of the others fail.
type reads struct {
	resources *batch.Batcher[resourceKey, *looked] // nil: there is none
	tasks     *batch.Batcher[taskKey, *cloud.Task]
}

type resourceKey struct {
	account int64
	kind    string
	limited bool
	again   bool // it brings the generation along
	id      int64
}

type taskKey struct {
	account int64
	id      uuid.UUID
}

const (
	readTrips   = 1 // at a time: more would only make the batches smaller
	readBatch   = 64
	readTimeout = 10 * time.Second
)

func newReads(pool querier) *reads {
	return &reads{resources: shared(pool, readResources), tasks: shared(pool, readTasks)}
}

func shared[Key, Row any](
	pool querier, read func(context.Context, querier, []Key) ([]*Row, error),
) *batch.Batcher[Key, *Row] {
	return batch.New(readTrips, readBatch, func(keys []Key) ([]*Row, error) {
		ctx, cancel := context.WithTimeout(context.Background(), readTimeout)
		defer cancel()
		return read(ctx, pool, keys)
	})
}

// readResources finds each of some resources; nil stands for one that is not there.
func readResources(ctx context.Context, q querier, keys []resourceKey) ([]*looked, error) {
	accounts, kinds := make([]int64, len(keys)), make([]string, len(keys))
	limited, again, ids := make([]bool, len(keys)), make([]bool, len(keys)), make([]int64, len(keys))
	for i, key := range keys {
		accounts[i], kinds[i], limited[i], again[i], ids[i] = key.account, key.kind, key.limited, key.again, key.id
	}
	rows, err := q.Query(ctx, `
		SELECT r.*, CASE WHEN k.again THEN (SELECT generation FROM accounts WHERE id = k.account) END, k.n
		FROM unnest($1::bigint[], $2::text[], $3::boolean[], $4::boolean[], $5::bigint[])
			WITH ORDINALITY AS k (account, kind, limited, again, id, n)
		CROSS JOIN LATERAL (
			SELECT `+resourceColumns(`k.limited`)+`
			FROM resources r
			WHERE r.account_id = k.account AND r.kind = k.kind AND r.id = k.id
			LIMIT 1 -- one look at the index for each, whatever the statistics say when this is planned
		) r`, accounts, kinds, limited, again, ids)
	if err != nil {
		return nil, err
	}
	return inOrder(rows, len(keys), func(row pgx.Rows, n *int) (*looked, error) {
		var r looked
		return &r, row.Scan(append(r.columns(), &r.generation, n)...)
	})
}

// readTasks finds each of some tasks; nil stands for one that is not there.
func readTasks(ctx context.Context, q querier, keys []taskKey) ([]*cloud.Task, error) {
	accounts, ids := make([]int64, len(keys)), make([]uuid.UUID, len(keys))
	for i, key := range keys {
		accounts[i], ids[i] = key.account, key.id
	}
	rows, err := q.Query(ctx, `
		SELECT t.*, k.n
		FROM unnest($1::bigint[], $2::uuid[]) WITH ORDINALITY AS k (account, task, n)
		CROSS JOIN LATERAL (
			SELECT `+taskColumns+`
			FROM tasks
			WHERE id = k.task AND account_id = k.account
			LIMIT 1
		) t`, accounts, ids)
	if err != nil {
		return nil, err
	}
	return inOrder(rows, len(keys), func(row pgx.Rows, n *int) (*cloud.Task, error) {
		t, err := scanTaskAnd(row, n)
		return &t, err
	})
}

// inOrder collects rows that carry, from 1, the number of the key they belong to.
func inOrder[Row any](rows pgx.Rows, keys int, scan func(row pgx.Rows, n *int) (*Row, error)) ([]*Row, error) {
	defer rows.Close()
	found := make([]*Row, keys)
	for rows.Next() {
		var n int
		row, err := scan(rows, &n)
		if err != nil {
			return nil, err
		}
		found[n-1] = row
	}
	return found, rows.Err()
}
