package rds

import (
	"context"
	"regexp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const lengthDeletion cloud.Length = "instance.deletion"

type instanceInput struct {
	Project  string `path:"project_id" json:"-"`
	Instance string `path:"instance_id" json:"-"`
}

var uidSyntax = regexp.MustCompile(`^[0-9a-f]{32}in\d\d$`)

// checkDelete refuses what is not there, and what is not done yet. doc: delete-instance
func checkDelete(ctx context.Context, tx *store.Tx, in instanceInput) error {
	_, err := settled(ctx, tx, in.Instance)
	return err
}

// settled finds a DB instance that nobody is changing.
func settled(ctx context.Context, tx *store.Tx, id string) (found cloud.Resource[instance], err error) {
	if !uidSyntax.MatchString(id) {
		return found, cloud.Errorf("DBS.280404", "The id of a DB instance has 32 hexadecimal digits and in01.")
	}
	found, ok, err := find(ctx, tx, id)
	switch {
	case err != nil:
		return found, err
	case !ok:
		return found, cloud.Errorf("DBS.200002", "The DB instance does not exist.")
	case found.Status == cloud.StatusPending || found.Status == cloud.StatusDeleting:
		return found, cloud.Errorf("DBS.200047", "The DB instance is being changed. Try again later.")
	}
	return found, nil
}

func remove(ctx context.Context, tx *store.Tx, in instanceInput) (out engine.Outcome, err error) {
	found, err := settled(ctx, tx, in.Instance)
	if err != nil {
		return out, err
	}
	store.SetStatus[instance](tx, found.ID, cloud.StatusDeleting)
	tx.Plan(cloud.Step{Kind: found.Body.Kind(), ID: found.ID, Takes: lengthDeletion, Status: cloud.StatusGone})
	return engine.Outcome{ResourceID: found.ID}, nil
}
