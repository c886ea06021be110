package upgrade

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"flag"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// write is what a data directory of this very source is to be kept as: see the package's comment.
var write = flag.String("write", "", "write testdata/`COMMIT` before it is tested")

func TestMain(m *testing.M) { pgtest.Main(m) }

// A data directory of an earlier commit opens and goes on: today's server answers what the old one answered, about
// everything that was there, about what was under way, and about what is asked of it from then on.
func TestOldDataDirectory(t *testing.T) {
	t.Parallel()
	if *write != "" {
		writeDirectory(t, filepath.Join("testdata", *write))
	}
	kept, err := filepath.Glob("testdata/*")
	if err != nil || len(kept) == 0 {
		t.Fatalf("no data directories are kept: %v", err)
	}
	for _, dir := range kept {
		t.Run(filepath.Base(dir), func(t *testing.T) {
			t.Parallel()
			p := reopen(t, dir)
			decoder := json.NewDecoder(bytes.NewReader(unzip(t, filepath.Join(dir, "answers.jsonl.gz"))))
			wrong := 0
			for decoder.More() && wrong < 10 { // what comes after a difference often differs, too
				var want exchange
				if err := decoder.Decode(&want); err != nil {
					t.Fatal(err)
				}
				want.Answer = since(t, want.Answer)
				if diff := cmp.Diff(want, p.play(want)); diff != "" {
					t.Errorf("%s by %q, the old server (-), this one (+):\n%s", want.Request, want.As, diff)
					wrong++
				}
			}
		})
	}
}

// reopen starts a server on the data directory that a directory of testdata describes. The server learns of no keys
// file: the keys are in the database.
func reopen(t *testing.T, kept string) *player {
	t.Helper()
	dump := unzip(t, filepath.Join(kept, "database.sql.gz"))
	dir := restore(t, kept, string(dump))
	server := servetest.Start(t, servetest.Options{Dir: dir, Args: []string{"--speed", "0", "--task-hold", "0"}})
	p := newPlayer(t, server, filepath.Join(kept, "keys.json"), string(dump))
	for _, owner := range owners {
		p.rest(owner) // what a dead worker had in hand is taken up again
	}
	return p
}

// restore makes a data directory of a dump.
func restore(t *testing.T, kept, dump string) string {
	t.Helper()
	dir := pgtest.TempDir(t)
	credentials, err := os.ReadFile(filepath.Join(kept, "credentials.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "credentials.json"), credentials, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	url, stop := startPostgres(t, dir)
	defer stop()
	conn, err := pgx.Connect(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(context.WithoutCancel(t.Context()))
	if _, err := conn.Exec(t.Context(), dump); err != nil {
		t.Fatalf("restore the database: %v", err)
	}
	return dir
}

// startPostgres starts the private Postgres of a data directory that no server has open.
func startPostgres(t *testing.T, dir string) (url string, stop func()) {
	t.Helper()
	cluster, err := postgres.Start(t.Context(), postgres.Config{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	return cluster.URL(), func() {
		if err := cluster.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
}

func unzip(t *testing.T, file string) []byte {
	t.Helper()
	zipped, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	reader, err := gzip.NewReader(bytes.NewReader(zipped))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return text
}

func zip(t *testing.T, file string, text []byte) {
	t.Helper()
	var zipped bytes.Buffer
	writer, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := writer.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := writer.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, zipped.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
