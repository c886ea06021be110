package coverage_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/coverage"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// Every error that the program may give has a code of the contract, and a text with the
// words that clients look for. Where the code is a variable, the answers of the tests are
// looked at instead.
func TestErrorsSayWhatClientsLookFor(t *testing.T) {
	t.Parallel()
	recorder, err := coverage.New()
	if err != nil {
		t.Fatal(err)
	}
	control, err := compiled.Load(understudy.ControlDocument)
	if err != nil {
		t.Fatal(err)
	}
	looked := 0
	for dir, document := range map[string]*openapi.Document{
		"../rediscloud": recorder.Document(), "../rds": recorder.RDS(),
	} {
		for _, call := range nodes[*ast.CallExpr](t, dir) {
			if name, ok := selected(call.Fun); !ok || name != "cloud.Errorf" {
				continue
			}
			code, text := literal(call.Args[0]), literal(call.Args[1])
			if code == "" {
				continue
			}
			_, listed := document.Code(code)
			_, ofControl := control.Code(code) // what the sandbox asks the dialect to check
			if !listed && !ofControl || text == "" {
				t.Errorf("%s is no code of the contract, or has no text: %q", code, text)
			}
			if missing := coverage.Lacks(code, text); missing != nil {
				t.Errorf("%s: the text %q does not say %q", code, text, missing)
			}
			looked++
		}
	}
	if looked < 300 {
		t.Errorf("only %d errors were looked at", looked)
	}
}

// nodes are those of a kind in the files of a directory and those below it, tests left out.
func nodes[N ast.Node](t *testing.T, dir string) (found []N) {
	t.Helper()
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if n, ok := n.(N); ok {
				found = append(found, n)
			}
			return true
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// selected is an expression such as cloud.Errorf.
func selected(e ast.Expr) (name string, ok bool) {
	selector, ok := e.(*ast.SelectorExpr)
	if !ok {
		return "", false
	}
	x, ok := selector.X.(*ast.Ident)
	if !ok {
		return "", false
	}
	return x.Name + "." + selector.Sel.Name, true
}

// literal is the text of a string, or of several that are added.
func literal(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.BasicLit:
		text, _ := strconv.Unquote(e.Value)
		return text
	case *ast.BinaryExpr:
		return literal(e.X) + literal(e.Y)
	}
	return ""
}

// An answer whose error lacks such a word is found, wherever in it the error is.
func TestTextsOfErrorsInAnswers(t *testing.T) {
	t.Parallel()
	r := newRecorder(t)
	failure := func(text string) string {
		return `"error": {"type": "SUBSCRIPTION_NOT_ACTIVE", "status": "403 FORBIDDEN", "description": "` + text + `"}`
	}
	page := func(text string) string {
		return strings.Replace(strings.Replace(completed, "-completed", "-error", 1), `"links"`,
			`"response": {`+failure(text)+`}, "links"`, 1)
	}
	list := func(text string) string { return `{"tasks": [` + page(text) + `], "links": []}` }
	missing := strings.Replace(failed, `"not found"`, `"gone"`, 1)
	for _, tt := range []struct {
		path   string
		status int
		body   string
		fine   bool
	}{
		{task, 200, page("it is not in an active state"), true},
		{task, 200, page("it is pending"), false},
		{"/v1/tasks", 200, list("it is not in an active state"), true},
		{"/v1/tasks", 200, list("it is pending"), false},
		{"/v1/subscriptions/7", 404, failed, true},
		{"/v1/subscriptions/7", 404, missing, false},
		{"/nowhere", 404, missing, false},
	} {
		if _, err := answered(t, r, "GET", tt.path, tt.status, tt.body); (err == nil) != tt.fine {
			t.Errorf("%s %s: got %v", tt.path, tt.body, err)
		}
	}
}
