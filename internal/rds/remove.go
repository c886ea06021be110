package rds

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const lengthDeletion cloud.Length = "instance.deletion"

type instanceInput struct {
	Project  string `path:"project_id" json:"-"`
	Instance string `path:"instance_id" json:"-"`
}

// checkDelete refuses what is not there, and what is not done yet. doc: delete-instance
func checkDelete(ctx context.Context, tx *store.Tx, in instanceInput) error {
	_, err := settled(ctx, tx, in.Instance, look)
	return err
}

func remove(ctx context.Context, tx *store.Tx, in instanceInput) (out engine.Outcome, err error) {
	found, err := settled(ctx, tx, in.Instance, find)
	if err != nil {
		return out, err
	}
	found.Body.Was = found.Status
	store.Update(tx, found)
	store.SetStatus[instance](tx, found.ID, cloud.StatusDeleting)
	tx.Plan(cloud.Step{Kind: found.Body.Kind(), ID: found.ID, Takes: lengthDeletion, Status: cloud.StatusGone})
	return engine.Outcome{ResourceID: found.ID, Resource: about{Instance: subjectOf(found)}}, nil
}
