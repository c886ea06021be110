package rds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

type jobInput struct {
	Project string `path:"project_id" json:"-"`
	ID      string `query:"id" json:"-"`
}

// job is a task as clients see it. doc: query-job
type job struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	Status   string   `json:"status"`
	Created  string   `json:"created"`
	Ended    string   `json:"ended"`
	Process  string   `json:"process"`
	Instance subject  `json:"instance"`
	Entities entities `json:"entities"`
	Failure  string   `json:"fail_reason,omitempty"`
}

type subject struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

// entities are what a creation makes; of others there are none.
type entities struct {
	Instance  *made    `json:"instance,omitempty"`
	Resources []string `json:"resource_ids,omitempty"`
}

type made struct {
	Endpoint  string    `json:"endpoint"`
	Type      string    `json:"type"`
	Datastore datastore `json:"datastore"`
}

type jobAnswer struct {
	Job job `json:"job"`
}

func noJob(id string) error { return cloud.Errorf("DBS.200543", "There is no job %q.", id) }

// showJob shows a task until all that it left to provisioning is done: only then is its job over.
func showJob(ctx context.Context, tx *store.Tx, in jobInput) (out jobAnswer, err error) {
	id, err := uuid.Parse(in.ID)
	if err != nil || id.String() != strings.ToLower(in.ID) {
		return out, noJob(in.ID)
	}
	task, ok, err := tx.Asked(ctx, id)
	switch {
	case err != nil:
		return out, err
	case !ok:
		return out, noJob(in.ID)
	}
	j := job{ID: task.ID, Name: task.Command, Created: stamp(&task.AcceptedAt), Instance: subject{Name: task.Resource}}
	switch {
	case task.Status == cloud.TaskFailed:
		j.Status, j.Ended, j.Failure = "Failed", stamp(task.FinishedAt), "The job failed."
		if e := task.Response.Error; e != nil {
			j.Failure = e.Description
		}
	case task.ProvisionedAt != nil:
		j.Status, j.Ended = "Completed", stamp(task.ProvisionedAt)
	default:
		j.Status, j.Process = "Running", progress(task)
	}
	return jobAnswer{Job: j}, j.describe(ctx, tx, task)
}

// progress is how much of the time has passed that a task and what it left to provisioning take.
func progress(task store.Asked) string {
	if task.Due == nil || !task.Due.After(task.AcceptedAt) {
		return "0%"
	}
	part := task.Now.Sub(task.AcceptedAt).Seconds() / task.Due.Sub(task.AcceptedAt).Seconds()
	return fmt.Sprintf("%d%%", max(0, min(99, int(part*100))))
}

// describe says what a job is about.
func (j *job) describe(ctx context.Context, tx *store.Tx, task store.Asked) error {
	id := uuid.MustParse(task.ID)
	if task.Operation != "createInstance" {
		var request struct {
			Path struct {
				Instance string `json:"instance_id"`
			} `json:"path"`
		}
		if task.Request != nil {
			if err := json.Unmarshal(task.Request, &request); err != nil {
				return fmt.Errorf("request of task %s: %w", id, err)
			}
			j.Instance.ID = request.Path.Instance
		}
		return nil
	}
	j.Instance.ID = uid(id)
	found, ok, err := find(ctx, tx, j.Instance.ID)
	if err != nil || !ok {
		return err
	}
	view := show(found)
	j.Instance.Name = found.Name
	j.Entities.Instance = &made{Type: view.Type, Datastore: view.Datastore}
	for _, ip := range view.PrivateIPs {
		j.Entities.Instance.Endpoint = fmt.Sprintf("%s:%d", ip, view.Port)
	}
	j.Entities.Resources = []string{view.ID}
	for _, node := range view.Nodes {
		j.Entities.Resources = append(j.Entities.Resources, node.ID)
	}
	return nil
}
