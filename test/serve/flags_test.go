package serve

import (
	"fmt"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/server"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// flags are all those of serve, with their defaults as the help shows them.
var flags = []struct{ name, fallback string }{
	{"listen", "127.0.0.1:8080"},
	{"advertise", "where it listens, and for who asks env at another address that one"},
	{"expose", "off"},
	{"control-token", "none on the loopback address, else made at each start"},
	{"allow-host", "none"},
	{"pprof", "off"},
	{"no-ui", "off"},
	{"ui-prefix", "/ui"},
	{"ui-readonly", "off"},
	{"database-url", "a private Postgres in the data directory"},
	{"database-direct-url", "--database-url has sessions of its own"},
	{"data-dir", "/understudy"}, // TestDefaultDataDir has it in full
	{"cache-dir", "understudy in the user's directory of caches"},
	{"speed", "600"},
	{"subscription-cap-policy", "queue"},
	{"api-key", "made once and kept"},
	{"api-secret-key", "made once and kept"},
	{"keys-file", "none"},
	{"accounts", "known"},
	{"max-accounts", "1000"},
	{"seed", "none"},
	{"rate-limit", "0"},
	{"dialects", "redis,rds"},
	{"journal", "1000"},
	{"ready-file", "none"},
	{"task-hold", "500ms"},
	{"log-format", "text"},
	{"log-level", "info"},
	{"card", "Visa 5556"},
	{"cloud-account", "none"},
	{"transit-gateway", "none"},
	{"events", "100000"},
	{"cache", "32MiB"},
}

// twin is the name of a flag in the environment.
func twin(flag string) string {
	return "UNDERSTUDY_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func TestHelpShowsEveryFlag(t *testing.T) {
	t.Parallel()
	status, stdout, stderr := run(t, nil, "serve", "--help")
	if status != 0 || stderr != "" {
		t.Fatalf("got status %d, stderr %q", status, stderr)
	}
	// One flag a paragraph, however its lines are broken.
	paragraphs := map[string]string{}
	for _, part := range strings.Split(stdout, "\n      --")[1:] {
		name := part[:strings.IndexAny(part, "= ")] // a switch takes no value
		paragraphs[name] = strings.Join(strings.Fields(part), " ")
	}
	for _, flag := range flags {
		got, ok := paragraphs[flag.name]
		if delete(paragraphs, flag.name); !ok {
			t.Errorf("--%s is not shown", flag.name)
			continue
		}
		want := flag.fallback + " ($" + twin(flag.name) + ")."
		if !strings.Contains(got, "Default: ") || !strings.HasSuffix(got, want) {
			t.Errorf("--%s is shown as %q, want its default and its twin: …%s", flag.name, got, want)
		}
	}
	for name := range paragraphs {
		t.Errorf("--%s is shown and not in the table", name)
	}
}

// A value that makes no sense ends the start at once: status 2, one line that
// names the flag and the value, whether it comes from the command line or from
// the environment. Nothing has been touched.
func TestBadValues(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file := filepath.Join(home, "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct{ flag, value, says string }{
		{"listen", "nowhere", `"nowhere"`},
		{"listen", "127.0.0.1", `"127.0.0.1"`},
		{"listen", "127.0.0.1:99999", `"99999"`},
		{"listen", "127.0.0.1:-1", `"-1"`},
		{"listen", "127.0.0.1:no-such-service", `"no-such-service"`},
		{"database-url", "nonsense", "postgres://"},
		{"database-url", "mysql://u:hidden@127.0.0.1/x", "postgres://"},
		{"database-url", "postgres://u:hidden@127.0.0.1:99999/x", "99999"},
		{"database-url", "postgres://u:hidden@[::1/x", "postgres://"},
		{"database-url", "postgres://u:hidden@one:99999,two:5432/x", "99999"},
		{"database-direct-url", "postgres://u:hidden@127.0.0.1/x", "--database-url"},
		{"data-dir", file, "not a directory"},
		{"data-dir", file + "/below", "not a directory"},
		{"speed", "fast", `"fast"`},
		{"speed", "-1", "-1"},
		{"speed", "NaN", "NaN"},
		{"speed", "Inf", "Inf"},
		{"speed", "1e-12", "1e-06"},
		{"subscription-cap-policy", "wait", `"wait"`},
		{"api-key", "alone", "go together"},
		{"api-secret-key", "alone", "go together"},
		{"keys-file", file + ".json", "no such file"},
		{"keys-file", home, "is a directory"},
		{"seed", file + ".yaml", "no such file"},
		{"accounts", "some", `"some"`},
		{"max-accounts", "many", `"many"`},
		{"max-accounts", "-1", "-1"},

		{"rate-limit", "many", `"many"`},
		{"rate-limit", "-1", "-1"},
		{"rate-limit", "1.5", `"1.5"`},
		{"journal", "all", `"all"`},
		{"journal", "-1", "-1"},
		{"ready-file", home, "is a directory"},
		{"ready-file", file + "/below", "not a directory"},
		{"task-hold", "long", `"long"`},
		{"task-hold", "-1s", "-1s"},
		{"events", "0", "0 is not a number from 1 up"},
		{"events", "-1", "-1 is not a number from 1 up"},
		{"task-hold", "11s", "11s"},
		{"cache", "much", `"much"`},
		{"cache", "-1", `"-1"`},
		{"cache", "32MB", `"32MB"`},
		{"cache", "9999999999GiB", `"9999999999GiB"`},
		{"log-format", "xml", `"xml"`},
		{"log-level", "loud", `"loud"`},
		{"card", "Mastercard", `"Mastercard"`},
		{"card", "1234", `"1234"`},
		{"card", "Visa 12345", `"Visa 12345"`},
		{"card", "Visa 5556,Visa  5556", "Visa 5556 is there twice"},
		{"cloud-account", ":AWS", `":AWS"`},
		{"cloud-account", "ours:Azure", `"ours:Azure"`},
		{"cloud-account", "ours,ours:GCP", "ours is there twice"},
		{"cloud-account", "Redis Internal Resources", "is there twice"},
		{"transit-gateway", "gateway", `"gateway"`},
		{"transit-gateway", "tgw-", `"tgw-"`},
		{"transit-gateway", "tgw-1,tgw-1", "tgw-1 is there twice"},
	} {
		t.Run(test.flag+" "+filepath.Base(test.value), func(t *testing.T) {
			t.Parallel()
			dir := filepath.Join(home, strings.ReplaceAll(t.Name(), "/", "-"))
			args := []string{"serve"}
			if test.flag != "listen" {
				args = append(args, "--listen", "127.0.0.1:0")
			}
			if test.flag != "data-dir" {
				args = append(args, "--data-dir", dir)
			}
			wantRefusal(t, 2, []string{"--" + test.flag, test.says}, nil, append(args, "--"+test.flag+"="+test.value)...)
			wantRefusal(t, 2, []string{"--" + test.flag, test.says}, []string{twin(test.flag) + "=" + test.value}, args...)
			_, _, stderr := run(t, nil, append(args, "--"+test.flag+"="+test.value)...)
			if strings.Contains(stderr, "hidden") {
				t.Errorf("the password is shown: %s", stderr)
			}
			if _, err := os.Stat(dir); !os.IsNotExist(err) {
				t.Errorf("the data directory was made: %v", err)
			}
		})
	}
	for _, keys := range [][2]string{
		{"hidden\n", "fine"}, {"hidden\r\nx", "fine"}, {"fine", " hidden"}, {"fine", "hid\tden"},
	} {
		env := []string{"UNDERSTUDY_API_KEY=" + keys[0], "UNDERSTUDY_API_SECRET_KEY=" + keys[1]}
		wantRefusal(t, 2, []string{"header"}, env, "serve", "--listen", "127.0.0.1:0", "--data-dir", file)
	}
	for _, args := range [][]string{{"serve", "--nope"}, {"serve", "now"}, {"nope"}, {"serve", "--speed"}, {"migrate"}} {
		wantRefusal(t, 2, nil, nil, args...)
	}
	for _, url := range []string{"", "nonsense", "mysql://u:hidden@127.0.0.1/x", "postgres://u:hidden@127.0.0.1:99999/x"} {
		wantRefusal(t, 2, []string{"--database-url"}, []string{"PGHOST=127.0.0.1", "PGPORT=1"},
			"migrate", "--database-url", url)
	}
	for _, url := range []string{
		"", "/", "http:///", "http://[::1", "127.0.0.1:8080", "localhost:8080", "ftp://127.0.0.1",
	} {
		wantRefusal(t, 2, []string{"--url", "http://127.0.0.1:8080"}, nil, "healthcheck", "--url", url)
	}
}

// The command line wins over the environment: of two bad values it is the flag's
// that is complained about.
func TestFlagWinsOverEnvironment(t *testing.T) {
	t.Parallel()
	for flag, bad := range map[string][2]string{
		"listen":                  {"nowhere", "elsewhere"},
		"speed":                   {"-1", "-2"},
		"subscription-cap-policy": {"wait", "loiter"},
		"task-hold":               {"long", "longer"},
		"keys-file":               {"no-such", "none-such"},
		"rate-limit":              {"-3", "-4"},
		"log-format":              {"xml", "yaml"},
		"log-level":               {"loud", "louder"},
	} {
		status, _, stderr := run(t, []string{twin(flag) + "=" + bad[0]}, "serve", "--"+flag+"="+bad[1])
		if status != 2 || !strings.Contains(stderr, bad[1]) ||
			strings.Contains(stderr, bad[0]+" ") || strings.Contains(stderr, bad[0]+`"`) {
			t.Errorf("--%s: got status %d, %q; want a complaint about %q", flag, status, stderr, bad[1])
		}
	}
}

// setting is a value for every flag.
type setting map[string]string

func (s setting) environment() (env []string) {
	for flag, value := range s {
		env = append(env, twin(flag)+"="+value)
	}
	return env
}

func (s setting) arguments() []string {
	args := []string{"serve"}
	for flag, value := range s {
		args = append(args, "--"+flag+"="+value)
	}
	return args
}

// wantControl looks for the effect of what control and profiles are told.
func (p *process) wantControl(base string, s setting) {
	t := p.t
	t.Helper()
	token := s["control-token"]
	for path, want := range map[string]string{"/_sandbox/v1/status": "true", "/debug/pprof/cmdline": s["pprof"]} {
		if got := fmt.Sprint(status(t, base+path, token) == http.StatusOK); got != want {
			t.Errorf("with %v %s is answered: %s, want %s", s, path, got, want)
		}
		if got := status(t, base+path, "another token"); got == http.StatusOK {
			t.Errorf("with %v %s is answered to another token", s, path)
		}
	}
	got, stdout, stderr := run(t, nil, "journal", "list", "--account=Demo", "--url="+base, "--control-token="+token)
	if lines := fmt.Sprint(strings.Count(stdout, "\n") - 1); got != 0 || lines != s["journal"] {
		t.Errorf("with --journal %s the journal has %s requests: %d %s %s", s["journal"], lines, got, stdout, stderr)
	}
}

// wantSetting looks for the effect of every flag but the log's level, the retention of events, what is kept of answers,
// which is nothing here (TestAnswersAreKept), and the names of the server, which count where there is no token.
func (p *process) wantSetting(s setting) {
	t := p.t
	t.Helper()
	ready := p.ready(s["ready-file"])
	at, err := server.FindAddress(s["data-dir"])
	if err != nil {
		t.Fatal(err)
	}
	var dialects []string
	for _, name := range slices.Sorted(maps.Keys(ready.Dialects)) {
		dialects = append(dialects, name)
		if !strings.HasPrefix(ready.Dialects[name], s["advertise"]+"/v") {
			t.Errorf("with --advertise %s the ready file has %v", s["advertise"], ready.Dialects)
		}
	}
	if got := strings.Join(dialects, ","); got != s["dialects"] || ready.URL != s["advertise"]+"/v1" {
		t.Errorf("with --dialects %s --advertise %s the ready file has %+v", s["dialects"], s["advertise"], ready)
	}
	ready.URL = at.URL + "/v1"
	p.wantDashboard(at.URL, s)
	if !strings.HasPrefix(ready.URL, "http://"+strings.TrimSuffix(s["listen"], "0")) ||
		ready.APIKey != s["api-key"] || ready.APISecretKey != s["api-secret-key"] {
		t.Errorf("ready as %+v with %v", ready, s)
	}
	name := strings.TrimSuffix(filepath.Base(s["keys-file"]), ".json")
	if status, answer := ready.with(entry(name, nil)).ask(t, "GET", "/", nil); status != 200 {
		t.Errorf("with a key of %s: got %d %v", s["keys-file"], status, answer)
	}
	_, answer := ready.ask(t, "GET", "/acl/redisRules", nil)
	if !strings.Contains(fmt.Sprint(answer), filepath.Base(s["seed"])) {
		t.Errorf("with --seed %s these are the rules: %v", s["seed"], answer)
	}
	welcome := 0 // pairs that nobody knows, beside the demo account
	for i := range 4 {
		pair := map[string]any{"apiKey": "nobody", "apiSecretKey": fmt.Sprint("secret-", i)}
		if status, _ := ready.with(pair).ask(t, "GET", "/", nil); status == 200 {
			welcome++
		}
	}
	all := s["accounts"] == "any"
	if all && fmt.Sprint(welcome+1) != s["max-accounts"] || !all && welcome > 0 {
		t.Errorf("with --accounts %s --max-accounts %s %d unknown pairs are taken", s["accounts"], s["max-accounts"], welcome)
	}
	p.wantControl(strings.TrimSuffix(ready.URL, "/v1"), s)
	kind, digits, _ := strings.Cut(s["card"], " ")
	_, listed := ready.ask(t, "GET", "/payment-methods", nil)
	card := listed["paymentMethods"].([]any)[0].(map[string]any)
	if fmt.Sprint(card["type"], " ", card["creditCardEndsWith"]) != kind+" "+digits {
		t.Errorf("with --card %q the first card is %v", s["card"], card)
	}
	_, listed = ready.ask(t, "GET", "/cloud-accounts", nil)
	if !strings.Contains(fmt.Sprint(listed), s["cloud-account"]) {
		t.Errorf("with --cloud-account %q these are listed: %v", s["cloud-account"], listed)
	}
	if got := ready.left(t); got != s["rate-limit"] {
		t.Errorf("with --rate-limit %s %s requests are left at first", s["rate-limit"], got)
	}
	// At this speed four subscriptions are taken while the first is still being
	// provisioned.
	var failed []any
	for _, name := range []string{"one", "two", "three", "four"} {
		body := servetest.SubscriptionBody(name)
		body["paymentMethodId"] = card["id"]
		status, task := ready.ask(t, "POST", "/subscriptions", body)
		if status != 202 {
			t.Fatalf("create %s: got %d %v", name, status, task)
		}
		polls := 0
		p.until("task ends", func() bool {
			_, task = ready.ask(t, "GET", "/tasks/"+task["taskId"].(string), nil)
			polls++
			return strings.HasPrefix(task["status"].(string), "processing-") && task["status"] != "processing-in-progress"
		})
		// Without a hold a task in processing is seen as such.
		if held := polls == 1; held != (s["task-hold"] != "0") {
			t.Errorf("with task-hold %s the task's end was seen at poll %d", s["task-hold"], polls)
		}
		if task["status"] == "processing-error" {
			failed = append(failed, name)
		}
		if name == "one" {
			p.wantInvitation(ready, task["response"], s["transit-gateway"])
		}
	}
	want := 0
	if s["subscription-cap-policy"] == "reject" {
		want = 1
	}
	if len(failed) != want {
		t.Errorf("with policy %s these were rejected: %v", s["subscription-cap-policy"], failed)
	}
	if _, err := os.Stat(filepath.Join(s["data-dir"], "postgres")); !os.IsNotExist(err) {
		t.Errorf("a private Postgres beside --database-url: %v", err)
	}
	logged := p.stderr.String()
	if isJSON := strings.HasPrefix(logged, `{"time":`); isJSON != (s["log-format"] == "json") {
		t.Errorf("the log in format %s: %s", s["log-format"], logged)
	}
}

// wantDashboard asks for the dashboard, and to change something there.
func (p *process) wantDashboard(base string, s setting) {
	p.t.Helper()
	ask := func(method, path string) int {
		req, err := http.NewRequestWithContext(p.t.Context(), method, base+s["ui-prefix"]+path, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s["control-token"])
		res, err := http.DefaultClient.Do(req)
		if err != nil {
			p.t.Fatal(err)
		}
		_ = res.Body.Close() // the status tells
		return res.StatusCode
	}
	shows, changes := http.StatusOK, http.StatusForbidden
	if s["no-ui"] == "true" {
		shows, changes = http.StatusNotFound, http.StatusNotFound
	}
	if got := ask(http.MethodGet, "/tasks"); got != shows {
		p.t.Errorf("with --no-ui %s --ui-prefix %s: got %d, want %d", s["no-ui"], s["ui-prefix"], got, shows)
	}
	if got := ask(http.MethodPost, "/faults"); s["ui-readonly"] == "true" && got != changes {
		p.t.Errorf("with --ui-readonly: got %d, want %d", got, changes)
	}
}

// wantInvitation looks for a transit gateway among the invitations to the subscription that a task has made.
func (p *process) wantInvitation(ready readiness, made any, gateway string) {
	p.t.Helper()
	path := fmt.Sprintf("/subscriptions/%v/transitGateways/invitations", made.(map[string]any)["resourceId"])
	_, task := ready.ask(p.t, "GET", path, nil)
	p.until("the invitations are read", func() bool {
		_, task = ready.ask(p.t, "GET", "/tasks/"+task["taskId"].(string), nil)
		return task["status"] == "processing-completed"
	})
	if !strings.Contains(fmt.Sprint(task["response"]), gateway) {
		p.t.Errorf("with --transit-gateway %s: got the invitations %v", gateway, task["response"])
	}
}

// left is how many requests an account without any may send; it uses none up.
func (r readiness) left(t *testing.T) string {
	t.Helper()
	res, err := http.Get(r.URL + "/nothing")
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	return res.Header.Get("X-Rate-Limit-Remaining")
}

// Every flag has its effect, from the command line and from the environment, and
// the command line wins.
func TestEveryFlagAndItsTwin(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	one := setting{
		"listen": "127.0.0.2:0", "database-url": pgtest.New(t), "data-dir": filepath.Join(home, "one"), "speed": "25",
		"subscription-cap-policy": "reject", "api-key": "key-one", "api-secret-key": "secret-one",
		"keys-file": filepath.Join(home, "keys-of-one.json"), "rate-limit": "100000",
		"seed":     filepath.Join(home, "seed-of-one.yaml"),
		"accounts": "any", "max-accounts": "3", "journal": "2", "events": "1000", "cache": "0",
		"advertise": "http://one.example:1", "dialects": "rds,redis",
		"no-ui": "false", "ui-prefix": "/pages-of-one", "ui-readonly": "true",
		"expose": "true", "control-token": "token of one", "allow-host": "one.example", "pprof": "true",
		"card": "Mastercard 1234", "cloud-account": "ours of one", "transit-gateway": "tgw-1",
		"ready-file": filepath.Join(home, "one.json"), "task-hold": "0", "log-format": "json", "log-level": "info",
	}
	two := setting{
		"listen": "127.0.0.3:0", "database-url": pgtest.New(t), "data-dir": filepath.Join(home, "two"), "speed": "25",
		"subscription-cap-policy": "queue", "api-key": "key-two", "api-secret-key": "secret-two",
		"keys-file": filepath.Join(home, "keys-of-two.json"), "rate-limit": "200000",
		"seed":     filepath.Join(home, "seed-of-two.yaml"),
		"accounts": "known", "max-accounts": "3", "journal": "1", "events": "2000", "cache": "64KiB",
		"advertise": "https://two.example", "dialects": "redis",
		"no-ui": "true", "ui-prefix": "/pages-of-two", "ui-readonly": "false",
		"expose": "false", "control-token": "token of two", "allow-host": "two.example", "pprof": "false",
		"card": "Discover 4321", "cloud-account": "ours of two", "transit-gateway": "tgw-2",
		"ready-file": filepath.Join(home, "two.json"), "task-hold": "9s", "log-format": "text", "log-level": "info",
	}
	for _, s := range []setting{one, two} {
		s["database-direct-url"] = s["database-url"]        // its effect is seen behind a pooler, in test/ha
		s["cache-dir"] = filepath.Join(s["data-dir"], "it") // and this one's by TestCacheDir
		name := strings.TrimSuffix(filepath.Base(s["keys-file"]), ".json")
		writeKeys(t, s["keys-file"], []any{entry(name, nil)})
		seed := fmt.Sprintf("resources: [{operation: createAclRedisRule, body: {name: %s, redisRule: +get}}]",
			filepath.Base(s["seed"]))
		if err := os.WriteFile(s["seed"], []byte(seed), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	wrong := setting{"speed": "1"}
	for flag, value := range one {
		if wrong[flag] == "" {
			wrong[flag] = value
		}
	}
	for _, flag := range flags {
		if one[flag.name] == "" || two[flag.name] == "" {
			t.Fatalf("--%s is not tried", flag.name)
		}
	}
	t.Run("environment", func(t *testing.T) {
		t.Parallel()
		launch(t, one.environment(), "serve").wantSetting(one)
	})
	t.Run("flags over environment", func(t *testing.T) {
		t.Parallel()
		launch(t, wrong.environment(), two.arguments()...).wantSetting(two)
	})
	t.Run("level", func(t *testing.T) {
		t.Parallel()
		quiet := setting{
			"listen": "127.0.0.1:0", "database-url": pgtest.New(t), "data-dir": filepath.Join(home, "quiet"),
			"log-level": "error", "ready-file": filepath.Join(home, "quiet.json"),
		}
		for _, start := range []func() *process{
			func() *process { return launch(t, quiet.environment(), "serve") },
			func() *process { return launch(t, []string{"UNDERSTUDY_LOG_LEVEL=debug"}, quiet.arguments()...) },
		} {
			p := start()
			ready := p.ready(quiet["ready-file"])
			ready.ask(t, "GET", "/tasks", nil)
			if p.signal(syscall.SIGTERM); p.wait() != 0 || p.stderr.String() != "" {
				t.Errorf("at level error this is logged: %s", &p.stderr)
			}
		}
	})
}

// Unused settings of the environment disturb nobody, nor do empty ones; those of
// other tools are not looked at.
func TestPostgresEnvironmentHasNoSay(t *testing.T) {
	t.Parallel()
	home := pgtest.TempDir(t)
	file := filepath.Join(home, "ready.json")
	env := []string{
		"PGHOST=nowhere.invalid", "PGPORT=1", "PGUSER=nobody", "PGDATABASE=none", "PGDATA=/nowhere",
		"PGSSLMODE=verify-full", "PGOPTIONS=--nope",
	}
	for _, flag := range flags {
		env = append(env, twin(flag.name)+"=") // as compose files pass on what is not set
	}
	p := launch(t, slices.Concat(env, []string{"UNDERSTUDY_NOPE=1"}),
		"serve", "--listen", "127.0.0.1:0", "--data-dir", filepath.Join(home, "data"), "--ready-file", file)
	if status, _ := p.ready(file).ask(t, "GET", "/", nil); status != 200 {
		t.Errorf("got %d", status)
	}
}
