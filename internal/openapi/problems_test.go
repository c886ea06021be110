package openapi

import (
	"strings"
	"testing"
)

// small is a document that Load accepts; the tests break it.
const small = `
openapi: 3.0.3
info: {title: Small, version: "1"}
x-roles:
  - {name: Owner, calls: all}
  - {name: Viewer, calls: reads}
  - {name: Logs Viewer, calls: named}
  - {name: Billing Admin, calls: named}
paths:
  /things/{thingId}:
    parameters:
      - {name: thingId, in: path, required: true, schema: {type: integer, format: int32}}
    get:
      operationId: getThing
      responses:
        "200": {description: ok, content: {application/json: {schema: {type: object}}}}
    put:
      operationId: updateThing
      x-command: thingUpdateRequest
      requestBody:
        content: {application/json: {schema: {type: object, additionalProperties: false}}}
      responses:
        "202": {description: ok, content: {application/json: {schema: {type: object}}}}
    delete:
      operationId: deleteThing
      responses:
        "204": {description: gone}
`

func TestLoadAcceptsSmallDocument(t *testing.T) {
	t.Parallel()
	doc, err := Load([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	if got := len(doc.Operations()); got != 3 {
		t.Errorf("%d operations, want 3", got)
	}
	deletion, ok := doc.Operation("deleteThing")
	if !ok || deletion.Status != 204 {
		t.Errorf("deleteThing: got %+v, want one that succeeds with 204", deletion)
	}
	if err := deletion.CheckResponse(200, nil, nil); err == nil {
		t.Error("deleteThing: status 200 is let pass, and it is not declared")
	}
}

func TestLoadRefuses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ old, replacement, want string }{
		"no id":         {"operationId: getThing", "summary: x", "GET /things/{thingId}: no operationId"},
		"same id twice": {"operationId: updateThing", "operationId: getThing", "operationId getThing is taken"},
		"no success":    {`"200":`, `"404":`, "no success response"},
		"two successes": {
			`"202":`, `"200": {description: ok}` + "\n        \"202\":", "more than one success response: [200 202]",
		},
		"success, no schema": {
			`{description: ok, content: {application/json: {schema: {type: object}}}}`, `{description: ok}`,
			"no JSON schema for status 200",
		},
		"202, no command": {"      x-command: thingUpdateRequest\n", "", "status 202 and x-command go together"},
		"command, no 202": {`"202":`, `"200":`, "status 202 and x-command go together"},
		"empty command":   {"x-command: thingUpdateRequest", `x-command: ""`, "x-command must be a name"},
		"unknown role": {
			"x-command:", "x-roles: [Viewer, Member]\n      x-command:",
			"x-roles must be a list of Viewer, Logs Viewer, Billing Admin",
		},
		"the owner's role":     {"x-command:", "x-roles: [Owner]\n      x-command:", "x-roles must be a list of"},
		"a role without calls": {", calls: reads", "", "has not a name and what it calls: all, reads or named"},
		"a role twice":         {"Logs Viewer", "Viewer", "x-roles: Viewer is there twice"},
		"misspelt of all":      {"x-roles:\n", "x-rolls:\n", "the document: unknown extension x-rolls"},
		"no role":              {"x-command:", "x-roles: []\n      x-command:", "x-roles must be a list of"},
		"no list of roles":     {"x-command:", "x-roles: Viewer\n      x-command:", "x-roles must be a list of"},
		"differences: text": {
			"operationId: deleteThing", "operationId: deleteThing\n      x-differences: slow", "x-differences must be a list",
		},
		"differences: none": {
			"operationId: deleteThing", "operationId: deleteThing\n      x-differences: []", "x-differences must be a list",
		},
		"difference of lines": {
			"operationId: deleteThing", "operationId: deleteThing\n      x-differences: [\"a\\nb\"]",
			"x-differences must be a list",
		},
		"unknown extension": {"x-command:", "x-comand:", "unknown extension x-comand"},
		"on the path": {
			"    parameters:\n", "    x-catchall: a\n    parameters:\n", "/things/{thingId}: unknown extension x-catchall",
		},
		"catch-all not last": {
			"    parameters:\n", "    x-catch-all: rest\n    parameters:\n", "x-catch-all rest is not the end of the path",
		},
		"undeclared parameter": {
			"/things/{thingId}:", "/things/{thingId}/{partId}:", "path parameter partId is not declared",
		},
		"parameter, no place": {"/things/{thingId}:", "/things:", "parameter thingId is not in the path"},
		"open request":        {", additionalProperties: false", "", "does not say additionalProperties: false"},
		"not a document":      {"openapi: 3.0.3", "openapi: [", "load the contract"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, test.old) {
				t.Fatalf("the document has no %q", test.old)
			}
			_, err := Load([]byte(strings.Replace(small, test.old, test.replacement, 1)))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
}

func TestLoadListsEveryProblem(t *testing.T) {
	t.Parallel()
	broken := strings.NewReplacer("operationId: getThing", "summary: x",
		"x-command:", "x-comand:", `"204":`, `"404":`).Replace(small)
	_, err := Load([]byte(broken))
	for _, want := range []string{"no operationId", "unknown extension x-comand", "no success response"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %s too", err, want)
		}
	}
}
