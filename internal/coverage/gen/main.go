// Command gen writes docs/coverage.md, and what the dashboard shows of it, from the contracts and from the lists that
// the test suites keep. It runs no test.
package main

//go:generate go run . ../../..

import (
	"fmt"
	"log"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/rds"
	"github.com/understudy-dev/understudy/internal/rediscloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/terraform"
)

// suite is a suite of tests that keeps a list of operations. A client of which two versions are driven has two.
type suite struct {
	column  string // its heading, to which the version of the client is added
	says    string // of the total, likewise
	list    string // the file with the operations
	require string // the file that pins the client: a go.mod or a package.json; empty: plain HTTP
	client  string // by the name that it has there
	version string // of the client, where nothing pins it

	ids []string
}

// contract is a document with the suites that prove its operations, the columns of its tables.
type contract struct {
	name       string
	text       []byte
	operations func() ([]engine.Operation, error)
	suites     []suite

	document *openapi.Document
	bound    *engine.Engine
}

func contracts() []contract {
	return []contract{
		{
			name: "Redis Cloud", text: understudy.Document, suites: redisSuites(),
			operations: func() ([]engine.Operation, error) { return rediscloud.Operations(account.Setup{}) },
		},
		{
			name: "RDS", text: rds.Document, suites: rdsSuites(),
			operations: func() ([]engine.Operation, error) { return rds.Operations(), nil },
		},
	}
}

func rdsSuites() []suite {
	return []suite{
		{
			column: "Go SDK", says: "succeed with the official Go SDK", list: "test/rds/testdata/operations.txt",
			require: "test/rds/go.mod", client: "github.com/huaweicloud/huaweicloud-sdk-go-v3",
		},
		{column: "HTTP", says: "succeed in our own tests over HTTP", list: "internal/rds/testdata/operations.txt"},
	}
}

func redisSuites() []suite {
	return []suite{
		{
			column: "Go SDK", says: "succeed with the official Go SDK", list: "test/sdk/testdata/operations.txt",
			require: "test/sdk/go.mod", client: "github.com/RedisLabs/rediscloud-go-api",
		},
		{
			column: "Terraform", says: "succeed with the official Terraform provider",
			list:    "test/terraform/testdata/operations.txt",
			version: "v" + terraform.TestedVersion,
		},
		{
			column: "MCP server", says: "succeed with Redis' MCP server", list: "test/clients/mcp/testdata/operations.txt",
			require: "test/clients/mcp/testdata/npm/package.json", client: "mcp-redis-cloud",
		},
		{column: "curl", says: "succeed in a shell script with curl", list: "test/clients/shell/testdata/operations.txt"},
		{column: "HTTP", says: "succeed in our own tests over HTTP", list: "internal/rediscloud/testdata/operations.txt"},
	}
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
	all := contracts()
	codes := map[string]openapi.Code{}
	for i := range all {
		if err := all[i].load(root); err != nil {
			return err
		}
		maps.Copy(codes, all[i].document.Codes())
	}
	tests, err := testsOf(root, codes)
	if err != nil {
		return err
	}
	if err := writeProofs(root, all); err != nil {
		return err
	}
	//nolint:gosec // for everybody, like all of the repository
	return os.WriteFile(filepath.Join(root, "docs", "coverage.md"), []byte(page(all)+codePage(codes, tests)), 0o644)
}

// load reads the document and the lists of the suites, and binds the operations as at the start of a server: it names
// every operation that is not bound.
func (c *contract) load(root string) (err error) {
	if c.document, err = openapi.Load(c.text); err != nil {
		return err
	}
	functions, err := c.operations()
	if err != nil {
		return err
	}
	c.bound, err = engine.New(engine.Config{APIs: []engine.API{{Document: c.document, Operations: functions}}})
	if err != nil {
		return err
	}
	for i := range c.suites {
		if err := c.suites[i].load(root, c.document); err != nil {
			return err
		}
	}
	return nil
}

// load reads the suite's list and the version of its client.
func (s *suite) load(root string, document *openapi.Document) (err error) {
	if s.ids, err = coverage.Read(filepath.Join(root, filepath.FromSlash(s.list))); err != nil {
		return err
	}
	for _, id := range s.ids {
		if _, ok := document.Operation(id); !ok {
			return fmt.Errorf("%s lists %s, which is no operation", s.list, id)
		}
	}
	if s.require == "" {
		if s.version != "" {
			s.column, s.says = s.column+" "+s.version, s.says+" "+s.version
		}
		return nil
	}
	text, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(s.require)))
	if err != nil {
		return err
	}
	// In a go.mod a blank stands between name and version, in a package.json quotes and a colon.
	version := regexp.MustCompile(regexp.QuoteMeta(s.client) + `[": ]+(v?[0-9][^\s"]*)`).FindSubmatch(text)
	if version == nil {
		return fmt.Errorf("%s does not require %s", s.require, s.client)
	}
	s.column += " " + string(version[1])
	s.says += " " + string(version[1])
	return nil
}

func page(contracts []contract) string {
	var b strings.Builder
	b.WriteString(`# Coverage

A row for each operation of the APIs. Written by ` + "`make generate`" +
		` from the contracts and from what the tests record about
themselves: do not edit it. A test suite fails when an operation of its list no longer succeeds, or another one does; an
operation that is answered with a task succeeds when its task is completed.
`)
	for _, c := range contracts {
		c.count(&b)
	}
	b.WriteString("\nWhat holds for all of them is in [limits.md](limits.md).\n")
	for _, c := range contracts {
		c.tables(&b)
	}
	return b.String()
}

// count writes how many operations there are, and how many of them are proven.
func (c *contract) count(b *strings.Builder) {
	fmt.Fprintf(b, "\n| operations of %s | |\n|---|---:|\n", c.name)
	count := func(says string, is func(*openapi.Operation) bool) {
		n := 0
		for _, op := range c.document.Operations() {
			if is(op) {
				n++
			}
		}
		fmt.Fprintf(b, "| %s | %d |\n", says, n)
	}
	count("in the API", func(*openapi.Operation) bool { return true })
	count("bound to a function", func(op *openapi.Operation) bool { return c.bound.Binds(op.ID) })
	for _, s := range c.suites {
		count(s.says, s.has)
	}
	count("with no difference known", func(op *openapi.Operation) bool { return len(op.Differences) == 0 })
}

// tables writes a row for each operation.
func (c *contract) tables(b *strings.Builder) {
	family := ""
	for _, op := range c.document.Operations() {
		if op.Family != family {
			family = op.Family
			fmt.Fprintf(b, "\n## %s\n\n| operation | bound |", family)
			for _, s := range c.suites {
				fmt.Fprintf(b, " %s |", s.column)
			}
			fmt.Fprintf(b, " known differences |\n|---|---|%s---|\n", strings.Repeat("---|", len(c.suites)))
		}
		fmt.Fprintf(b, "| `%s %s`<br>%s | %s |", op.Method, op.Path, op.ID, mark(c.bound.Binds(op.ID)))
		for _, s := range c.suites {
			fmt.Fprintf(b, " %s |", mark(s.has(op)))
		}
		fmt.Fprintf(b, " %s |\n", strings.Join(op.Differences, " "))
	}
}

func (s suite) has(op *openapi.Operation) bool { return slices.Contains(s.ids, op.ID) }

func mark(yes bool) string {
	if yes {
		return "yes"
	}
	return "–"
}
