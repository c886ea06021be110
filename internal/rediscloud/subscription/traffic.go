package subscription

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// trafficStop is for how long a database that clients were redirected from gets no
// traffic at least, in business time at speed 1. doc: databases/redirect-endpoints
const trafficStop = 5 * time.Minute

// trafficJob is the stop of a database's traffic: pending until the traffic may be
// resumed.
const trafficJob = "traffic"

// StopTraffic stops the traffic of a database.
func StopTraffic[B cloud.Body](ctx context.Context, tx *store.Tx, db cloud.Resource[B]) error {
	return runJob[B](ctx, tx, db.ID, trafficJob, trafficStop)
}

// LetTraffic ends the stop of a database's traffic, if there is one.
func LetTraffic[B cloud.Body](ctx context.Context, tx *store.Tx, database int64) error {
	job, ok, err := lastJob[B](ctx, tx, database, trafficJob)
	if err != nil || !ok {
		return err
	}
	job.Body.Over = true
	if err := store.Update(ctx, tx, job); err != nil {
		return err
	}
	return store.SetStatus[Job[B]](ctx, tx, job.ID, cloud.StatusActive)
}

// TrafficView is whether clients get through.
type TrafficView struct {
	ID               int64      `json:"bdbId"`
	Status           string     `json:"trafficStatus"`
	CanResume        bool       `json:"canResume"`
	ResumeInProgress bool       `json:"resumeInProgress"`
	StopReason       string     `json:"stopReason,omitempty"`
	ResumeEligibleAt *time.Time `json:"resumeEligibleAt,omitempty"`
}

// stoppedTraffic reads the stop of a database's traffic. One that clients were never
// redirected from has no such thing.
func stoppedTraffic[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, in databasePath) (job cloud.Resource[Job[B]], err error) {
	db, err := readHosted[B, P](ctx, tx, in)
	if err != nil {
		return job, err
	}
	job, ok, err := lastJob[B](ctx, tx, db.ID, trafficJob)
	if err == nil && !ok {
		err = cloud.Errorf("ENTITY_NOT_FOUND", "Traffic of database %d was not found: none of its endpoints was redirected.", db.ID)
	}
	return job, err
}

// GetTraffic reads whether clients get through.
func GetTraffic[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, in databasePath) (view TrafficView, err error) {
	job, err := stoppedTraffic[B, P](ctx, tx, in)
	if err != nil {
		return view, err
	}
	view = TrafficView{ID: in.ID, Status: "active"}
	if job.Body.Over {
		return view, nil
	}
	view.Status, view.StopReason = "stopped", "endpoint-redirection"
	at := job.UpdatedAt
	if view.CanResume = job.Status == cloud.StatusActive; !view.CanResume {
		end, underWay, err := store.DueAt[Job[B]](ctx, tx, job.ID)
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

// ResumeTraffic lets clients through again.
func ResumeTraffic[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, in databasePath) (none struct{}, err error) {
	job, err := stoppedTraffic[B, P](ctx, tx, in)
	switch {
	case err != nil:
		return none, err
	case job.Body.Over:
		return none, nil
	case job.Status != cloud.StatusActive:
		return none, cloud.Errorf("CONFLICT_ERROR", "The traffic of database %d cannot be resumed yet.", in.ID)
	}
	return none, LetTraffic[B](ctx, tx, in.ID)
}
