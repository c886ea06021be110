package model_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"github.com/understudy-dev/understudy/test/model"
)

// body is what matters here of the bodies of all kinds.
type body struct {
	Provider       string
	CloudAccountID int64
	Regions        []model.Region
	RegionID       int64
	Port           json.Number // a text in some dialects
	RoleID         int64
	Grants         []struct{ RuleID int64 }
	Locals         []struct{ Region string }
	UID            string
}

// resources are those of all accounts, a database and its jobs under the kind that the model tells apart by the
// subscription.
const resources = `(
	SELECT r.*,
		CASE WHEN 'essentials-subscription' IN (r.parent_kind, p.parent_kind) THEN 'essentials-' ELSE '' END
			|| r.kind AS model_kind,
		CASE WHEN p.parent_kind = 'essentials-subscription' THEN 'essentials-' ELSE '' END
			|| r.parent_kind AS model_parent_kind,
		COALESCE(('x' || left(r.body ->> 'uid', 12))::bit(48)::bigint, r.id) AS model_id
	FROM resources r
	LEFT JOIN resources p ON (p.account_id, p.kind, p.id) = (r.account_id, r.parent_kind, r.parent_id)
)`

// snapshot reads all resources of the account, in the states that its clients see.
func (a *actor) snapshot(rt *rapid.T) model.Snapshot {
	rows, err := a.conn.Query(a.ctx, `
		SELECT model_kind, model_id, COALESCE(model_parent_kind, ''), COALESCE(parent_id, 0), name, body,
			CASE WHEN status = 'active' AND EXISTS (
				SELECT FROM steps s WHERE s.account_id = r.account_id AND s.holds = r.id AND r.parent_id IS NULL
			) THEN 'pending' ELSE status END,
			activated_at IS NULL AND status = 'pending'
		FROM `+resources+` r
		WHERE account_id = $1`, a.account.ID)
	if err != nil {
		rt.Fatal(err)
	}
	s := model.Snapshot{}
	var r model.Resource
	var text []byte
	columns := []any{&r.Kind, &r.ID, &r.Parent.Kind, &r.Parent.ID, &r.Name, &text, &r.Status, &r.New}
	_, err = pgx.ForEachRow(rows, columns, func() error {
		var b body
		if err := json.Unmarshal(text, &b); err != nil {
			return fmt.Errorf("%v: %w", r.Ref, err)
		}
		found := r
		found.UID = b.UID
		found.Provider, found.Regions, found.Region = b.Provider, b.Regions, b.RegionID
		found.Port, _ = b.Port.Int64() // 0: there is none
		for _, local := range b.Locals {
			found.Locals = append(found.Locals, local.Region)
		}
		if r.Kind == "subscription" && b.CloudAccountID > 1 { // one is there for everybody
			found.Own, found.Uses = true, append(found.Uses, model.Ref{Kind: "cloud account", ID: b.CloudAccountID})
		}
		if b.RoleID > 0 {
			found.Uses = append(found.Uses, model.Ref{Kind: "ACL role", ID: b.RoleID})
		}
		for _, grant := range b.Grants {
			if grant.RuleID > 1000 { // the others are there for everybody
				found.Uses = append(found.Uses, model.Ref{Kind: "ACL rule", ID: grant.RuleID})
			}
		}
		s[found.Ref] = found
		return nil
	})
	if err != nil {
		rt.Fatal(err)
	}
	return s
}

// tasks are those that clients see, and those that they see as jobs as far as they are done.
func (a *actor) tasks(rt *rapid.T) any {
	tasks, _ := a.send(http.MethodGet, "/v1/tasks", nil).Get("tasks").([]any)
	rows, err := a.conn.Query(a.ctx, `
		SELECT jsonb_build_object('taskId', id, 'status', CASE status
			WHEN 'done' THEN 'processing-completed' WHEN 'failed' THEN 'processing-error' ELSE 'received' END)
		FROM tasks
		WHERE account_id = $1 AND operation LIKE '%Instance'`, a.account.ID)
	if err != nil {
		rt.Fatal(err)
	}
	jobs, err := pgx.CollectRows(rows, pgx.RowTo[any])
	if err != nil {
		rt.Fatal(err)
	}
	return append(tasks, jobs...)
}

// clock tells the model the time, where that stands still.
func (a *actor) clock(rt *rapid.T) {
	if !a.speed.Stepped {
		return
	}
	sql := `SELECT business_now(a) FROM accounts a WHERE id = $1`
	if err := a.conn.QueryRow(a.ctx, sql, a.account.ID).Scan(&a.model.Now); err != nil {
		rt.Fatal(err)
	}
}

// exec runs SQL about the account, which is $1.
func (a *actor) exec(rt *rapid.T, sql string) {
	if _, err := a.conn.Exec(a.ctx, sql, a.account.ID); err != nil {
		rt.Fatal(err)
	}
}

// quiet reports whether the server has nothing to do for the account before its clock moves on.
func (a *actor) quiet(rt *rapid.T) (quiet bool) {
	err := a.conn.QueryRow(a.ctx, `
		SELECT NOT EXISTS (SELECT FROM tasks WHERE account_id = $1 AND head AND wake_at < 'infinity')
			AND NOT EXISTS (SELECT FROM steps WHERE account_id = $1 AND wake_at < 'infinity')`, a.account.ID).Scan(&quiet)
	if err != nil {
		rt.Fatal(err)
	}
	return quiet
}

// next is how long it is until something is due, at most a day.
func (a *actor) next(rt *rapid.T) (wait time.Duration) {
	err := a.conn.QueryRow(a.ctx, `
		SELECT LEAST(interval '1 day', min(due_at) - (SELECT clock_frozen_at FROM accounts WHERE id = $1))
		FROM (
			SELECT due_at FROM tasks WHERE account_id = $1 AND head
			UNION ALL
			SELECT due_at FROM steps WHERE account_id = $1
		) due`, a.account.ID).Scan(&wait)
	if err != nil {
		rt.Fatal(err)
	}
	return wait
}

// rules are broken where one of the queries finds a row.
func rules() map[string]string {
	return map[string]string{
		"more than three subscriptions are changed at once": `
		SELECT FROM steps WHERE account_id = $1 AND due_at IS NOT NULL HAVING count(DISTINCT holds) > 3`,
		"a subscription waits for a slot while one is free": `
		SELECT FROM steps WHERE account_id = $1
		HAVING bool_or(due_at IS NULL) AND count(DISTINCT holds) FILTER (WHERE due_at IS NOT NULL) < 3`,
		"a task has overtaken another": `
		SELECT FROM tasks t JOIN accounts a ON a.id = t.account_id
		WHERE t.account_id = $1 AND (t.seq <= a.done_seq) <> (t.response IS NOT NULL)`,
		"a task has ended before one that was accepted before it": `
		SELECT FROM (
			SELECT updated_at < lag(updated_at) OVER (ORDER BY seq) AS early
			FROM tasks WHERE account_id = $1 AND response IS NOT NULL
		) t WHERE early`,
		"the first unfinished task is not the head": `
		SELECT FROM tasks t JOIN accounts a ON a.id = t.account_id
		WHERE t.account_id = $1 AND t.head <> (t.seq = a.done_seq + 1)`,
		"a step is for what is not there": `
		SELECT FROM steps s LEFT JOIN resources r ON (r.account_id, r.kind, r.id) = (s.account_id, s.kind, s.resource_id)
		WHERE s.account_id = $1 AND r.id IS NULL`,
		"something is held that is not there": `
		SELECT FROM steps s
		WHERE s.account_id = $1 AND s.holds IS NOT NULL AND NOT EXISTS (
			SELECT FROM resources r WHERE r.account_id = $1 AND r.id = s.holds AND r.parent_id IS NULL)`,
	}
}

// broken lists the rules that the account's rows break.
func (a *actor) broken(rt *rapid.T) []string {
	var queries []string
	for rule, query := range rules() {
		queries = append(queries, fmt.Sprintf(`SELECT '%s' WHERE EXISTS (%s)`, rule, query))
	}
	rows, err := a.conn.Query(a.ctx, strings.Join(slices.Sorted(slices.Values(queries)), " UNION ALL "), a.account.ID)
	if err != nil {
		rt.Fatal(err)
	}
	problems, err := pgx.CollectRows(rows, pgx.RowTo[string])
	if err != nil {
		rt.Fatal(err)
	}
	return problems
}

// stuck lists what is under way while nothing is left to be done for it.
func (a *actor) stuck(rt *rapid.T, now model.Snapshot) (problems []string) {
	rows, err := a.conn.Query(a.ctx, `
		SELECT r.model_kind, r.model_id
		FROM steps s
		JOIN `+resources+` r ON (r.account_id, r.kind, r.id) = (s.account_id, s.kind, s.resource_id)
		WHERE s.account_id = $1
		UNION
		SELECT r.kind, r.id
		FROM steps s
		JOIN resources r ON r.account_id = s.account_id AND r.id = s.holds AND r.parent_id IS NULL
		WHERE s.account_id = $1`, a.account.ID)
	if err != nil {
		rt.Fatal(err)
	}
	steps, err := pgx.CollectRows(rows, pgx.RowToStructByPos[model.Ref])
	if err != nil {
		rt.Fatal(err)
	}
	return a.model.Stuck(now, steps)
}
