package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// To tell of a resource costs the same, however many others were told of since it last was, also where that was planned
// while there were few.
func TestTellLooksAtFew(t *testing.T) {
	t.Parallel()
	db, caller := newAccount(t)
	insert := func(ids ...int64) {
		t.Helper()
		err := db.Write(t.Context(), caller, func(tx *store.Tx) error {
			for _, id := range ids {
				store.Insert(tx, cloud.Resource[jar]{ID: id, Status: cloud.StatusActive, Body: jar{"full"}})
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	id := int64(0)
	change := func() (looked int64) {
		t.Helper()
		return blocks(t, db, caller, func(ctx context.Context, tx *store.Tx) error {
			id++
			store.SetStatus[jar](tx, id, cloud.StatusPending)
			_, err := tx.StatusOf(ctx, jar{}.Kind().Name, id)
			return err
		})
	}
	insert(1, 2, 3)
	if err := db.Analyze(t.Context()); err != nil {
		t.Fatal(err)
	}
	first := change()
	var others []int64
	for n := range int64(3000) {
		others = append(others, n+4)
	}
	insert(others...)
	if last := change(); last > first+25 {
		t.Errorf("after 3,000 others it looks at %d blocks, and before at %d", last, first)
	}
}

// Resources of several accounts that one statement makes are told of as those are that have a statement each.
func TestToldOfTogetherAsAlone(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, err := store.Open(t.Context(), url, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	var accounts []int64
	for _, name := range []string{"one", "two", "three", "four"} {
		account, err := db.CreateAccount(t.Context(), cloud.Account{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		accounts = append(accounts, account)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	task := uuid.New()
	insert := func(accounts ...int64) {
		t.Helper()
		err := pgx.BeginFunc(t.Context(), conn, func(tx pgx.Tx) error {
			_, err := tx.Exec(t.Context(), `
				SELECT set_config('understudy.now', '2030-01-02 03:04:05Z', true), set_config('understudy.task', $1, true)`, task)
			if err != nil {
				return err
			}
			_, err = tx.Exec(t.Context(), `
				INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at, activated_at)
				SELECT account, 'jar', id, 'jar ' || id, CASE id WHEN 2 THEN 'pending' ELSE 'active' END, '{}',
					'2030-01-01', '2030-01-01', CASE id WHEN 2 THEN NULL ELSE timestamptz '2030-01-01' END
				FROM unnest($1::bigint[]) account, generate_series(1, 3) id`, accounts)
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	told := func(account int64) (all string) {
		t.Helper()
		err := conn.QueryRow(t.Context(), `
			SELECT string_agg(concat_ws(' ', seq, at, task, kind, resource_id, name, status), e'\n' ORDER BY seq)
				|| e'\nof ' || (SELECT event_seq FROM accounts WHERE id = $1)
			FROM events
			WHERE account_id = $1 AND seq > 0`, account).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	insert(accounts[0])
	insert(accounts[1:]...)
	want := told(accounts[0])
	if n := strings.Count(want, task.String()); n != 5 { // two are pending first
		t.Errorf("%d events, want 5:\n%s", n, want)
	}
	for _, account := range accounts[1:] {
		if got := told(account); got != want {
			t.Errorf("beside others:\n%s\nwant as alone:\n%s", got, want)
		}
	}
}
