package store

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"
)

// Seeded is what an account has of a seed file.
type Seeded struct {
	Digest   []byte // of what the file said
	Setup    bool   // it is no resource
	Resource int64  // that it made; 0: none
}

// Seeded returns what the account has of seed files, by item.
func (tx *Tx) Seeded(ctx context.Context) (map[string]Seeded, error) {
	rows, err := tx.q.Query(ctx, `
		SELECT item, digest, setup, COALESCE(resource_id, 0)
		FROM seeded
		WHERE account_id = $1`, tx.Caller.Account)
	if err != nil {
		return nil, fmt.Errorf("read what is seeded: %w", err)
	}
	all := map[string]Seeded{}
	var item string
	var one Seeded
	_, err = pgx.ForEachRow(rows, []any{&item, &one.Digest, &one.Setup, &one.Resource}, func() error {
		all[item] = one
		one.Digest = nil // the next row must not share it
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read what is seeded: %w", err)
	}
	return all, nil
}

// MarkSeeded notes that the account has an item of a seed file.
func (tx *Tx) MarkSeeded(item string, s Seeded) {
	tx.write(`
		INSERT INTO seeded (account_id, item, digest, setup, resource_id)
		VALUES ($1, $2, $3, $4, NULLIF($5::bigint, 0))`, tx.Caller.Account, item, s.Digest, s.Setup, s.Resource)
}

// SetIDSeed has ids of the account follow from a number.
func (tx *Tx) SetIDSeed(seed int64) {
	tx.writes.scope.keys = true // who is known by his keys is known as one without
	tx.write(`UPDATE accounts SET id_seed = $2, ids_drawn = 0 WHERE id = $1`, tx.Caller.Account, seed)
}
