package terraform

import (
	"fmt"
	"go/ast"
	"go/token"
	"slices"

	"github.com/understudy-dev/understudy/internal/terraform/source"
)

// Hurry is by how much the waits of the fast provider are shorter than those of the official one.
const Hurry = 100

// The names of what is a wait, each in a role: only there may its value be divided. Timeouts are no waits.
var (
	// time.Sleep, and the options of retry-go.
	waitCalls = []string{"Sleep", "Delay", "MaxDelay"}
	// Of StateChangeConf, and of the SDK's client.
	waitFields = []string{"Delay", "MinTimeout", "PollInterval", "retryDelay"}
	// A variable of StateChangeConf, a constant of the SDK.
	waitNames = []string{"wait", "defaultWindowDuration"}
	// Of package time.
	units = []string{"Microsecond", "Millisecond", "Second", "Minute", "Hour"}
)

// Shorten divides every wait that is written down as a number of seconds or the like.
func Shorten(file *ast.File) (edits []source.Edit) {
	divide := func(value ast.Expr) {
		if fixed(value) {
			edits = append(edits, source.Edit{
				From: value.Pos(), To: value.End(), Text: fmt.Sprintf("(%%s)/%d", Hurry),
			})
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.CallExpr:
			if name, ok := n.Fun.(*ast.SelectorExpr); ok && len(n.Args) == 1 && slices.Contains(waitCalls, name.Sel.Name) {
				divide(n.Args[0])
			}
		case *ast.KeyValueExpr:
			if named(n.Key, waitFields) {
				divide(n.Value)
			}
		case *ast.AssignStmt:
			if len(n.Lhs) == 1 && named(n.Lhs[0], waitNames) {
				divide(n.Rhs[0])
			}
		case *ast.BinaryExpr:
			if named(n.X, waitNames) && n.Op == token.GTR {
				divide(n.Y)
			}
		case *ast.ValueSpec:
			if len(n.Values) == 1 && named(n.Names[0], waitNames) {
				divide(n.Values[0])
			}
		}
		return true
	})
	return edits
}

// named reports whether an expression is one of these names.
func named(x ast.Expr, names []string) bool {
	name, ok := x.(*ast.Ident)
	return ok && slices.Contains(names, name.Name)
}

// fixed reports whether an expression is a length of time that is written down there: a unit of package time, some
// number of times.
func fixed(x ast.Expr) bool {
	switch x := x.(type) {
	case *ast.BinaryExpr:
		return fixed(x.X) || fixed(x.Y)
	case *ast.SelectorExpr:
		return named(x.X, []string{"time"}) && slices.Contains(units, x.Sel.Name)
	}
	return false
}
