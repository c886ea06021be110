// Package catalog is what the cloud offers: one file per family of operations,
// each operation a plain function of an account's transaction and a typed input.
// What shall happen later, the function says as data; the engine does it.
//
// Kinds of resources are declared here, beside the Go type of their body. Regions,
// versions, modules, prices and cards are data files, read once at start.
package catalog

import (
	"bytes"
	"context"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

//go:embed data/*.json
var dataFiles embed.FS

// Catalog is the data behind the operations. It does not change after New.
type Catalog struct {
	paymentMethods     []paymentMethod
	cloudAccounts      []cloudAccount
	regions            []region
	persistenceOptions []persistenceOption
	modules            []module
	performanceFactors []string
	versions           []redisVersion // newest first
	shardTypes         []shardType
	plans              []plan // by id
	minimumPrice       minimumPrice
	defaultRules       []defaultRule
	users              []accountUser // the first is the owner
	transitGateways    []sharedGateway

	livesIn          func(ctx context.Context, tx *store.Tx, cloudAccount int64) (subscription int64, ok bool, err error)
	leaveRedirection leaver
	leaveRegions     func(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error
}

// New reads the data files and adds a setup. An error is a mistake in a file, or says what of
// the setup is there twice.
func New(setup Setup) (*Catalog, error) {
	c := Catalog{livesIn: livesIn, leaveRedirection: leaveRedirection, leaveRegions: leaveRegions}
	var table planTable
	for _, file := range []struct {
		name string
		into any
	}{
		{"payment-methods", &c.paymentMethods},
		{"cloud-accounts", &c.cloudAccounts},
		{"regions", &c.regions},
		{"data-persistence", &c.persistenceOptions},
		{"database-modules", &c.modules},
		{"query-performance-factors", &c.performanceFactors},
		{"redis-versions", &c.versions},
		{"shard-types", &c.shardTypes},
		{"essentials-plans", &table},
		{"minimum-price", &c.minimumPrice},
		{"acl-rules", &c.defaultRules},
		{"users", &c.users},
		{"transit-gateways", &c.transitGateways},
	} {
		data, err := dataFiles.ReadFile("data/" + file.name + ".json")
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", file.name, err)
		}
		decoder := json.NewDecoder(bytes.NewReader(data))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(file.into); err != nil {
			return nil, fmt.Errorf("read %s: %w", file.name, err)
		}
	}
	c.plans = table.plans()
	c.versions = newestFirst(c.versions)
	if len(c.users) == 0 {
		return nil, errors.New("read users: none")
	}
	if len(c.paymentMethods) == 0 || len(c.transitGateways) == 0 {
		return nil, errors.New("read payment-methods and transit-gateways: none")
	}
	return &c, c.add(setup)
}

// leaveRegions ends what connects regions of a subscription and what is granted in them.
func leaveRegions(ctx context.Context, tx *store.Tx, subscription int64, regions map[int64]string) error {
	return errors.Join(revokeGrants(ctx, tx, subscription, regions), disconnect(ctx, tx, subscription, regions))
}

// Operations reads the data files, adds a setup and returns every operation there
// is, for the engine to bind.
func Operations(setup Setup) ([]engine.Operation, error) {
	c, err := New(setup)
	if err != nil {
		return nil, err
	}
	return slices.Concat(
		c.accountOperations(),
		c.userOperations(),
		c.cloudAccountOperations(),
		c.aclOperations(),
		c.lookupOperations(),
		c.offerOperations(),
		c.subscriptionOperations(),
		c.pricingOperations(),
		cidrOperations(),
		c.maintenanceOperations(),
		c.peeringOperations(),
		c.transitGatewayOperations(),
		pscOperations(),
		privateLinkOperations(),
		c.databaseOperations(),
		c.activeActiveOperations(),
		logOperations(),
		c.costReportOperations(),
		workspaceOperations(),
		c.planOperations(),
		c.essentialsOperations(),
		c.essentialsDatabaseOperations(),
		c.backupOperations(),
		importOperations(),
		c.upgradeOperations(),
		contentOperations(),
		redirectionOperations(),
	), nil
}
