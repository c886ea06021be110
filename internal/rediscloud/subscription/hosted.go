package subscription

import (
	"context"
	"errors"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

// Hosted is the body of a database of either kind of subscription: what both can
// do is one function of B, which is Database or EssentialsDatabase.
type Hosted[B any] interface {
	*B
	// core is what both kinds have in common.
	Core() *Database
	// NotFound says what exactly of a path is not there.
	NotFound(ctx context.Context, tx *store.Tx, subscription, id int64) error
	// early reports whether the subscription of a database that has never been active is
	// itself still being created: then neither is there for clients.
	Early(ctx context.Context, tx *store.Tx, subscription int64) (bool, error)
}

// Core returns what both kinds of databases have in common.
func (d *Database) Core() *Database { return d }

// NotFound says what exactly of a path is not there.
func (*Database) NotFound(ctx context.Context, tx *store.Tx, subscription, id int64) error {
	if _, err := ReadSubscription(ctx, tx, subscription); err != nil {
		return err
	}
	return noDatabase(subscription, id)
}

// Early reports whether its subscription is itself still being created.
func (*Database) Early(ctx context.Context, tx *store.Tx, subscription int64) (bool, error) {
	sub, ok, err := store.Get[Subscription](ctx, tx, subscription)
	return ok && BeingCreated(sub), err
}

func noDatabase(subscription, id int64) error {
	return cloud.Errorf("DATABASE_NOT_FOUND", "Database %d was not found in subscription %d.", id, subscription)
}

// elsewhere is the error of a database that is found, in another subscription than
// it is looked for: not of the subscription, if that is missing.
func elsewhere(path databasePath, missing error) error {
	if failure := (&cloud.Error{}); errors.As(missing, &failure) && failure.Code == "DATABASE_NOT_FOUND" {
		return cloud.Errorf("DATABASE_SUBSCRIPTION_MISMATCH", "Database %d is not one of subscription %d.", path.ID, path.Subscription)
	}
	return missing
}

// databasePath is a database as a path names it.
type databasePath struct {
	Subscription int64 `path:"subscriptionId" json:"-"`
	ID           int64 `path:"databaseId" json:"-"`
}

// findHosted finds a database; ok is false where there is none, or not yet.
func findHosted[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, id int64) (db cloud.Resource[B], ok bool, err error) {
	db, ok, err = store.Get[B](ctx, tx, id)
	if err != nil || !ok || db.ActivatedAt != nil {
		return db, ok, err
	}
	early, err := P(&db.Body).Early(ctx, tx, db.Parent)
	return db, !early, err
}

// readHosted reads a database of a subscription to show it, in whatever state.
// It answers SUBSCRIPTION_NOT_FOUND and DATABASE_NOT_FOUND.
func readHosted[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[B], error) {
	db, ok, err := findHosted[B, P](ctx, tx, path.ID)
	if err == nil && (!ok || db.Parent != path.Subscription) {
		err = P(&db.Body).NotFound(ctx, tx, path.Subscription, path.ID)
	}
	return db, err
}

// lockHosted locks a database of a subscription that is to be changed.
// It answers SUBSCRIPTION_NOT_FOUND, DATABASE_NOT_FOUND, DATABASE_SUBSCRIPTION_MISMATCH and
// DATABASE_NOT_ACTIVE: what is being deleted cannot be changed any more.
func lockHosted[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[B], error) {
	db, ok, err := findHosted[B, P](ctx, tx, path.ID)
	switch {
	case err != nil:
		return db, err
	case !ok:
		return db, P(&db.Body).NotFound(ctx, tx, path.Subscription, path.ID)
	case db.Parent != path.Subscription:
		return db, elsewhere(path, P(&db.Body).NotFound(ctx, tx, path.Subscription, path.ID))
	case db.Status == cloud.StatusDeleting:
		return db, databaseNotActive(db)
	}
	return db, nil
}

// activeHosted is lockHosted for what only an active database can do.
func activeHosted[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, path databasePath) (cloud.Resource[B], error) {
	db, err := lockHosted[B, P](ctx, tx, path)
	if err == nil && db.Status != cloud.StatusActive {
		err = databaseNotActive(db)
	}
	return db, err
}

func databaseNotActive[B cloud.Body](db cloud.Resource[B]) error {
	return cloud.Errorf("DATABASE_NOT_ACTIVE", "Database %d is not in an active state: it is %s.", db.ID, db.Status)
}

// leaver ends what a database that is being deleted is part of.
type leaver func(ctx context.Context, tx *store.Tx, id int64, d Database) error

// doomedHosted is lockHosted for a database that is to be deleted, in any state, and
// that leaves the redirection it is part of.
func doomedHosted[B cloud.Body, P Hosted[B]](ctx context.Context, tx *store.Tx, path databasePath, leave leaver) (cloud.Resource[B], error) {
	db, err := lockHosted[B, P](ctx, tx, path)
	if err == nil {
		err = leave(ctx, tx, db.ID, *P(&db.Body).Core())
	}
	return db, err
}

// deleteEmpty deletes a subscription, whose databases, of kind D, must have gone before
// or be on their way out.
func deleteEmpty[D, S cloud.Body](ctx context.Context, tx *store.Tx, sub cloud.Resource[S], after time.Duration) (out engine.Outcome, err error) {
	databases, err := store.List[D](ctx, tx, sub.ID)
	if err != nil {
		return out, err
	}
	for _, db := range databases {
		if db.Status != cloud.StatusDeleting {
			return out, cloud.Errorf("SUBSCRIPTION_IN_USE", "Subscription %d still has databases, such as %d.", sub.ID, db.ID)
		}
	}
	if err := store.SetStatus[S](ctx, tx, sub.ID, cloud.StatusDeleting); err != nil {
		return out, err
	}
	return planChange(tx, sub, after, cloud.StatusGone), nil
}
