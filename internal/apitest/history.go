package apitest

import (
	"testing"

	"github.com/jackc/pgx/v5"
)

// Watch makes a database write down every change of a task's status and every number of slots
// held, in the order in which they happen.
func Watch(tb testing.TB, url string) {
	tb.Helper()
	Exec(tb, url, `
		CREATE TABLE history (at bigserial, account_id bigint, seq bigint, status text);
		CREATE TABLE slots (held int);
		CREATE FUNCTION watch_task() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO history (account_id, seq, status) VALUES (NEW.account_id, NEW.seq, NEW.status);
			RETURN NULL;
		END $$;
		CREATE TRIGGER watch_task AFTER UPDATE ON tasks
			FOR EACH ROW WHEN (OLD.status <> NEW.status) EXECUTE FUNCTION watch_task();
		CREATE FUNCTION watch_slots() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
			INSERT INTO slots SELECT count(DISTINCT holds) FROM steps
			WHERE account_id = NEW.account_id AND due_at IS NOT NULL AND holds IS NOT NULL;
			RETURN NULL;
		END $$;
		CREATE TRIGGER watch_slots AFTER UPDATE ON steps FOR EACH ROW EXECUTE FUNCTION watch_slots();`)
}

// CheckHistory checks what Watch has written down: that many tasks have ended,
// those of an account one at a time and in the order of their acceptance, and no
// account held more than three slots.
func CheckHistory(tb testing.TB, url string, tasks int) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context())
	rows, err := conn.Query(tb.Context(), `SELECT account_id, seq, status FROM history ORDER BY at`)
	if err != nil {
		tb.Fatal(err)
	}
	var account, seq int64
	var status string
	done, running := map[int64]int64{}, map[int64]int64{}
	total := 0
	_, err = pgx.ForEachRow(rows, []any{&account, &seq, &status}, func() error {
		switch {
		case status == "running" && running[account] != 0:
			tb.Errorf("account %d: task %d starts while task %d is in processing", account, seq, running[account])
		case status == "running":
			running[account] = seq
		case running[account] != seq || done[account] != seq-1:
			tb.Errorf("account %d: task %d ends while %d is in processing, after task %d",
				account, seq, running[account], done[account])
		default:
			running[account], done[account], total = 0, seq, total+1
		}
		return nil
	})
	if err != nil || total != tasks {
		tb.Errorf("%d tasks have ended, want %d (%v)", total, tasks, err)
	}
	var most int
	if err := conn.QueryRow(tb.Context(), `SELECT COALESCE(max(held), 0) FROM slots`).Scan(&most); err != nil {
		tb.Fatal(err)
	}
	var deadlocks int
	err = conn.QueryRow(tb.Context(),
		`SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()`).Scan(&deadlocks)
	if err != nil || deadlocks > 0 {
		tb.Errorf("%d deadlocks, want none (%v)", deadlocks, err)
	}
	if most > 3 {
		tb.Errorf("%d slots were held at once", most)
	}
}

// Exec runs SQL on a database behind the engine's back.
func Exec(tb testing.TB, url, sql string) {
	tb.Helper()
	conn, err := pgx.Connect(tb.Context(), url)
	if err != nil {
		tb.Fatal(err)
	}
	defer conn.Close(tb.Context())
	if _, err := conn.Exec(tb.Context(), sql); err != nil {
		tb.Fatal(err)
	}
}
