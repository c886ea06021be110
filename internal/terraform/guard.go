package terraform

import (
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// The variables by which the official provider is pointed at a server.
const (
	urlVariable    = "REDISCLOUD_URL"
	keyVariable    = "REDISCLOUD_ACCESS_KEY"
	secretVariable = "REDISCLOUD_SECRET_KEY"
)

// arguments of the provider that win over the environment, with what they win over.
var overriding = []struct{ argument, variable string }{
	{"url", urlVariable}, {"api_key", keyVariable}, {"secret_key", secretVariable},
}

// realAPI is what the addresses of the real API have in common.
var realAPI = regexp.MustCompile(`(?i)\bapi[a-z0-9.-]*\.redislabs\.com\b`)

// Guarded is a run that is not to reach the real API.
type Guarded struct {
	Dir       string           // of the root module
	Args      []string         // of Terraform
	Environ   []string         // of the user, before Environment
	Variables []cloud.Variable // that point at the sandbox
}

// Refusal is why a run is refused.
type Refusal struct{ Reasons []string }

// Error lists the reasons.
func (r *Refusal) Error() string {
	return "terraform was not started: " + strings.Join(r.Reasons, "; ")
}

// Guard returns a *Refusal if anything in a run points at the real API, or if nobody can tell. It returns the variables
// that the run has to have set: those that point at the sandbox, and inputs of the module that are the provider's url
// or keys and have no value.
func Guard(g Guarded) ([]cloud.Variable, error) {
	files, err := readModules(g.Dir, dataDir(g.Dir, g.Environ))
	if err != nil {
		return nil, err
	}
	args := parseArguments(g.Args, g.Environ)
	values, err := readInputs(g.Dir, files, args, g.Environ)
	if err != nil {
		return nil, err
	}
	c := check{Guarded: g, values: values, filled: map[string]string{}}
	c.environment()
	c.arguments(args)
	for _, f := range files {
		c.file(f)
	}
	for name, in := range values {
		if text, ok := stringOf(in.value); ok && realAPI.MatchString(text) {
			c.refuse("variable %s has %s, by %s", name, realAPI.FindString(text), in.from)
		}
	}
	if args.command == "apply" && len(args.rest) > 0 {
		if err := c.plan(in(g.Dir, args.rest[0])); err != nil {
			return nil, err
		}
	}
	if len(c.reasons) > 0 {
		slices.Sort(c.reasons)
		return nil, &Refusal{slices.Compact(c.reasons)}
	}
	variables := slices.Clone(g.Variables)
	for name, value := range c.filled {
		variables = append(variables, cloud.Variable{Name: variablePrefix + name, Value: value, Secret: true})
	}
	return variables, nil
}

// check looks at a run.
type check struct {
	Guarded
	values  inputs
	filled  map[string]string // inputs that are set to what they must be
	reasons []string
}

func (c *check) refuse(format string, args ...any) {
	c.reasons = append(c.reasons, fmt.Sprintf(format, args...))
}

// sandbox returns what a variable of the sandbox is.
func (c *check) sandbox(name string) string {
	for _, v := range c.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// environment looks at the environment.
func (c *check) environment() {
	url := lookup(c.Environ, urlVariable)
	switch {
	case url != "" && !sameURL(url, c.sandbox(urlVariable)):
		c.refuse("the environment has %s=%s, which is not this sandbox: unset it", urlVariable, url)
	case url == "" && lookup(c.Environ, keyVariable) != "":
		c.refuse("the environment has %s without %s, which are keys for the real API: unset it and %s",
			keyVariable, urlVariable, secretVariable)
	}
	if strings.Contains(strings.ToLower(lookup(c.Environ, "TF_REATTACH_PROVIDERS")), "rediscloud") {
		c.refuse("TF_REATTACH_PROVIDERS names a provider that runs with an environment of its own: unset it")
	}
}

// arguments looks at the command line.
func (c *check) arguments(args arguments) {
	for _, o := range args.options {
		if found := realAPI.FindString(o.value); found != "" && o.name != "var" { // which is a value, and looked at as one
			c.refuse("-%s has %s", o.name, found)
		}
	}
}

// at says where something is.
func (c *check) at(r hcl.Range) string {
	name, err := filepath.Rel(c.Dir, r.Filename)
	if err != nil {
		name = r.Filename
	}
	return fmt.Sprintf("%s:%d", name, r.Start.Line)
}

// file looks at a file of a module.
func (c *check) file(f file) {
	names := f.required()
	for _, block := range blocks(f.body, "provider", "name") {
		if _, ours := names[block.Labels[0]]; ours || block.Labels[0] == "rediscloud" {
			c.provider(f, block)
		}
	}
	for _, settings := range blocks(f.body, "terraform") {
		if !f.root { // whose settings of this sort nobody heeds
			break
		}
		for _, block := range blocks(settings.Body, "cloud") {
			c.refuse("%s: runs of HCP Terraform are elsewhere, and with another environment: remove it",
				c.at(block.DefRange))
		}
		for _, block := range blocks(settings.Body, "backend", "type") {
			if block.Labels[0] == "remote" {
				c.refuse("%s: runs of the remote backend are elsewhere, and with another environment: remove it",
					c.at(block.DefRange))
			}
		}
	}
	for _, r := range f.mentions() {
		c.refuse("%s: %s is the real API", c.at(r), realAPI.FindString(string(r.SliceBytes(f.text))))
	}
}

// provider looks at a configuration of the official provider.
func (c *check) provider(f file, block *hcl.Block) {
	for _, o := range overriding {
		a := attribute(block.Body, o.argument)
		if a == nil {
			continue
		}
		want := c.sandbox(o.variable)
		context := c.values.context()
		if !f.root {
			context = nil // what a module is given nobody knows here
		}
		name, variable := variableOf(a.Expr)
		if _, given := c.values[name]; variable && f.root && !given {
			c.filled[name] = want
			continue
		}
		value, problems := a.Expr.Value(context)
		text, known := stringOf(value)
		switch {
		case !problems.HasErrors() && value.IsNull():
		case known && (text == "" || text == want || o.argument == "url" && sameURL(text, want)):
		case variable && f.root:
			c.refuse("%s: the provider's %s is var.%s, which %s sets to something else than the sandbox's %s",
				c.at(a.Range), o.argument, name, c.values[name].from, o.variable)
		case known:
			c.refuse("%s: the provider's %s wins over %s and is not the sandbox's: remove it",
				c.at(a.Range), o.argument, o.variable)
		default:
			c.refuse("%s: the provider's %s wins over %s, and nobody knows here what it is: remove it",
				c.at(a.Range), o.argument, o.variable)
		}
	}
}

// prose are arguments whose text is for people alone.
var prose = []string{"description", "error_message"}

// mentions returns where texts of a file have the address of the real API.
func (f file) mentions() (found []hcl.Range) {
	if strings.HasSuffix(f.name, ".json") {
		if at := realAPI.FindIndex(f.text); at != nil {
			line := strings.Count(string(f.text[:at[0]]), "\n") + 1
			found = append(found, hcl.Range{
				Filename: f.name, Start: hcl.Pos{Line: line, Byte: at[0]}, End: hcl.Pos{Line: line, Byte: at[1]},
			})
		}
		return found
	}
	tokens, _ := hclsyntax.LexConfig(f.text, f.name, hcl.InitialPos) // it has been parsed
	name, argument := "", ""
	for _, t := range tokens {
		switch t.Type {
		case hclsyntax.TokenIdent:
			name = string(t.Bytes)
		case hclsyntax.TokenEqual:
			argument = name
		case hclsyntax.TokenQuotedLit, hclsyntax.TokenStringLit:
			if realAPI.Match(t.Bytes) && !slices.Contains(prose, argument) {
				found = append(found, t.Range)
			}
		default: // can be no part of an address
		}
	}
	return found
}

// sameURL reports whether two addresses are the same but for a slash at the end.
func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }

// plan looks into a plan that is to be applied, which has a configuration of its own.
func (c *check) plan(name string) error {
	files, err := readPlan(name)
	if errors.Is(err, errNoPlan) {
		c.refuse("nobody can look into the plan %s: plan anew", filepath.Base(name))
		return nil
	}
	if err != nil {
		return err
	}
	for _, f := range files {
		c.file(f)
	}
	return nil
}
