// Command gen writes docs/faults.md from the effects and the presets there are.
package main

//go:generate go run . ../../..

import (
	"encoding/json"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/fault"
	"github.com/understudy-dev/understudy/internal/rds"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/internal/terraform"
)

const intro = `# Faults

What goes wrong on purpose in a sandbox: to see what a module, a provider or a client makes of it. Written by
` + "`make generate`" + ` from the effects and presets that there are: do not edit it.

` + "```sh" + `
understudy fault arm flaky-5xx --account ci-7              # one read of a task fails with 503
understudy fault arm task-404-window --set effect.reads=6  # a preset, otherwise
understudy fault arm --file rule.yaml                      # a rule of your own
understudy fault list                                      # what is armed, with its hits
understudy fault disarm 3
understudy fault clear
` + "```" + `

The control API does the same (` + "`/_sandbox/v1/faults`" + `), and so does a Go test: ` +
	"`sandbox.Faults().Arm(ctx, \"flaky-5xx\", \"\")`" + `.

A rule says which requests it fits, which of those it hits, and what happens to them:

` + "```yaml" + `
match: {account: ci-7, operation: createProDatabase, name: "orders-*"}
when: {first: 2}
effect: {do: task-error, code: GENERAL_ERROR, message: No machine is left.}
` + "```" + `

A rule that names an operation, a member, an error code, a kind of resource, a preset or an effect that there is not is
refused, and the refusal names what is most like it. Rules are asked in the order in which they were armed; after a hit
that decides what becomes of a request, no other rule is asked. An answer that was struck has the header
` + "`Sandbox-Fault`" + `, with the names and ids of the rules, and so have the log and the journal. Hits are counted
exactly, over restarts and over all servers of a database, and before they strike: a request whose server dies in
between is counted, has no answer, and no other is struck in its place. Rules and their counts are part of an account's
state: a snapshot or a fork has them, too; only what is counted for each path, account or key begins anew there. Effects
on a task are drawn when it is accepted; a rule that is armed later does not strike it.

`

// members describe what a rule can say. One that is not described fails the run.
var members = map[string]string{
	"match.account":   "An account, by its id or name. Default: all.",
	"match.key":       "A pattern of the name of the API key.",
	"match.operation": "A pattern of operation ids, or a list of them: those of `openapi.yaml`.",
	"match.path":      "A pattern of the path, without `/v1`, and in RDS without `/v3/{project_id}`.",
	"match.method":    "The method.",
	"match.kind": "The kind of the resource, one of those below. " +
		"Effects on provisioning strike only resources of that kind.",
	"match.name":       "A pattern of the name of the resource: the one it has, or the one that the request asks for.",
	"match.state":      "The state of the resource at the moment, such as `pending`.",
	"match.tag":        "A tag of the resource, or one that the request asks for: `KEY` or `KEY=PATTERN`.",
	"match.userAgent":  "A pattern of what the client calls itself.",
	"match.phase":      "The phase of the task that is answered with: `received`, `running`, `done` or `failed`.",
	"when.after":       "Leaves out so many requests first.",
	"when.first":       "Only the first so many.",
	"when.nth":         "Only that one.",
	"when.every":       "Every so many.",
	"when.probability": "Each with this probability, from 0 to 1; the draws follow from `seed`.",
	"when.seed":        "A number.",
	"when.per":         "`path`, `account` or `key`: each of them is counted on its own. Default: all together.",
	"when.window": "`from` and `to`: only that part of the time since the rule was armed, " +
		"by the clock of `match.account`.",
}

func main() {
	log.SetFlags(0)
	if len(os.Args) != 2 {
		log.Fatal("usage: gen ROOT-OF-THE-REPOSITORY")
	}
	if err := write(os.Args[1]); err != nil {
		log.Fatalf("gen: %v", err)
	}
}

func write(root string) error {
	presets, ofRDS := rediscloud.Presets(), rds.Presets()
	sdk, err := version(root, "test/sdk/go.mod", "github.com/RedisLabs/rediscloud-go-api")
	if err != nil {
		return err
	}
	var b strings.Builder
	b.WriteString(intro)
	for _, part := range []struct {
		name string
		typ  reflect.Type
	}{{"match", reflect.TypeFor[fault.Match]()}, {"when", reflect.TypeFor[fault.When]()}} {
		fmt.Fprintf(&b, "| `%s` | |\n|---|---|\n", part.name)
		for field := range part.typ.Fields() {
			name, _, _ := strings.Cut(field.Tag.Get("json"), ",")
			says := members[part.name+"."+name]
			if says == "" {
				return fmt.Errorf("%s.%s is not described", part.name, name)
			}
			fmt.Fprintf(&b, "| `%s` | %s |\n", name, says)
		}
		b.WriteString("\n")
	}
	b.WriteString("In a pattern `*` stands for any text; case does not count. Kinds of resource: ")
	var kinds []string
	for kind := range fault.Together(presets, ofRDS).Kinds {
		kinds = append(kinds, "`"+kind+"`")
	}
	slices.Sort(kinds)
	b.WriteString(strings.Join(kinds, ", ") + ".\n\n## Effects\n\n")
	b.WriteString("`effect.do` names one; it takes the other members of `effect` that its description speaks of. " +
		"Lengths are\nwritten as `1m30s`; those of tasks and of provisioning are business time, which `--speed` shortens, " +
		"and which takes no\ntime at all where nothing does.\n\n| effect | |\n|---|---|\n")
	for _, e := range fault.Effects() {
		fmt.Fprintf(&b, "| `%s` | %s |\n", e.Name, e.What)
	}
	fmt.Fprintf(&b, "\n## Presets\n\nAll are held to the official Go SDK %s by `test/sdk`, and to the official "+
		"Terraform provider %s, whose waits are\nshorter there, by `test/terraform`.\n\n"+
		"| preset | what goes wrong | what an unmodified client shows |\n|---|---|---|\n",
		sdk, "v"+terraform.TestedVersion)
	for _, p := range presets.All {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.What, p.Shows)
	}
	b.WriteString("\n| bundle | | presets |\n|---|---|---|\n")
	for _, p := range presets.Bundles {
		fmt.Fprintf(&b, "| `%s` | %s | `%s` |\n", p.Name, p.What, strings.Join(p.Presets, "`, `"))
	}
	b.WriteString("\n### RDS\n\n" +
		"They are held to plain requests by `internal/rds`. Of those above, what names no operation " +
		"or one by a pattern\nthat an operation of RDS has, too, strikes that as well.\n\n" +
		"| preset | what goes wrong | what a client reads |\n|---|---|---|\n")
	for _, p := range ofRDS.All {
		fmt.Fprintf(&b, "| `%s` | %s | %s |\n", p.Name, p.What, p.Shows)
	}
	b.WriteString("\n## Rules of the presets\n\n")
	for _, p := range fault.Together(presets, ofRDS).All {
		for _, r := range p.Rules {
			text, err := ruleText(r)
			if err != nil {
				return err
			}
			fmt.Fprintf(&b, "- `%s`: `%s`\n", p.Name, text)
		}
	}
	//nolint:gosec // for everybody, like all of the repository
	return os.WriteFile(filepath.Join(root, "docs", "faults.md"), []byte(b.String()), 0o644)
}

// ruleText is a rule on one line.
func ruleText(r fault.Rule) (string, error) {
	text, err := json.Marshal(r)
	if err != nil {
		return "", err
	}
	var said map[string]json.RawMessage
	if err := json.Unmarshal(text, &said); err != nil {
		return "", err
	}
	var parts []string
	for _, part := range []string{"match", "when", "effect"} {
		if string(said[part]) != "{}" {
			parts = append(parts, fmt.Sprintf("%q:%s", part, said[part]))
		}
	}
	return "{" + strings.Join(parts, ",") + "}", nil
}

// version is that of a module which a go.mod requires.
func version(root, file, module string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file)))
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(regexp.QuoteMeta(module) + ` (v[0-9]\S*)`).FindSubmatch(text)
	if found == nil {
		return "", fmt.Errorf("%s does not require %s", file, module)
	}
	return string(found[1]), nil
}
