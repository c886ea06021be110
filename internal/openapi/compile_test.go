package openapi

import (
	"errors"
	"strings"
	"testing"
)

// everything is a document that uses all that the compiled form has room for.
const everything = `
openapi: 3.0.3
info: {title: Shop, version: "1"}
x-roles: [{name: owner, calls: all}, {name: clerk, calls: named}]
paths:
  /things/{thingId}:
    x-catch-all: thingId
    parameters:
      - name: thingId
        in: path
        required: true
        schema: {type: string, minLength: 1, maxLength: 9, pattern: '^[a-z]+$'}
      - {name: limit, in: query, schema: {type: integer, format: int32, minimum: 1, maximum: 100, multipleOf: 5}}
      - {name: X-Token, in: header, schema: {type: string}}
    post:
      operationId: changeThing
      summary: Change a thing
      tags: [Things]
      x-command: thingChange
      x-roles: [clerk]
      x-differences: [The real one is slower.]
      requestBody: {required: true, content: {application/json: {schema: {$ref: '#/components/schemas/Thing'}}}}
      responses:
        "202": {description: Taken., content: {application/json: {schema: {type: object, properties: {}}}}}
        default: {description: Not., content: {application/json: {schema: {type: object}}}}
  /files:
    get:
      operationId: getFile
      responses:
        "200": {description: It., content: {application/octet-stream: {schema: {type: string, format: binary}}}}
    put:
      operationId: putFile
      requestBody: {content: {application/octet-stream: {schema: {type: string, format: binary}}}}
      responses: {"204": {description: Kept.}}
components:
  schemas:
    Thing:
      type: object
      title: Thing
      description: A thing.
      additionalProperties: false
      required: [name]
      minProperties: 1
      maxProperties: 7
      properties:
        name: {type: string, nullable: true, description: Its name., example: spoon, default: fork}
        secret: {type: string, writeOnly: true}
        made: {type: string, readOnly: true, deprecated: true}
        colour: {$ref: '#/components/schemas/Colour'}
        parts: {type: array, minItems: 1, maxItems: 3, uniqueItems: true, items: {$ref: '#/components/schemas/Thing'}}
        labels: {type: object, additionalProperties: {type: string}}
        size: {oneOf: [{type: integer}, {type: string}]}
        shape: {anyOf: [{type: boolean}, {allOf: [{type: string}, {minLength: 2}]}]}
    Colour: {type: string, enum: [red, blue]}
    ErrorCode:
      oneOf: [{type: string, enum: [THING_BROKEN], x-status: 400}, {type: string, enum: [OURS], x-status: 500}]
      x-additional-info: {THING_BROKEN: Mend it.}
      x-internal-error: OURS
`

// Compile holds what it has written against what it was read from; here it has all to lose.
func TestCompiledDocument(t *testing.T) {
	t.Parallel()
	form, err := Compile([]byte(everything))
	if err != nil {
		t.Fatal(err)
	}
	doc, err := Open([]byte(everything), form)
	if err != nil {
		t.Fatal(err)
	}
	op, ok := doc.Operation("changeThing")
	if !ok || op.Document() != doc || !op.TakesHeader("X-Token") || !op.CatchesAll() || !op.Allows("clerk") {
		t.Error("the operation lacks something")
	}
	if code, ok := doc.Code("THING_BROKEN"); !ok || code.Status != 400 || code.AdditionalInfo != "Mend it." {
		t.Errorf("code: %+v", code)
	}
	for body, want := range map[string]string{
		`{"name":"a","colour":"red","parts":[{"name":"b"}]}`: "",
		`{"name":"a","colour":"green"}`:                      "mappings.Colour",
		`{"name":"a","parts":[{"nam":"b"}]}`:                 "Unrecognized field",
		`{"name":"a","labels":{"x":{}}}`:                     "labels",
	} {
		err := op.Check(map[string]string{"thingId": "abc"}, nil, op.ReadBody([]byte(body)))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %q", body, err, want)
		}
	}
	if _, err := Open([]byte(everything+"\n"), form); !errors.Is(err, ErrOtherDocument) {
		t.Errorf("the form of another document: %v", err)
	}
	if _, err := Open([]byte(everything), form[:99]); err == nil || errors.Is(err, ErrOtherDocument) {
		t.Errorf("half a form: %v", err)
	}
}

// A document that uses what there is no room for is refused, and not read as less.
func TestCompileLosesNothing(t *testing.T) {
	t.Parallel()
	more := strings.Replace(everything, "{type: string, writeOnly: true}", "{type: string, not: {enum: [spoon]}}", 1)
	if _, err := Compile([]byte(more)); err == nil || !strings.Contains(err.Error(), "POST /things/{thingId} says more") {
		t.Errorf("a schema with not: %v", err)
	}
}
