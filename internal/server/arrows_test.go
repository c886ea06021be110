package server_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/understudy-dev/understudy"

// arrows says which packages of ours a package may import: only what is below
// it, so that calls go deep and nothing calls back up.
var arrows = map[string][]string{
	"": {
		"internal/cloud", "internal/engine", "internal/journal", "internal/sandbox", "internal/server", "internal/throwaway",
	},
	"cmd/understudy": {
		"", "internal/server", "internal/control", "internal/sandbox", "internal/journal",
		"internal/compiled", "internal/openapi", "internal/engine", "internal/cloud", "internal/rediscloud/account",
		"internal/tracing", "internal/doctor", "internal/demo", "internal/terraform", "internal/campaign",
		"internal/throwaway",
	},
	"internal/server": {
		"internal/cache", "internal/control", "internal/dashboard", "internal/sandbox", "api", "internal/journal",
		"internal/metrics",
		"internal/compiled", "internal/openapi", "internal/rds", "internal/rediscloud",
		"internal/rediscloud/account", "internal/rediscloud/subscription", "internal/cloud", "internal/engine",
		"internal/postgres", "internal/store", "migrations",
	},
	"api": {
		"internal/binding", "internal/cache", "internal/openapi", "internal/cloud", "internal/engine", "internal/fault",
		"internal/idempotency", "internal/journal", "internal/store",
	},
	"internal/cache":   {},
	"internal/openapi": {},
	"internal/journal": {"internal/openapi"},
	"internal/sandbox": {
		"internal/binding", "internal/openapi", "internal/cloud", "internal/engine", "internal/fault", "internal/journal",
		"internal/nearest",
		"internal/store",
	},
	"internal/fault":   {"internal/nearest", "internal/store"},
	"internal/nearest": {},
	"internal/metrics": {"internal/cache", "internal/cloud", "internal/journal", "internal/openapi", "internal/store"},
	"internal/tracing": {"internal/journal", "internal/store"},
	"internal/terraform": {
		"internal/cloud", "internal/control", "internal/journal", "internal/sandbox", "internal/terraform/source",
	},
	"internal/terraform/source": {},
	"internal/demo":             {"internal/sandbox", "internal/server", "internal/throwaway"},
	"internal/campaign": {
		"internal/cloud", "internal/control", "internal/fault", "internal/lazy", "internal/sandbox", "internal/terraform",
	},
	"internal/doctor": {"internal/postgres", "internal/server", "internal/store", "migrations"},
	"internal/control": {
		"api", "internal/binding", "internal/cloud", "internal/journal", "internal/openapi", "internal/sandbox",
		"internal/store",
	},
	"internal/dashboard": {
		"internal/cloud", "internal/journal", "internal/openapi", "internal/sandbox", "internal/store",
	},
	"internal/binding": {"internal/openapi"},
	"internal/engine": {
		"internal/binding", "internal/openapi", "internal/batch", "internal/cloud", "internal/fault", "internal/store",
	},
	"internal/rds": {
		"api", "internal/cloud", "internal/engine", "internal/fault", "internal/idempotency", "internal/lazy",
		"internal/openapi", "internal/store",
	},
	"internal/lazy":            {},
	"internal/store":           {"internal/batch", "internal/cloud", "migrations"},
	"internal/batch":           {},
	"internal/cloud":           {},
	"internal/cloud/cloudtest": {"internal/cloud"},
	"internal/idempotency":     {},
	"internal/postgres":        {},
	"internal/throwaway":       {"internal/postgres", "migrations"},
	"internal/pgtest":          {"internal/throwaway", "migrations"},
	"internal/servetest":       {"internal/coverage", "internal/pgtest", "internal/store"},
	"migrations":               {},

	"internal/compiled":         {"internal/openapi"},
	"internal/compiled/gen":     {"internal/openapi"},
	"internal/coverage":         {"", "internal/compiled", "internal/openapi", "internal/rds"},
	"internal/coverage/answers": {"internal/coverage"},
	"internal/fault/gen":        {"internal/fault", "internal/rds", "internal/rediscloud", "internal/terraform"},
	"internal/coverage/gen": {
		"", "internal/openapi", "internal/rds", "internal/rediscloud", "internal/rediscloud/account", "internal/coverage",
		"internal/engine", "internal/fault", "internal/terraform",
	},
}

// init adds the packages of a dialect: each may import what a function needs, and those before it.
func init() {
	const dialect = "internal/rediscloud/"
	function := []string{"internal/cloud", "internal/engine", "internal/lazy", "internal/store"}
	below := slices.Clone(function)
	for _, layer := range [][]string{
		{"derive", "resource", "wire"},
		{"catalog"},
		{"account"},
		{"subscription"},
		{"acl", "network", "report", "workspace"},
		{"redirection"}, // asks for the connections of both databases
		{""},            // is a dialect of the edge
	} {
		allowed := slices.Clone(below)
		if layer[0] == "" {
			allowed = append(allowed, "api", "internal/fault", "internal/idempotency", "internal/openapi")
		}
		for _, name := range layer {
			path := strings.TrimSuffix(dialect+name, "/")
			arrows[path] = allowed
			below = append(below, path)
		}
	}
}

// owners says which packages alone may import something from outside.
var owners = map[string][]string{
	"github.com/jackc/pgx/v5": {
		"internal/store", "internal/postgres", "migrations", "internal/throwaway", "internal/pgtest",
	},
	"github.com/pressly/goose/v3":   {"migrations"},
	"github.com/go-chi/chi/v5":      {"api", "internal/control", "internal/server"},
	"github.com/alecthomas/kong":    {"cmd/understudy"},
	"github.com/hashicorp":          {"internal/terraform"},
	"github.com/getkin/kin-openapi": {"internal/openapi"},
	"github.com/prometheus":         {"internal/metrics"},
	"go.opentelemetry.io":           {"internal/tracing"},
	"net/http": {
		"internal/engine", "internal/rds", "internal/rediscloud", "internal/rediscloud/wire", "api", "internal/control",
		"internal/dashboard", "internal/openapi", "internal/server", "internal/servetest", "internal/coverage",
		"internal/cloud", "internal/idempotency",
		"internal/journal", "internal/metrics", "internal/sandbox", "internal/tracing", "internal/doctor",
		"internal/demo", "internal/campaign", "cmd/understudy",
	},
}

// Shipped packages only: tests may import what they like.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f",
		`{{.ImportPath}} {{join .Imports " "}}`, module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		from := relative(imports[0])
		allowed, listed := arrows[from]
		if !listed {
			if from != "internal/apitest" && !strings.HasPrefix(from, "test/") {
				t.Errorf("package %q has no arrows: add it to the table", from)
			}
			continue
		}
		for _, to := range imports[1:] {
			if ours := strings.HasPrefix(to+"/", module+"/"); ours && !slices.Contains(allowed, relative(to)) {
				t.Errorf("%q imports %q, which is not below it", from, relative(to))
			}
			for outside, may := range owners {
				if (to == outside || strings.HasPrefix(to, outside+"/")) && !slices.Contains(may, from) {
					t.Errorf("%q imports %s, which only %v may", from, to, may)
				}
			}
		}
	}
}

// What a package makes for its variables, every start and every command waits for.
func TestProgramLinksNothingThatWorksFirst(t *testing.T) {
	t.Parallel()
	const schemas = "github.com/santhosh-tekuri/jsonschema/" // compiles what five drafts say of themselves
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", module+"/cmd/understudy").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for path := range strings.Lines(string(out)) {
		if strings.HasPrefix(path, schemas) {
			t.Errorf("the program links %s: see the comment at kin-openapi in go.mod", strings.TrimSpace(path))
		}
	}
}

func relative(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }
