package subscription

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// databaseUpdateRequest changes what it names.
type databaseUpdateRequest struct {
	Subscription int64     `path:"subscriptionId" json:"-"`
	ID           int64     `path:"databaseId" json:"-"`
	Name         *string   `json:"name"`
	RegexRules   *[]string `json:"regexRules"`
	DefaultUser  *bool     `json:"enableDefaultUser"`
	databaseSettings
}

func updateProDatabase(ctx context.Context, tx *store.Tx, in databaseUpdateRequest) (out engine.Outcome, err error) {
	db, err := ProDatabases.lock(ctx, tx, databasePath{in.Subscription, in.ID})
	if err != nil {
		return out, err
	}
	if db.Body.ActiveActive() {
		return out, cloud.Errorf("UPDATING_SINGLE_REGION_DATABASE_NOT_ALLOWED_WITH_ACTIVE_ACTIVE_SUBSCRIPTION",
			"Database %d is Active-Active: change it with its regions.", db.ID)
	}
	if err := in.checkExpiry(tx.Now); err != nil {
		return out, err
	}
	return changeDatabase(ctx, tx, db, in.Name, in.DryRun, func(d *Database) error { return in.change(db.ID, d) })
}

// changeDatabase gives a locked database another name, nil for the same, and
// other settings. A change shows at once; the database says for a while that it is
// being applied, and works on. Its subscription stays as it is.
func changeDatabase(
	ctx context.Context, tx *store.Tx, db cloud.Resource[Database], name *string, dryRun bool,
	change func(*Database) error,
) (out engine.Outcome, err error) {
	if db.Status != cloud.StatusActive {
		return out, databaseNotActive(db)
	}
	if name != nil && *name != db.Name {
		others, err := store.Beside[Database](ctx, tx, db.Parent, store.Wanted{Except: cloud.StatusDeleting, Name: *name})
		if err != nil {
			return out, err
		}
		if err := (siblings{names: map[string]bool{*name: others.Named}}).checkName(*name); err != nil {
			return out, err
		}
		db.Name = *name
	}
	before := db.Body
	if err := change(&db.Body); err != nil {
		return out, err
	}
	if err := checkSettings(db.Body, versionOf(db.Body)); err != nil {
		return out, err
	}
	if err := checkCycle(ctx, tx, db.ID, db.Body.SyncSources); err != nil {
		return out, err
	}
	if dryRun {
		return priceDatabase(db.Name, db.Body), nil
	}
	store.Update(tx, db)
	meanwhile := statusChanging
	if db.Body.OSSCluster != before.OSSCluster {
		meanwhile = statusProxyPolicy
	}
	resource.Transition[Database](tx, db.ID, meanwhile, databaseUpdate, cloud.StatusActive)
	return outcomeOf(db), nil
}

// change puts what is said into the database with an id.
func (in databaseUpdateRequest) change(id int64, d *Database) error {
	before := *d
	if err := in.applyTo(d); err != nil {
		return err
	}
	if d.Throughput.By != before.Throughput.By {
		return cloud.Errorf("DATABASE_CANT_EDIT_THROUGHPUT_BY",
			"The throughput of the database is given by %s.", before.Throughput.By)
	}
	if in.DefaultUser != nil {
		d.NoDefaultUser = !*in.DefaultUser
	}
	if !d.ActiveActive() && d.NoDefaultUser && d.password(id) != before.password(id) {
		if before.NoDefaultUser {
			return cloud.Errorf("NOT_ALLOWED_TO_UPDATE_A_DATABASE_PASSWORD_WHEN_DEFAULT_USER_IS_DISABLED",
				"The password of a default user that is switched off cannot be changed.")
		}
		return cloud.Errorf("DISABLING_THE_DEFAULT_USER_AND_UPDATING_A_NEW_PASSWORD_IS_NOT_ALLOWED",
			"The default user cannot be switched off and get a password in one go.")
	}
	if in.RegexRules != nil {
		d.RegexRules = *in.RegexRules
		if slices.Equal(d.RegexRules, standardRegexRules()) {
			d.RegexRules = nil
		}
	}
	return nil
}

// A database is shown for a while as it goes: the official provider looks until one of an
// Active-Active subscription has gone.
func (c *service) deleteProDatabase(
	ctx context.Context, tx *store.Tx, in databasePath,
) (out engine.Outcome, err error) {
	db, err := c.lockDoomed(ctx, tx, ProDatabases, in)
	if err != nil {
		return out, err
	}
	resource.Transition[Database](tx, db.ID, cloud.StatusDeleting, databaseDeletion, cloud.StatusGone)
	return outcomeOf(db), nil
}
