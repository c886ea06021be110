package serve

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jackc/pgx/v5"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/apitest"
	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/postgres"
	"github.com/understudy-dev/understudy/internal/servetest"
	"github.com/understudy-dev/understudy/migrations"
)

// The defaults are quick: a task is done by the first time a client asks for it,
// and what it made is active within two seconds.
func TestDefaultsAreQuick(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--database-url", pgtest.New(t)}})
	ready := readiness{URL: s.URL, APIKey: s.APIKey, APISecretKey: s.SecretKey}
	_, task := ready.ask(t, http.MethodPost, "/subscriptions", subscriptionBody("one"))
	_, task = ready.ask(t, http.MethodGet, "/tasks/"+task["taskId"].(string), nil)
	if task["status"] != "processing-completed" {
		t.Errorf("at the first poll: %v", task)
	}
	var list map[string]any
	s.Until("/subscriptions", func(int, []byte) bool {
		_, list = ready.ask(t, http.MethodGet, "/subscriptions", nil)
		return list["subscriptions"].([]any)[0].(map[string]any)["status"] == "active"
	})
}

// A database that cannot be reached ends the start with status 1 and one line
// that says where it was looked for, and not with which password.
func TestUnreachableDatabase(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	const url = "postgres://someone:hidden@127.0.0.1:1/theirs"
	for _, args := range [][]string{
		{"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(home, "data"), "--database-url", url},
		{"migrate", "--database-url", url},
	} {
		wantRefusal(t, 1, []string{"127.0.0.1:1", "refused"}, nil, args...)
		if _, _, stderr := run(t, nil, args...); strings.Contains(stderr, "hidden") {
			t.Errorf("the password is shown: %s", stderr)
		}
	}
	missing := strings.Replace(pgtest.New(t), "/test_", "/nope_", 1)
	wantRefusal(t, 1, []string{"does not exist"}, nil, "serve", "--listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(home, "data"), "--database-url", missing)
}

// Servers that start at once on an empty database take turns at its schema, and
// then share it.
func TestFiveServersStartAtOnce(t *testing.T) {
	t.Parallel()
	home, url := pgtest.TempDir(t), pgtest.Empty(t)
	var servers []*process
	name := func(i int) string { return filepath.Join(home, string(rune('a'+i))) }
	for i := range 5 {
		servers = append(servers, launch(t, nil, "serve", "--listen", "127.0.0.1:0", "--database-url", url,
			"--data-dir", name(i), "--ready-file", name(i)+".json"))
	}
	var task map[string]any
	for i, p := range servers {
		ready := p.ready(name(i) + ".json")
		if i == 0 {
			_, task = ready.ask(t, http.MethodPost, "/subscriptions", subscriptionBody("one"))
		}
		if status, got := ready.ask(t, http.MethodGet, "/tasks/"+task["taskId"].(string), nil); status != http.StatusOK {
			t.Errorf("server %d: got %d %v", i, status, got)
		}
	}
	current, latest, err := migrations.Version(t.Context(), url)
	if err != nil || current != latest {
		t.Errorf("the schema has version %d of %d (%v)", current, latest, err)
	}
}

// A database that a newer program has migrated is refused, unchanged.
func TestNewerSchema(t *testing.T) {
	t.Parallel()
	url := pgtest.New(t)
	conn, err := pgx.Connect(t.Context(), url)
	if err == nil {
		_, err = conn.Exec(t.Context(), `INSERT INTO goose_db_version (version_id, is_applied) VALUES (99999, true)`)
	}
	if err != nil {
		t.Fatal(err)
	}
	says := []string{"newer", "99999", "use a newer understudy or another database"}
	wantRefusal(t, 2, says, nil, "serve", "--listen", "127.0.0.1:0",
		"--data-dir", filepath.Join(pgtest.TempDir(t), "data"), "--database-url", url)
	wantRefusal(t, 2, says, []string{"UNDERSTUDY_DATABASE_URL=" + url}, "migrate")
	if current, _, err := migrations.Version(t.Context(), url); err != nil || current != 99999 {
		t.Errorf("the version is now %d (%v)", current, err)
	}
}

func TestMigrate(t *testing.T) {
	t.Parallel()
	url := pgtest.Empty(t)
	for range 2 { // the second time there is nothing to do
		status, stdout, stderr := run(t, nil, "migrate", "--database-url", url)
		if status != 0 || stdout != "" || strings.Count(stderr, "\n") != 1 {
			t.Errorf("got status %d, %q, %q", status, stdout, stderr)
		}
	}
	if current, latest, err := migrations.Version(t.Context(), url); err != nil || current != latest || current == 0 {
		t.Errorf("the schema has version %d of %d (%v)", current, latest, err)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := run(t, nil, "version")
	if fields := strings.Fields(stdout); status != 0 || stderr != "" || len(fields) != 2 || fields[0] != "understudy" {
		t.Errorf("got status %d, %q, %q", status, stdout, stderr)
	}
}

// Machines may ask without keys whether the process lives, whether it can work,
// and for the document.
func TestHealth(t *testing.T) {
	t.Parallel()
	dir := pgtest.TempDir(t)
	start := func() *postgres.Cluster {
		cluster, err := postgres.Start(t.Context(), postgres.Config{Dir: dir, NoSync: true})
		if err != nil {
			t.Fatal(err)
		}
		return cluster
	}
	stop := func(cluster *postgres.Cluster) {
		if err := cluster.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	}
	cluster := start()
	t.Cleanup(func() { stop(cluster) })
	s := servetest.Start(t, servetest.Options{Args: []string{"--database-url", cluster.URL()}})
	root := readiness{URL: strings.TrimSuffix(s.URL, "/v1")}
	wantHealth := func(path string, status int, says string) {
		t.Helper()
		if got, answer := root.ask(t, http.MethodGet, path, nil); got != status || answer["status"] != says {
			t.Errorf("GET %s: got %d %v, want %d %s", path, got, answer, status, says)
		}
	}
	check := func() (status int, stdout, stderr string) { return run(t, nil, "healthcheck", "--url", root.URL) }

	wantHealth("/healthz", http.StatusOK, "ok")
	wantHealth("/readyz", http.StatusOK, "ready")
	if status, stdout, stderr := check(); status != 0 || stdout != "ready\n" || stderr != "" {
		t.Errorf("healthcheck: got status %d, %q, %q", status, stdout, stderr)
	}
	res, err := http.Get(root.URL + "/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	document, err := io.ReadAll(res.Body)
	if err != nil || !bytes.Equal(document, understudy.Document) || res.Header.Get("Content-Type") != "application/yaml" {
		t.Errorf("/openapi.yaml: %s %s, %v", res.Status, res.Header, err)
	}
	for _, path := range []string{"/healthz", "/readyz", "/openapi.yaml"} {
		if status, _ := root.ask(t, http.MethodHead, path, nil); status != http.StatusOK {
			t.Errorf("HEAD %s: got %d", path, status)
		}
		if status, _ := root.ask(t, http.MethodPost, path, nil); status != http.StatusMethodNotAllowed {
			t.Errorf("POST %s: got %d, want 405", path, status)
		}
	}

	stop(cluster)
	wantHealth("/healthz", http.StatusOK, "ok")
	wantHealth("/readyz", http.StatusServiceUnavailable, "database unreachable")
	const unready = "understudy: not ready: 503 Service Unavailable\n"
	if status, stdout, stderr := check(); status != 1 || stdout != "" || stderr != unready {
		t.Errorf("healthcheck without a database: got status %d, %q, %q", status, stdout, stderr)
	}
	cluster = start()
	apitest.Eventually(t, "ready again", func() bool {
		status, _ := root.ask(t, http.MethodGet, "/readyz", nil)
		return status == http.StatusOK
	})

	s.Stop()
	status, stdout, stderr := check()
	wantLine(t, "healthcheck without a server", status, 1, stdout, stderr, []string{"not ready", "refused"})
	env := []string{"UNDERSTUDY_HEALTHCHECK_URL=" + root.URL}
	status, stdout, stderr = run(t, env, "healthcheck")
	wantLine(t, "healthcheck by its environment", status, 1, stdout, stderr, []string{"not ready", root.URL})
}

// An address that is taken is named, and nothing has been started.
func TestAddressInUse(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	data := filepath.Join(pgtest.TempDir(t), "data")
	wantRefusal(t, 1, []string{taken.Addr().String(), "address already in use"}, nil,
		"serve", "--listen", taken.Addr().String(), "--data-dir", data)
	if found, err := filepath.Glob(data); err != nil || len(found) > 0 {
		t.Errorf("the data directory was made: %v, %v", found, err)
	}
}
