// Package rediscloud is the dialect of Redis Cloud: what a task, an error and a link look like to its clients, and all
// of its operations, a package per family.
//
// The families lie side by side over the core, package subscription; only this package knows all of them. Arrows point
// one way: rediscloud → {network, acl, report, redirection, workspace} → subscription → account → catalog.
package rediscloud

import (
	"context"
	"errors"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/acl"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/network"
	"github.com/understudy-dev/understudy/internal/rediscloud/redirection"
	"github.com/understudy-dev/understudy/internal/rediscloud/report"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
	"github.com/understudy-dev/understudy/internal/rediscloud/workspace"
	"github.com/understudy-dev/understudy/internal/store"
)

// Operations returns every operation there is, for accounts that have what a setup says. It refuses
// a setup in which something is there twice.
func Operations(setup account.Setup) ([]engine.Operation, error) {
	assets, err := account.NewAssets(setup)
	if err != nil {
		return nil, err
	}
	assets.LivesIn = subscription.LivesIn
	return slices.Concat(
		account.Operations(assets),
		acl.Operations(),
		catalog.Operations(),
		subscription.Operations(subscription.Config{
			Assets: assets, LeaveRegions: leaveRegions, LeaveRedirection: redirection.Leave,
		}),
		network.Operations(assets),
		report.Operations(),
		workspace.Operations(),
		redirection.Operations(),
		taskOperations(),
	), nil
}

// leaveRegions ends what connects regions of a subscription and what is granted in them.
func leaveRegions(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error {
	return errors.Join(
		acl.RevokeGrants(ctx, tx, subscription, regions),
		network.Disconnect(ctx, tx, subscription, regions),
	)
}
