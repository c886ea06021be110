package postgres

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// recorder is a slog.Handler that keeps level and line.
type recorder struct{ got *[]string }

func (recorder) Enabled(context.Context, slog.Level) bool { return true }
func (r recorder) WithAttrs([]slog.Attr) slog.Handler     { return r }
func (r recorder) WithGroup(string) slog.Handler          { return r }
func (r recorder) Handle(_ context.Context, record slog.Record) error {
	record.Attrs(func(a slog.Attr) bool {
		*r.got = append(*r.got, record.Level.String()+" "+a.Value.String())
		return true
	})
	return nil
}

func TestLogLines(t *testing.T) {
	t.Parallel()
	var got []string
	w := &logWriter{logger: slog.New(recorder{&got})}
	for _, part := range []string{
		"LOG:  database sys", "tem is ready\n\nWARNING:  a\nFATAL:  b\n",
		"PANIC:  c\nERROR:  d\nSTATEMENT:  SELECT 'FATAL:'\n", "unfinished",
	} {
		if n, err := w.Write([]byte(part)); n != len(part) || err != nil {
			t.Errorf("Write(%q) = %d, %v", part, n, err)
		}
	}
	want := []string{
		"DEBUG LOG:  database system is ready", "WARN WARNING:  a", "WARN FATAL:  b", "WARN PANIC:  c",
		"DEBUG ERROR:  d", "DEBUG STATEMENT:  SELECT 'FATAL:'",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
	got = nil
	const ours = "FATAL:  terminating connection due to administrator command"
	_, _ = w.Write([]byte("\nFATAL:  connection to client lost\n" + ours + "\n"))
	w.stop()
	const entering = "FATAL:  canceling authentication due to timeout" // what one says that is ended while it is let in
	const cleaning = "FATAL:  terminating autovacuum process due to administrator command"
	_, _ = w.Write([]byte(ours + "\n" + entering + "\n" + cleaning + "\nFATAL:  b\n"))
	want = []string{
		"DEBUG unfinished", "DEBUG FATAL:  connection to client lost", "WARN " + ours,
		"DEBUG " + ours, "DEBUG " + entering, "DEBUG " + cleaning, "WARN FATAL:  b",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines of a stop (-want +got):\n%s", diff)
	}
	for range 2 * recentLines {
		_, _ = w.Write([]byte("x\n"))
	}
	if got := strings.Count(w.last(), "|") + 1; got != recentLines {
		t.Errorf("last has %d lines, want %d", got, recentLines)
	}
}

func TestPathVersion(t *testing.T) {
	t.Parallel()
	for dir, want := range map[string]int{
		"/usr/lib/postgresql/15/bin":                              15,
		"/usr/lib/postgresql/9.6/bin":                             6, // too old in either reading
		"/usr/pgsql-16/bin":                                       16,
		"/opt/homebrew/opt/postgresql@17/bin":                     17,
		"/Applications/Postgres.app/Contents/Versions/latest/bin": 0,
		"/usr/local/pgsql/bin":                                    0,
	} {
		if got := pathVersion(dir); got != want {
			t.Errorf("pathVersion(%q) = %d, want %d", dir, got, want)
		}
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	dir, err := Find()
	if err != nil {
		t.Fatal(err)
	}
	if !hasPrograms(dir) {
		t.Errorf("Find() = %s, which lacks programs", dir)
	}
}

func TestPIDFile(t *testing.T) {
	t.Parallel()
	const full = "4711\n/data\n1700000000\n5432\n/run\n\n  123456    789012\nready   \n"
	for _, test := range []struct {
		text string
		want pidFile
	}{
		{full, pidFile{pid: 4711, shmID: 789012, ready: true}},
		{strings.Replace(full, "ready   ", "starting", 1), pidFile{pid: 4711, shmID: 789012}},
		{"4711\n/data\n1700000000\n5432\n/run\n", pidFile{pid: 4711, shmID: -1}},
		{"", pidFile{shmID: -1}},
	} {
		s := &installation{data: t.TempDir()}
		if err := os.WriteFile(s.pidPath(), []byte(test.text), 0o600); err != nil {
			t.Fatal(err)
		}
		got, err := s.readPIDFile()
		if err != nil || got != test.want {
			t.Errorf("pid file %q = %+v, %v, want %+v", test.text, got, err, test.want)
		}
	}
	if _, err := (&installation{data: t.TempDir()}).readPIDFile(); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no pid file: %v, want ErrNotExist", err)
	}
}

func TestWhichProcessIsThePostmaster(t *testing.T) {
	t.Parallel()
	data, other := t.TempDir(), t.TempDir()
	link := filepath.Join(other, "link")
	if err := os.Symlink(data, link); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		argv []string
		want bool
	}{
		{[]string{"/usr/lib/postgresql/15/bin/postgres", "-D", data, "-c", "x=y"}, true},
		{[]string{"postgres", "-D", link}, true},
		{[]string{"postgres", "-D", other}, false},
		{[]string{"postgres", "-D", data + "/missing"}, false},
		{[]string{"postgres: understudy: checkpointer "}, false},
		{[]string{"vi", "-D", data}, false},
		{[]string{""}, false}, // a zombie
	} {
		if got := runs(test.argv, data); got != test.want {
			t.Errorf("runs(%q) = %t, want %t", test.argv, got, test.want)
		}
	}
}
