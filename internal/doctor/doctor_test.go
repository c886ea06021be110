package doctor_test

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy/internal/doctor"
	"github.com/understudy-dev/understudy/internal/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// answering is a server that answers /readyz with a status and a body, at a time, as one on a data directory.
func answering(t *testing.T, dir string, status int, body string, at time.Time) (url string) {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", at.UTC().Format(http.TimeFormat))
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(s.Close)
	named(t, dir, s.URL, os.Getpid())
	return s.URL
}

// named says that a server runs on a data directory.
func named(t *testing.T, dir, url string, pid int) {
	t.Helper()
	text := fmt.Sprintf(`{"url": %q, "pid": %d}`, url, pid)
	if err := os.WriteFile(filepath.Join(dir, "server.json"), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// free is a port of this machine that nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// Each thing that can be wrong is found, with a way to mend it, and nothing else is said to be wrong.
func TestDoctorFindsWhatIsWrong(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = taken.Close() })
	newer := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), newer)
	if err != nil {
		t.Fatal(err)
	}
	const applied = `INSERT INTO goose_db_version (version_id, is_applied) VALUES (9999, true)`
	if _, err := conn.Exec(t.Context(), applied); err != nil {
		t.Fatal(err)
	}
	_ = conn.Close(t.Context())

	for name, test := range map[string]struct {
		prepare func(t *testing.T, cfg *doctor.Config)
		check   string
		verdict doctor.Verdict
		says    string
	}{
		"nothing": {func(*testing.T, *doctor.Config) {}, "", doctor.Good, ""},
		"not yet there": {func(_ *testing.T, c *doctor.Config) {
			c.DataDir += "/a/b"
		}, "data directory", doctor.Good, "can be made"},
		"a running server": {func(t *testing.T, c *doctor.Config) {
			answering(t, c.DataDir, 200, `{"status":"ready"}`, time.Now())
		}, "server", doctor.Good, "is ready"},
		"an unknown setting": {func(_ *testing.T, c *doctor.Config) {
			c.Environ = []string{"UNDERSTUDY_SPED=1", "UNDERSTUDY_SPEED=1"}
		}, "environment", doctor.Warning, "UNDERSTUDY_SPED is set"},
		"clients that are pointed elsewhere": {func(t *testing.T, c *doctor.Config) {
			answering(t, c.DataDir, 200, `{"status":"ready"}`, time.Now())
			c.Environ = []string{"REDISCLOUD_URL=https://api.example/v1"}
		}, "environment", doctor.Warning, "https://api.example/v1"},
		"a database that is away": {func(t *testing.T, c *doctor.Config) {
			answering(t, c.DataDir, 503, `{"status":"database unreachable"}`, time.Now())
		}, "server", doctor.Bad, "database unreachable"},
		"a server that was killed": {func(t *testing.T, c *doctor.Config) {
			named(t, c.DataDir, "http://"+free(t), 1<<22+1)
		}, "address file", doctor.Warning, "is gone"},
		"a server that does not answer": {func(t *testing.T, c *doctor.Config) {
			c.URL = "http://" + free(t)
		}, "server", doctor.Bad, "does not answer"},
		"an address file that is broken": {func(t *testing.T, c *doctor.Config) {
			if err := os.WriteFile(c.DataDir+"/server.json", []byte("{"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "address file", doctor.Bad, "server.json"},
		"a port that is taken": {func(_ *testing.T, c *doctor.Config) {
			c.Listen = taken.Addr().String()
		}, "port", doctor.Warning, "another program"},
		"an address of elsewhere": {func(_ *testing.T, c *doctor.Config) {
			c.Listen = "192.0.2.1:80"
		}, "port", doctor.Bad, "192.0.2.1"},
		"a data directory that is a file": {func(t *testing.T, c *doctor.Config) {
			c.DataDir += "/file"
			if err := os.WriteFile(c.DataDir, nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}, "data directory", doctor.Bad, "is no directory"},
		"a cluster of another version": {func(t *testing.T, c *doctor.Config) {
			if err := os.Mkdir(c.DataDir+"/postgres", 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(c.DataDir+"/postgres/PG_VERSION", []byte("9\n"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, "postgres", doctor.Bad, "made by Postgres 9"},
		"a lock that nobody answers for": {func(t *testing.T, c *doctor.Config) {
			file, err := os.Create(c.DataDir + "/lock")
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = file.Close() })
			if err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX); err != nil {
				t.Fatal(err)
			}
			_, _ = file.WriteString("4711\n")
		}, "lock", doctor.Bad, "process 4711"},
		"a newer schema": {func(_ *testing.T, c *doctor.Config) {
			c.DatabaseURL = newer
		}, "database schema", doctor.Bad, "9999"},
		"a database that is not there": {func(t *testing.T, c *doctor.Config) {
			c.DatabaseURL = "postgres://u:hidden@" + free(t) + "/x"
		}, "database schema", doctor.Bad, "cannot be asked"},
		"a database that is in order": {func(t *testing.T, c *doctor.Config) {
			c.DatabaseURL = pgtest.New(t)
		}, "database schema", doctor.Good, "the newest"},
		"a clock that is wrong": {func(t *testing.T, c *doctor.Config) {
			answering(t, c.DataDir, 200, `{"status":"ready"}`, time.Now().Add(-time.Minute))
		}, "clocks", doctor.Warning, "1m"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := doctor.Config{DataDir: pgtest.TempDir(t), Listen: free(t), Known: []string{"UNDERSTUDY_SPEED"}}
			test.prepare(t, &cfg)
			found := false
			for _, f := range doctor.Examine(t.Context(), cfg) {
				if strings.Contains(f.Says+f.Mend, "hidden") {
					t.Errorf("a password is shown: %+v", f)
				}
				if (f.Mend == "") != (f.Verdict == doctor.Good) {
					t.Errorf("%+v: what is wrong and only that has a way to mend it", f)
				}
				if f.Check == test.check && strings.Contains(f.Says, test.says) {
					found = true
					if f.Verdict != test.verdict {
						t.Errorf("got %+v, want the verdict %s", f, test.verdict)
					}
					continue
				}
				follows := test.verdict == doctor.Bad || f.Check == "server" && name == "a server that was killed"
				if f.Verdict == doctor.Bad && !follows {
					t.Errorf("%+v is found, too", f)
				}
			}
			if !found && test.check != "" {
				t.Errorf("%s is not found: %+v", test.says, doctor.Examine(t.Context(), cfg))
			}
		})
	}
}
