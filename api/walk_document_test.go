package api_test

import (
	"path"
	"testing"

	"github.com/understudy-dev/understudy/internal/compiled"

	"github.com/getkin/kin-openapi/openapi3"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/rds"
)

// walked is an operation as a walk of the documents meets it.
type walked struct {
	*openapi.Operation
	rds    bool // of RDS, below a project
	params []*openapi3.Parameter
	body   *openapi3.Schema // nil without
	needed bool             // the body
}

// walk lists the operations of the documents in their order.
func walk(tb testing.TB) []walked {
	tb.Helper()
	all := walkOf(tb, understudy.Document)
	for _, op := range walkOf(tb, rds.Document) {
		op.rds = true
		all = append(all, op)
	}
	return all
}

func walkOf(tb testing.TB, text []byte) (all []walked) {
	tb.Helper()
	document, err := compiled.Load(text)
	if err != nil {
		tb.Fatal(err)
	}
	root, err := openapi3.NewLoader().LoadFromData(text)
	if err != nil {
		tb.Fatal(err)
	}
	for _, op := range document.Operations() {
		item := root.Paths.Value(op.Path)
		spec := item.GetOperation(op.Method)
		one := walked{Operation: op}
		for _, ref := range append(item.Parameters, spec.Parameters...) {
			one.params = append(one.params, ref.Value)
		}
		if spec.RequestBody != nil {
			one.body = spec.RequestBody.Value.Content["application/json"].Schema.Value
			one.needed = spec.RequestBody.Value.Required
		}
		all = append(all, one)
	}
	return all
}

// typical is the body that the document gives for an operation, nil for one without.
func (op walked) typical() any {
	if op.body == nil {
		return nil
	}
	return typical(op.body)
}

// requests are the operation with each of the bodies between which its client has to choose, by a name for it.
func (op walked) requests() map[string]walked {
	if op.body == nil || len(op.body.OneOf) == 0 {
		return map[string]walked{op.ID: op}
	}
	all := map[string]walked{}
	for _, alternative := range op.body.OneOf {
		one := op
		one.body = alternative.Value
		all[op.ID+" "+path.Base(alternative.Ref)] = one
	}
	return all
}
