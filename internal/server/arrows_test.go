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
	"":                         {"internal/cloud", "internal/engine", "internal/server", "internal/throwaway"},
	"cmd/understudy":           {"", "internal/server", "internal/engine", "internal/catalog"},
	"internal/server":          {"api", "internal/openapi", "internal/catalog", "internal/cloud", "internal/engine", "internal/postgres", "internal/store", "migrations"},
	"internal/rediscloud/wire": {"internal/cloud"},
	"api":                      {"internal/rediscloud/wire", "internal/openapi", "internal/cloud", "internal/engine", "internal/idempotency", "internal/store"},
	"internal/openapi":         {},
	"internal/catalog":         {"internal/rediscloud/wire", "internal/cloud", "internal/engine", "internal/store"},
	"internal/engine":          {"internal/openapi", "internal/batch", "internal/cloud", "internal/store"},
	"internal/store":           {"internal/batch", "internal/cloud"},
	"internal/batch":           {},
	"internal/cloud":           {},
	"internal/idempotency":     {},
	"internal/postgres":        {},
	"internal/throwaway":       {"internal/postgres", "migrations"},
	"internal/pgtest":          {"internal/throwaway"},
	"internal/servetest":       {"internal/coverage", "internal/pgtest", "internal/store"},
	"migrations":               {},

	"internal/coverage":         {"", "internal/openapi"},
	"internal/coverage/answers": {"", "internal/openapi", "internal/coverage"},
	"internal/coverage/gen":     {"", "internal/openapi", "internal/catalog", "internal/coverage", "internal/engine"},
}

// owners says which packages alone may import something from outside.
var owners = map[string][]string{
	"github.com/jackc/pgx/v5":       {"internal/store", "internal/postgres", "migrations", "internal/throwaway", "internal/pgtest"},
	"github.com/pressly/goose/v3":   {"migrations"},
	"github.com/go-chi/chi/v5":      {"api", "internal/server"},
	"github.com/alecthomas/kong":    {"cmd/understudy"},
	"github.com/getkin/kin-openapi": {"internal/openapi"},
	"net/http":                      {"internal/engine", "internal/rediscloud/wire", "api", "internal/openapi", "internal/server", "internal/servetest", "internal/coverage", "internal/cloud", "internal/idempotency", "cmd/understudy"},
}

// Shipped packages only: tests may import what they like.
func TestArrowsPointOneWay(t *testing.T) {
	t.Parallel()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-f", `{{.ImportPath}} {{join .Imports " "}}`, module+"/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for line := range strings.Lines(string(out)) {
		imports := strings.Fields(line)
		from := relative(imports[0])
		allowed, listed := arrows[from]
		if !listed {
			if from != "bench" && !strings.HasPrefix(from, "bench/") && from != "internal/apitest" && !strings.HasPrefix(from, "test/") {
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

func relative(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }
