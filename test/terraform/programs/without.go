package programs

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// without cuts the imports whose path has one of these words, and each entry of a table and each if statement that has
// the name of such a package, or one of the words, in it.
func without(words ...string) source.Change {
	return func(file *ast.File) (edits []source.Edit) {
		names := slices.Clone(words)
		for _, spec := range file.Imports {
			imported, _ := strconv.Unquote(spec.Path.Value) // the parser has looked at it
			if !slices.ContainsFunc(words, func(word string) bool { return strings.Contains(imported, word) }) {
				continue
			}
			name := path.Base(imported)
			if spec.Name != nil {
				name = spec.Name.Name
			}
			names = append(names, name)
			edits = append(edits, source.Edit{From: spec.Pos(), To: spec.End()})
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if mentions(n, names) {
					edits = append(edits, source.Edit{From: n.Pos(), To: n.End() + token.Pos(len(","))})
					return false
				}
			case *ast.IfStmt:
				if mentions(n, names) {
					edits = append(edits, source.Edit{From: n.Pos(), To: n.End()})
					return false
				}
			}
			return true
		})
		return edits
	}
}

// mentions reports whether one of the names stands in a piece of source.
func mentions(n ast.Node, names []string) (found bool) {
	ast.Inspect(n, func(n ast.Node) bool {
		name, ok := n.(*ast.Ident)
		found = found || ok && slices.Contains(names, name.Name)
		return !found
	})
	return found
}
