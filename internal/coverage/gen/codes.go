package main

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/openapi"
)

// testsOf finds the tests below a directory that expect each of some error codes: those in whose body the code stands
// as a text. What stands outside of a test goes by its file.
func testsOf(root string, codes map[string]openapi.Code) (map[string][]string, error) {
	found := map[string]map[string]bool{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		for _, decl := range file.Decls {
			name := filepath.Base(path)
			if f, ok := decl.(*ast.FuncDecl); ok && strings.HasPrefix(f.Name.Name, "Test") {
				name = f.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				lit, ok := n.(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					return true
				}
				text, _ := strconv.Unquote(lit.Value)
				if _, ok := codes[text]; ok {
					if found[text] == nil {
						found[text] = map[string]bool{}
					}
					found[text][name] = true
				}
				return true
			})
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	tests := map[string][]string{}
	for code, names := range found {
		tests[code] = slices.Sorted(maps.Keys(names))
	}
	return tests, nil
}

// codePage is the section on error codes, a row each.
func codePage(codes map[string]openapi.Code, tests map[string][]string) string {
	const most = 3 // tests in a row
	var b strings.Builder
	fmt.Fprintf(&b, "\n## Error codes\n\nAll %d codes of the contracts, %d of them expected by a test.\n\n",
		len(codes), len(tests))
	b.WriteString("| code | status | tests |\n|---|---:|---|\n")
	for _, code := range slices.Sorted(maps.Keys(codes)) {
		names := tests[code]
		if len(names) > most {
			names = append(slices.Clone(names[:most]), fmt.Sprintf("%d more", len(names)-most))
		}
		fmt.Fprintf(&b, "| `%s` | %d | %s |\n", code, codes[code].Status, strings.Join(names, ", "))
	}
	return b.String()
}
