package openapi

import (
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/go-chi/chi/v5"
	"github.com/google/go-cmp/cmp"
)

// The real documents, read and loaded once for all tests of the package. The packages that embed them stand above this
// one.
var (
	text     = sync.OnceValues(func() ([]byte, error) { return os.ReadFile("../../openapi.yaml") })
	contract = sync.OnceValues(func() (*Document, error) { return loaded(text()) })
	rds      = sync.OnceValues(func() (*Document, error) { return loaded(os.ReadFile("../rds/rds.yaml")) })
)

func loaded(data []byte, err error) (*Document, error) {
	if err != nil {
		return nil, err
	}
	return Load(data)
}

func documentText(tb testing.TB) []byte {
	tb.Helper()
	data, err := text()
	if err != nil {
		tb.Fatal(err)
	}
	return data
}

// operation returns an operation of the real documents.
func operation(tb testing.TB, id string) *Operation {
	tb.Helper()
	for _, load := range []func() (*Document, error){contract, rds} {
		doc, err := load()
		if err != nil {
			tb.Fatal(err)
		}
		if op, ok := doc.Operation(id); ok {
			return op
		}
	}
	tb.Fatalf("no operation %s", id)
	return nil
}

func TestDocumentsAreValidOpenAPI(t *testing.T) {
	t.Parallel()
	for _, file := range []string{"../../openapi.yaml", "../rds/rds.yaml"} {
		root, err := openapi3.NewLoader().LoadFromFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if err := root.Validate(t.Context()); err != nil {
			t.Errorf("%s: %v", file, err)
		}
	}
}

func TestBaseIsWhatAllPathsBeginWith(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		paths      []string
		root, base string
	}{
		{[]string{"/v1/", "/v1/things", "/v1/things/{thingId}"}, "/v1", "/v1"},
		{[]string{"/v2/{projectId}/things", "/v2/{projectId}/parts"}, "/v2/{projectId}", "/v2"},
		{[]string{"/v2/{projectId}/things", "/v2/{another}/parts"}, "/v2", "/v2"},
		{[]string{"/a/b/things", "/a/bc/things"}, "/a", "/a"},
		{[]string{"/things/{thingId}"}, "/things", "/things"},
		{[]string{"/things", "/things/{thingId}"}, "", ""},
	} {
		root := commonPath(test.paths)
		if base := withoutParameters(root); root != test.root || base != test.base {
			t.Errorf("%v: got %q and %q, want %q and %q", test.paths, root, base, test.root, test.base)
		}
	}
	doc, err := contract()
	if err != nil || doc.Base() != "/v1" {
		t.Errorf("got %q, %v, want /v1", doc.Base(), err)
	}
	for path, want := range map[string]bool{"/v1": true, "/v1/": true, "/v1/no/such": true, "/v10": false, "/": false} {
		if doc.Covers(path) != want {
			t.Errorf("%s: got %t, want %t", path, !want, want)
		}
	}
	if none := (&Document{}); none.Covers("") || none.Covers("/") || none.Covers("/v1") {
		t.Error("what has no base covers something")
	}
}

func TestDocumentDeclaresEveryOperation(t *testing.T) {
	t.Parallel()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]int)
	for _, op := range doc.Operations() {
		got[op.Family]++
		if op.Summary == "" {
			t.Errorf("%s has no summary", op.ID)
		}
	}
	want := map[string]int{
		"Account":                  10,
		"Tasks":                    2,
		"Users":                    4,
		"Cloud accounts":           5,
		"Access control":           13,
		"Pro subscriptions":        15,
		"Pro connectivity":         54,
		"Pro databases":            23,
		"Essentials subscriptions": 9,
		"Essentials databases":     20,
		"Endpoint redirections":    3,
		"Data integration":         11,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("operations per family (-want +got):\n%s", diff)
	}
	if n := len(doc.Operations()); n != 169 {
		t.Errorf("%d operations, want 169", n)
	}
}

func TestDocumentUsesEveryComponent(t *testing.T) {
	t.Parallel()
	root, err := openapi3.NewLoader().LoadFromData(documentText(t))
	if err != nil {
		t.Fatal(err)
	}
	text := string(documentText(t))
	check := func(kind, name string) {
		if !strings.Contains(text, `"#/components/`+kind+"/"+name+`"`) {
			t.Errorf("%s %s is not used", kind, name)
		}
	}
	for name := range root.Components.Schemas {
		check("schemas", name)
	}
	for name := range root.Components.Parameters {
		check("parameters", name)
	}
	for name := range root.Components.Responses {
		check("responses", name)
	}
}

func TestOperationsAreInDocumentOrder(t *testing.T) {
	t.Parallel()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	ops := doc.Operations()
	if first, last := ops[0].ID, ops[len(ops)-1].ID; first != "getCurrentAccount" ||
		last != "deleteDataIntegrationWorkspaceSubpath" {
		t.Errorf("first %s, last %s", first, last)
	}
}

func TestEveryOperationCanBeRouted(t *testing.T) {
	t.Parallel()
	doc, err := contract()
	if err != nil {
		t.Fatal(err)
	}
	router := chi.NewRouter()
	for _, op := range doc.Operations() {
		router.Method(op.Method, op.ChiPattern(), nil) // panics on a pattern that chi does not take
	}
	op := operation(t, "putDataIntegrationWorkspaceSubpath")
	if got, want := op.ChiPattern(), "/v1/subscriptions/{subscriptionId}/data-integration-workspace/*"; got != want {
		t.Errorf("ChiPattern() = %s, want %s", got, want)
	}
	if got, want := op.PathParams(), []string{"subscriptionId", "path"}; !slices.Equal(got, want) {
		t.Errorf("PathParams() = %v, want %v", got, want)
	}
}

func TestOperation(t *testing.T) {
	t.Parallel()
	op := operation(t, "updateProSubscription")
	if op.Method != "PUT" || op.Path != "/v1/subscriptions/{subscriptionId}" || op.Status != 202 ||
		op.Command != "subscriptionUpdateRequest" {
		t.Errorf("got %s %s, status %d, command %s", op.Method, op.Path, op.Status, op.Command)
	}
	properties, hasBody := op.BodyProperties()
	want := []string{
		"customerManagedKeys", "deletionGracePeriod", "name", "paymentMethod", "paymentMethodId", "publicEndpointAccess",
	}
	if !hasBody || !slices.Equal(properties, want) {
		t.Errorf("BodyProperties() = %v, %v; want %v, true", properties, hasBody, want)
	}

	list := operation(t, "listProDatabases")
	if got, want := list.QueryParams(), []string{"offset", "limit"}; !slices.Equal(got, want) {
		t.Errorf("QueryParams() = %v, want %v", got, want)
	}
	if _, hasBody := list.BodyProperties(); hasBody || list.Status != 200 || list.Command != "" {
		t.Errorf("listProDatabases: body %v, status %d, command %q", hasBody, list.Status, list.Command)
	}
}

func BenchmarkLoad(b *testing.B) {
	for b.Loop() {
		if _, err := Load(documentText(b)); err != nil {
			b.Fatal(err)
		}
	}
}
