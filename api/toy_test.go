package api_test

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// toyDocument is the contract of another API: a shop makes toys, and shows the job of making one.
const toyDocument = `
openapi: 3.0.3
info: {title: Toys, version: "2"}
paths:
  /shop/{owner}/toys:
    parameters: [{name: owner, in: path, required: true, schema: {type: string}}]
    post:
      operationId: makeToy
      x-command: make
      parameters: [{name: Idempotency-Key, in: header, schema: {type: string}}]
      requestBody: {content: {application/json: {schema: {$ref: "#/components/schemas/Toy"}}}}
      responses: {"202": {description: ok, content: {application/json: {schema: {type: object}}}}}
  /shop/{owner}/jobs/{job}:
    parameters:
      - {name: owner, in: path, required: true, schema: {type: string}}
      - {name: job, in: path, required: true, schema: {type: string}}
    get:
      operationId: showJob
      responses: {"200": {description: ok, content: {application/json: {schema: {type: object}}}}}
components:
  schemas:
    ErrorCode:
      type: string
      x-internal-error: BROKEN
      oneOf:
        - {x-status: 404, enum: [NO_JOB]}
        - {x-status: 409, enum: [SOLD_OUT]}
        - {x-status: 500, enum: [BROKEN]}
    Toy:
      type: object
      additionalProperties: false
      required: [name]
      properties:
        name: {type: string}
`

type toy struct{}

func (toy) Kind() cloud.Kind { return cloud.Kind{Name: "toy", FirstID: 900} }

type toyInput struct {
	Owner string `path:"owner" json:"-"`
	Name  string `json:"name"`
}

func makeToy(ctx context.Context, tx *store.Tx, in toyInput) (out engine.Outcome, err error) {
	if in.Name == "unicorn" {
		return out, cloud.Errorf("SOLD_OUT", "There are no unicorns left.")
	}
	if out.ResourceID, err = store.NextID[toy](ctx, tx); err != nil {
		return out, err
	}
	store.Insert(tx, cloud.Resource[toy]{ID: out.ResourceID, Name: in.Name, Status: cloud.StatusActive})
	return out, nil
}

type jobInput struct {
	Owner string `path:"owner" json:"-"`
	Job   string `path:"job" json:"-"`
}

// toys is the dialect of the shop.
func toys(tb testing.TB) api.Dialect {
	tb.Helper()
	document, err := openapi.Load([]byte(toyDocument))
	if err != nil {
		tb.Fatal(err)
	}
	return api.Dialect{
		Name:     "toys",
		Document: document,
		Lengths:  cloud.Lengths{cloud.LengthChange: {Takes: 5 * time.Second}},
		Operations: []engine.Operation{
			engine.Task("makeToy", makeToy),
			engine.GetTask("showJob", func(in jobInput) string { return in.Job }, func(string) error {
				return cloud.Errorf("NO_JOB", "Nobody works at that.")
			}),
		},
		// The header of the first dialect, with a syntax and a life of its own.
		Schemes: []*idempotency.Scheme{{
			Name: "toy-key", Header: "Idempotency-Key", Syntax: regexp.MustCompile(`^[a-z-]+$`),
			Replayed: time.Hour, Known: time.Hour, Storable: func(status int) bool { return status < 500 },
		}},
		Wire: toyWire{},
	}
}

type toyWire struct{}

// oops is the shape of an error.
type oops struct {
	Oops string `json:"oops"`
	Why  string `json:"why"`
}

// Credentials are the owner in the path and a password in a header.
func (toyWire) Credentials(r *http.Request) (store.Credentials, error) {
	secrets := store.Credentials{Secrets: store.Secrets{
		Key: api.PathParam(r, "owner"), Secret: r.Header.Get("Toy-Password"),
	}}
	if secrets.Secret == "" {
		return secrets, api.Problem{Status: http.StatusUnauthorized, Message: "Say the password."}
	}
	return secrets, nil
}

func (toyWire) WrongCredentials() api.Problem {
	return api.Problem{Status: http.StatusForbidden, Message: "That is not the password."}
}

func (toyWire) Success(_ *http.Request, op *openapi.Operation, out any) api.Answer {
	task := out.(cloud.Task)
	state := map[cloud.TaskStatus]string{
		cloud.TaskReceived: "waiting", cloud.TaskRunning: "at it", cloud.TaskDone: "made", cloud.TaskFailed: "not made",
	}
	body := map[string]any{"job": task.ID, "state": state[task.Status]}
	if response := task.Response; response != nil {
		body["toy"] = response.ResourceID
		if response.Error != nil {
			body["oops"] = string(response.Error.Code)
		}
	}
	return api.Answer{Status: op.Status, Header: map[string]string{"Job": task.ID}, Body: body}
}

func (toyWire) Failure(_ *http.Request, p api.Problem) api.Answer {
	code := http.StatusText(p.Status)
	if rule, ok := errors.AsType[*cloud.Error](p.Err); ok {
		code = string(rule.Code)
	}
	return api.Answer{Status: p.Status, Body: oops{Oops: code, Why: p.Message}}
}

func (toyWire) KeyRefusal(_ *http.Request, k api.KeyRefusal) api.Answer {
	reason := map[api.KeyReason]string{api.KeyInvalid: "ODD_KEY", api.KeyReused: "KEY_TAKEN"}[k.Reason]
	status := map[api.KeyReason]int{api.KeyReused: http.StatusConflict}[k.Reason]
	return api.Answer{Status: cmp.Or(status, http.StatusBadRequest), Body: oops{Oops: reason, Why: k.Scheme.Header}}
}

func (toyWire) Quota(h http.Header, _, _ int) { h.Set("Toy-Quota", "plenty") }
