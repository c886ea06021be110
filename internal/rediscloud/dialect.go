package rediscloud

import (
	"net/http"
	"strconv"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/idempotency"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/store"
)

// New makes the dialect of a document, openapi.yaml, and the functions of Operations.
func New(document *openapi.Document, operations []engine.Operation) (api.Dialect, error) {
	lengths, err := durations()
	if err != nil {
		return api.Dialect{}, err
	}
	return api.Dialect{
		Lengths:    lengths,
		Name:       "Redis Cloud",
		Document:   document,
		Operations: operations,
		Presets:    Presets,
		Schemes:    []*idempotency.Scheme{idempotency.Key(), idempotency.ClientToken()},
		Wire: &dialect{
			resources: resourcePaths(document),
			taskPath:  taskPath(document, "getTask"),
			listPath:  taskPath(document, "listTasks"),
		},
	}, nil
}

// dialect writes what clients of Redis Cloud read.
type dialect struct {
	resources map[string]resourcePath // of what an operation creates or changes
	taskPath  string                  // of a task, without its id
	listPath  string                  // of the list of tasks
}

// Credentials reads the pair of API keys. doc: use-rest-api
func (*dialect) Credentials(r *http.Request) (store.Credentials, error) {
	pair := store.Secrets{Key: r.Header.Get("X-Api-Key"), Secret: r.Header.Get("X-Api-Secret-Key")}
	if pair.Key == "" || pair.Secret == "" {
		return store.Credentials{}, api.Problem{
			Status:  http.StatusUnauthorized,
			Message: "Both headers x-api-key and x-api-secret-key are needed.",
		}
	}
	return store.Credentials{Secrets: pair}, nil
}

// WrongCredentials is the refusal of keys that nobody has.
func (*dialect) WrongCredentials() api.Problem {
	return api.Problem{
		Status:  http.StatusUnauthorized,
		Message: "The keys in x-api-key and x-api-secret-key are not valid together.",
	}
}

// unlimited is what clients are told without a limit: nothing has been used of the 400 requests that they count
// themselves.
const unlimited = "400"

// Quota writes the header that the official clients read, which pause at 0 until their own minute is over.
func (*dialect) Quota(h http.Header, limit, left int) {
	text := unlimited
	if limit > 0 {
		text = strconv.Itoa(left)
	}
	h["X-Rate-Limit-Remaining"] = []string{text} // its canonical form, which Set would look for in every answer
}

// Success renders what an operation returned.
func (d *dialect) Success(r *http.Request, op *openapi.Operation, out any) api.Answer {
	answer := api.Answer{Status: op.Status, Body: out}
	switch v := out.(type) {
	case cloud.Task:
		answer.Header = map[string]string{}
		if !v.Status.Finished() {
			answer.Header["Retry-After"] = "1"
		}
		rel := "self"
		if op.Status == http.StatusAccepted {
			rel = "task"
			answer.Header["Location"] = api.BaseURL(r) + d.taskPath + v.ID
		}
		answer.Body = d.task(api.BaseURL(r), v, rel)
	case []store.Listed:
		answer.Body = d.tasks(api.BaseURL(r), v)
	case interface{ LinkSelf(href string) }:
		v.LinkSelf(api.BaseURL(r) + r.URL.RequestURI())
	}
	return answer
}
