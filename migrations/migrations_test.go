package migrations_test

import (
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib"
	"golang.org/x/sync/errgroup"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/migrations"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

func versions(t *testing.T, url string) (current, latest int64) {
	t.Helper()
	current, latest, err := migrations.Version(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return current, latest
}

func TestServersMigrateAtOnce(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	if current, _ := versions(t, url); current != 0 {
		t.Errorf("version of an empty database = %d, want 0", current)
	}
	var servers errgroup.Group
	for range 5 {
		servers.Go(func() error { return migrations.Up(t.Context(), url) })
	}
	if err := servers.Wait(); err != nil {
		t.Fatal(err)
	}
	if current, latest := versions(t, url); current != latest || latest == 0 {
		t.Errorf("version = %d, want %d", current, latest)
	}
}

func TestEveryMigrationGoesDownAndUpAgain(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t) // accounts of tests begin at another time than the schema says
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	before := schema(t, url)
	for current, _ := versions(t, url); current > 0; {
		if err := migrations.Down(t.Context(), url); err != nil {
			t.Fatalf("down from %d: %v", current, err)
		}
		next, _ := versions(t, url)
		if next >= current {
			t.Fatalf("down from %d led to %d", current, next)
		}
		current = next
	}
	if err := migrations.Down(t.Context(), url); err != nil {
		t.Errorf("down of an empty database: %v", err)
	}
	if left := schema(t, url); left != "" {
		t.Errorf("left after all downs:\n%s", left)
	}
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if after := schema(t, url); after != before {
		t.Errorf("schema after down and up:\n%s\nwant:\n%s", after, before)
	}
}

// openAt opens a database as an earlier version of the schema had it.
func openAt(t *testing.T, url string, version int64) *sql.DB {
	t.Helper()
	downTo(t, url, version)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

// downTo takes migrations back until a version.
func downTo(t *testing.T, url string, version int64) {
	t.Helper()
	for current, _ := versions(t, url); current > version; current, _ = versions(t, url) {
		if err := migrations.Down(t.Context(), url); err != nil {
			t.Fatal(err)
		}
	}
}

func TestDocumentsBecomeText(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openAt(t, url, 4)
	if _, err := db.ExecContext(t.Context(), `
		WITH a AS (INSERT INTO accounts (name, owner_name, owner_email) VALUES ('a', 'o', 'e') RETURNING id)
		INSERT INTO resources (account_id, kind, id, name, status, body, created_at, updated_at)
		SELECT a.id, 'data-integration-workspace', w.id, '', 'active', w.body::jsonb, now(), now()
		FROM a, (VALUES
			(1, '{"documents": {"": {"n": 2.50}, "t": "1", "null": null}}'),
			(2, '{"documents": {}}')
		) w (id, body)`,
	); err != nil {
		t.Fatal(err)
	}
	bodies := func() (all string) {
		err := db.QueryRowContext(t.Context(), `SELECT string_agg(body::text, '; ') FROM resources`).Scan(&all)
		if err != nil {
			t.Fatal(err)
		}
		return all
	}
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got, want := bodies(), `{"documents": {"": "{\"n\": 2.50}", "t": "\"1\"", "null": "null"}}`; got != want {
		t.Errorf("up: got %s, want %s", got, want)
	}
	downTo(t, url, 4)
	if got, want := bodies(), `{"documents": {"": {"n": 2.50}, "t": "1", "null": null}}`; got != want {
		t.Errorf("down: got %s, want %s", got, want)
	}
}

func TestKindsOfDatabasesBecomeOne(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openAt(t, url, 7)
	if _, err := db.ExecContext(t.Context(), `
		WITH a AS (
			INSERT INTO accounts (name, owner_name, owner_email) VALUES ('a', 'o', 'e'), ('b', 'o', 'e') RETURNING id
		), r AS (
			INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at)
			SELECT a.id, r.kind, r.id, r.parent_kind, r.parent_id, '', 'active', '{}', now(), now()
			FROM a, (VALUES
				('subscription', 1, NULL, NULL), ('database', 2, 'subscription', 1), ('database-job', 3, 'database', 2),
				('essentials-subscription', 4, NULL, NULL), ('essentials-database', 5, 'essentials-subscription', 4),
				('essentials-database-job', 6, 'essentials-database', 5), ('essentials-database-job', 7, 'essentials-database', 5)
			) r (kind, id, parent_kind, parent_id)
			RETURNING account_id, kind, id
		)
		INSERT INTO steps (account_id, kind, resource_id, after, status)
		SELECT account_id, kind, id, '1 s', 'active' FROM r WHERE id <> 7`,
	); err != nil {
		t.Fatal(err)
	}
	rows := func() (all string) {
		if err := db.QueryRowContext(t.Context(), `
			SELECT string_agg(DISTINCT concat_ws(' ', r.id, r.kind, 'of', r.parent_kind, r.parent_id, 'step', s.kind), '; ')
			FROM resources r
			LEFT JOIN steps s ON (s.account_id, s.kind, s.resource_id) = (r.account_id, r.kind, r.id)
			WHERE r.id <> 1 AND r.id <> 4`,
		).Scan(&all); err != nil {
			t.Fatal(err)
		}
		return all
	}
	before := "2 database of subscription 1 step database; 3 database-job of database 2 step database-job; " +
		"5 essentials-database of essentials-subscription 4 step essentials-database; " +
		"6 essentials-database-job of essentials-database 5 step essentials-database-job; " +
		"7 essentials-database-job of essentials-database 5 step"
	after := "2 database of subscription 1 step database; 3 database-job of database 2 step database-job; " +
		"5 database of essentials-subscription 4 step database; " +
		"6 database-job of database 5 step database-job; 7 database-job of database 5 step"
	if got := rows(); got != before {
		t.Fatalf("got %s, want %s", got, before)
	}
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	if got := rows(); got != after {
		t.Errorf("up: got %s, want %s", got, after)
	}
	downTo(t, url, 7)
	if got := rows(); got != before {
		t.Errorf("down: got %s, want %s", got, before)
	}
}

// schema lists tables, columns, indexes, constraints, functions and types,
// without goose's own table.
func schema(t *testing.T, url string) string {
	t.Helper()
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	var text sql.NullString
	err = db.QueryRowContext(t.Context(), `
		SELECT string_agg(line, E'\n' ORDER BY line) FROM (
			SELECT format('column %s.%s %s null:%s default:%s',
				table_name, column_name, data_type, is_nullable, column_default) AS line
			FROM information_schema.columns WHERE table_schema = 'public' AND table_name <> 'goose_db_version'
			UNION ALL
			SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'goose_db_version'
			UNION ALL
			SELECT format('constraint %s %s %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
			FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND conrelid::regclass::text <> 'goose_db_version'
			UNION ALL
			SELECT format('function %s', oid::regprocedure) FROM pg_proc WHERE pronamespace = 'public'::regnamespace
			UNION ALL
			SELECT format('trigger %s %s', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal
			UNION ALL
			SELECT format('%s %s', relkind, relname) FROM pg_class
			WHERE relnamespace = 'public'::regnamespace AND relkind IN ('S', 'v', 'm') AND relname NOT LIKE 'goose_db_version%'
		) AS lines`).Scan(&text)
	if err != nil {
		t.Fatal(err)
	}
	return text.String
}

func TestNewerSchemaIsRefused(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db, err := sql.Open("pgx", url)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.ExecContext(t.Context(),
		"INSERT INTO goose_db_version (version_id, is_applied) VALUES (90001, true)"); err != nil {
		t.Fatal(err)
	}
	_, latest, err := migrations.Version(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	for name, migrate := range map[string]func() error{
		"Up":   func() error { return migrations.Up(t.Context(), url) },
		"Down": func() error { return migrations.Down(t.Context(), url) },
	} {
		err := migrate()
		if !errors.Is(err, migrations.ErrNewerSchema) {
			t.Errorf("%s = %v, want ErrNewerSchema", name, err)
		} else if text := err.Error(); !strings.Contains(text, "90001") ||
			!strings.Contains(text, fmt.Sprintf("up to %d;", latest)) {
			t.Errorf("%s = %q, want both versions in it", name, text)
		}
	}
}

func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	if err := migrations.Up(t.Context(), "postgres://nobody@/nothing?host="+t.TempDir()); err == nil {
		t.Error("Up without a database succeeded")
	}
}

func BenchmarkUpWithNothingToDo(b *testing.B) {
	url := pgtest.New(b)
	for b.Loop() {
		if err := migrations.Up(b.Context(), url); err != nil {
			b.Fatal(err)
		}
	}
}

func TestNamesOfAccountsBecomeUnique(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openAt(t, url, 8)
	if _, err := db.ExecContext(t.Context(), `
		INSERT INTO accounts (id, name, owner_name, owner_email)
		VALUES (1, 'Demo', 'o', 'e'), (2, 'Demo', 'o', 'e'), (3, 'other', 'o', 'e'), (4, 'Demo', 'o', 'e')`); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	var names string
	err := db.QueryRowContext(t.Context(), `SELECT string_agg(name, ' ' ORDER BY id) FROM accounts`).Scan(&names)
	if want := "Demo Demo-2 other Demo-4"; err != nil || names != want {
		t.Errorf("got %s, %v, want %s", names, err, want)
	}
}

func TestIdsGoOnWhereTheSequenceStood(t *testing.T) {
	t.Parallel()
	for _, drawn := range []int64{0, 1, 141} {
		url := pgtest.New(t)
		db := openAt(t, url, 12)
		if _, err := db.ExecContext(t.Context(), `
			INSERT INTO accounts (name, owner_name, owner_email) VALUES ('a', 'o', 'e'), ('b', 'o', 'e')`,
		); err != nil {
			t.Fatal(err)
		}
		if _, err := db.ExecContext(t.Context(), `
			SELECT nextval('resource_ids') FROM generate_series(1, $1::int)`, drawn,
		); err != nil {
			t.Fatal(err)
		}
		if err := migrations.Up(t.Context(), url); err != nil {
			t.Fatal(err)
		}
		var least, most int64
		err := db.QueryRowContext(t.Context(), `SELECT min(last_id), max(last_id) FROM accounts`).Scan(&least, &most)
		if err != nil {
			t.Fatal(err)
		}
		if least != drawn || most != drawn {
			t.Errorf("up after %d ids: the last ones are %d to %d, want %[1]d", drawn, least, most)
		}
		downTo(t, url, 12)
		var next int64
		if err := db.QueryRowContext(t.Context(), `SELECT nextval('resource_ids')`).Scan(&next); err != nil {
			t.Fatal(err)
		}
		if next != drawn+1 {
			t.Errorf("down after %d ids: the next one is %d", drawn, next)
		}
	}
}

func TestWhatIsThereIsCounted(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	db := openAt(t, url, 14)
	if _, err := db.ExecContext(t.Context(), `
		WITH a AS (INSERT INTO accounts (name, owner_name, owner_email) VALUES ('a', 'o', 'e') RETURNING id)
		INSERT INTO resources (account_id, kind, id, parent_kind, parent_id, name, status, body, created_at, updated_at)
		SELECT a.id, r.kind, r.id, r.parent_kind, r.parent_id, '', r.status, r.body::jsonb, now(), now()
		FROM a, (VALUES
			('subscription', 1, NULL, NULL, 'active', '{"port": 7}'),
			('database', 2, 'subscription', 1, 'active', '{"port": 12000, "datasetGB": 1.5, "tls": true}'),
			('database', 3, 'subscription', 1, 'pending', '{"port": 12001, "datasetGB": 1.5}'),
			('database', 4, 'subscription', 1, 'deleting', '{"port": 12002, "datasetGB": 1.5}'),
			('database', 5, 'subscription', 1, 'active', '{"port": 12003, "datasetGB": 2,
				"locals": [{"region": "us-east-1", "reads": 500, "writes": 1000, "password": "secret"}]}'),
			('database-job', 6, 'database', 5, 'active', '{"port": "none"}')
		) r (kind, id, parent_kind, parent_id, status, body)`,
	); err != nil {
		t.Fatal(err)
	}
	if err := migrations.Up(t.Context(), url); err != nil {
		t.Fatal(err)
	}
	for question, want := range map[string]string{
		`SELECT string_agg(n || ' of ' || kind || ' in ' || parent_id || ' ' || body, '; ' ORDER BY body) FROM tallies`: `` +
			`2 of database in 1 {"datasetGB": 1.5}; 1 of database in 1 ` +
			`{"locals": [{"reads": 500, "region": "us-east-1", "writes": 1000}], "datasetGB": 2}`,
		`SELECT string_agg(id || ':' || port, ' ' ORDER BY id) FROM resources`: `2:12000 3:12001 4:12002 5:12003`,
	} {
		var got string
		if err := db.QueryRowContext(t.Context(), question).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", question, got, err, want)
		}
	}
}
