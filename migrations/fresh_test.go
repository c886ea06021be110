package migrations_test

import (
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/migrations"
)

// random is what pg_dump writes anew each time.
var random = regexp.MustCompile(`(?m)^\\(un)?restrict .*$`)

// dump is the schema to the last detail, with what goose has noted.
func dump(t *testing.T, url string) string {
	t.Helper()
	dir, err := postgres.Find()
	if err != nil {
		t.Fatal(err)
	}
	pgDump := filepath.Join(dir, "pg_dump")
	text, err := exec.CommandContext(t.Context(), pgDump, "--schema-only", "-d", url).CombinedOutput()
	if err != nil {
		t.Fatalf("pg_dump: %v\n%s", err, text)
	}
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var noted string
	if err := conn.QueryRow(t.Context(),
		`SELECT string_agg(format('%s %s %s', id, version_id, is_applied), E'\n' ORDER BY id) FROM goose_db_version`,
	).Scan(&noted); err != nil {
		t.Fatal(err)
	}
	return random.ReplaceAllString(string(text), "") + noted
}

func TestAFreshSchemaIsThatOfGoose(t *testing.T) {
	t.Parallel()
	ours, goose := pgtest.Empty(t), pgtest.Empty(t)
	if err := migrations.Up(t.Context(), ours); err != nil {
		t.Fatal(err)
	}
	if err := migrations.UpByGoose(t.Context(), goose); err != nil {
		t.Fatal(err)
	}
	got, want := dump(t, ours), dump(t, goose)
	if diff := cmp.Diff(want, got); diff != "" || !strings.Contains(got, "CREATE TABLE public.tasks") {
		t.Errorf("(-goose +ours):\n%s", diff)
	}
	conn, err := pgx.Connect(t.Context(), ours)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(t.Context())
	var transactions int
	if err := conn.QueryRow(t.Context(),
		`SELECT count(DISTINCT xmin::text) FROM goose_db_version`).Scan(&transactions); err != nil {
		t.Fatal(err)
	}
	if transactions != 1 {
		t.Errorf("it took %d transactions, want 1", transactions)
	}
}

func TestAFreshSchemaIsMadeWholeOrNotAtAll(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	file := func(up string) *fstest.MapFile { return &fstest.MapFile{Data: []byte("-- +goose Up\n" + up + ";\n")} }
	files := fstest.MapFS{"00001_good.sql": file("CREATE TABLE good ()"), "00002_bad.sql": file("CREATE TABEL bad ()")}
	if err := migrations.UpWith(t.Context(), url, files); err == nil || !strings.Contains(err.Error(), "00002_bad.sql") {
		t.Errorf("got %v, want an error that names the file", err)
	}
	if got := schema(t, url); got != "" {
		t.Errorf("left behind:\n%s", got)
	}
	files["00002_bad.sql"] = file("CREATE TABLE bad ()")
	if err := migrations.UpWith(t.Context(), url, files); err != nil {
		t.Error(err)
	}
}

// What cannot share a transaction goose does, migration by migration.
func TestAFreshSchemaOutsideTransactions(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	if err := migrations.UpWith(t.Context(), url, fstest.MapFS{
		"00001_table.sql": {Data: []byte("-- +goose Up\nCREATE TABLE boxes (id int);\n")},
		"00002_index.sql": {Data: []byte(
			"-- +goose NO TRANSACTION\n-- +goose Up\nCREATE INDEX CONCURRENTLY boxes_id ON boxes (id);\n")},
	}); err != nil {
		t.Fatal(err)
	}
	if got := schema(t, url); !strings.Contains(got, "boxes_id") {
		t.Errorf("got:\n%s", got)
	}
}
