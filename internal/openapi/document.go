// Package openapi is the contract as Go: it reads openapi.yaml, hands out its operations, and checks requests and
// responses against them. Nothing else in the program knows a path, a method, a status or a schema.
//
// kin-openapi reads the document and holds values against its schemas. What is added here is the conventions of our
// document (x-command, x-roles, x-catch-all, x-differences), messages of one line that name the field, an end to the
// search for problems, and exact integers: kin compares numbers as float64, the code behind decodes them into int32 and
// int64.
package openapi

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// Document is a loaded contract. It does not change and may be used by any number of goroutines.
type Document struct {
	operations []*Operation
	byID       map[string]*Operation
	roles      []role
	base, root string
	codes      map[string]Code
	// The code of a failure of ours.
	internalError string
}

// Load parses a document, YAML or JSON, and prepares its operations. It fails with every problem at once: a missing or
// doubled operationId, an operation without its one success response, a path parameter that
// is not declared or not in the path, a request object that does not say whether it is closed, an extension that is
// not ours.
func Load(document []byte) (*Document, error) {
	root, err := openapi3.NewLoader().LoadFromData(document)
	if err != nil {
		return nil, fmt.Errorf("load the contract: %w", err)
	}
	share(root)
	checker := newChecker(typeNames(root))
	doc := &Document{byID: make(map[string]*Operation)}
	for path, item := range root.Paths.Map() {
		for method, spec := range item.Operations() {
			doc.operations = append(doc.operations, newOperation(doc, method, path, item, spec, checker))
		}
	}
	doc.sort(document)

	paths := slices.Sorted(maps.Keys(root.Paths.Map()))
	doc.root = commonPath(paths)
	doc.base = withoutParameters(doc.root)

	problems := extensionProblems("the document", root.Extensions, "x-roles")
	problems = append(problems, doc.readRoles(root.Extensions["x-roles"])...)
	if root.Components != nil {
		problems = append(problems, doc.readCodes(root.Components.Schemas)...)
	}
	for _, path := range paths {
		problems = append(problems, extensionProblems(path, root.Paths.Value(path).Extensions, "x-catch-all")...)
	}
	for _, op := range doc.operations {
		problems = append(problems, op.problems()...)
		if _, twice := doc.byID[op.ID]; twice && op.ID != "" {
			problems = append(problems, fmt.Errorf("%s: operationId %s is taken", op.where(), op.ID))
		}
		doc.byID[op.ID] = op
		op.spec = nil // all has been read
	}
	if len(problems) > 0 {
		return nil, fmt.Errorf("check the contract: %w", errors.Join(problems...))
	}
	return doc, nil
}

// Operations returns all operations in the order of the document. Callers must not change the slice.
func (d *Document) Operations() []*Operation { return d.operations }

// Operation returns the operation with this operationId, and whether there is one.
func (d *Document) Operation(id string) (*Operation, bool) {
	op, ok := d.byID[id]
	return op, ok
}

// Base returns the path that all operations are below, without a slash at its end: "/shop" for
// /shop/things and /shop/things/{thingId}/parts; "" if they have nothing in common.
func (d *Document) Base() string { return d.base }

// Covers reports whether a path is Base or below it, whether there is an operation or not. An empty Base covers none.
func (d *Document) Covers(path string) bool {
	rest, below := strings.CutPrefix(path, d.base)
	return below && d.base != "" && (rest == "" || rest[0] == '/')
}

// Root is Base with the parameters that follow it in all paths: "/shop/{owner}" for /shop/{owner}/things and
// /shop/{owner}/parts.
func (d *Document) Root() string { return d.root }

// withoutParameters returns the segments of a path before its first parameter.
func withoutParameters(path string) string {
	before, _, _ := strings.Cut(path, "/{")
	return before
}

// commonPath returns the segments that all paths begin with. The last segment of a path is none of them.
func commonPath(paths []string) string {
	var common []string
	for i, path := range paths {
		segments := strings.Split(path, "/")
		segments = segments[:len(segments)-1]
		if i == 0 {
			common = segments
		}
		same := 0
		for same < min(len(common), len(segments)) && common[same] == segments[same] {
			same++
		}
		common = common[:same]
	}
	return strings.Join(common, "/")
}

// sort puts the operations in the order in which the document names them, which the parser does not keep.
func (d *Document) sort(document []byte) {
	line, lines := 0, make(map[string]int)
	for text := range bytes.Lines(document) {
		line++
		if id, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("operationId:")); ok {
			lines[string(bytes.TrimSpace(id))] = line
		}
	}
	slices.SortFunc(d.operations, func(a, b *Operation) int {
		return cmp.Or(
			cmp.Compare(lines[a.ID], lines[b.ID]),
			cmp.Compare(a.Path, b.Path),
			cmp.Compare(a.Method, b.Method))
	})
}

// extensionProblems names the extensions that are not ours: a misspelt one must not go unnoticed.
func extensionProblems(where string, extensions map[string]any, known ...string) (problems []error) {
	for _, name := range slices.Sorted(maps.Keys(extensions)) {
		if !slices.Contains(known, name) {
			problems = append(problems, fmt.Errorf("%s: unknown extension %s", where, name))
		}
	}
	return problems
}
