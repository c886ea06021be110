package subscription

import (
	"context"
	"errors"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/store"
)

// Databases are the databases of one kind of subscriptions. Each kind has operations of its own on them, and those
// that do the same for both are its methods.
type Databases struct {
	subscription string       // name of the kind of their subscriptions
	offer        string       // whose versions they can have
	upgrading    cloud.Status // of one that gets another version
	// findSubscription returns an error if there is no such subscription: SUBSCRIPTION_NOT_FOUND.
	findSubscription func(ctx context.Context, tx *store.Tx, id int64) error
	// early is HasNothingYet, where a database may be created with its subscription; else nil.
	early func(ctx context.Context, tx *store.Tx, subscription int64) (bool, error)
}

// ProDatabases are those of Pro subscriptions, Active-Active ones among them.
var ProDatabases = Databases{
	subscription: Subscription{}.Kind().Name,
	offer:        catalog.ProOffer,
	upgrading:    statusUpgrading,
	early:        HasNothingYet,
	findSubscription: func(ctx context.Context, tx *store.Tx, id int64) error {
		_, err := ReadSubscription(ctx, tx, id)
		return err
	},
}

// EssentialsDatabases are those of Essentials subscriptions.
var EssentialsDatabases = Databases{
	subscription: Essentials{}.Kind().Name,
	offer:        catalog.EssentialsOffer,
	upgrading:    statusChanging, // clients know statusUpgrading of Pro databases only
	findSubscription: func(ctx context.Context, tx *store.Tx, id int64) error {
		_, err := readEssentials(ctx, tx, id)
		return err
	},
}

// HasNothingYet reports whether a Pro subscription is still being created: then neither are its databases there for
// clients.
func HasNothingYet(ctx context.Context, tx *store.Tx, subscription int64) (bool, error) {
	sub, ok, err := store.Get[Subscription](ctx, tx, subscription)
	return ok && BeingCreated(sub), err
}

// Has reports whether a database that was read is one of these.
func (s Databases) Has(db cloud.Resource[Database]) bool { return db.ParentKind == s.subscription }

// BySubscription lists all of them by their subscriptions: one question, where one for each subscription would be many.
func (s Databases) BySubscription(ctx context.Context, tx *store.Tx) (map[int64][]cloud.Resource[Database], error) {
	all, err := store.AllBelow[Database](ctx, tx, s.subscription)
	below := map[int64][]cloud.Resource[Database]{}
	for _, db := range all {
		below[db.Parent] = append(below[db.Parent], db)
	}
	return below, err
}

// NotFound says what exactly of a path is not there.
func (s Databases) NotFound(ctx context.Context, tx *store.Tx, subscription, id int64) error {
	if err := s.findSubscription(ctx, tx, subscription); err != nil {
		return err
	}
	return cloud.Errorf("DATABASE_NOT_FOUND", "Database %d was not found in subscription %d.", id, subscription)
}

// errWrongSubscription is the error of a database that is found, in another subscription than
// it is looked for: not of the subscription, if that is missing.
func errWrongSubscription(path databasePath, missing error) error {
	if failure := (&cloud.Error{}); errors.As(missing, &failure) && failure.Code == "DATABASE_NOT_FOUND" {
		return cloud.Errorf("DATABASE_SUBSCRIPTION_MISMATCH",
			"Database %d is not one of subscription %d.", path.ID, path.Subscription)
	}
	return missing
}

// databasePath is a database as a path names it.
type databasePath struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	ID           int64 `path:"databaseId" json:"-"`
}

// find finds a database; ok is false where there is none, or not yet.
func (s Databases) find(ctx context.Context, tx *store.Tx, id int64) (db cloud.Resource[Database], ok bool, err error) {
	db, ok, err = store.Get[Database](ctx, tx, id)
	ok = ok && s.Has(db)
	if err != nil || !ok || db.ActivatedAt != nil || s.early == nil {
		return db, ok, err
	}
	early, err := s.early(ctx, tx, db.Parent)
	return db, !early, err
}

// read reads a database of a subscription to show it, in whatever state.
// It returns SUBSCRIPTION_NOT_FOUND and DATABASE_NOT_FOUND.
func (s Databases) read(ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[Database], error) {
	db, ok, err := s.find(ctx, tx, path.ID)
	if err == nil && (!ok || db.Parent != path.Subscription) {
		err = s.NotFound(ctx, tx, path.Subscription, path.ID)
	}
	return db, err
}

// lock locks a database of a subscription that is to be changed.
// It returns SUBSCRIPTION_NOT_FOUND, DATABASE_NOT_FOUND, DATABASE_SUBSCRIPTION_MISMATCH and
// DATABASE_NOT_ACTIVE: what is being deleted cannot be changed any more.
func (s Databases) lock(ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[Database], error) {
	db, ok, err := s.find(ctx, tx, path.ID)
	switch {
	case err != nil:
		return db, err
	case !ok:
		return db, s.NotFound(ctx, tx, path.Subscription, path.ID)
	case db.Parent != path.Subscription:
		return db, errWrongSubscription(path, s.NotFound(ctx, tx, path.Subscription, path.ID))
	case db.Status == cloud.StatusDeleting:
		return db, databaseNotActive(db)
	}
	return db, nil
}

// lockActive is lock for what only an active database can do.
func (s Databases) lockActive(ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[Database], error) {
	db, err := s.lock(ctx, tx, path)
	if err == nil && db.Status != cloud.StatusActive {
		err = databaseNotActive(db)
	}
	return db, err
}

func databaseNotActive(db cloud.Resource[Database]) error {
	return cloud.Errorf("DATABASE_NOT_ACTIVE", "Database %d is not in an active state: it is %s.", db.ID, db.Status)
}

// lockDoomed locks a database that is to be deleted, in any state, and that leaves the
// redirection it is part of.
func (c *service) lockDoomed(
	ctx context.Context, tx *store.Tx, of Databases, path databasePath,
) (cloud.Resource[Database], error) {
	db, err := of.lock(ctx, tx, path)
	if err == nil {
		err = c.LeaveRedirection(ctx, tx, db.ID, db.Body)
	}
	return db, err
}

// deleteEmpty deletes a subscription of either kind, whose databases must have gone
// before or be on their way out.
func deleteEmpty[S cloud.Body](
	ctx context.Context, tx *store.Tx, sub cloud.Resource[S], takes cloud.Length,
) (out engine.Outcome, err error) {
	db, used, err := store.FirstBelow[Database](ctx, tx, sub.Body.Kind().Name, sub.ID, cloud.StatusDeleting)
	if err != nil {
		return out, err
	}
	if used {
		return out, cloud.Errorf("SUBSCRIPTION_IN_USE", "Subscription %d still has databases, such as %d.", sub.ID, db.ID)
	}
	store.SetStatus[S](tx, sub.ID, cloud.StatusDeleting)
	return planChange(tx, sub, takes, cloud.StatusGone), nil
}
