package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/store"
)

// claims is how often each queue is claimed from.
const claims = 500

// measureClaim claims tasks from queues of growing length and number, giving
// each back before the next.
func measureClaim(ctx context.Context, e *env) (_ []row, err error) {
	url, err := e.database(ctx, "claims")
	if err != nil {
		return nil, err
	}
	conn, err := pgx.Connect(ctx, url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, conn.Close(ctx)) }()
	db, err := store.Open(ctx, url, 1)
	if err != nil {
		return nil, err
	}
	defer db.Close()

	var rows []row
	for _, tasks := range []int{10_000, 100_000, 1_000_000} {
		for _, accounts := range []int{1, 100, 10_000} {
			if err := queue(ctx, conn, tasks, accounts); err != nil {
				return nil, err
			}
			var p50s []float64 // in milliseconds
			for range e.rounds {
				p50, err := claim(ctx, db)
				if err != nil {
					return nil, err
				}
				p50s = append(p50s, float64(p50)/float64(time.Millisecond))
			}
			what := fmt.Sprintf("claim, %d tasks of %d accounts, p50", tasks, accounts)
			e.say("%s: %.2f ms", what, median(p50s))
			rows = append(rows, row{what, millis, p50s, nil, nil, goal{atMost: 1}})
		}
	}
	return rows, nil
}

// queue fills the database with tasks that wait, spread evenly over accounts.
func queue(ctx context.Context, conn *pgx.Conn, tasks, accounts int) error {
	for _, sql := range []string{
		`TRUNCATE accounts, tasks CASCADE`,
		fmt.Sprintf(`
			INSERT INTO accounts (id, name, owner_name, owner_email, last_seq)
			SELECT n, 'Bench ' || n, 'Ben Bench', 'ben@bench.example', %d
			FROM generate_series(1, %d) n`, tasks/accounts, accounts),
		fmt.Sprintf(`
			INSERT INTO tasks (id, account_id, seq, operation, command, request, accepted_at, updated_at, work, head, wake_at)
			SELECT gen_random_uuid(), account, seq, 'createProDatabase', 'databaseCreateRequest', '%s', now(), now(), '0',
				seq = 1, CASE WHEN seq = 1 THEN clock_timestamp() END
			FROM generate_series(1, %d) seq, generate_series(1, %d) account`, databaseBody, tasks/accounts, accounts),
		`VACUUM ANALYZE accounts`,
		`VACUUM ANALYZE tasks`,
		`CHECKPOINT`,
	} {
		if _, err := conn.Exec(ctx, sql); err != nil {
			return fmt.Errorf("queue %d tasks: %w", tasks, err)
		}
	}
	return nil
}

// claim returns the median time of a claim.
func claim(ctx context.Context, db *store.DB) (time.Duration, error) {
	times := make([]time.Duration, 0, claims)
	for range claims {
		begin := time.Now()
		taken, err := db.ClaimTasks(ctx, 1, time.Minute)
		if err != nil {
			return 0, err
		}
		times = append(times, time.Since(begin))
		if len(taken) != 1 {
			return 0, fmt.Errorf("claimed %d tasks, want 1", len(taken))
		}
		if err := db.ReleaseTask(ctx, taken[0], 0, false); err != nil {
			return 0, err
		}
	}
	return median(times), nil
}
