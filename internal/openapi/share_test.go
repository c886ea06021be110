package openapi

import "testing"

// Of the members of a body those that are alike are one schema, whatever is said of them; all others stay apart.
func TestAlikeSchemasAreOne(t *testing.T) {
	t.Parallel()
	doc, err := Load([]byte(`
openapi: 3.0.3
info: {title: Shop, version: "1"}
paths:
  /things:
    post:
      operationId: createThing
      requestBody:
        content:
          application/json:
            schema:
              type: object
              additionalProperties: false
              properties:
                name: {type: string, maxLength: 9, description: What it is called.}
                alias: {type: string, maxLength: 9, example: spoon}
                code: {type: string, maxLength: 3}
                size: {type: string, enum: [small, large]}
                age: {type: string, enum: [new, old]}
                colour: {$ref: '#/components/schemas/Colour'}
                shade: {type: string, enum: [red, blue]}
                tags: {type: array, items: {type: string, maxLength: 9}}
      responses: {"204": {description: Done.}}
components:
  schemas:
    Colour: {type: string, enum: [red, blue]}
`))
	if err != nil {
		t.Fatal(err)
	}
	op, _ := doc.Operation("createThing")
	members := op.body.Properties
	if members["name"].Value != members["alias"].Value || members["name"].Value != members["tags"].Value.Items.Value {
		t.Error("what is alike is not one")
	}
	for _, apart := range [][2]string{{"name", "code"}, {"size", "age"}, {"colour", "shade"}} {
		if members[apart[0]].Value == members[apart[1]].Value {
			t.Errorf("%s and %s are one", apart[0], apart[1])
		}
	}
}
