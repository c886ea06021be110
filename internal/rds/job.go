package rds

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

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
	ID      string `json:"id"`
	Name    string `json:"name"`
	Status  string `json:"status"`
	Created string `json:"created"`
	Ended   string `json:"ended"`
	Process string `json:"process"`
	about
	Failure string `json:"fail_reason,omitempty"`
}

// about is what a job is about. A task keeps it when it is processed, so that a job can be told of when its DB instance
// is gone.
type about struct {
	Instance subject  `json:"instance"`
	Entities entities `json:"entities"`
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

func subjectOf(r cloud.Resource[instance]) subject { return subject{r.Body.UID, r.Name} }

// creationOf is what the job is about that makes a DB instance.
func creationOf(r cloud.Resource[instance]) about {
	view := show(r)
	a := about{Instance: subjectOf(r), Entities: entities{
		Instance:  &made{Endpoint: r.Body.endpoint(r.ID), Type: r.Body.typ(), Datastore: *r.Body.Datastore},
		Resources: []string{view.ID},
	}}
	for _, node := range view.Nodes {
		a.Entities.Resources = append(a.Entities.Resources, node.ID)
	}
	return a
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
	task, ok, err := store.OneAsked[instance](ctx, tx, id)
	switch {
	case err != nil:
		return out, err
	case !ok:
		return out, noJob(in.ID)
	}
	out.Job, err = jobOf(task)
	if err != nil || out.Job.Instance.Name != "" || out.Job.Instance.ID == "" {
		return out, err
	}
	found, ok, err := find(ctx, tx, out.Job.Instance.ID)
	if err == nil && ok {
		out.Job.Instance.Name = found.Name
	}
	return out, err
}

// jobOf is a task as a job. It goes without the name of a DB instance that the task has not come to yet, or never.
func jobOf(task store.Asked) (j job, err error) {
	j = job{ID: task.ID, Name: task.Command, Created: stamp(&task.AcceptedAt)}
	switch {
	case task.Status == cloud.TaskFailed:
		j.fail(task.Response.Error, task.FinishedAt)
	case task.ProvisionedAt != nil && task.Error != nil:
		j.fail(task.Error, task.ProvisionedAt)
	case task.ProvisionedAt != nil:
		j.Status, j.Ended = "Completed", stamp(task.ProvisionedAt)
	default:
		j.Status, j.Process = "Running", progress(task)
	}
	j.about, err = aboutOf(task)
	if j.Entities.Instance != nil && j.Status != "Completed" {
		j.Entities.Instance.Endpoint = ""
	}
	return j, err
}

func (j *job) fail(why *cloud.Error, at *time.Time) {
	j.Status, j.Ended, j.Failure = "Failed", stamp(at), "The job failed."
	if why != nil {
		j.Failure = why.Description
	}
}

// aboutOf reads what a task is about: from what it has come to, or else from what was asked for.
func aboutOf(task store.Asked) (a about, err error) {
	switch {
	case task.Response != nil && task.Response.Resource != nil:
		if err := json.Unmarshal(task.Response.Resource, &a); err != nil {
			return a, fmt.Errorf("response of task %s: %w", task.ID, err)
		}
	case task.Operation == "createInstance" && task.Response == nil:
		made, err := planned(task)
		if err != nil {
			return a, err
		}
		a = creationOf(made)
	case task.Operation == "createInstance":
		a.Instance = subject{ID: uid(uuid.MustParse(task.ID)), Name: task.Resource}
	case task.Response == nil:
		request, err := requestOf(task)
		if err != nil {
			return a, err
		}
		a.Instance.ID = request.Path.Instance
	default:
		a.Instance = subject{ID: task.Response.Path["instance_id"], Name: task.Resource}
	}
	return a, nil
}

// progress is how much of the time has passed that a task and what it left to provisioning take.
func progress(task store.Asked) string {
	if task.Due == nil || !task.Due.After(task.AcceptedAt) {
		return "0%"
	}
	part := task.Now.Sub(task.AcceptedAt).Seconds() / task.Due.Sub(task.AcceptedAt).Seconds()
	return fmt.Sprintf("%d%%", max(0, min(99, int(part*100))))
}
