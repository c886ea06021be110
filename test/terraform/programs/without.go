package programs

import (
	"go/ast"
	"go/token"
	"path"
	"slices"
	"strconv"
	"strings"
)

// without cuts the imports whose path has one of these words, and each entry of a table and each if statement that has
// the name of such a package, or one of the words, in it.
func without(words ...string) func(*ast.File) []edit {
	return func(file *ast.File) (edits []edit) {
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
			edits = append(edits, edit{from: spec.Pos(), to: spec.End()})
		}
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.KeyValueExpr:
				if mentions(n, names) {
					edits = append(edits, edit{from: n.Pos(), to: n.End() + token.Pos(len(","))})
					return false
				}
			case *ast.IfStmt:
				if mentions(n, names) {
					edits = append(edits, edit{from: n.Pos(), to: n.End()})
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
		x, ok := n.(ast.Expr)
		found = found || ok && named(x, names)
		return !found
	})
	return found
}
