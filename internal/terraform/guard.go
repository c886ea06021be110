package terraform

import (
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// The variables by which the official provider is pointed at a server.
const (
	urlVariable    = "REDISCLOUD_URL"
	keyVariable    = "REDISCLOUD_ACCESS_KEY"
	secretVariable = "REDISCLOUD_SECRET_KEY" // #nosec G101 -- a name
)

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
	return "this would not stay within the sandbox:\n  - " + strings.Join(r.Reasons, "\n  - ")
}

// Guard returns a *Refusal if anything in a run points at the real API, or may do so.
func Guard(g Guarded) error {
	modules, err := readModules(g.Dir, lookup(g.Environ, "TF_DATA_DIR"))
	if err != nil {
		return err
	}
	var reasons []string
	reasons = append(reasons, g.environment()...)
	for _, f := range modules {
		reasons = append(reasons, g.file(f)...)
	}
	if len(reasons) > 0 {
		slices.Sort(reasons)
		return &Refusal{slices.Compact(reasons)}
	}
	return nil
}

// sandbox returns what a variable of the sandbox is.
func (g Guarded) sandbox(name string) string {
	for _, v := range g.Variables {
		if v.Name == name {
			return v.Value
		}
	}
	return ""
}

// environment looks at the environment.
func (g Guarded) environment() (reasons []string) {
	url := lookup(g.Environ, urlVariable)
	switch {
	case url != "" && !sameURL(url, g.sandbox(urlVariable)):
		reasons = append(reasons, fmt.Sprintf("the environment has %s=%s, which is not this sandbox: unset it",
			urlVariable, url))
	case url == "" && lookup(g.Environ, keyVariable) != "":
		reasons = append(reasons, fmt.Sprintf("the environment has %s and no %s, as for the real API: "+
			"unset it and %s", keyVariable, urlVariable, secretVariable))
	}
	for _, pair := range g.Environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case name == urlVariable:
		case name == "TF_REATTACH_PROVIDERS" && strings.Contains(strings.ToLower(value), "rediscloud"):
			reasons = append(reasons, name+" names a provider that runs with an environment of its own: unset it")
		case strings.HasPrefix(name, "TF_") && realAPI.MatchString(value):
			reasons = append(reasons, fmt.Sprintf("the environment has %s with %s", name, realAPI.FindString(value)))
		}
	}
	return reasons
}

// file looks at a file of a module.
func (g Guarded) file(f file) (reasons []string) {
	at := func(r hcl.Range) string {
		name, err := filepath.Rel(g.Dir, r.Filename)
		if err != nil {
			name = r.Filename
		}
		return fmt.Sprintf("%s:%d", name, r.Start.Line)
	}
	names := f.required()
	for _, block := range blocks(f.body, "provider", "name") {
		if _, ours := names[block.Labels[0]]; !ours && block.Labels[0] != "rediscloud" {
			continue
		}
		for argument, variable := range map[string]string{
			"url": urlVariable, "api_key": keyVariable, "secret_key": secretVariable,
		} {
			a := attribute(block.Body, argument)
			if a == nil {
				continue
			}
			value, _ := a.Expr.Value(nil)
			if text, known := stringOf(value); known && (text == "" || text == g.sandbox(variable)) {
				continue
			}
			reasons = append(reasons, fmt.Sprintf("%s: the provider's %s is set, and wins over the environment: "+
				"remove it", at(a.Range), argument))
		}
	}
	return reasons
}

// sameURL reports whether two addresses are the same but for a slash at the end.
func sameURL(a, b string) bool { return strings.TrimRight(a, "/") == strings.TrimRight(b, "/") }
