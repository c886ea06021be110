package serve

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// The commands of the journal, as docs/sandbox.md has them.
func TestJournalCommands(t *testing.T) {
	t.Parallel()
	s := servetest.Start(t, servetest.Options{Args: []string{"--database-url", pgtest.New(t)}})
	at := []string{"UNDERSTUDY_DATA_DIR=" + s.Dir}
	do := func(args ...string) string {
		t.Helper()
		status, stdout, stderr := run(t, at, append([]string{"journal"}, args...)...)
		if status != 0 {
			t.Fatalf("journal %v: status %d, %s", args, status, stderr)
		}
		return stdout
	}
	follow := launch(t, at, "journal", "follow", "--json")
	s.Do(http.MethodGet, "/subscriptions", nil)
	s.Do(http.MethodPost, "/acl/users", map[string]any{"name": "ada", "role": "nobody", "password": "Sentinel-4711"})
	s.Do(http.MethodGet, "/subscription", nil)

	if list := do("list", "--status", "4xx", "--since", "5m"); !strings.Contains(list, "nearest: GET /v1/subscriptions") ||
		strings.Contains(list, "createAclUser") {
		t.Errorf("the refused ones are\n%s", list)
	}
	if list := do("list", "--unmatched"); strings.Count(list, "\n") != 2 {
		t.Errorf("those that matched nothing are\n%s", list)
	}
	var entries struct {
		Entries []struct {
			ID, Operation string
			Seq           int
		}
	}
	if err := json.Unmarshal([]byte(do("list", "--json", "--operation", "createAclUser")), &entries); err != nil ||
		len(entries.Entries) != 1 {
		t.Fatalf("got %+v, %v, want one request", entries, err)
	}
	id := entries.Entries[0].ID
	show, curl := do("show", id), do("curl", id)
	file := filepath.Join(t.TempDir(), "requests.har")
	do("har", "-o", file)
	archive, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for what, text := range map[string]string{"show": show, "curl": curl, "har": string(archive)} {
		if !strings.Contains(text, "/v1/acl/users") || !strings.Contains(text, "ada") {
			t.Errorf("%s says\n%s", what, text)
		}
		for _, secret := range []string{"Sentinel-4711", s.APIKey, s.SecretKey} {
			if strings.Contains(text, secret) {
				t.Errorf("%s shows a secret:\n%s", what, text)
			}
		}
	}
	if !strings.Contains(curl, `"$X_API_SECRET_KEY"`) {
		t.Errorf("curl is %s", curl)
	}
	deadline := time.Now().Add(limit)
	for !strings.Contains(follow.stdout.String(), "/v1/") && time.Now().Before(deadline) {
		s.Do(http.MethodGet, "/tasks", nil) // follow begins with what comes after it
	}
	follow.signal(syscall.SIGINT)
	if status := follow.wait(); status != 0 || !strings.Contains(follow.stdout.String(), `"path":"/v1/`) {
		t.Errorf("follow: status %d, %s", status, &follow.stdout)
	}
	do("clear")
	if list := do("list"); strings.Count(list, "\n") != 1 {
		t.Errorf("after clear there are\n%s", list)
	}
	status, _, stderr := run(t, at, "journal", "list", "--since", "yesterday")
	if status != 2 || !strings.Contains(stderr, "--since") {
		t.Errorf("--since yesterday: status %d, %s", status, stderr)
	}
}
