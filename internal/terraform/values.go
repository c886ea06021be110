package terraform

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/zclconf/go-cty/cty"
)

// inputs are the values of the root module's variables, with where each is from.
type inputs map[string]input

type input struct {
	value cty.Value
	from  string // as in terraform.tfvars
}

// variablePrefix is that of the variables of the environment that are variables of the root module.
const variablePrefix = "TF_VAR_"

// readInputs finds the values in the order in which later ones win.
func readInputs(dir string, files []file, args arguments, environ []string) (inputs, error) {
	all := inputs{}
	for _, f := range files {
		if !f.root {
			continue
		}
		for _, block := range blocks(f.body, "variable", "name") {
			if a := attribute(block.Body, "default"); a != nil {
				value, _ := a.Expr.Value(nil)
				all[block.Labels[0]] = input{value, "its default"}
			}
		}
	}
	for _, pair := range environ {
		name, text, _ := strings.Cut(pair, "=")
		if name, ok := strings.CutPrefix(name, variablePrefix); ok {
			all[name] = input{cty.StringVal(text), variablePrefix + name}
		}
	}
	names := []string{filepath.Join(dir, "terraform.tfvars"), filepath.Join(dir, "terraform.tfvars.json")}
	automatic, err := filepath.Glob(filepath.Join(dir, "*.auto.tfvars*"))
	if err != nil {
		return nil, err
	}
	slices.Sort(automatic)
	for _, name := range append(names, automatic...) {
		if err := all.readFile(name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, err
		}
	}
	for _, o := range args.options {
		switch o.name {
		case "var":
			name, text, _ := strings.Cut(o.value, "=")
			all[name] = input{cty.StringVal(text), "-var"}
		case "var-file":
			if err := all.readFile(in(dir, o.value)); err != nil {
				return nil, err
			}
		}
	}
	return all, nil
}

// readFile reads a file of values.
func (i inputs) readFile(name string) error {
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	f, err := parse(name, text)
	if err != nil {
		return err
	}
	attributes, _ := f.body.JustAttributes()
	for variable, a := range attributes {
		value, _ := a.Expr.Value(nil)
		i[variable] = input{value, filepath.Base(name)}
	}
	return nil
}

// context is that in which an expression of the root module is evaluated.
func (i inputs) context() *hcl.EvalContext {
	values := map[string]cty.Value{}
	for name, in := range i {
		values[name] = in.value
	}
	return &hcl.EvalContext{Variables: map[string]cty.Value{"var": cty.ObjectVal(values)}}
}

// variableOf returns the name of the variable that an expression is, and nothing else.
func variableOf(x hcl.Expression) (string, bool) {
	traversal, problems := hcl.AbsTraversalForExpr(x)
	if problems.HasErrors() || len(traversal) != 2 || traversal.RootName() != "var" {
		return "", false
	}
	name, ok := traversal[1].(hcl.TraverseAttr)
	return name.Name, ok
}
