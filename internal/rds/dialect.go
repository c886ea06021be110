// Package rds is the dialect of RDS for MySQL of Huawei Cloud: DB instances, and the jobs that make and delete them,
// under /v3. A project is an account.
package rds

import (
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/openapi"
)

// Document is the contract of the dialect.
//
//go:embed rds.yaml
var Document []byte

// durationsFile says how long each kind of work takes, in business time at speed 1, with the source of each figure.
//
//go:embed durations.json
var durationsFile []byte

// New makes the dialect of its document.
func New(document *openapi.Document) (api.Dialect, error) {
	lengths, err := cloud.ReadLengths(durationsFile)
	if err != nil {
		return api.Dialect{}, fmt.Errorf("durations.json: %w", err)
	}
	return api.Dialect{
		Name: "RDS", Document: document, Operations: Operations(), Lengths: lengths,
		Schemes: []*idempotency.Scheme{clientToken()}, Presets: Presets, Wire: dialect{},
	}, nil
}

// clientToken is the scheme of X-Client-Token, whose keys are other ones than those of other dialects.
func clientToken() *idempotency.Scheme {
	scheme := idempotency.ClientToken()
	scheme.Name = "rds-client-token"
	scheme.Takes = takesToken
	return scheme
}

// takesToken reports whether what is to be created is a DB instance of MySQL that is no read replica: others have no
// idempotent creation. A body that does not say is to be refused, and that is remembered.
func takesToken(body []byte) bool {
	var asked struct {
		Datastore datastore `json:"datastore"`
		ReplicaOf string    `json:"replica_of_id"`
	}
	if json.Unmarshal(body, &asked) != nil {
		return true
	}
	return (asked.Datastore.Type == "" || strings.EqualFold(asked.Datastore.Type, engineName)) && asked.ReplicaOf == ""
}

// Operations returns every operation there is.
func Operations() []engine.Operation {
	return []engine.Operation{
		engine.Forgetting(engine.ValidatedBy(engine.Task("createInstance", create), checkCreate), "password"),
		engine.Answer("listInstances", list),
		engine.CheckedBy(engine.Task("deleteInstance", remove), checkDelete),
		engine.CheckedBy(engine.Task("restartInstance", restart), checkRestart),
		engine.Answer("renameInstance", rename),
		engine.Answer("listDatastores", listDatastores),
		engine.Answer("listFlavors", listFlavors),
		engine.Answer("listStorageTypes", listStorage),
		engine.Answer("getJob", showJob),
		engine.Answer("listJobs", listTasks),
	}
}

type dialect struct{}

// failureBody is the one shape of an error. doc: abnormal-request-results
type failureBody struct {
	Code    string `json:"error_code"`
	Message string `json:"error_msg"`
}

// known are the statuses and codes of errors that the edge finds by itself. Where the real gateway has no status of the
// edge's, the nearest one of its own takes its place.
var known = map[int]struct {
	status int
	code   string
}{
	http.StatusBadRequest:            {http.StatusBadRequest, "DBS.200001"},
	http.StatusForbidden:             {http.StatusForbidden, "DBS.200044"},
	http.StatusConflict:              {http.StatusConflict, "DBS.200047"},
	http.StatusNotFound:              {http.StatusNotFound, "APIGW.0101"},
	http.StatusMethodNotAllowed:      {http.StatusNotFound, "APIGW.0101"},
	http.StatusRequestTimeout:        {http.StatusBadRequest, "DBS.200001"},
	http.StatusRequestEntityTooLarge: {http.StatusRequestEntityTooLarge, "APIGW.0201"},
	http.StatusUnsupportedMediaType:  {http.StatusBadRequest, "DBS.200001"},
	http.StatusTooManyRequests:       {http.StatusTooManyRequests, "APIGW.0308"},
}

// Failure renders an error.
func (dialect) Failure(_ *http.Request, p api.Problem) api.Answer {
	status, code := p.Status, "DBS.200005"
	if usual, ok := known[p.Status]; ok {
		status, code = usual.status, usual.code
	}
	if rule, ok := errors.AsType[*cloud.Error](p.Err); ok {
		code = string(rule.Code)
	} else if invalid, ok := errors.AsType[*openapi.Invalid](p.Err); ok && invalid.NoBody {
		code = "DBS.200006"
	} else if errors.Is(p.Err, errCredentials) {
		code = "DBS.280056"
	}
	return api.Answer{Status: status, Body: failureBody{code, p.Message}}
}

var refusals = map[api.KeyReason]struct {
	status int
	failureBody
}{
	api.KeyInvalid: {http.StatusBadRequest, failureBody{
		"DBS.280497", "X-Client-Token must be a UUID of 32 lower-case hexadecimal digits in the form 8-4-4-4-12.",
	}},
	api.KeyUnreadable: {http.StatusBadRequest, failureBody{
		"DBS.200001", "The body is not JSON. The token has not been used.",
	}},
	api.KeyReused: {http.StatusBadRequest, failureBody{
		"DBS.280495", "The X-Client-Token has been used with other parameters.",
	}},
	api.KeyExpired: {http.StatusBadRequest, failureBody{"DBS.280498", "The X-Client-Token has expired."}},
	api.KeyInUse: {http.StatusConflict, failureBody{
		"DBS.200047", "A request with this X-Client-Token is still being carried out.",
	}},
}

// KeyRefusal renders why a request was not carried out in view of its token. doc: idempotent-requests-x-client-token
func (dialect) KeyRefusal(_ *http.Request, k api.KeyRefusal) api.Answer {
	return api.Answer{Status: refusals[k.Reason].status, Body: refusals[k.Reason].failureBody}
}

// Quota tells nothing: clients read no such header.
func (dialect) Quota(http.Header, int, int) {}

// Success renders what an operation returned.
func (dialect) Success(_ *http.Request, op *openapi.Operation, out any) api.Answer {
	answer := api.Answer{Status: op.Status, Body: out}
	task, ok := out.(cloud.Task)
	if !ok {
		return answer
	}
	if task.Operation == "createInstance" {
		answer.Body = created(task)
		return answer
	}
	answer.Body = jobID{task.ID}
	return answer
}

type jobID struct {
	ID string `json:"job_id"`
}
