package terraform

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclparse"
	"github.com/zclconf/go-cty/cty"
)

// file is a file of a module.
type file struct {
	name string
	root bool // whether its module is the root
	text []byte
	body hcl.Body
}

// patterns are the files that a module consists of, and those of its tests.
var patterns = []string{
	"*.tf", "*.tf.json", "*.tofu", "*.tofu.json",
	"*.tftest.hcl", "*.tftest.json", "*.tofutest.hcl", "*.tofutest.json", "tests/*.tftest.hcl", "tests/*.tftest.json",
}

// readModules reads the module in a directory and all that it calls, as far as they are there: those of another place
// are once `terraform init` has fetched them into the data directory.
func readModules(dir, data string) ([]file, error) {
	var all []file
	seen := map[string]bool{}
	next := []string{filepath.Clean(dir)}
	fetched, err := fetchedModules(dir, data)
	if err != nil {
		return nil, err
	}
	next = append(next, fetched...)
	for len(next) > 0 {
		at := next[0]
		next = next[1:]
		if seen[at] {
			continue
		}
		seen[at] = true
		files, err := readModule(at)
		if err != nil {
			return nil, err
		}
		for i := range files {
			files[i].root = at == filepath.Clean(dir)
			for _, source := range files[i].localModules() {
				next = append(next, filepath.Join(at, source))
			}
		}
		all = append(all, files...)
	}
	return all, nil
}

// fetchedModules returns the directories of all modules that are installed.
func fetchedModules(dir, data string) (dirs []string, err error) {
	text, err := os.ReadFile(filepath.Join(data, "modules", "modules.json"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var manifest struct{ Modules []struct{ Dir string } }
	if err := json.Unmarshal(text, &manifest); err != nil {
		return nil, fmt.Errorf("%s/modules/modules.json: %w", data, err)
	}
	for _, m := range manifest.Modules {
		dirs = append(dirs, filepath.Join(dir, m.Dir))
	}
	return dirs, nil
}

// readModule reads the files of one module.
func readModule(dir string) (files []file, err error) {
	for _, pattern := range patterns {
		names, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			return nil, err
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				return nil, err
			}
			f, err := parse(name, text)
			if err != nil {
				return nil, err
			}
			files = append(files, f)
		}
	}
	return files, nil
}

// parse reads a file of HCL or of its JSON.
func parse(name string, text []byte) (file, error) {
	read := hclparse.NewParser().ParseHCL
	if strings.HasSuffix(name, ".json") {
		read = hclparse.NewParser().ParseJSON
	}
	parsed, problems := read(text, name)
	if problems.HasErrors() {
		return file{}, problems
	}
	return file{name: name, text: text, body: parsed.Body}, nil
}

// blocks returns the blocks of a type with so many labels.
func blocks(body hcl.Body, kind string, labels ...string) hcl.Blocks {
	content, _, _ := body.PartialContent(&hcl.BodySchema{ // what is wrong there terraform will say
		Blocks: []hcl.BlockHeaderSchema{{Type: kind, LabelNames: labels}},
	})
	return content.Blocks.OfType(kind)
}

// attribute returns an attribute of a body, nil if it has none.
func attribute(body hcl.Body, name string) *hcl.Attribute {
	content, _, _ := body.PartialContent(&hcl.BodySchema{Attributes: []hcl.AttributeSchema{{Name: name}}})
	return content.Attributes[name]
}

// localModules returns the sources of the modules that a file calls in its own tree.
func (f file) localModules() (sources []string) {
	for _, module := range blocks(f.body, "module", "name") {
		source := attribute(module.Body, "source")
		if source == nil {
			continue
		}
		value, _ := source.Expr.Value(nil)
		if text, ok := stringOf(value); ok && (strings.HasPrefix(text, "./") || strings.HasPrefix(text, "../")) {
			sources = append(sources, text)
		}
	}
	return sources
}

// required returns what a file requires of the official provider: constraints by the names it gives it.
func (f file) required() map[string]string {
	names := map[string]string{}
	for _, settings := range blocks(f.body, "terraform") {
		for _, block := range blocks(settings.Body, "required_providers") {
			attributes, _ := block.Body.JustAttributes()
			for name, a := range attributes {
				if source := member(a.Expr, "source"); isRedisCloud(source) {
					names[name] = member(a.Expr, "version")
				}
			}
		}
	}
	return names
}

// requirements returns the constraints on the version of the official provider.
func (f file) requirements() (constraints []string) {
	for _, constraint := range f.required() {
		if constraint != "" {
			constraints = append(constraints, constraint)
		}
	}
	slices.Sort(constraints)
	return constraints
}

// member returns a member of an object as it is written down, if it is a text. Others may refer to what nobody knows.
func member(object hcl.Expression, name string) string {
	pairs, _ := hcl.ExprMap(object)
	for _, pair := range pairs {
		key := hcl.ExprAsKeyword(pair.Key)
		if key == "" {
			value, _ := pair.Key.Value(nil)
			key, _ = stringOf(value)
		}
		if key == name {
			value, _ := pair.Value.Value(nil)
			text, _ := stringOf(value)
			return text
		}
	}
	return ""
}

// stringOf returns a text that is known.
func stringOf(value cty.Value) (string, bool) {
	if value == cty.NilVal || !value.IsKnown() || value.IsNull() || value.Type() != cty.String {
		return "", false
	}
	value, _ = value.Unmark()
	return value.AsString(), true
}
