package rediscloud

import (
	"cmp"
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/understudy-dev/understudy/api"
	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/openapi"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// Finished tasks are listed for this long, and not more than so many. doc: manage-tasks
const (
	recentTasks = 10 * 24 * time.Hour
	maxTasks    = 10_000
)

func taskOperations() []engine.Operation {
	type path struct {
		ID string `path:"taskId" json:"-"`
	}
	return []engine.Operation{
		engine.Answer("listTasks", func(ctx context.Context, tx *store.Tx, _ struct{}) ([]store.Listed, error) {
			return tx.RecentTasks(ctx, recentTasks, maxTasks, api.KnownTasks(ctx))
		}),
		engine.GetTask("getTask",
			func(in path) string { return in.ID },
			func(id string) error { return cloud.Errorf("ENTITY_NOT_FOUND", "Task %q was not found.", id) }),
	}
}

// taskBody is a task as clients see it. doc: manage-tasks
type taskBody struct {
	TaskID      string        `json:"taskId"`
	CommandType string        `json:"commandType"`
	Status      string        `json:"status"`
	Description string        `json:"description"`
	Timestamp   time.Time     `json:"timestamp"`
	Response    *taskResponse `json:"response,omitempty"` // of a finished one
	Links       []wire.Link   `json:"links"`
}

// taskResponse is what a finished task came to; it is written even when it says nothing.
type taskResponse struct {
	ResourceID           int64           `json:"resourceId,omitempty"`
	AdditionalResourceID int64           `json:"additionalResourceId,omitempty"`
	Resource             json.RawMessage `json:"resource,omitempty"`
	Error                *wire.Failure   `json:"error,omitempty"`
	AdditionalInfo       string          `json:"additionalInfo,omitempty"` // about the error
}

func responseOf(r *cloud.TaskResponse) *taskResponse {
	if r == nil {
		return nil
	}
	shown := &taskResponse{
		ResourceID: r.ResourceID, AdditionalResourceID: r.ParentID, Resource: r.Resource, Error: wire.FailureOf(r.Error),
	}
	if r.Error != nil {
		shown.AdditionalInfo = r.Error.Info
	}
	return shown
}

// status is what clients read of a task. doc: process-lifecycle#task-process-states
var status = map[cloud.TaskStatus]string{
	cloud.TaskReceived: "received",
	cloud.TaskRunning:  "processing-in-progress",
	cloud.TaskDone:     "processing-completed",
	cloud.TaskFailed:   "processing-error",
}

// task renders a task; rel is what its link to itself is called, which differs
// between the first answer and lists ("task") and the task's own page ("self").
func (d *dialect) task(base string, t cloud.Task, rel string) taskBody {
	body := taskBody{
		TaskID:      t.ID,
		CommandType: t.Command,
		Status:      cmp.Or(status[t.Status], string(t.Status)), // which a fault rule may have made up
		Response:    responseOf(t.Response),
		Timestamp:   t.UpdatedAt.UTC(),
		Links:       []wire.Link{{Rel: rel, Href: base + d.taskPath + t.ID, Type: http.MethodGet}},
	}
	switch t.Status {
	case cloud.TaskReceived:
		body.Description = "The request has been received and is queued for processing."
	case cloud.TaskRunning:
		body.Description = "The request has been evaluated and is now being processed."
	case cloud.TaskDone:
		body.Description = "The request was processed successfully; " +
			"its resources are now being provisioned or de-provisioned."
	case cloud.TaskFailed:
		body.Description = "The request failed during processing. The error says why."
	}
	if t.Status == cloud.TaskDone && rel == "self" {
		if path, ok := d.resources[t.Operation].of(t.Response); ok {
			body.Links = slices.Insert(body.Links, 0, wire.Link{Rel: "resource", Href: base + path, Type: http.MethodGet})
		}
	}
	return body
}

// tasks lists them.
func (d *dialect) tasks(base string, tasks []store.Listed) api.TaskList {
	self := []wire.Link{{Rel: "self", Href: base + d.listPath, Type: http.MethodGet}}
	return api.TaskList{
		Before: `{"tasks":[`, Tasks: tasks, After: `],"links":` + string(appendLinks(nil, self)) + `}`,
		Append: func(dst []byte, t *cloud.Task) ([]byte, error) { return d.task(base, *t, "task").appendJSON(dst) },
	}
}

// resourcePath is the path of the GET that shows what an operation made or
// changed: {id} parameters stand for the resource and, before it, its parent.
type resourcePath string

// resourcePaths finds for each operation that answers with a task the GET for
// its resource: below the same path for a POST; for a PUT at the same path, or, where
// that is a part of a resource, such as its maintenance windows, at the resource's.
func resourcePaths(doc *openapi.Document) map[string]resourcePath {
	paths := map[string]resourcePath{}
	for _, op := range doc.Operations() {
		if op.Command == "" {
			continue
		}
		for _, get := range doc.Operations() {
			if get.Method != http.MethodGet || get.Command != "" || !strings.HasSuffix(get.Path, "}") {
				continue
			}
			rest, below := strings.CutPrefix(get.Path, op.Path+"/")
			whole := op.Path[:strings.LastIndex(op.Path, "}")+1]
			if op.Method == http.MethodPut && get.Path == whole ||
				op.Method == http.MethodPost && below && strings.HasPrefix(rest, "{") && !strings.Contains(rest, "/") {
				paths[op.ID] = resourcePath(get.Path)
			}
		}
	}
	return paths
}

// of fills the path for a finished task.
func (p resourcePath) of(response *cloud.TaskResponse) (string, bool) {
	if p == "" || response == nil || response.ResourceID == 0 {
		return "", false
	}
	parts := strings.Split(string(p), "/")
	ids := []int64{response.ResourceID, response.ParentID}
	for i, part := range slices.Backward(parts) {
		if !strings.HasPrefix(part, "{") {
			continue
		}
		if len(ids) == 0 || ids[0] == 0 {
			return "", false
		}
		parts[i], ids = strconv.FormatInt(ids[0], 10), ids[1:]
	}
	return strings.Join(parts, "/"), true
}

// taskPath is the path of an operation on tasks, without the task's id.
func taskPath(doc *openapi.Document, operation string) string {
	op, ok := doc.Operation(operation)
	if !ok {
		return ""
	}
	return strings.TrimSuffix(op.Path, "{taskId}")
}
