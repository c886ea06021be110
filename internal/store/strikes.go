package store

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// heldFor is when a task is due that is held until a rule is disarmed: after EndOfTime, which no clock reaches.
// Infinity is nothing that a clock at a rate of its own could be asked for.
const heldFor = `timestamptz '2200-01-01 00:00:00Z'`

// DelayTask gives a claim back, unprocessed, to be taken again after a length of business time. What strikes it from
// then on is faults.
func (db *DB) DelayTask(ctx context.Context, c Claim, after time.Duration, faults *string) error {
	_, err := db.pool.aside.Exec(ctx, heldClaim(BusyWait)+`
		UPDATE tasks t
		SET lease = NULL, attempts = attempts - 1, faults = $5,
			due_at  = held.now + $4::interval,
			wake_at = wake_time(held.account, held.now + $4::interval)
		FROM held
		WHERE t.account_id = $1 AND t.id = $2`, c.Account, c.ID, c.Lease, after, faults)
	if err != nil {
		return fmt.Errorf("delay task %s: %w", c.ID, err)
	}
	return nil
}

// HoldTask gives a claim back, unprocessed, to be taken again when a rule is disarmed. It reports whether it did: a
// rule that is disarmed already holds nothing.
func (db *DB) HoldTask(ctx context.Context, c Claim, rule int64) (held bool, err error) {
	// Who disarms the rule meanwhile waits for this, and then lets the task go.
	err = db.pool.aside.QueryRow(ctx, `
		WITH armed AS (
			SELECT FROM fault_rules WHERE id = $3 FOR KEY SHARE
		), held AS (
			UPDATE tasks t
			SET lease = NULL, attempts = attempts - 1, due_at = `+heldFor+`, wake_at = wake_time(a, `+heldFor+`)
			FROM accounts a, armed
			WHERE a.id = $4 AND t.account_id = $4 AND t.id = $1 AND t.lease = $2
		)
		SELECT EXISTS (SELECT FROM armed)`, c.ID, c.Lease, rule, c.Account).Scan(&held)
	if err != nil {
		return false, fmt.Errorf("hold task %s: %w", c.ID, err)
	}
	return held, nil
}

// Strikes at tasks name their rules by ids, which are others where the rules are copied to. Copied, a strike names a
// rule of its account by the place among them, counted down from -1; one for all accounts by its id, which is the same
// for all; and one that is no longer armed by 0.
const (
	copiedStrikes = `(
		SELECT jsonb_agg(strike || jsonb_build_object('rule', COALESCE((
			SELECT CASE WHEN r.account_id IS NULL THEN r.id ELSE
				-(SELECT count(*) FROM fault_rules b WHERE b.account_id = r.account_id AND b.id <= r.id)
			END
			FROM fault_rules r
			WHERE r.id = (strike ->> 'rule')::bigint AND COALESCE(r.account_id, tasks.account_id) = tasks.account_id
		), 0)) ORDER BY nth)
		FROM jsonb_array_elements(faults) WITH ORDINALITY one (strike, nth)
	)`
	ownStrikes = `
		UPDATE tasks t
		SET faults = (
			SELECT jsonb_agg(strike || jsonb_build_object('rule', COALESCE((
				SELECT r.id
				FROM (
					SELECT id, CASE WHEN account_id IS NULL THEN id ELSE
						-row_number() OVER (PARTITION BY account_id ORDER BY id)
					END AS copied
					FROM fault_rules
					WHERE account_id IS NULL OR account_id = $1
				) r
				WHERE r.copied = (strike ->> 'rule')::bigint
			), 0)) ORDER BY nth)
			FROM jsonb_array_elements(t.faults) WITH ORDINALITY one (strike, nth)
		)
		WHERE t.account_id = $1 AND t.faults IS NOT NULL`
)

// forgetRules forgets the ids of rules in a copy from elsewhere: here they are those of others.
func forgetRules(content []snapshotRow) {
	for _, r := range content {
		strikes, _ := r.Row["faults"].([]any)
		for _, strike := range strikes {
			of, _ := strike.(row)
			if id, ok := of["rule"].(json.Number); ok && !strings.HasPrefix(id.String(), "-") {
				of["rule"] = 0
			}
		}
	}
}
