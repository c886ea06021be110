package subscription

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

func contentOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("getProDatabaseSlowLog", getProSlowLog),
		engine.Answer("getEssentialsDatabaseSlowLog", getEssentialsSlowLog),
		engine.Task("flushProDatabase", flushProDatabase),
	}
}

type slowLog struct {
	Entries []slowLogEntry `json:"entries"`
	wire.Linked
}

type slowLogEntry struct {
	ID        int64     `json:"id"`
	StartTime time.Time `json:"startTime"`
	Duration  int64     `json:"duration"` // microseconds
	Arguments string    `json:"arguments"`
}

// emptySlowLog is every slow log: nothing runs commands here, so none is slow.
func emptySlowLog() *slowLog { return &slowLog{Entries: []slowLogEntry{}} }

func getEssentialsSlowLog(ctx context.Context, tx *store.Tx, in databasePath) (*slowLog, error) {
	_, err := EssentialsDatabases.read(ctx, tx, in)
	return emptySlowLog(), err
}

func getProSlowLog(ctx context.Context, tx *store.Tx, in struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Region       string `query:"regionName" json:"-"` // means nothing in one region
},
) (*slowLog, error) {
	db, err := ProDatabases.read(ctx, tx, databasePath{in.Subscription, in.ID})
	if err == nil && db.Body.ActiveActive() && db.Body.Local(in.Region) < 0 {
		err = cloud.Errorf("BAD_REQUEST", "An Active-Active database has a slow log in each region; name one that it is in.")
	}
	return emptySlowLog(), err
}

// There is nothing in a database that could be flushed.
func flushProDatabase(ctx context.Context, tx *store.Tx, in databasePath) (out engine.Outcome, err error) {
	db, err := ProDatabases.lockActive(ctx, tx, in)
	if err != nil {
		return out, err
	}
	return outcomeOf(db), nil
}
