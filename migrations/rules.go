package migrations

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Rule is what holds of each row of a table that is written often. Postgres would read a CHECK from its text for every
// statement that writes, so users' databases have none: see the migration to version 21.
type Rule struct {
	Table, Name string
	Check       string // a condition in SQL; NULL keeps it
}

// Rules are in the order of their tables.
var Rules = []Rule{ //nolint:gochecknoglobals // data
	{"accounts", "cap_policy_known", `cap_policy IN ('queue', 'reject')`},
	{"accounts", "clock_rate_bounded", `clock_rate BETWEEN 0.001 AND 10000`},
	{"tasks", "status_known", `status IN ('received', 'running', 'done', 'failed')`},
	{"tasks", "response_at_end", `(status IN ('done', 'failed')) = (response IS NOT NULL)`},
	{"tasks", "head_wakes", `NOT head OR wake_at IS NOT NULL`},
	{"tasks", "head_runs", `head OR status <> 'running'`},
	{"resources", "error_explained", `(status = 'error') = (error IS NOT NULL)`},
	{"steps", "due_wakes", `(due_at IS NULL) = (wake_at IS NULL)`},
	{"steps", "error_explained", `(status = 'error') = (error IS NOT NULL)`},
	{"steps", "holds_slots", `(holds IS NULL) = (slots IS NULL)`},
	{"idempotency_keys", "state_known", `state IN ('held', 'done', 'released')`},
	{"idempotency_keys", "status_when_done", `(state = 'done') = (status IS NOT NULL)`},
	{"idempotency_keys", "body_when_done", `(state = 'done') = (body IS NOT NULL)`},
}

// owned are the tables whose rows belong to an account, by its lock and not by a foreign key.
var owned = []string{"events", "tasks", "resources"} //nolint:gochecknoglobals // data

// Enforce has Postgres itself hold the rules in the database at url, for tests: a statement that breaks one fails, and
// so does a commit that leaves something of an account that is gone.
func Enforce(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var all strings.Builder
	for _, r := range Rules {
		fmt.Fprintf(&all, "ALTER TABLE %s ADD CONSTRAINT %s_rule_%s CHECK (%s);", r.Table, r.Table, r.Name, r.Check)
	}
	for _, table := range owned {
		fmt.Fprintf(&all, `ALTER TABLE %s ADD CONSTRAINT %s_of_account
			FOREIGN KEY (account_id) REFERENCES accounts DEFERRABLE INITIALLY DEFERRED;`, table, table)
	}
	if _, err := conn.Exec(ctx, all.String()); err != nil {
		return fmt.Errorf("enforce the rules: %w", err)
	}
	return nil
}
