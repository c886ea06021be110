package subscription

import (
	"cmp"
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

type databaseCreateRequest struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	DatabaseSpec
}

// A database is created in a subscription that is active, which is pending until
// the database is there.
func createProDatabase(ctx context.Context, tx *store.Tx, in databaseCreateRequest) (out engine.Outcome, err error) {
	sub, err := subscriptionForDatabase(ctx, tx, in.Subscription)
	if err != nil {
		return out, err
	}
	taken, err := siblingsOf(ctx, tx, sub, in.Name, in.Port)
	if err != nil {
		return out, err
	}
	if err := checkSearch(sub.Body, in.DatabaseSpec); err != nil {
		return out, err
	}
	body, err := designDatabase(sub.Body, in.DatabaseSpec, taken)
	if err != nil {
		return out, err
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	if in.DryRun {
		return priceDatabase(in.Name, body), nil
	}
	db, err := insertDatabase(ctx, tx, sub.ID, in.Name, body, taken)
	if err != nil {
		return out, err
	}
	step := resource.Step(db, databaseCreation, cloud.StatusActive)
	step.Holds = hold(sub.ID)
	tx.Plan(step)
	return outcomeOf(db), nil
}

// priceDatabase is the outcome of a dry run.
func priceDatabase(name string, d Database) engine.Outcome {
	return engine.Outcome{Resource: Pricing{PriceDatabases(d.Pricing(name))}}
}

// insertDatabase stores a checked database, pending, and gives it a port if it asks
// for none. The step that makes it active is up to the caller.
func insertDatabase(
	ctx context.Context, tx *store.Tx, subscription int64, name string, body Database, taken siblings,
) (db cloud.Resource[Database], err error) {
	db = cloud.Resource[Database]{Parent: subscription, Name: name, Status: cloud.StatusPending, Body: body}
	if db.ID, err = store.NextID[Database](ctx, tx); err != nil {
		return db, err
	}
	if db.Body.Port == 0 {
		if db.Body.Port, err = taken.freePort(db.ID); err != nil {
			return db, err
		}
	}
	store.Insert(tx, db)
	return db, nil
}

// designDatabase makes a database of what a request says and of the defaults, without a
// port if it asks for none. near are those that are there already.
func designDatabase(sub Subscription, spec DatabaseSpec, taken siblings) (d Database, err error) {
	locals, err := sub.locals(spec, taken)
	if err != nil {
		return d, err
	}
	if spec.ShardingType == "custom-regex-rules" {
		return d, cloud.Errorf("DATABASE_SHARDING_TYPE_IS_NOT_SUPPORTED",
			"Create the database first; an update gives it regex rules of its own.")
	}
	version, err := versionFor(sub, spec)
	if err != nil {
		return d, err
	}
	d = Database{
		Provider:      sub.Provider,
		Region:        sub.Region,
		MultiAZ:       sub.MultiAZ,
		MemoryStorage: sub.MemoryStorage,
		PublicAccess:  sub.PublicAccess,
		Protocol:      cmp.Or(spec.Protocol, redis),
		RedisVersion:  version.Version,
		Replication:   true,
		Throughput:    Throughput{By: operationsPerSecond, Value: 1000},
		Persistence:   "none",
		Eviction:      "volatile-lru",
		Modules:       spec.Modules,
		QueryFactor:   standardFactor,
		OSSHashing:    spec.ShardingType == "redis-oss-hashing",
		Locals:        locals,
	}
	if d.Protocol == redis {
		d.RespVersion = resp2
		if version.SpeaksRESP3() {
			d.RespVersion = resp3
		}
	}
	if d.MemoryStorage == catalog.RAMAndFlash {
		d.RAMPercentage = 20
		Set(&d.ItemSize, spec.ItemSize)
	}
	Set(&d.Port, spec.Port)
	if err := spec.applyTo(&d); err != nil {
		return d, err
	}
	if err := checkSettings(d, version); err != nil {
		return d, err
	}
	if spec.Port != nil {
		if err := taken.checkPort(*spec.Port); err != nil {
			return d, err
		}
	}
	return d, taken.checkName(spec.Name)
}

// versionFor is the version asked for: by the database, else by its subscription.
func versionFor(sub Subscription, spec DatabaseSpec) (catalog.RedisVersion, error) {
	version, err := versionForModules(catalog.ProOffer, cmp.Or(spec.RedisVersion, sub.RedisVersion), spec.Modules)
	if spec.RedisVersion == "" && sub.RedisVersion != "" {
		version.Chosen = "that of the subscription"
	}
	return version, err
}

// versionForModules is the version asked for, else the default. Nobody who names
// modules and no version means one that has them built in and refuses them, so the
// newest other one is taken.
func versionForModules(offer, asked string, modules []DatabaseModule) (catalog.RedisVersion, error) {
	version, ok := catalog.AskedVersion(offer, asked)
	if _, known := versionNamed(asked); !ok && known {
		return version, cloud.Errorf("DATABASE_REDIS_VERSION_IS_NOT_SUPPORTED",
			"Redis %s is not for new databases of %s subscriptions.", asked, offer)
	}
	if !ok {
		return version, cloud.Errorf("DATABASE_REDIS_VERSION_INVALID_VALUE", "There is no Redis %q.", asked)
	}
	if asked == "" && len(modules) > 0 {
		for _, v := range catalog.VersionsOf(offer) {
			if !v.BundledModules {
				v.Chosen = "the newest that modules can be asked of, as no redisVersion is given"
				return v, nil
			}
		}
	}
	return version, nil
}

// versionOf is the version that a database runs.
func versionOf(d Database) catalog.RedisVersion {
	version, _ := versionNamed(d.RedisVersion)
	version.Chosen = "that of the database"
	return version
}

// versionNamed finds a version by its name.
func versionNamed(name string) (catalog.RedisVersion, bool) {
	i := slices.IndexFunc(catalog.Versions(), func(v catalog.RedisVersion) bool { return v.Version == name })
	if i < 0 {
		return catalog.RedisVersion{}, false
	}
	return catalog.Versions()[i], true
}
