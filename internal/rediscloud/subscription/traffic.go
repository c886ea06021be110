package subscription

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// trafficStop is for how long a database that clients were redirected from gets no
// traffic at least. doc: databases/redirect-endpoints
const trafficStop cloud.Length = "database.traffic-stop"

// trafficJob is the stop of a database's traffic: pending until the traffic may be
// resumed.
const trafficJob = "traffic"

func trafficOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("getProDatabaseTraffic", ProDatabases.getTraffic),
		engine.Answer("resumeProDatabaseTraffic", ProDatabases.resumeTraffic),
		engine.Answer("getEssentialsDatabaseTraffic", EssentialsDatabases.getTraffic),
		engine.Answer("resumeEssentialsDatabaseTraffic", EssentialsDatabases.resumeTraffic),
	}
}

// StopTraffic stops the traffic of a database.
func StopTraffic(ctx context.Context, tx *store.Tx, db cloud.Resource[Database]) error {
	return runJob(ctx, tx, db.ID, trafficJob, trafficStop)
}

// LetTraffic ends the stop of a database's traffic, if there is one.
func LetTraffic(ctx context.Context, tx *store.Tx, database int64) error {
	job, ok, err := lastJob(ctx, tx, database, trafficJob)
	if err != nil || !ok {
		return err
	}
	job.Body.Over = true
	store.Update(tx, job)
	store.SetStatus[Job](tx, job.ID, cloud.StatusActive)
	return nil
}

// trafficView is whether clients get through.
type trafficView struct {
	ID               int64      `json:"bdbId"`
	Status           string     `json:"trafficStatus"`
	CanResume        bool       `json:"canResume"`
	ResumeInProgress bool       `json:"resumeInProgress"`
	StopReason       string     `json:"stopReason,omitempty"`
	ResumeEligibleAt *time.Time `json:"resumeEligibleAt,omitempty"`
}

// stoppedTraffic reads the stop of a database's traffic. One that clients were never
// redirected from has no such thing.
func (s Databases) stoppedTraffic(
	ctx context.Context, tx *store.Tx, in databasePath,
) (job cloud.Resource[Job], err error) {
	db, err := s.read(ctx, tx, in)
	if err != nil {
		return job, err
	}
	job, ok, err := lastJob(ctx, tx, db.ID, trafficJob)
	if err == nil && !ok {
		err = cloud.Errorf("ENTITY_NOT_FOUND",
			"Traffic of database %d was not found: none of its endpoints was redirected.", db.ID)
	}
	return job, err
}

// getTraffic reads whether clients get through.
func (s Databases) getTraffic(ctx context.Context, tx *store.Tx, in databasePath) (view trafficView, err error) {
	job, err := s.stoppedTraffic(ctx, tx, in)
	if err != nil {
		return view, err
	}
	view = trafficView{ID: in.ID, Status: "active"}
	if job.Body.Over {
		return view, nil
	}
	view.Status, view.StopReason = "stopped", "endpoint-redirection"
	at := job.UpdatedAt
	if view.CanResume = job.Status == cloud.StatusActive; !view.CanResume {
		end, underWay, err := store.DueAt[Job](ctx, tx, job.ID)
		if err != nil {
			return view, err
		}
		if underWay {
			at = end.Add(time.Second) // by then it is over, fractions included
		}
		view.CanResume = !underWay // else it ended between the two looks
	}
	view.ResumeEligibleAt = new(wire.Date(at))
	return view, nil
}

// resumeTraffic lets clients through again.
func (s Databases) resumeTraffic(ctx context.Context, tx *store.Tx, in databasePath) (none struct{}, err error) {
	job, err := s.stoppedTraffic(ctx, tx, in)
	switch {
	case err != nil:
		return none, err
	case job.Body.Over:
		return none, nil
	case job.Status != cloud.StatusActive:
		return none, cloud.Errorf("CONFLICT_ERROR", "The traffic of database %d cannot be resumed yet.", in.ID)
	}
	return none, LetTraffic(ctx, tx, in.ID)
}
