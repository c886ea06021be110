package subscription

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

// upgradeLength is how long an upgrade takes.
const upgradeLength cloud.Length = "database.upgrade"

// statusUpgrading is a Pro database that gets another version. Clients know the
// word of Pro databases only; to them an Essentials database is being changed.
const statusUpgrading cloud.Status = "active-upgrade-pending"

func upgradeOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listProDatabaseTargetVersions", ProDatabases.targetVersions),
		engine.Task("upgradeProDatabase", ProDatabases.upgradeDatabase),
		engine.Answer("getProDatabaseUpgradeStatus", ProDatabases.getUpgradeStatus),
		engine.Answer("listEssentialsDatabaseTargetVersions", EssentialsDatabases.targetVersions),
		engine.Task("upgradeEssentialsDatabase", EssentialsDatabases.upgradeDatabase),
		engine.Answer("getEssentialsDatabaseUpgradeStatus", EssentialsDatabases.getUpgradeStatus),
	}
}

// upgradesOf lists the versions that a database can be upgraded to, newest first:
// the newer ones of its offer. Active-Active databases stay with theirs.
func upgradesOf(d Database, offer string) []catalog.RedisVersion {
	if d.Protocol == memcached || d.ActiveActive() {
		return nil
	}
	own, _ := versionNamed(d.RedisVersion)
	return slices.DeleteFunc(catalog.VersionsOf(offer), func(v catalog.RedisVersion) bool { return v.Compare(own) <= 0 })
}

type targetVersionList struct {
	Targets []targetVersion `json:"targets"`
}

type targetVersion struct {
	RedisVersion string `json:"redisVersion"`
}

func (s Databases) targetVersions(ctx context.Context, tx *store.Tx, in databasePath) (targetVersionList, error) {
	list := targetVersionList{Targets: []targetVersion{}}
	db, err := s.read(ctx, tx, in)
	if err != nil {
		return list, err
	}
	for _, v := range upgradesOf(db.Body, s.offer) {
		list.Targets = append(list.Targets, targetVersion{v.Version})
	}
	return list, nil
}

type databaseUpgrade struct {
	Subscription int64  `path:"subscriptionId" json:"-"`
	ID           int64  `path:"databaseId" json:"-"`
	Version      string `json:"targetRedisVersion"`
}

func (s Databases) upgradeDatabase(
	ctx context.Context, tx *store.Tx, in databaseUpgrade,
) (out engine.Outcome, err error) {
	db, err := s.lock(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	job, again, err := lastJob(ctx, tx, db.ID, upgradeJob)
	if err != nil {
		return out, err
	}
	d := db.Body
	upgrades := upgradesOf(d, s.offer)
	i := slices.IndexFunc(upgrades, func(v catalog.RedisVersion) bool { return v.Version == in.Version })
	switch {
	case again && job.Status == cloud.StatusPending:
		return out, cloud.Errorf("DATABASE_UPGRADE_IS_ALREADY_RUNNING",
			"Database %d is being upgraded to Redis %s already.", db.ID, job.Body.Target)
	case db.Status != cloud.StatusActive:
		return out, databaseNotActive(db)
	case d.Protocol == memcached:
		return out, cloud.Errorf("DATABASE_UPGRADE_OF_MEMCACHED_IS_NOT_SUPPORTED",
			"A database with the protocol %s has no version of Redis.", memcached)
	case d.ActiveActive():
		return out, cloud.Errorf("ACTIVE_ACTIVE_DATABASE_UPGRADE_IS_NOT_SUPPORTED",
			"Database %d is Active-Active, which cannot be upgraded.", db.ID)
	case i < 0:
		return out, cloud.Errorf("DATABASE_UPGRADE_INVALID_REDIS_VERSION",
			"Database %d runs Redis %s and cannot be upgraded to %q.", db.ID, d.RedisVersion, in.Version)
	}
	store.SetStatus[Database](tx, db.ID, s.upgrading)
	id, err := startJob(ctx, tx, db.ID, upgradeJob, Job{Target: in.Version})
	if err != nil {
		return out, err
	}
	planUpgrade(tx, db, id, upgrades[i])
	return outcomeOf(db), nil
}

// planUpgrade makes the upgrade go on by quarters. At its end the database has
// the version, and names no modules any more if that has all of them.
func planUpgrade(tx *store.Tx, db cloud.Resource[Database], job int64, target catalog.RedisVersion) {
	for quarter := range 3 {
		tx.Plan(cloud.Step{
			Kind: Job{}.Kind(), ID: job, Takes: upgradeLength, Part: float64(quarter+1) / 4, Status: cloud.StatusPending,
			Patch: fmt.Appendf(nil, `{"progress": %d}`, 25*(quarter+1)),
		})
	}
	patch := map[string]any{"redisVersion": target.Version}
	if target.BundledModules {
		patch["modules"] = nil
	}
	change, _ := json.Marshal(patch) // of texts, which cannot fail
	tx.Plan(
		cloud.Step{
			Kind: Job{}.Kind(), ID: job, Takes: upgradeLength, Status: cloud.StatusActive,
			Patch: json.RawMessage(`{"progress": 100}`),
		},
		cloud.Step{Kind: db.Body.Kind(), ID: db.ID, Takes: upgradeLength, Status: cloud.StatusActive, Patch: change},
	)
}

type upgradeStatus struct {
	ID       int64   `json:"databaseId"`
	Version  string  `json:"targetRedisVersion"`
	Progress float64 `json:"progress"` // percent
	Status   string  `json:"upgradeStatus"`
}

// It returns DATABASE_UPGRADE_WORKFLOW_NOT_FOUND for a database that was never upgraded.
func (s Databases) getUpgradeStatus(
	ctx context.Context, tx *store.Tx, in databasePath,
) (status upgradeStatus, err error) {
	db, err := s.read(ctx, tx, in)
	if err != nil {
		return status, err
	}
	job, ok, err := lastJob(ctx, tx, db.ID, upgradeJob)
	switch {
	case err != nil:
		return status, err
	case !ok:
		return status, cloud.Errorf("DATABASE_UPGRADE_WORKFLOW_NOT_FOUND", "An upgrade of database %d was not found.", db.ID)
	}
	return upgradeStatus{
		ID: db.ID, Version: job.Body.Target, Progress: job.Body.Progress,
		Status: jobStatus(job.Status, "in-progress", "done"),
	}, nil
}
