package rds

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const lengthCreation cloud.Length = "instance.creation"

type createInput struct {
	Project string `path:"project_id" json:"-"`
	settings

	Password string `json:"password"`
	// What means nothing to MySQL.
	Collation   string `json:"collation"`
	AutoUpgrade bool   `json:"is_auto_upgrade"`
	// What is not offered here.
	ReplicaOf    string          `json:"replica_of_id"`
	DryRun       bool            `json:"dry_run"`
	Count        *int32          `json:"count"`
	DSSPool      string          `json:"dsspool_id"`
	RestorePoint json.RawMessage `json:"restore_point"`
	Serverless   json.RawMessage `json:"serverless_info"`
	AutoEnlarge  json.RawMessage `json:"auto_enlarge_strategy"`
}

// create makes the DB instance of a job.
func create(ctx context.Context, tx *store.Tx, in createInput) (out engine.Outcome, err error) {
	if err := checkCreate(in); err != nil {
		return out, err
	}
	in.complete()
	if out.ResourceID, err = store.NextID[instance](ctx, tx); err != nil {
		return out, err
	}
	task := tx.OwnTask()
	if task == uuid.Nil {
		task = seededTask(out.ResourceID)
	}
	made := cloud.Resource[instance]{
		ID: out.ResourceID, Name: in.Name, Status: cloud.StatusPending,
		Body: instance{UID: uid(task), settings: in.settings},
	}
	out.Resource = creationOf(made)
	store.Insert(tx, made)
	tx.Plan(cloud.Step{Kind: made.Body.Kind(), ID: out.ResourceID, Takes: lengthCreation, Status: cloud.StatusActive})
	return out, nil
}

// createdBody is the answer to a creation: what was asked for, with what was filled in, and without secrets.
type createdBody struct {
	Instance struct {
		ID     string `json:"id"`
		Status string `json:"status"`
		echoed
	} `json:"instance"`
	Job string `json:"job_id"`
}

func created(task cloud.Task) (body createdBody) {
	s := task.Asked.(*createInput).settings
	s.complete()
	body.Job, body.Instance.ID, body.Instance.Status = task.ID, uid(uuid.MustParse(task.ID)), words[cloud.StatusPending]
	body.Instance.echoed = s.echoed
	return body
}
