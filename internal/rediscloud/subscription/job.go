package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// What can go on with a database beside its own status: names of jobs.
const (
	backupJob  = "backup"
	importJob  = "import"
	upgradeJob = "upgrade"
)

// Job is the last backup, import, upgrade or stop of traffic of a database:
// pending while it goes on, then active, or in error if it failed. It is a
// resource of its own so that a change of the database cannot lose its end.
type Job struct {
	Target   string  `json:"target,omitempty"`   // version that an upgrade leads to
	Progress float64 `json:"progress,omitempty"` // of an upgrade, in percent
	Over     bool    `json:"over,omitempty"`     // of a stop of traffic: it was resumed
}

// Kind of all jobs.
func (Job) Kind() cloud.Kind {
	return cloud.Kind{Name: "database-job", Parent: "database", FirstID: 1}
}

// lastJob reads the last job of a database that has a name; ok is false if there
// never was one.
func lastJob(
	ctx context.Context, tx *store.Tx, database int64, name string,
) (job cloud.Resource[Job], ok bool, err error) {
	jobs, err := store.List[Job](ctx, tx, database)
	for _, job := range jobs {
		if job.Name == name {
			return job, true, err
		}
	}
	return job, false, err
}

// startJob notes that a job begins, in place of the last one, and returns its id.
func startJob(ctx context.Context, tx *store.Tx, database int64, name string, body Job) (id int64, err error) {
	job, again, err := lastJob(ctx, tx, database, name)
	if err != nil {
		return 0, err
	}
	job.Body = body
	if again {
		store.Update(tx, job)
		store.SetStatus[Job](tx, job.ID, cloud.StatusPending)
		return job.ID, nil
	}
	job.Parent, job.Name, job.Status = database, name, cloud.StatusPending
	job, err = resource.Insert(ctx, tx, job)
	return job.ID, err
}

// runJob starts a job that is over after a while.
func runJob(ctx context.Context, tx *store.Tx, database int64, name string, takes cloud.Length) error {
	id, err := startJob(ctx, tx, database, name, Job{})
	tx.Plan(cloud.Step{Kind: Job{}.Kind(), ID: id, Takes: takes, Status: cloud.StatusActive})
	return err
}

// outcomeOf names a database and its subscription in the task.
func outcomeOf(db cloud.Resource[Database]) engine.Outcome {
	return engine.Outcome{ResourceID: db.ID, ParentID: db.Parent}
}

// failureOf is why a job failed; empty: it did not.
func failureOf(job cloud.Resource[Job]) string {
	if job.Error == nil {
		return ""
	}
	return job.Error.Description
}

// jobStatus is the word for how a job goes or went.
func jobStatus(status cloud.Status, running, done string) string {
	switch status {
	case cloud.StatusActive:
		return done
	case cloud.StatusError:
		return "failed"
	default:
		return running
	}
}
