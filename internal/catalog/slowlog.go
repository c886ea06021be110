package catalog

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

func contentOperations() []engine.Operation {
	return []engine.Operation{
		engine.Sync("getProDatabaseSlowLog", getProSlowLog),
		engine.Sync("getEssentialsDatabaseSlowLog", getSlowLog[EssentialsDatabase]),
		engine.Command("flushProDatabase", flushProDatabase),
	}
}

type slowLog struct {
	Entries []slowLogEntry `json:"entries"`
	Linked
}

type slowLogEntry struct {
	ID        int64     `json:"id"`
	StartTime time.Time `json:"startTime"`
	Duration  int64     `json:"duration"` // microseconds
	Arguments string    `json:"arguments"`
}

// Nothing runs commands here, so none is slow.
func getSlowLog[B cloud.Body, P hosted[B]](ctx context.Context, tx *store.Tx, in databasePath) (*slowLog, error) {
	if _, err := readHosted[B, P](ctx, tx, in); err != nil {
		return nil, err
	}
	return &slowLog{Entries: []slowLogEntry{}}, nil
}

func getProSlowLog(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Region       string `query:"regionName" json:"-"` // means nothing in one region
},
) (*slowLog, error) {
	return getSlowLog[Database](ctx, tx, databasePath{in.Subscription, in.ID})
}

// Only Active-Active databases can be flushed by the API.
func flushProDatabase(ctx context.Context, tx *store.Tx, in databasePath) (out engine.Outcome, err error) {
	if _, err := activeHosted[Database](ctx, tx, in); err != nil {
		return out, err
	}
	return out, cloud.Errorf(cloud.FlushSingleRegion, "Only an Active-Active database can be flushed.")
}
