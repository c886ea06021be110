// Package subscription is subscriptions and their databases: Pro, in one region or Active-Active, and Essentials. It is
// the core of the dialect, and the largest package by far, since its families share too much to be apart: a database is
// checked, priced, shown and provisioned in view of its subscription, and the other way round.
//
// Begin with subscription.go and database.go; location.go is how a path names a region. Packages beside it (network,
// acl, report, redirection, workspace) ask this one and are never asked: what they must be told of is in Config.
package subscription

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/store"
)

// Config is what subscriptions need of what is around them.
type Config struct {
	*account.Assets

	// LeaveRegions is called when a subscription leaves regions, by id and name, to end what else it has there.
	LeaveRegions func(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error
	// LeaveRedirection is called when a database is deleted.
	LeaveRedirection func(ctx context.Context, tx *store.Tx, id int64, d Database) error
}

// service is the operations that need more than their transaction.
type service struct{ Config }

// of returns the operations for the caller's account, with what that one has.
func (c *service) of(ctx context.Context, tx *store.Tx) (*service, error) {
	assets, err := c.Of(ctx, tx)
	own := *c
	own.Assets = assets
	return &own, err
}

// Operations returns the operations on subscriptions and databases.
func Operations(cfg Config) []engine.Operation {
	c := &service{cfg}
	return slices.Concat(
		offerOperations(),
		c.subscriptionOperations(),
		pricingOperations(),
		cidrOperations(),
		maintenanceOperations(),
		c.databaseOperations(),
		c.activeActiveOperations(),
		c.essentialsOperations(),
		c.essentialsDatabaseOperations(),
		backupOperations(),
		importOperations(),
		upgradeOperations(),
		contentOperations(),
		trafficOperations(),
	)
}
