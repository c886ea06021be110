package engine

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// bound is an operation of the document with its function.
type bound struct {
	Operation
	doc       *openapi.Operation
	outermost *bound   // of a task that reads: what shows the outermost resource of its path; nil: nothing does
	others    []string // the operations of the other documents
	lengths   cloud.Lengths
}

// work names how long processing a task of the operation takes: by its own id, and by what is usual.
func (op *bound) work() (own, usual cloud.Length) {
	own, usual = cloud.Length(op.id), cloud.LengthChange
	if op.doc.Method == http.MethodGet {
		usual = cloud.LengthRead
	}
	return own, usual
}

// workTakes is how long that is at speed 1 where an account says nothing else.
func (op *bound) workTakes() time.Duration {
	own, usual := op.work()
	if length, ok := op.lengths[own]; ok {
		return length.Takes
	}
	return op.lengths[usual].Takes
}

// explain adds to an error what the document says of its code.
func (op *bound) explain(failure *cloud.Error) *cloud.Error {
	explained := *failure
	explained.Status = http.StatusInternalServerError
	if code, ok := op.doc.Document().Code(string(failure.Code)); ok {
		explained.Status, explained.Info = code.Status, cmp.Or(failure.Info, code.AdditionalInfo)
	}
	return &explained
}

// explained is explain for an error that may be none of a broken rule, and then stays as it is.
func (op *bound) explained(err error) error {
	if failure, ok := errors.AsType[*cloud.Error](err); ok {
		return op.explain(failure)
	}
	return err
}

// bind brings the functions and the documents together. It names every problem
// at once: a function without its operation or the other way round, two for one,
// an operation of two documents, and every parameter or member that only one side
// knows.
func bind(apis []API) (map[string]*bound, error) {
	all := map[string]*bound{}
	var problems []error
	for i, api := range apis {
		var others []string
		for j, other := range apis {
			for _, op := range other.Document.Operations() {
				if _, twice := api.Document.Operation(op.ID); twice && j > i {
					problems = append(problems, fmt.Errorf("%s is declared in two documents", op.ID))
				}
				if j != i {
					others = append(others, op.ID)
				}
			}
		}
		own, wrong := api.bind(others)
		maps.Copy(all, own)
		problems = append(problems, wrong...)
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("the document and the functions do not match:\n%w", errors.Join(problems...))
	}
	return all, nil
}

func (a API) bind(others []string) (all map[string]*bound, problems []error) {
	problem := func(format string, args ...any) { problems = append(problems, fmt.Errorf(format, args...)) }
	all = map[string]*bound{}
	for _, op := range a.Operations {
		declared, ok := a.Document.Operation(op.id)
		switch {
		case !ok:
			problem("%s is bound, but not declared", op.id)
			continue
		case all[op.id] != nil:
			problem("%s is bound twice", op.id)
			continue
		}
		all[op.id] = &bound{Operation: op, doc: declared, others: others, lengths: a.Lengths}
		for _, fault := range op.faults {
			problem("%s: %s", op.id, fault)
		}
		problems = append(problems, op.input.Problems(declared)...)
		if (op.process != nil) != (declared.Command != "") {
			problem("%s: only one of document and function makes it a task", op.id)
		}
	}
	for _, op := range all {
		if shows := op.doc.Outermost(); shows != nil && op.doc.Command != "" && op.doc.Method == http.MethodGet {
			op.outermost = all[shows.ID]
		}
	}
	for _, declared := range a.Document.Operations() {
		if all[declared.ID] == nil {
			problem("%s is declared, but not bound", declared.ID)
		}
	}
	return all, problems
}
