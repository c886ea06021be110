package subscription

import (
	"cmp"
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Externals returns what can happen to databases by themselves.
func Externals() []engine.External {
	return []engine.External{
		engine.NewExternal("fail-backup",
			"The backup of a database that is under way fails; without one, the next regular one.",
			failBackup),
	}
}

type failBackupInput struct {
	Database int64  `json:"database" help:"Id of the database."`
	Region   string `json:"region,omitempty" help:"Name of the region, of an Active-Active database."`
	Reason   string `json:"reason,omitempty" help:"What the status says. Default: that the storage cannot be reached."`
}

func failBackup(ctx context.Context, tx *store.Tx, in failBackupInput) error {
	db, ok, err := store.Get[Database](ctx, tx, in.Database)
	switch {
	case err != nil:
		return err
	case !ok:
		return cloud.Errorf("DATABASE_NOT_FOUND", "Database %d was not found.", in.Database)
	}
	regular, name, err := db.Body.backups(in.Region, wrongBackup{
		"BACKUP_REGION_NAME_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION", "ACTIVE_ACTIVE_BACKUP_MISSING_REGION_NAME",
		"ACTIVE_ACTIVE_INVALID_BACKUP_REGION_NAME",
	})
	if err != nil {
		return err
	}
	job, ok, err := lastJob(ctx, tx, db.ID, name)
	switch {
	case err != nil:
		return err
	case regular == nil && (!ok || job.Status != cloud.StatusPending):
		return cloud.Errorf("DATABASE_BACKUP_DISABLED", "Backups of database %d are disabled, and none is under way.", db.ID)
	}
	id, err := startJob(ctx, tx, db.ID, name, Job{})
	if err != nil {
		return err
	}
	tx.ApplyNow([]cloud.Step{{
		Kind: Job{}.Kind(), ID: id, Status: cloud.StatusError,
		Error: &cloud.Error{
			Code: "GENERAL_ERROR", Description: cmp.Or(in.Reason, "The storage of the backup cannot be reached."),
		},
	}})
	return nil
}
