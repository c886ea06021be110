package serve

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/pgtest"
	"github.com/understudy-dev/understudy/internal/servetest"
)

// kitchen is what a recipe takes for granted.
type kitchen struct {
	flags  []string                                // of the server
	before map[int]func(s *sandbox) (env []string) // a script: what is there by then, and the variables that have its ids
	after  string                                  // commands that look at what the last one has left in the shell
}

// Sections of README.md: the one that has some of all recipes, and that of the second dialect.
const (
	shortcut = "What the real service cannot do"
	second   = "RDS for MySQL"
)

var kitchens = map[string]kitchen{
	"Accounts, keys, what they have": {
		after: `test -n "$REDISCLOUD_ACCESS_KEY" && grep -q "REDISCLOUD_ACCESS_KEY=$REDISCLOUD_ACCESS_KEY" .env`,
	},
	shortcut: {before: map[int]func(*sandbox) []string{0: func(s *sandbox) []string {
		return []string{"TASK=" + s.post("/subscriptions", subscriptionBody("one"))}
	}}},
	"curl": {after: `
		api "$REDISCLOUD_URL/subscriptions" | grep '"status" : "active"'`},
	"Any client, by its environment": {after: `test "$(node client.mjs)" = "Visa 5556"`},
	second: {after: `
		rds "$PROJECT/instances" | grep '"total_count" : 1'
		rds "$PROJECT/instances" | grep '"status" : "ACTIVE"'
		rds "$PROJECT/jobs?id=$JOB" | grep Completed`},
	"What was asked": {before: map[int]func(*sandbox) []string{0: func(s *sandbox) []string {
		for range 20 {
			s.ready.ask(s.t, http.MethodGet, "/nowhere", nil)
		}
		return nil
	}}},
	"Clock": {flags: []string{"--speed", "1"}, before: map[int]func(*sandbox) []string{1: func(s *sandbox) []string {
		return []string{"TASK=" + s.post("/subscriptions", subscriptionBody("one"))}
	}}},
	"Running it for others": {before: map[int]func(*sandbox) []string{0: func(*sandbox) []string {
		return []string{"TOKEN=a-secret"}
	}}},
	"Waiting instead of sleeping": {before: map[int]func(*sandbox) []string{0: func(s *sandbox) []string {
		return []string{"TASK=" + s.post("/subscriptions", subscriptionBody("one"))}
	}}},
	"What happens from outside": {flags: []string{"--speed", "0"}, before: map[int]func(*sandbox) []string{0: connected}},
}

// connected makes a subscription with all that somebody outside can do something about.
func connected(s *sandbox) []string {
	response := func(method, path string, body any) map[string]any {
		s.t.Helper()
		status, answer := s.ready.ask(s.t, method, path, body)
		id := fmt.Sprint(answer["taskId"])
		if status != http.StatusAccepted {
			s.t.Fatalf("%s %s: got %d %v", method, path, status, answer)
		}
		s.do("wait", "--task", id, "--state", "done")
		_, task := s.ready.ask(s.t, http.MethodGet, "/tasks/"+id, nil)
		return task["response"].(map[string]any)
	}
	const sub = "/subscriptions/100001"
	response(http.MethodPost, "/subscriptions", subscriptionBody("one"))
	peering := response(http.MethodPost, sub+"/peerings", map[string]any{
		"region": "us-east-1", "awsAccountId": "123456789012", "vpcId": "vpc-0a1b2c3d", "vpcCidr": "172.16.0.0/24",
	})
	response(http.MethodPut, sub+"/transitGateways/invitations/101/accept", nil)
	list := response(http.MethodGet, sub+"/transitGateways", nil)["resource"].(map[string]any)
	gateway := fmt.Sprintf("%.0f", list["tgws"].([]any)[0].(map[string]any)["id"])
	s.do("clock", "durations", "--set", "transit-gateway-attachment.creation=1h")
	response(http.MethodPost, sub+"/transitGateways/"+gateway+"/attachment", nil)
	response(http.MethodPost, sub+"/private-link", map[string]any{
		"shareName": "share", "principal": "123456789012", "type": "aws_account",
	})
	database := response(http.MethodPost, sub+"/databases", map[string]any{
		"name": "kept", "datasetSizeInGb": 1, "remoteBackup": map[string]any{
			"active": true, "interval": "every-1-hours", "storageType": "aws-s3", "storagePath": "s3://bucket/path",
		},
	})
	return []string{
		"GATEWAY=" + gateway, fmt.Sprintf("PEERING=%.0f", peering["resourceId"]),
		fmt.Sprintf("DATABASE=%.0f", database["resourceId"]),
	}
}

// shell is what stands for the program in a recipe. A server goes on beside it until the end, and what follows things
// is ended once it has told of something. A command that fails ends the recipe, wherever it stands.
const shell = `
n=0 servers=
trap 'test -z "$servers" || kill $servers; wait' EXIT
trap 'exit 1' TERM
understudy() {
	n=$((n + 1))
	case "$1 ${2-}" in
	"serve "*)
		mkdir "serve-$n"
		UNDERSTUDY_DATA_DIR="$PWD/serve-$n" UNDERSTUDY_READY_FILE="$PWD/serve-$n/ready" "$BINARY" "$@" >"serve-$n/log" 2>&1 &
		pid=$! servers="$servers $!"
		until test -s "serve-$n/ready"; do
			env true # a child to wait for, which has the shell notice the end of another one
			kill -0 $pid || { cat "serve-$n/log"; kill $$; }
		done
		;;
	"events "* | "journal follow")
		out="follow-$n"
		"$BINARY" "$@" >"$out" &
		pid=$!
		until test -s "$out"; do # something happens, which makes an event
			n=$((n + 1))
			kill -0 $pid || kill $$
			curl -fsS -o "answer-$n" -H "x-api-key: $KEY" -H "x-api-secret-key: $SECRET" -H "Content-Type: application/json" \
				-d '{"name": "rule-'$n'", "redisRule": "+@read ~*"}' "$API/acl/redisRules" || kill $$
		done
		kill $pid && wait $pid || kill $$
		;;
	*)
		"$BINARY" "$@" || kill $$
		;;
	esac
}
`

// cook runs commands in a directory.
func cook(t *testing.T, dir string, env []string, script string) error {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 4*limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-euc", shell+script)
	cmd.Dir = dir
	cmd.Env = append(slices.DeleteFunc(os.Environ(), func(pair string) bool {
		return slices.ContainsFunc([]string{"UNDERSTUDY_", "REDISCLOUD_", "HUAWEICLOUD_"}, func(prefix string) bool {
			return strings.HasPrefix(pair, prefix)
		})
	}), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%w:\n%s", err, out)
	}
	return nil
}

// freeAddress is one that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }() // so that it is free
	return listener.Addr().String()
}

// Every command of these pages, and of what README.md says of them, works as it stands there, in its order.
func TestRecipes(t *testing.T) {
	t.Parallel()
	recipes, files := []servetest.Recipe{}, map[string]string{}
	for _, name := range []string{"sandbox.md", "start.md"} {
		page := servetest.ReadPage(t, "../../docs/"+name)
		maps.Copy(files, page.Files)
		if len(page.Others) > 0 {
			t.Errorf("%s has blocks that nobody runs or writes into a file: %q", name, page.Others)
		}
		recipes = append(recipes, page.Recipes...)
	}
	recipes = slices.DeleteFunc(recipes, func(r servetest.Recipe) bool {
		return r.Heading == "Terraform" // which test/terraform runs
	})
	readme := servetest.ReadPage(t, "../../README.md")
	recipes = append(recipes, readme.Recipe(t, shortcut), readme.Recipe(t, second))
	headings := []string{}
	for _, r := range recipes {
		headings = append(headings, r.Heading)
		t.Run(r.Heading, func(t *testing.T) {
			t.Parallel()
			k := kitchens[r.Heading]
			s := startSandbox(t, k.flags...)
			dir := t.TempDir()
			for name, text := range files {
				path := filepath.Join(dir, name)
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			env := s.environment(t)
			address := freeAddress(t)
			names := strings.NewReplacer("0.0.0.0:8080", address, "sandbox:8080", address)
			for i, script := range r.Scripts {
				if before := k.before[i]; before != nil {
					env = append(env, before(s)...)
				}
				if i == len(r.Scripts)-1 {
					script += k.after
				}
				if err := cook(t, dir, env, names.Replace(script)); err != nil {
					t.Errorf("%s%v", script, err)
				}
			}
		})
	}
	for heading := range kitchens {
		if !slices.Contains(headings, heading) {
			t.Errorf("there is no recipe %q", heading)
		}
	}
	if len(recipes) < 14 {
		t.Errorf("the pages have the recipes %q only", headings)
	}
}

// environment is what a recipe finds around it.
func (s *sandbox) environment(t *testing.T) []string {
	return []string{
		"BINARY=" + servetest.Binary(t), "UNDERSTUDY_DATA_DIR=" + s.dir, "UNDERSTUDY_LISTEN=127.0.0.1:0",
		"UNDERSTUDY_DATABASE_URL=" + pgtest.New(t),
		"API=" + s.ready.URL, "KEY=" + s.ready.APIKey, "SECRET=" + s.ready.APISecretKey,
	}
}

// A recipe with a command that fails fails, wherever that stands.
func TestBrokenRecipes(t *testing.T) {
	t.Parallel()
	s := startSandbox(t)
	for script, says := range map[string]string{
		"understudy account show nobody\ntrue":         "no account",
		"eval \"$(understudy env --account x)\"\ntrue": "no account",
		"understudy nonsense || true":                  "nonsense",
		"understudy serve --speed fast\ntrue":          "fast",
		"understudy events --account nobody\ntrue":     "no account",
	} {
		if err := cook(t, t.TempDir(), s.environment(t), script); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: got %v, want that %s", script, err, says)
		}
	}
}
