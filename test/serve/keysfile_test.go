package serve

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
)

// entry is one of a keys file; the tests change its members.
func entry(name string, change map[string]any) map[string]any {
	e := map[string]any{"name": name, "apiKey": "key-of-" + name, "apiSecretKey": "hidden-of-" + name}
	for member, value := range change {
		if e[member] = value; value == nil {
			delete(e, member)
		}
	}
	return e
}

func writeKeys(t *testing.T, file string, content any) {
	t.Helper()
	data, ok := content.(string)
	if !ok {
		encoded, err := json.Marshal(content)
		if err != nil {
			t.Fatal(err)
		}
		data = string(encoded)
	}
	if err := os.WriteFile(file, []byte(data), 0o600); err != nil {
		t.Fatal(err)
	}
}

// with are the same server's answers to the keys of an entry.
func (r readiness) with(e map[string]any) readiness {
	r.APIKey, r.APISecretKey = e["apiKey"].(string), e["apiSecretKey"].(string)
	return r
}

// A keys file makes accounts and keys with roles and allow lists. Its next version
// replaces it, and a start without one leaves everything as it is. The demo
// account's own keys stay.
func TestKeysFile(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file, readyFile := filepath.Join(home, "keys.json"), filepath.Join(home, "ready.json")
	url := pgtest.New(t)
	serve := func(args ...string) (*process, readiness) {
		p := launch(t, nil, append([]string{
			"serve", "--listen", "127.0.0.1:0", "--database-url", url, "--data-dir", home,
			"--ready-file", readyFile, "--log-level", "debug",
		}, args...)...)
		return p, p.ready(readyFile)
	}
	owner := entry("team-a-owner", map[string]any{"account": 2001})
	viewer := entry("team-a-viewer", map[string]any{"account": 2001, "role": "Viewer", "apiKey": owner["apiKey"]})
	away := entry("elsewhere-only", map[string]any{"allowFrom": []string{"203.0.113.0/24", "2001:db8::/32"}})
	here := entry("from-here-only", map[string]any{"allowFrom": []string{"127.0.0.0/8"}})
	stop := func(p *process) {
		t.Helper()
		if p.signal(syscall.SIGTERM); p.wait() != 0 {
			t.Error("did not stop cleanly")
		}
		out := p.stdout.String() + p.stderr.String()
		if strings.Contains(out, "hidden-of-") || strings.Contains(out, "key-of-") {
			t.Errorf("a key is shown:\n%s", out)
		}
	}
	want := func(r readiness, e map[string]any, method string, status int, account any) {
		t.Helper()
		if e != nil {
			r = r.with(e)
		}
		path := "/"
		if method != http.MethodGet {
			path = "/subscriptions"
		}
		got, answer := r.ask(t, method, path, map[string]any{})
		shown, _ := answer["account"].(map[string]any)
		if got != status || shown["id"] != account {
			t.Errorf("%s with %s: got %d %v, want %d from account %v", method, r.APIKey, got, answer, status, account)
		}
	}

	writeKeys(t, file, []any{owner, viewer, away, here})
	p, ready := serve("--keys-file", file)
	want(ready, owner, "GET", 200, 2001.0)
	want(ready, owner, "POST", 400, nil) // by its body
	want(ready, viewer, "GET", 200, 2001.0)
	want(ready, viewer, "POST", 403, nil)
	want(ready, away, "GET", 403, nil)
	want(ready, here, "GET", 200, 1000.0)
	want(ready, nil, "GET", 200, 1000.0)
	stop(p)

	viewer["role"] = "Owner"
	writeKeys(t, file, []any{viewer})
	p, ready = serve("--keys-file", file)
	want(ready, viewer, "POST", 400, nil)
	want(ready, owner, "GET", 401, nil)
	want(ready, here, "GET", 401, nil)
	want(ready, nil, "GET", 200, 1000.0)
	stop(p)

	p, ready = serve()
	want(ready, viewer, "GET", 200, 2001.0)
	stop(p)

	writeKeys(t, file, "[]")
	p, ready = serve("--keys-file", file)
	want(ready, viewer, "GET", 401, nil)
	want(ready, nil, "GET", 200, 1000.0)
	stop(p)
}

// A keys file is not written over by the ready file.
func TestKeysFileAsReadyFile(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file := filepath.Join(home, "keys.json")
	writeKeys(t, file, []any{entry("a-good-entry", nil)})
	wantRefusal(t, 2, []string{"--ready-file", "--keys-file"}, nil,
		"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(home, "data"),
		"--keys-file", file, "--ready-file", home+"/./keys.json")
	if _, err := os.Stat(file); err != nil {
		t.Errorf("the keys file is gone: %v", err)
	}
}

// What is wrong in a keys file is said in one line, with the entry and without its
// keys, and nothing is touched.
func TestBadKeysFiles(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	good := entry("a-good-entry", nil)
	one := func(change map[string]any) []any { return []any{good, entry("a-bad-entry", change)} }
	for name, test := range map[string]struct {
		content any
		says    string
	}{
		"empty":             {"", "has no list"},
		"null":              {"null", "has no list"},
		"not JSON":          {"keys", "invalid character"},
		"no list":           {good, "cannot unmarshal object"},
		"two lists":         {"[] []", "something after the list"},
		"unknown member":    {one(map[string]any{"allow": "all"}), `unknown field "allow"`},
		"wrong type":        {one(map[string]any{"apiSecretKey": 7}), "apiSecretKey"},
		"no name":           {one(map[string]any{"name": nil}), `entry 2: name "" has not 10 to 50`},
		"short name":        {one(map[string]any{"name": "nine-char"}), `entry 2: name "nine-char" has not 10 to 50`},
		"long name":         {one(map[string]any{"name": strings.Repeat("a", 51)}), "entry 2: name"},
		"bad name":          {one(map[string]any{"name": "with a space"}), `entry 2: name "with a space"`},
		"account 0":         {one(map[string]any{"account": 0}), "entry 2: account 0"},
		"account too large": {one(map[string]any{"account": 1 << 31}), "entry 2: account 2147483648"},
		"no key":            {one(map[string]any{"apiKey": ""}), "entry 2: apiKey"},
		"no secret":         {one(map[string]any{"apiSecretKey": nil}), "entry 2: apiSecretKey"},
		"key with a break":  {one(map[string]any{"apiKey": "hidden\r\nX-A: b"}), "entry 2: apiKey"},
		"secret not ASCII":  {one(map[string]any{"apiSecretKey": "hidden-ü"}), "entry 2: apiSecretKey"},
		"unknown role": {
			one(map[string]any{"role": "Manager"}),
			`entry 2: role "Manager" is none of Owner, Viewer, Logs Viewer, Billing Admin`,
		},
		"no CIDR": {
			one(map[string]any{"allowFrom": []string{"192.0.2.1"}}),
			`entry 2: allowFrom "192.0.2.1" is no CIDR`,
		},
		"bits after it": {one(map[string]any{"allowFrom": []string{"192.0.2.1/24"}}), "is 192.0.2.0/24 meant?"},
		"mapped":        {one(map[string]any{"allowFrom": []string{"::ffff:192.0.2.0/120"}}), "entry 2: allowFrom"},
		"same pair": {
			one(map[string]any{"apiKey": good["apiKey"], "apiSecretKey": good["apiSecretKey"]}),
			"entry 2: apiKey and apiSecretKey are those of entry 1",
		},
		"same name": {one(map[string]any{"name": good["name"]}), `entry 2: name "a-good-entry" is that of entry 1`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(home, strings.ReplaceAll(name, " ", "-"))
			file := dir + ".json"
			writeKeys(t, file, test.content)
			args := []string{"serve", "--listen", "127.0.0.1:0", "--data-dir", dir}
			status, stdout, stderr := run(t, nil, append(args, "--keys-file", file)...)
			wantLine(t, name, status, 2, stdout, stderr, []string{"--keys-file " + file, test.says})
			if strings.Contains(stderr, "hidden") || strings.Contains(stderr, "key-of-") {
				t.Errorf("a key is shown: %s", stderr)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the data directory was made: %v", err)
			}
		})
	}
}
