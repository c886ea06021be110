package migrations

import (
	"context"
	"fmt"
	"strings"

	"github.com/jackc/pgx/v5"
)

// Rule is what holds of each row of a table that is written often. Postgres would read a CHECK from its text for every
// statement that writes, and lock a row for every one that refers to it, so users' databases have neither: see the
// migrations to versions 21 and 28.
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
	{"resources", "parent_there", `parent_id IS NULL OR EXISTS (
		SELECT
		FROM resources p
		WHERE p.account_id = resources.account_id AND p.kind = resources.parent_kind AND p.id = resources.parent_id
	)`},
	{"steps", "due_wakes", `(due_at IS NULL) = (wake_at IS NULL)`},
	{"steps", "error_explained", `(status = 'error') = (error IS NOT NULL)`},
	{"steps", "holds_slots", `(holds IS NULL) = (slots IS NULL)`},
	{"steps", "resource_there", `EXISTS (
		SELECT
		FROM resources r
		WHERE r.account_id = steps.account_id AND r.kind = steps.kind AND r.id = steps.resource_id
	)`},
	{"idempotency_keys", "state_known", `state IN ('held', 'done', 'released')`},
	{"idempotency_keys", "status_when_done", `(state = 'done') = (status IS NOT NULL)`},
	{"idempotency_keys", "body_when_done", `(state = 'done') = (body IS NOT NULL)`},
}

// foreign are the rules that are about another row, as Postgres can hold them.
var foreign = map[string]string{ //nolint:gochecknoglobals // data
	"resources.parent_there": `FOREIGN KEY (account_id, parent_kind, parent_id) REFERENCES resources`,
	"steps.resource_there":   `FOREIGN KEY (account_id, kind, resource_id) REFERENCES resources`,
}

// owned are the tables whose rows belong to an account, by its lock and not by a foreign key.
var owned = []string{"events", "tasks", "resources"} //nolint:gochecknoglobals // data

// Enforce has Postgres itself hold the rules in the database at url, for tests: a statement that breaks one fails, and
// so does a commit that leaves something of what is gone, be it an account or a resource.
func Enforce(ctx context.Context, url string) error {
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	const atCommit = ` DEFERRABLE INITIALLY DEFERRED`
	var all strings.Builder
	for _, r := range Rules {
		constraint := `CHECK (` + r.Check + `)`
		if key, ok := foreign[r.Table+"."+r.Name]; ok {
			constraint = key + atCommit
		}
		fmt.Fprintf(&all, "ALTER TABLE %[1]s ADD CONSTRAINT %[1]s_rule_%[2]s %[3]s;", r.Table, r.Name, constraint)
	}
	for _, table := range owned {
		fmt.Fprintf(&all, `ALTER TABLE %[1]s ADD CONSTRAINT %[1]s_of_account
			FOREIGN KEY (account_id) REFERENCES accounts%[2]s;`, table, atCommit)
	}
	if _, err := conn.Exec(ctx, all.String()); err != nil {
		return fmt.Errorf("enforce the rules: %w", err)
	}
	return nil
}
