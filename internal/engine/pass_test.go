package engine_test

import (
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/store"
)

// later gives an account boxes whose only steps are due a minute after each other.
func later(tb testing.TB, url string, account int64, boxes int) {
	tb.Helper()
	conn := connect(tb, url)
	exec(tb, conn, `
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at)
		SELECT a.id, 'box', n, 'box', 'pending', '{}', business_now(a), business_now(a)
		FROM accounts a, generate_series(1, $2::int) n
		WHERE a.id = $1`, account, boxes)
	exec(tb, conn, `
		INSERT INTO steps (account_id, kind, resource_id, after, due_at, wake_at, status, patch)
		SELECT a.id, 'box', n, '0', at, wake_time(a, at), 'active', '{"lid": true}'
		FROM accounts a, generate_series(1, $2::int) n, LATERAL (SELECT business_now(a) + make_interval(mins => n)) due (at)
		WHERE a.id = $1`, account, boxes)
}

// A thousand steps, each at its own time, whether the clock stands still or runs.
func TestPassesThousandSteps(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openDB(t, url)
	stopped, runs := newAccount(t, db).Account, running(t, db)
	e := start(t, db, nil)
	for _, account := range []int64{stopped, runs} {
		later(t, url, account, 1000)
		begin := time.Now()
		passed, err := e.Pass(t.Context(), account, engine.Passing{By: 1 << 62, Instants: -1})
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%d steps in %v", len(passed.Events), time.Since(begin))
		if len(passed.Events) != 1000 || passed.End != store.PassageIdle {
			t.Errorf("%d events, then %q; want all 1000, then idle", len(passed.Events), passed.End)
		}
		for i, e := range passed.Events {
			if e.ID != int64(i+1) {
				t.Fatalf("event %d is about box %d", i, e.ID)
			}
		}
		var wrong int
		query(t, url, `
			SELECT count(*) FROM resources
			WHERE account_id = $1 AND updated_at NOT BETWEEN created_at + make_interval(mins => id::int)
				AND created_at + make_interval(mins => id::int, secs => 30)`, []any{account}, &wrong)
		if wrong != 0 {
			t.Errorf("%d boxes did not change at their own time", wrong)
		}
	}
	apitest.Eventually(t, "no step is left", func() bool { return steps(t, url, stopped)+steps(t, url, runs) == 0 })
}
