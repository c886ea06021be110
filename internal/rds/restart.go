package rds

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

const lengthRestart cloud.Length = "instance.restart"

// statusRebooting is that of a DB instance that restarts.
const statusRebooting cloud.Status = "rebooting"

type actionInput struct {
	instanceInput

	Restart restartOptions `json:"restart"`
}

// restartOptions change nothing here: nothing runs in a DB instance that they could spare.
type restartOptions struct {
	Server   bool           `json:"restart_server"`
	Forcible bool           `json:"forcible"`
	Delay    bool           `json:"delay"`
	Policy   *restartPolicy `json:"restart_policy"`
}

type restartPolicy struct {
	Period    []string `json:"period"`
	UTCOffset string   `json:"utc_offset"`
}

func checkRestart(ctx context.Context, tx *store.Tx, in actionInput) error {
	_, err := settled(ctx, tx, in.Instance, look)
	return err
}

// restart has a DB instance restart, also one that has failed. doc: restart-instance
func restart(ctx context.Context, tx *store.Tx, in actionInput) (out engine.Outcome, err error) {
	found, err := settled(ctx, tx, in.Instance, find)
	if err != nil {
		return out, err
	}
	store.SetStatus[instance](tx, found.ID, statusRebooting)
	tx.Plan(cloud.Step{Kind: found.Body.Kind(), ID: found.ID, Takes: lengthRestart, Status: cloud.StatusActive})
	return engine.Outcome{ResourceID: found.ID, Resource: about{Instance: subjectOf(found)}}, nil
}
