package subscription

import (
	"context"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// How long changes of an Essentials database take.
const (
	essentialsDatabaseStart    cloud.Length = "essentials-database.start" // until it is no draft any more
	essentialsDatabaseCreation cloud.Length = "essentials-database.creation"
	essentialsDatabaseUpdate   cloud.Length = "essentials-database.update"
)

// stack is the protocol of a database with all modules.
const stack = "stack"

func (c *service) essentialsDatabaseOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listEssentialsDatabases", listEssentialsDatabases),
		engine.Task("createEssentialsDatabase",
			unlessPro("CREATING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", createEssentialsDatabase)),
		engine.Answer("getEssentialsDatabase", getEssentialsDatabase),
		engine.Task("updateEssentialsDatabase",
			unlessPro("UPDATING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", updateEssentialsDatabase)),
		engine.Task("deleteEssentialsDatabase",
			unlessPro("DELETING_FIXED_DATABASE_NOT_ALLOWED_WITH_A_FLEXIBLE_SUBSCRIPTION", c.deleteEssentialsDatabase)),
		engine.Answer("listEssentialsDatabaseTags", EssentialsDatabases.listTags),
		engine.Answer("createEssentialsDatabaseTag", EssentialsDatabases.createTag),
		engine.Answer("replaceEssentialsDatabaseTags", EssentialsDatabases.replaceTags),
		engine.Answer("updateEssentialsDatabaseTag", EssentialsDatabases.updateTag),
		engine.Answer("deleteEssentialsDatabaseTag", EssentialsDatabases.deleteTag),
	}
}

type essentialsDatabaseCreate struct {
	Subscription int64            `path:"subscriptionId" json:"-"`
	Protocol     string           `json:"protocol"`
	RedisVersion string           `json:"redisVersion"`
	Modules      []DatabaseModule `json:"modules"`
	essentialsSettings
}

// A database is created beside those of others, so its subscription stays active.
func createEssentialsDatabase(
	ctx context.Context, tx *store.Tx, in essentialsDatabaseCreate,
) (out engine.Outcome, err error) {
	sub, err := readEssentials(ctx, tx, in.Subscription)
	if err != nil {
		return out, err
	}
	if sub.Status != cloud.StatusActive {
		return out, errNotActive(sub)
	}
	if err := checkEssentialsRoom(ctx, tx, sub.ID); err != nil {
		return out, err
	}
	p, _ := catalog.PlanByID(sub.Body.PlanID)
	body, err := designEssentialsDatabase(p, in)
	if err != nil {
		return out, err
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	db := cloud.Resource[Database]{
		Parent: sub.ID, ParentKind: sub.Body.Kind().Name, Name: deref(in.Name), Status: account.StatusDraft, Body: body,
	}
	if err := checkEssentialsName(db.Name); err != nil {
		return out, err
	}
	if db.ID, err = store.NextID[Database](ctx, tx); err != nil {
		return out, err
	}
	if db.Body.Port, err = (siblings{}).freePort(db.ID); err != nil {
		return out, err
	}
	tx.Plan(
		resource.Step(db, essentialsDatabaseStart, cloud.StatusPending),
		resource.Step(db, essentialsDatabaseCreation, cloud.StatusActive),
	)
	store.Insert(tx, db)
	return outcomeOf(db), nil
}

// checkEssentialsName checks the name of a database that has no others beside it.
func checkEssentialsName(name string) error {
	if name == "" {
		return cloud.Errorf("FIXED_DATABASE_NAME_IS_MISSING", "A database needs a name.")
	}
	return siblings{}.checkName(name)
}

// checkEssentialsRoom refuses more databases than plans have.
func checkEssentialsRoom(ctx context.Context, tx *store.Tx, subscription int64) error {
	databases, err := store.ListBelow[Database](ctx, tx, Essentials{}.Kind().Name, subscription)
	if err != nil {
		return err
	}
	if len(databases) >= catalog.DatabasesOfPlan {
		return cloud.Errorf("FIXED_DATABASE_FIXED_SUBSCRIPTION_REACHED_MAX_DATABASES_COUNT",
			"The plan of subscription %d has a quota of %d database.", subscription, catalog.DatabasesOfPlan)
	}
	return nil
}

type essentialsDatabaseUpdateRequest struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	ID           int64 `path:"databaseId" json:"-"`
	DefaultUser  *bool `json:"enableDefaultUser"`
	essentialsSettings
}

func updateEssentialsDatabase(
	ctx context.Context, tx *store.Tx, in essentialsDatabaseUpdateRequest,
) (out engine.Outcome, err error) {
	db, err := EssentialsDatabases.lockActive(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	sub, err := readEssentials(ctx, tx, db.Parent)
	if err != nil {
		return out, err
	}
	if in.Name != nil && *in.Name != db.Name {
		if err := checkEssentialsName(*in.Name); err != nil {
			return out, err
		}
		db.Name = *in.Name
	}
	p, _ := catalog.PlanByID(sub.Body.PlanID)
	if err := in.checkPlan(p); err != nil {
		return out, err
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	change := databaseUpdateRequest{DefaultUser: in.DefaultUser, databaseSettings: in.settings()}
	if err := change.change(db.ID, &db.Body); err != nil {
		return out, err
	}
	if err := checkEssentialsDatabase(p, db.Body, versionOf(db.Body)); err != nil {
		return out, err
	}
	if err := checkCycle(ctx, tx, db.ID, db.Body.SyncSources); err != nil {
		return out, err
	}
	store.Update(tx, db)
	resource.Transition[Database](tx, db.ID, statusChanging, essentialsDatabaseUpdate, cloud.StatusActive)
	return outcomeOf(db), nil
}

// A database goes with its task: clients wait for nothing else.
func (c *service) deleteEssentialsDatabase(
	ctx context.Context, tx *store.Tx, in databasePath,
) (out engine.Outcome, err error) {
	db, err := c.lockDoomed(ctx, tx, EssentialsDatabases, in)
	if err != nil {
		return out, err
	}
	store.Remove[Database](tx, db.ID)
	return outcomeOf(db), nil
}
