package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// FaultRule is an armed rule as it is stored. What it says is for package fault to read.
type FaultRule struct {
	ID      int64
	Account int64 // 0: of all accounts
	Rule    []byte
	ArmedAt time.Time // business time of its account
	Hits    int64
	LastHit *time.Time
}

const faultColumns = `id, COALESCE(account_id, 0), rule, armed_at, hits, last_hit`

func scanFault(row pgx.CollectableRow) (r FaultRule, err error) {
	err = row.Scan(&r.ID, &r.Account, &r.Rule, &r.ArmedAt, &r.Hits, &r.LastHit)
	return r, err
}

// FaultRules returns all armed rules, in the order in which they were armed.
func (db *DB) FaultRules(ctx context.Context) ([]FaultRule, error) {
	rows, err := db.pool.Query(ctx, `SELECT `+faultColumns+` FROM fault_rules ORDER BY id`)
	if err != nil {
		return nil, fmt.Errorf("list fault rules: %w", err)
	}
	rules, err := pgx.CollectRows(rows, scanFault)
	if err != nil {
		return nil, fmt.Errorf("list fault rules: %w", err)
	}
	return rules, nil
}

const armFault = `
	INSERT INTO fault_rules (account_id, rule, armed_at)
	VALUES (NULLIF($1::bigint, 0), $2,
		COALESCE((SELECT business_now(a) FROM accounts a WHERE a.id = $1), clock_timestamp()))`

// ArmFault stores a rule for the account. Rules are to be read anew after the commit.
func (tx *Tx) ArmFault(rule []byte) { tx.write(armFault, tx.Caller.Account, string(rule)) }

// ArmFaults stores rules, all or none, and returns them as they are stored.
func (db *DB) ArmFaults(ctx context.Context, rules []FaultRule) (armed []FaultRule, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) error {
		for _, r := range rules {
			rows, err := p.Query(ctx, armFault+` RETURNING `+faultColumns, r.Account, string(r.Rule))
			if err != nil {
				return err
			}
			one, err := pgx.CollectExactlyOneRow(rows, scanFault)
			if err != nil {
				return err
			}
			armed = append(armed, one)
		}
		p.write(`SELECT pg_notify($1, $2)`, faultChannel, db.id)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("arm fault rules: %w", err)
	}
	return armed, nil
}

// DisarmFaults removes rules by their ids and lets go on the tasks that they hold. It returns how many there were.
func (db *DB) DisarmFaults(ctx context.Context, ids []int64) (n int, err error) {
	err = db.inPipeline(ctx, func(p *pipeline) error {
		err := p.QueryRow(ctx, `
			WITH gone AS (
				DELETE FROM fault_rules WHERE id = ANY ($1) RETURNING id
			)
			SELECT count(*) FROM gone`, ids).Scan(&n)
		if err != nil {
			return err
		}
		p.write(`
			UPDATE tasks t
			SET wake_at = clock_timestamp(), due_at = business_now(a),
				faults = (SELECT jsonb_agg(f) FROM jsonb_array_elements(t.faults) f WHERE (f ->> 'rule')::bigint <> ALL ($1))
			FROM accounts a
			WHERE a.id = t.account_id AND t.head AND t.status = 'running' AND t.due_at = `+heldFor+`
				AND EXISTS (SELECT FROM jsonb_array_elements(t.faults) f WHERE (f ->> 'rule')::bigint = ANY ($1))`, ids)
		p.write(`SELECT pg_notify($1, $2)`, faultChannel, db.id)
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("disarm fault rules: %w", err)
	}
	return n, nil
}

// FaultMatch is a request that a rule fits, and when such a request is a hit. Zero values say nothing.
type FaultMatch struct {
	Rule    int64
	Account int64
	Subject string // what is counted on its own
	After   int64  // not the first so many
	First   int64  // of those, the first so many
	Nth     int64
	Every   int64
	Chance  *float64
	Seed    int64
	From    time.Duration // of the window, since the rule was armed, in business time
	To      *time.Duration
}

// hitOf is the condition that the request with a number, of those that a rule fits, is a hit.
func hitOf(seen string) string {
	n := `(` + seen + ` - $4::bigint)`
	return `(` + n + ` > 0
		AND ($5::bigint = 0 OR ` + n + ` <= $5)
		AND ($6::bigint = 0 OR ` + n + ` = $6)
		AND ($7::bigint = 0 OR ` + n + ` % $7 = 0)
		AND ($8::float8 IS NULL OR
			('x' || substr(md5($9::bigint || ':' || $3::text || ':' || ` + seen + `), 1, 8))::bit(32)::bigint
				< $8 * 4294967296))`
}

// openTo is the condition that the window of a rule is open to an account.
const openTo = `r.id = $1 AND a.id = $2
	AND ($10::interval = '0' OR business_now(a) >= r.armed_at + $10)
	AND ($11::interval IS NULL OR business_now(a) < r.armed_at + $11)`

var (
	// Of two requests at once one waits for the row, and counts on from there.
	countFault = `
		UPDATE fault_rules r
		SET seen = seen + 1, hits = hits + ` + hitOf(`(seen + 1)`) + `::int,
			last_hit = CASE WHEN ` + hitOf(`(seen + 1)`) + ` THEN clock_timestamp() ELSE last_hit END
		FROM accounts a
		WHERE ` + openTo + `
		RETURNING seen, ` + hitOf(`seen`)
	countFaultOf = `
		WITH counted AS (
			INSERT INTO fault_counts AS c (rule_id, subject, seen)
			SELECT r.id, $3, 1
			FROM fault_rules r, accounts a
			WHERE ` + openTo + `
			ON CONFLICT (rule_id, subject) DO UPDATE
			SET seen = c.seen + 1
			RETURNING seen
		), hit AS (
			UPDATE fault_rules r
			SET hits = hits + 1, last_hit = clock_timestamp()
			FROM counted
			WHERE r.id = $1 AND ` + hitOf(`counted.seen`) + `
		)
		SELECT seen, ` + hitOf(`seen`) + `
		FROM counted`
)

// CountFault counts a request that a rule fits, and returns whether it is a hit and which of those it is. Several
// servers share the count. A rule that is no longer armed hits nothing.
func (db *DB) CountFault(ctx context.Context, m FaultMatch) (hit bool, n int64, err error) {
	sql := countFault
	if m.Subject != "" {
		sql = countFaultOf
	}
	err = db.pool.aside.QueryRow(ctx, sql,
		m.Rule, m.Account, m.Subject, m.After, m.First, m.Nth, m.Every, m.Chance, m.Seed, m.From, m.To).Scan(&n, &hit)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, 0, nil
	}
	if err != nil {
		return false, 0, fmt.Errorf("count fault %d: %w", m.Rule, err)
	}
	return hit, n, nil
}

// NotifyFaults tells every other DB on the same database that fault rules may have changed.
func (db *DB) NotifyFaults(ctx context.Context) error {
	if _, err := db.pool.aside.Exec(ctx, `SELECT pg_notify($1, $2)`, faultChannel, db.id); err != nil {
		return fmt.Errorf("notify: %w", err)
	}
	return nil
}

// KeepAnswer keeps what is shown under a subject, for so many looks after it has changed. It returns what is to be
// shown; ok is false where that is what was given.
func (db *DB) KeepAnswer(
	ctx context.Context, rule int64, subject, fresh string, looks int64,
) (shown string, ok bool, err error) {
	err = db.pool.aside.QueryRow(ctx, `
		WITH shown AS (
			INSERT INTO fault_counts AS c (rule_id, subject, seen, kept)
			SELECT id, $2, 0, $3 FROM fault_rules WHERE id = $1
			ON CONFLICT (rule_id, subject) DO UPDATE
			SET seen = CASE WHEN c.kept <> $3 AND c.seen < $4 THEN c.seen + 1 ELSE 0 END,
				kept = CASE WHEN c.kept <> $3 AND c.seen < $4 THEN c.kept ELSE $3 END
			RETURNING kept
		), hit AS (
			UPDATE fault_rules
			SET hits = hits + 1, last_hit = clock_timestamp()
			FROM shown
			WHERE id = $1 AND kept <> $3
		)
		SELECT kept FROM shown`, rule, subject, fresh, looks).Scan(&shown)
	switch {
	case errors.Is(err, pgx.ErrNoRows): // no longer armed
		return fresh, false, nil
	case err != nil:
		return "", false, fmt.Errorf("keep an answer for fault %d: %w", rule, err)
	}
	return shown, shown != fresh, nil
}

// Subject is what a request is about, as far as a rule asks for it.
type Subject struct {
	Name   string
	Status cloud.Status
	Tags   []byte // JSON; nil: it has none
}

// SubjectOf finds a resource of an account by its id, of one of some kinds where there are any. ok is false if there is
// none.
func (db *DB) SubjectOf(ctx context.Context, account, id int64, kinds []string) (s Subject, ok bool, err error) {
	return db.subject(ctx, `r.id = $2 AND ($3::text[] = '{}' OR r.kind = ANY ($3))`,
		account, id, append([]string{}, kinds...))
}

// SubjectKnownAs is SubjectOf for a resource that clients know by another id than its number, which its body has as
// uid. It looks at all of the account.
func (db *DB) SubjectKnownAs(ctx context.Context, account int64, uid string) (s Subject, ok bool, err error) {
	return db.subject(ctx, `r.body ->> 'uid' = $2`, account, uid)
}

func (db *DB) subject(ctx context.Context, which string, args ...any) (s Subject, ok bool, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT r.name, r.body -> 'tags', `+resourceStatus(`true`)+`
		FROM resources r
		WHERE r.account_id = $1 AND `+which+`
		ORDER BY r.kind
		LIMIT 1`, args...).Scan(&s.Name, &s.Tags, &s.Status)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("find the subject of a request: %w", err)
	}
	return s, true, nil
}

// SubjectOfTask finds what a task of an account is about by what was asked for. ok is false if there is no such task.
func (db *DB) SubjectOfTask(ctx context.Context, account int64, id uuid.UUID) (s Subject, ok bool, err error) {
	err = db.pool.QueryRow(ctx, `
		SELECT COALESCE(NULLIF(resource_name, ''), request -> 'body' ->> 'name', ''), request -> 'body' -> 'tags'
		FROM tasks
		WHERE account_id = $1 AND id = $2`, account, id).Scan(&s.Name, &s.Tags)
	if errors.Is(err, pgx.ErrNoRows) {
		return s, false, nil
	}
	if err != nil {
		return s, false, fmt.Errorf("find the subject of a task: %w", err)
	}
	return s, true, nil
}
