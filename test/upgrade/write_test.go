package upgrade

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// keysFile has a key of every role for the demo account, and one for each of the accounts in which something is under
// way.
const keysFile = `[
  {"name": "the-viewer", "apiKey": "demo", "apiSecretKey": "viewer", "role": "Viewer"},
  {"name": "the-logs-viewer", "apiKey": "demo", "apiSecretKey": "logs", "role": "Logs Viewer"},
  {"name": "the-billing-admin", "apiKey": "demo", "apiSecretKey": "billing", "role": "Billing Admin",
   "allowFrom": ["127.0.0.0/8"]},
  {"name": "from-elsewhere", "apiKey": "demo", "apiSecretKey": "elsewhere", "allowFrom": ["192.0.2.0/24"]},
  {"name": "owner-of-2001", "apiKey": "2001", "apiSecretKey": "2001", "account": 2001},
  {"name": "owner-of-2002", "apiKey": "2002", "apiSecretKey": "2002", "account": 2002},
  {"name": "owner-of-2003", "apiKey": "2003", "apiSecretKey": "2003", "account": 2003},
  {"name": "owner-of-2004", "apiKey": "2004", "apiSecretKey": "2004", "account": 2004}
]
`

// owners are the keys that may do everything, one of each account.
var owners = []string{"", "owner-of-2001", "owner-of-2002", "owner-of-2003", "owner-of-2004"}

// writeDirectory has a server live through a story, and keeps what it leaves in its data directory, and how it goes on.
func writeDirectory(t *testing.T, kept string) {
	t.Helper()
	if err := os.MkdirAll(kept, 0o755); err != nil {
		t.Fatal(err)
	}
	keys := filepath.Join(kept, "keys.json")
	if err := os.WriteFile(keys, []byte(keysFile), 0o644); err != nil {
		t.Fatal(err)
	}
	dir := pgtest.TempDir(t)
	server := servetest.Start(t, servetest.Options{
		Dir: dir, Args: []string{"--keys-file", keys, "--task-hold", "0"}, Env: []string{"UNDERSTUDY_SPEED=0"},
		Tags: []string{"crashpoint"},
	})
	s := &story{player: newPlayer(t, server, keys, ""), redirections: map[string]string{}}
	now := time.Now().UTC().Truncate(time.Second)
	for _, owner := range owners {
		if err := s.db.Freeze(t.Context(), s.keys[owner].Account, now); err != nil {
			t.Fatal(err)
		}
	}
	s.live()
	s.db.Close()

	credentials, err := os.ReadFile(filepath.Join(dir, "credentials.json"))
	if err == nil {
		err = os.WriteFile(filepath.Join(kept, "credentials.json"), credentials, 0o644)
	}
	if err != nil {
		t.Fatal(err)
	}
	zip(t, filepath.Join(kept, "database.sql.gz"), dump(t, dir))

	c := &conversation{player: reopen(t, kept), redirections: s.redirections, costReport: s.costReport}
	c.hold()
	var lines []byte
	for _, e := range c.exchanges {
		line, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(append(lines, line...), '\n')
	}
	zip(t, filepath.Join(kept, "answers.jsonl.gz"), lines)
}

// dump returns what is in the private Postgres of a data directory whose server was killed, as SQL.
func dump(t *testing.T, dir string) []byte {
	t.Helper()
	url, stop := startPostgres(t, dir)
	defer stop()
	program, err := exec.LookPath("pg_dump")
	if found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/pg_dump"); err != nil && len(found) > 0 {
		program = found[len(found)-1]
	}
	cmd := exec.Command(program, "--inserts", "--rows-per-insert=50", "--no-owner", "--no-privileges", url)
	cmd.Stderr = t.Output()
	text, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	// Newer versions of pg_dump write commands for psql, too.
	lines := slices.DeleteFunc(strings.SplitAfter(string(text), "\n"), func(line string) bool {
		return strings.HasPrefix(line, "\\") || strings.HasPrefix(line, "--") || line == "\n"
	})
	return []byte(strings.Join(lines, ""))
}

// fault makes the next task of an account fail, by an effect.
func (p *player) fault(as, operation, effect, code, description string) {
	p.t.Helper()
	text, err := json.Marshal(map[string]any{"rule": map[string]any{
		"match":  map[string]any{"account": fmt.Sprint(p.keys[as].Account), "operation": cmp.Or(operation, "*")},
		"when":   map[string]any{"first": 1},
		"effect": map[string]any{"do": effect, "code": code, "message": description},
	}})
	if err != nil {
		p.t.Fatal(err)
	}
	res, err := http.Post(strings.TrimSuffix(p.server.URL, "/v1")+"/_sandbox/v1/faults", "application/json",
		bytes.NewReader(text))
	if err != nil {
		p.t.Fatal(err)
	}
	_ = res.Body.Close() // nothing is read
	if res.StatusCode != http.StatusCreated {
		p.t.Fatalf("arm %s: got %s", text, res.Status)
	}
}
