package openapi

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// role is a sort of person who may own an API key, and which operations that lets them call beside those that name it.
type role struct {
	name  string
	calls string
}

// What a role may call, in the words of the document's own x-roles.
const (
	callsAll   = "all"   // every operation
	callsReads = "reads" // every GET
	callsNamed = "named" // none but those that name it
)

// Roles returns the names of the roles that may own an API key, the mightiest first, as x-roles of the document lists
// them. A document without that list knows no roles, and lets every key call everything.
func (d *Document) Roles() []string {
	roles := make([]string, len(d.roles))
	for i, r := range d.roles {
		roles[i] = r.name
	}
	return roles
}

// Allows reports whether a role may call the operation: by what the document says of the role, or because x-roles of
// the operation names it.
func (o *Operation) Allows(name string) bool {
	for _, r := range o.document.roles {
		if r.name == name {
			return r.calls == callsAll || r.calls == callsReads && o.Method == http.MethodGet || slices.Contains(o.roles, name)
		}
	}
	return len(o.document.roles) == 0
}

// readRoles reads the document's x-roles.
func (d *Document) readRoles(extension any) (problems []error) {
	list, isList := extension.([]any)
	if extension != nil && (!isList || len(list) == 0) {
		return []error{fmt.Errorf("x-roles must be a list")}
	}
	for _, item := range list {
		members, _ := item.(map[string]any)
		name, _ := members["name"].(string)
		calls, _ := members["calls"].(string)
		switch {
		case len(members) != 2 || name == "" || !slices.Contains([]string{callsAll, callsReads, callsNamed}, calls):
			problems = append(problems,
				fmt.Errorf("x-roles: %v has not a name and what it calls: %s, %s or %s", item, callsAll, callsReads, callsNamed))
		case slices.Contains(d.Roles(), name):
			problems = append(problems, fmt.Errorf("x-roles: %s is there twice", name))
		}
		d.roles = append(d.roles, role{name: name, calls: calls})
	}
	return problems
}

// roleProblems says what is wrong with the operation's x-roles: a list of roles that need to be named, or not there.
func (o *Operation) roleProblems() []error {
	extension, isThere := o.spec.Extensions["x-roles"]
	if !isThere {
		return nil
	}
	var need []string
	for _, r := range o.document.roles {
		if r.calls != callsAll {
			need = append(need, r.name)
		}
	}
	list, isList := extension.([]any)
	unknown := func(item any) bool {
		name, _ := item.(string)
		return !slices.Contains(need, name)
	}
	if !isList || len(list) == 0 || slices.ContainsFunc(list, unknown) {
		return []error{fmt.Errorf("%s: x-roles must be a list of %s", o.where(), strings.Join(need, ", "))}
	}
	return nil
}
