package catalog

import (
	"cmp"
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

type databaseCreateRequest struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	DatabaseSpec
}

// A database is created in a subscription that is active, which is pending until
// the database is there.
func (c *Catalog) createProDatabase(ctx context.Context, tx *store.Tx, in databaseCreateRequest) (out engine.Outcome, err error) {
	sub, err := subscriptionForDatabase(ctx, tx, in.Subscription)
	if err != nil {
		return out, err
	}
	near, err := neighboursIn(ctx, tx, sub.ID)
	if err != nil {
		return out, err
	}
	if err := c.checkSearch(sub.Body, in.DatabaseSpec); err != nil {
		return out, err
	}
	body, err := c.designDatabase(sub.Body, in.DatabaseSpec, near)
	if err != nil {
		return out, err
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	if in.DryRun {
		return c.priceDatabase(in.Name, body), nil
	}
	db, err := insertDatabase(ctx, tx, sub.ID, in.Name, body, near)
	if err != nil {
		return out, err
	}
	step := stepTo(db, databaseCreation, cloud.StatusActive)
	step.Holds = hold(sub.ID)
	return outcomeOf(db, step), nil
}

// priceDatabase is the outcome of a dry run.
func (c *Catalog) priceDatabase(name string, d Database) engine.Outcome {
	return engine.Outcome{Resource: Pricing{c.priceDatabases(d.pricing(name))}}
}

// insertDatabase stores a checked database, pending, and gives it a port if it asks
// for none. The step that makes it active is up to the caller.
func insertDatabase(ctx context.Context, tx *store.Tx, subscription int64, name string, body Database, near neighbours) (db cloud.Resource[Database], err error) {
	db = cloud.Resource[Database]{Parent: subscription, Name: name, Status: cloud.StatusPending, Body: body}
	if db.ID, err = store.NextID[Database](ctx, tx); err != nil {
		return db, err
	}
	if db.Body.Port == 0 {
		if db.Body.Port, err = near.freePort(db.ID); err != nil {
			return db, err
		}
	}
	return db, store.Insert(ctx, tx, db)
}

// designDatabase makes a database of what a request says and of the defaults, without a
// port if it asks for none. near are those that are there already.
func (c *Catalog) designDatabase(sub Subscription, spec DatabaseSpec, near neighbours) (d Database, err error) {
	locals, err := sub.locals(spec, near)
	if err != nil {
		return d, err
	}
	if spec.ShardingType == "custom-regex-rules" {
		return d, cloud.Errorf("DATABASE_SHARDING_TYPE_IS_NOT_SUPPORTED", "Create the database first; an update gives it regex rules of its own.")
	}
	version, err := c.versionFor(sub, spec)
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
		if version.speaksRESP3() {
			d.RespVersion = resp3
		}
	}
	if d.MemoryStorage == ramAndFlash {
		d.RAMPercentage = 20
		set(&d.ItemSize, spec.ItemSize)
	}
	set(&d.Port, spec.Port)
	if err := spec.applyTo(&d); err != nil {
		return d, err
	}
	if err := c.checkSettings(d, version); err != nil {
		return d, err
	}
	if spec.Port != nil {
		if err := near.checkPort(*spec.Port); err != nil {
			return d, err
		}
	}
	return d, near.checkName(spec.Name)
}

// versionFor is the version asked for: by the database, else by its subscription.
func (c *Catalog) versionFor(sub Subscription, spec DatabaseSpec) (redisVersion, error) {
	version, err := c.versionForModules(proOffer, cmp.Or(spec.RedisVersion, sub.RedisVersion), spec.Modules)
	if spec.RedisVersion == "" && sub.RedisVersion != "" {
		version.chosen = "that of the subscription"
	}
	return version, err
}

// versionForModules is the version asked for, else the default. Nobody who names
// modules and no version means one that has them built in and refuses them, so the
// newest other one is taken.
func (c *Catalog) versionForModules(offer, asked string, modules []DatabaseModule) (redisVersion, error) {
	version, ok := c.askedVersion(offer, asked)
	if _, known := c.version(asked); !ok && known {
		return version, cloud.Errorf("DATABASE_REDIS_VERSION_IS_NOT_SUPPORTED", "Redis %s is not for new databases of %s subscriptions.", asked, offer)
	}
	if !ok {
		return version, cloud.Errorf("DATABASE_REDIS_VERSION_INVALID_VALUE", "There is no Redis %q.", asked)
	}
	if asked == "" && len(modules) > 0 {
		for _, v := range c.versionsOf(offer) {
			if !v.BundledModules {
				v.chosen = "the newest that modules can be asked of, as no redisVersion is given"
				return v, nil
			}
		}
	}
	return version, nil
}

// versionOf is the version that a database runs.
func (c *Catalog) versionOf(d Database) redisVersion {
	version, _ := c.version(d.RedisVersion)
	version.chosen = "that of the database"
	return version
}

// version finds a version by its name.
func (c *Catalog) version(name string) (redisVersion, bool) {
	i := slices.IndexFunc(c.versions, func(v redisVersion) bool { return v.Version == name })
	if i < 0 {
		return redisVersion{}, false
	}
	return c.versions[i], true
}
