package store

import (
	"context"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// Phase is a part of an operation's life in which a fault can strike.
type Phase string

// The two phases of an asynchronous operation.
const (
	Processing   Phase = "processing"
	Provisioning Phase = "provisioning"
)

// Fault makes the next tasks of an account fail.
type Fault struct {
	Account   int64
	Operation string // operationId; empty: any
	Phase     Phase
	Error     cloud.Error
	Times     int // tasks it hits
}

// AddFault adds a fault after those that the account has.
func (db *DB) AddFault(ctx context.Context, f Fault) error {
	_, err := db.pool.Exec(ctx, `
		INSERT INTO faults (account_id, operation, phase, code, description, remaining)
		VALUES ($1, NULLIF($2, ''), $3, $4, $5, $6)`,
		f.Account, f.Operation, f.Phase, f.Error.Code, f.Error.Description, f.Times)
	if err != nil {
		return fmt.Errorf("add fault: %w", err)
	}
	return nil
}

// TakeFault uses up one strike of the first fault that fits, if there is one.
func (tx *Tx) TakeFault(ctx context.Context, operation string) (phase Phase, e *cloud.Error, err error) {
	var id int64
	var remaining int
	e = &cloud.Error{}
	err = tx.q.QueryRow(ctx, `
		SELECT id, phase, code, description, remaining
		FROM faults
		WHERE account_id = $1 AND COALESCE(operation, $2) = $2
		ORDER BY id
		LIMIT 1`, tx.Caller.Account, operation).Scan(&id, &phase, &e.Code, &e.Description, &remaining)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", nil, nil
	}
	if err != nil {
		return "", nil, fmt.Errorf("take fault: %w", err)
	}
	if remaining > 1 {
		tx.write(`UPDATE faults SET remaining = remaining - 1 WHERE id = $1`, id)
	} else {
		tx.write(`DELETE FROM faults WHERE id = $1`, id)
	}
	return phase, e, nil
}
