package store_test

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
	"github.com/understudy-dev/understudy/migrations"
)

// A file may say anything, and users' databases do not hold the rules themselves: so a snapshot is measured by each
// when it is loaded.
func TestLoadedSnapshotsKeepTheRules(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, err := store.Open(t.Context(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	account, err := db.CreateAccount(t.Context(), cloud.Account{Name: "test"})
	if err != nil {
		t.Fatal(err)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close(t.Context()) })
	for _, r := range migrations.Rules { // as in users' databases
		_, err := conn.Exec(t.Context(), fmt.Sprintf(`ALTER TABLE %[1]s DROP CONSTRAINT %[1]s_rule_%[2]s`, r.Table, r.Name))
		if err != nil {
			t.Fatal(err)
		}
	}
	const (
		task = `"id": "00000000-0000-0000-0000-000000000001", "seq": 1, "operation": "o", "command": "c", "attempts": 0,
			"accepted_at": "2026-01-01Z", "updated_at": "2026-01-01Z", "work": "0"`
		box  = `"kind": "box", "id": 1, "name": "box", "body": {}, "created_at": "2026-01-01Z", "updated_at": "2026-01-01Z"`
		step = `"kind": "box", "resource_id": 1, "after": "0"`
		key  = `"scheme": "s", "key_hash": "\\x00", "fingerprint": "\\x00", "token": "00000000-0000-0000-0000-000000000001",
			"lease_until": "2026-01-01Z", "created_at": "2026-01-01Z", "expires_at": "2200-01-01Z", "purge_at": "2200-01-01Z",
			"request_id": "00000000-0000-0000-0000-000000000001"`
	)
	broken := map[string][]string{
		"accounts.cap_policy_known":   {`accounts: "cap_policy": "none"`},
		"accounts.clock_rate_bounded": {`accounts: "clock_rate": 0, "clock_offset": "0", "last_seq": 0, "done_seq": 0`},
		"tasks.status_known":          {`tasks: ` + task + `, "status": "lost", "head": false`},
		"tasks.response_at_end":       {`tasks: ` + task + `, "status": "done", "head": false`},
		"tasks.head_wakes":            {`tasks: ` + task + `, "status": "received", "head": true`},
		"tasks.head_runs":             {`tasks: ` + task + `, "status": "running", "head": false`},
		"resources.error_explained":   {`resources: ` + box + `, "status": "error"`},
		"resources.parent_there":      {`resources: ` + box + `, "status": "active", "parent_kind": "shelf", "parent_id": 1`},
		"steps.resource_there":        {`steps: ` + step + `, "status": "active"`},
		"steps.due_wakes": {
			`resources: ` + box + `, "status": "pending"`,
			`steps: ` + step + `, "status": "active", "due_at": "2026-01-01Z"`,
		},
		"steps.error_explained": {
			`resources: ` + box + `, "status": "pending"`, `steps: ` + step + `, "status": "error"`,
		},
		"steps.holds_slots": {
			`resources: ` + box + `, "status": "pending"`, `steps: ` + step + `, "status": "active", "holds": 1`,
		},
		"idempotency_keys.state_known":      {`idempotency_keys: ` + key + `, "state": "lost"`},
		"idempotency_keys.status_when_done": {`idempotency_keys: ` + key + `, "state": "done", "body": "\\x00"`},
		"idempotency_keys.body_when_done":   {`idempotency_keys: ` + key + `, "state": "done", "status": 202`},
	}
	saved, err := db.SaveSnapshot(t.Context(), account, "good", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range migrations.Rules {
		name := r.Table + "." + r.Name
		if broken[name] == nil {
			t.Errorf("nothing here breaks %s", name)
		}
		var file bytes.Buffer
		fmt.Fprintf(&file, `{"format": "understudy-snapshot", "schema": %d, "account": "test", "state_at": "2026-01-01Z"}`,
			saved.Schema)
		for _, row := range broken[name] {
			table, members, _ := strings.Cut(row, ": ")
			fmt.Fprintf(&file, "\n"+`{"table": %q, "row": {%s}}`, table, members)
		}
		if _, err := db.ImportSnapshot(t.Context(), name, &file, false); err != nil {
			t.Errorf("%s: import: %v", name, err)
			continue
		}
		_, err := db.LoadSnapshot(t.Context(), account, name, nil)
		if !errors.Is(err, store.ErrUnreadableContent) || !strings.HasSuffix(err.Error(), "it breaks the rule "+name) {
			t.Errorf("a snapshot that breaks %s is loaded: %v", name, err)
		}
	}
	if _, err := db.LoadSnapshot(t.Context(), account, "good", nil); err != nil {
		t.Errorf("a snapshot that breaks no rule: %v", err)
	}
}
