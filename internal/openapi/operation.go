package openapi

import (
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Operation is one method on one path.
type Operation struct {
	ID      string // operationId
	Method  string // in capitals
	Path    string // as in the document: /things/{thingId}
	Family  string // its tag
	Summary string // one line
	Status  int    // of success
	Command string // x-command, what its task is called; "" when it answers at once
	// Differences are what is known to be different in the real service, a sentence each.
	Differences []string

	document              *Document
	roles                 []string // x-roles: those that may call it beside the usual ones
	catchAll              string   // the path parameter that takes the rest of the path
	path                  []parameter
	query                 []parameter
	headers               []parameter
	body                  *openapi3.Schema // nil without a request body
	bodyNeeded, takesFile bool
	responses             responses
	spec                  *openapi3.Operation // nil once the document is loaded
	checker               *checker
}

// newOperation reads one operation, without judging it: problems does that.
func newOperation(
	doc *Document, method, path string, item *openapi3.PathItem, spec *openapi3.Operation, c *checker,
) *Operation {
	op := &Operation{
		ID:        spec.OperationID,
		Method:    method,
		Path:      path,
		Summary:   spec.Summary,
		document:  doc,
		responses: newResponses(spec.Responses),
		spec:      spec,
		checker:   c,
	}
	if len(spec.Tags) > 0 {
		op.Family = spec.Tags[0]
	}
	op.Command, _ = spec.Extensions["x-command"].(string)
	op.roles, _ = sentences(spec.Extensions["x-roles"])
	op.Differences, _ = sentences(spec.Extensions["x-differences"])
	op.catchAll, _ = item.Extensions["x-catch-all"].(string)
	for _, ref := range slices.Concat(item.Parameters, spec.Parameters) {
		op.addParameter(newParameter(ref.Value))
	}
	if spec.RequestBody != nil {
		body := newContent(spec.RequestBody.Value.Content)
		op.body, op.bodyNeeded = body[plainJSON], spec.RequestBody.Value.Required
		_, op.takesFile = body[octets]
	}
	if successes := op.successes(); len(successes) > 0 {
		op.Status = successes[0]
	}
	return op
}

func (o *Operation) addParameter(p parameter) {
	switch p.in {
	case openapi3.ParameterInPath:
		o.path = append(o.path, p)
	case openapi3.ParameterInQuery:
		o.query = append(o.query, p)
	case openapi3.ParameterInHeader:
		o.headers = append(o.headers, p)
	}
}

// Document returns the document that declares the operation.
func (o *Operation) Document() *Document { return o.document }

// Outermost returns the operation that shows, at once, the outermost resource which the operation's path names: the GET
// of the shortest beginning of the path that ends in a parameter; nil if there is none.
func (o *Operation) Outermost() *Operation {
	segments := strings.Split(o.Path, "/")
	for i, segment := range segments {
		if !strings.HasPrefix(segment, "{") {
			continue
		}
		path := strings.Join(segments[:i+1], "/")
		for _, shows := range o.document.operations {
			if shows.Path == path && shows.Method == http.MethodGet && shows.Command == "" {
				return shows
			}
		}
	}
	return nil
}

// ChiPattern returns the path as chi wants it: a catch-all parameter, which takes slashes too, becomes its trailing *.
// chi then keeps the value under the name "*" instead of the parameter's own.
func (o *Operation) ChiPattern() string {
	if o.catchAll == "" {
		return o.Path
	}
	return strings.Replace(o.Path, "{"+o.catchAll+"}", "*", 1)
}

// CatchesAll reports whether the last path parameter takes the rest of the path, slashes included.
func (o *Operation) CatchesAll() bool { return o.catchAll != "" }

// PathParams returns the names of the path parameters, in the order of the path.
func (o *Operation) PathParams() []string { return names(o.path) }

// QueryParams returns the names of the query parameters. Others pass and mean nothing.
func (o *Operation) QueryParams() []string { return names(o.query) }

// TakesHeader reports whether the operation declares a header. Others pass and mean nothing; what a declared one must
// look like is for its reader to check, since it has errors of its own.
func (o *Operation) TakesHeader(name string) bool {
	return slices.Contains(names(o.headers), name)
}

// TakesFile reports whether the request's body is a file instead of JSON.
func (o *Operation) TakesFile() bool { return o.takesFile }

// BodyProperties returns the names of the request body's top-level properties, sorted, those of all alternatives
// together, without those that are read-only, and whether the operation takes a body at all.
func (o *Operation) BodyProperties() (properties []string, hasBody bool) {
	if o.body == nil {
		return nil, false
	}
	return slices.DeleteFunc(knownProperties(o.body), func(name string) bool {
		_, readOnly := o.checker.silent(o.body, name, "")
		return readOnly
	}), true
}

// knownProperties returns the sorted names an object of this schema may have, over all its alternatives.
func knownProperties(schema *openapi3.Schema) []string {
	known := slices.Collect(maps.Keys(schema.Properties))
	for _, alternative := range schema.OneOf {
		known = append(known, knownProperties(alternative.Value)...)
	}
	slices.Sort(known)
	return slices.Compact(known)
}

// successes returns the statuses below 300 that the operation declares, sorted.
func (o *Operation) successes() (statuses []int) {
	for text := range o.responses {
		if status, err := strconv.Atoi(text); err == nil && status < 300 {
			statuses = append(statuses, status)
		}
	}
	slices.Sort(statuses)
	return statuses
}

// sentences reads an extension that is a list of texts, and reports whether it is one.
func sentences(extension any) (list []string, ok bool) {
	values, ok := extension.([]any)
	for _, value := range values {
		text, isText := value.(string)
		list, ok = append(list, text), ok && isText && text != "" && !strings.ContainsAny(text, "\n|")
	}
	return list, ok && len(list) > 0
}

// where names the operation in a message about the document.
func (o *Operation) where() string { return o.Method + " " + o.Path }
