package subscription

import (
	"context"
	"net/url"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// backupLength is how long a backup takes.
const backupLength cloud.Length = "database.backup"

func backupOperations() []engine.Operation {
	return []engine.Operation{
		engine.Task("backupProDatabase", backupProDatabase),
		engine.Task("getProDatabaseBackupStatus", getProBackupStatus),
		engine.Task("backupEssentialsDatabase",
			unlessPro("BACKUP_A_FIXED_DATABASE_IS_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", backupEssentialsDatabase)),
		engine.Task("getEssentialsDatabaseBackupStatus", getEssentialsBackupStatus),
	}
}

// wrongBackup are the errors of a region that a request names or does not.
type wrongBackup struct {
	denied  cloud.Code // the database has a single region, and one is named
	missing cloud.Code // it is Active-Active, and none is named
	unknown cloud.Code // it is Active-Active, and elsewhere
}

// backups finds where backups go by themselves in a region, nil for nowhere,
// and the name of the jobs there. The only region of a database has no name in
// requests; with Active-Active each region has backups of its own.
func (d Database) backups(region string, wrong wrongBackup) (regular *Backup, job string, err error) {
	i := d.Local(region)
	switch {
	case !d.ActiveActive() && region != "":
		return nil, "", cloud.Errorf(wrong.denied, "The database is in one region only, which need not be named.")
	case !d.ActiveActive():
		return d.Backup, backupJob, nil
	case region == "":
		return nil, "", cloud.Errorf(wrong.missing, "An Active-Active database has backups in each region; name the region.")
	case i < 0:
		return nil, "", cloud.Errorf(wrong.unknown, "The database is not in region %q.", region)
	}
	return d.Locals[i].Backup, backupJob + " " + region, nil
}

func backupProDatabase(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Region       string `json:"regionName"`
	Path         string `json:"adhocBackupPath"`
},
) (out engine.Outcome, err error) {
	db, err := ProDatabases.lockActive(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	regular, job, err := db.Body.backups(in.Region, wrongBackup{
		"BACKUP_REGION_NAME_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION", "ACTIVE_ACTIVE_BACKUP_MISSING_REGION_NAME",
		"ACTIVE_ACTIVE_INVALID_BACKUP_REGION_NAME",
	})
	if err != nil {
		return out, err
	}
	return backup(ctx, tx, db, regular, job, in.Path)
}

func backupEssentialsDatabase(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Path         string `json:"adhocBackupPath"`
},
) (out engine.Outcome, err error) {
	db, err := EssentialsDatabases.lockActive(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	sub, err := readEssentials(ctx, tx, db.Parent)
	if err != nil {
		return out, err
	}
	if p, _ := catalog.PlanByID(sub.Body.PlanID); p.Free() {
		return out, cloud.Errorf("DATABASE_BACKUP_NOT_SUPPORTED", "The free plan has no backups.")
	}
	return backup(ctx, tx, db, db.Body.Backup, backupJob, in.Path)
}

// backup begins a backup to a path of its own, or to where backups are made by
// themselves.
func backup(
	ctx context.Context, tx *store.Tx, db cloud.Resource[Database], regular *Backup, job, path string,
) (out engine.Outcome, err error) {
	if path == "" && regular == nil {
		return out, cloud.Errorf("DATABASE_BACKUP_NOT_CONFIGURED", "Database %d has no place for backups; name one.", db.ID)
	}
	if uri, err := url.Parse(path); path != "" && (err != nil || storageOf(path) == "" || uri.Host+uri.Path == "") {
		return out, cloud.Errorf("DATABASE_INVALID_BACKUP_PATH", "%q is not the URI of a place for backups.", path)
	}
	return outcomeOf(db), runJob(ctx, tx, db.ID, job, backupLength)
}

// backupStatus is empty while no backup was ever made.
type backupStatus struct {
	Status         string     `json:"status,omitempty"`
	LastBackupTime *time.Time `json:"lastBackupTime,omitempty"`
	FailureReason  string     `json:"failureReason,omitempty"`
}

func getProBackupStatus(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Region       string `query:"regionName" json:"-"`
},
) (any, error) {
	db, err := ProDatabases.read(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return nil, err
	}
	regular, job, err := db.Body.backups(in.Region, wrongBackup{
		"BACKUP_STATUS_REGION_NAME_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
		"ACTIVE_ACTIVE_BACKUP_STATUS_MISSING_REGION_NAME", "ACTIVE_ACTIVE_INVALID_BACKUP_STATUS_REGION_NAME",
	})
	if err != nil {
		return nil, err
	}
	return showBackup(ctx, tx, db, regular, job)
}

func getEssentialsBackupStatus(ctx context.Context, tx *store.Tx, in databasePath) (any, error) {
	db, err := EssentialsDatabases.read(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	return showBackup(ctx, tx, db, db.Body.Backup, backupJob)
}

// showBackup shows the last backup that was asked for, and none of those that are made by themselves.
func showBackup(
	ctx context.Context, tx *store.Tx, db cloud.Resource[Database], regular *Backup, name string,
) (any, error) {
	job, ok, err := lastJob(ctx, tx, db.ID, name)
	if err != nil {
		return nil, err
	}
	if !ok && regular == nil {
		return nil, cloud.Errorf("DATABASE_BACKUP_DISABLED", "Backups of database %d are disabled.", db.ID)
	}
	var status backupStatus
	if ok {
		status = backupStatus{Status: jobStatus(job.Status, "in-progress", "success"), FailureReason: failureOf(job)}
		if job.Status != cloud.StatusPending {
			status.LastBackupTime = new(wire.Date(job.UpdatedAt))
		}
	}
	out := outcomeOf(db)
	out.Resource = status
	return out, nil
}
