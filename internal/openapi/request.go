package openapi

import (
	"net/http"
	"net/url"
)

// CheckRequest holds a request against the contract: its path parameters (by name, unescaped), its query, and its
// body, which ReadBody has read. It returns nil or an *Invalid. A body where none is declared means nothing and
// passes, as do undeclared query parameters.
func (o *Operation) CheckRequest(r *http.Request, pathParams map[string]string, body Body) error {
	var query url.Values
	if len(o.query) > 0 {
		query = r.URL.Query()
	}
	return o.Check(pathParams, query, body)
}

// Check is CheckRequest for what does not come as a request.
func (o *Operation) Check(pathParams map[string]string, query url.Values, body Body) error {
	for _, p := range o.path {
		if invalid := p.check(pathParams[p.name], o.checker); invalid != nil {
			return invalid
		}
	}
	if invalid := o.checkQuery(query); invalid != nil {
		return invalid
	}
	if o.body == nil {
		return nil
	}
	if len(body.JSON) == 0 {
		if !o.bodyNeeded {
			return nil
		}
		invalid := inBody(Problem{Text: "required request body is missing"})
		invalid.NoBody = true
		return invalid
	}
	if body.wrong != "" {
		return inBody(Problem{Text: body.wrong})
	}
	if problems := o.checker.visit(o.body, body.value); len(problems) > 0 {
		return inBody(problems...)
	}
	if problem := inexact(o.body, body.value); problem != nil {
		return inBody(*problem)
	}
	return nil
}

// checkQuery holds the declared query parameters against their schemas. A parameter given twice counts by its first
// value, as it does for those who read it later.
func (o *Operation) checkQuery(query url.Values) *Invalid {
	for _, p := range o.query {
		if !query.Has(p.name) {
			if p.required {
				return &Invalid{In: p.in, Problems: []Problem{{Field: p.name, Text: "is missing"}}}
			}
			continue
		}
		if invalid := p.check(query.Get(p.name), o.checker); invalid != nil {
			return invalid
		}
	}
	return nil
}

func inBody(problems ...Problem) *Invalid { return &Invalid{In: "body", Problems: problems} }
