package rediscloud

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// The families name lengths, and the file has the figures: each name once, and none that nobody uses.
func TestEachLengthHasAFigure(t *testing.T) {
	t.Parallel()
	lengths, err := durations()
	if err != nil {
		t.Fatal(err)
	}
	used := []cloud.Length{cloud.LengthChange, cloud.LengthRead}
	err = filepath.WalkDir(".", func(path string, _ fs.DirEntry, err error) error {
		if err != nil || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return err
		}
		file, err := parser.ParseFile(token.NewFileSet(), path, nil, 0)
		if err == nil {
			used = append(used, lengthsIn(t, file)...)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range used {
		if lengths[name].Takes <= 0 || lengths[name].Source == "" {
			t.Errorf("%s takes %v, by %q", name, lengths[name].Takes, lengths[name].Source)
		}
	}
	for name := range lengths {
		if !slices.Contains(used, name) {
			t.Errorf("nothing takes %s", name)
		}
	}
	if len(used) < 30 {
		t.Errorf("only %d lengths were found", len(used))
	}
}

// lengthsIn returns the constants of a file that are lengths.
func lengthsIn(t *testing.T, file *ast.File) (found []cloud.Length) {
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		typ, ok := spec.Type.(*ast.SelectorExpr)
		if value, isText := spec.Values[0].(*ast.BasicLit); ok && isText && typ.Sel.Name == "Length" {
			name, err := strconv.Unquote(value.Value)
			if err != nil {
				t.Fatal(err)
			}
			found = append(found, cloud.Length(name))
		}
		return true
	})
	return found
}
