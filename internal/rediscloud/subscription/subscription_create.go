package subscription

import (
	"cmp"
	"context"
	"fmt"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/account"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/resource"
	"github.com/understudy-dev/understudy/internal/store"
)

// subscriptionCreate asks for a subscription with its first databases.
type subscriptionCreate struct {
	Name            string              `json:"name"`
	DryRun          bool                `json:"dryRun"`
	DeploymentType  string              `json:"deploymentType"`
	PaymentMethod   string              `json:"paymentMethod"`
	PaymentMethodID *int64              `json:"paymentMethodId"`
	MemoryStorage   string              `json:"memoryStorage"`
	EncryptionType  string              `json:"persistentStorageEncryptionType"`
	EncryptionKeys  *keysSpec           `json:"persistentStorageEncryptionKeys"`
	CloudProviders  []cloudProviderSpec `json:"cloudProviders"`
	Databases       []firstDatabase     `json:"databases"`
	RedisVersion    string              `json:"redisVersion"`
	PublicAccess    *bool               `json:"publicEndpointAccess"`
}

type cloudProviderSpec struct {
	Provider       string            `json:"provider"`
	CloudAccountID *int64            `json:"cloudAccountId"`
	Regions        []regionSpec      `json:"regions"`
	ResourceTags   []resourceTagSpec `json:"resourceTags"`
}

// account is the cloud account that a subscription is to live in.
func (p cloudProviderSpec) account() int64 {
	if p.CloudAccountID == nil {
		return account.InternalCloudAccount
	}
	return *p.CloudAccountID
}

type regionSpec struct {
	Region     string   `json:"region"`
	MultiAZ    bool     `json:"multipleAvailabilityZones"`
	Zones      []string `json:"preferredAvailabilityZones"`
	Networking struct {
		DeploymentCIDR  string   `json:"deploymentCIDR"`
		VPCID           string   `json:"vpcId"`
		SubnetIDs       []string `json:"subnetIds"`
		SecurityGroupID string   `json:"securityGroupId"`
	} `json:"networking"`
}

// firstDatabase is a database, or several alike, to be created along.
type firstDatabase struct {
	DatabaseSpec
	Quantity *int64 `json:"quantity"` // nil: one
}

func (f firstDatabase) count() int64 {
	if f.Quantity == nil {
		return 1
	}
	return *f.Quantity
}

// expand lists the databases one by one: several alike get their number as a
// suffix of the name.
func (f firstDatabase) expand() []DatabaseSpec {
	if f.count() == 1 {
		return []DatabaseSpec{f.DatabaseSpec}
	}
	var specs []DatabaseSpec
	for i := range f.count() {
		spec := f.DatabaseSpec
		spec.Name = fmt.Sprintf("%s-%d", f.Name, i+1)
		specs = append(specs, spec)
	}
	return specs
}

func (c *service) createProSubscription(
	ctx context.Context, tx *store.Tx, in subscriptionCreate,
) (out engine.Outcome, err error) {
	if c, err = c.of(ctx, tx); err != nil {
		return out, err
	}
	body, err := c.newSubscription(in)
	if err != nil {
		return out, err
	}
	if err := c.CheckCloudAccount(ctx, tx, body.CloudAccountID, body.Provider); err != nil {
		return out, err
	}
	for i := range in.Databases {
		in.Databases[i].RedisVersion = cmp.Or(in.Databases[i].RedisVersion, in.RedisVersion)
	}
	specs, err := firstDatabases(in)
	if err != nil {
		return out, err
	}
	sub := cloud.Resource[Subscription]{Name: in.Name, Status: cloud.StatusPending, Body: body}
	if in.DryRun {
		pricing, err := priceSubscription(sub.Body, in.Databases)
		return engine.Outcome{Resource: pricing}, err
	}
	first, err := designFirst(sub.Body, specs)
	if err != nil {
		return out, err
	}
	if sub.Body.Encryption.waits() {
		sub.Body.Encryption.First = first
		sub, err = resource.Insert(ctx, tx, sub)
		return planChange(tx, sub, subscriptionCreation, statusKeyPending), err
	}
	if sub, err = resource.Insert(ctx, tx, sub); err != nil {
		return out, err
	}
	err = insertFirst(ctx, tx, sub.ID, first, subscriptionCreation)
	return planChange(tx, sub, subscriptionCreation, cloud.StatusActive), err
}

// designed is a checked database that is not stored yet.
type designed struct {
	Name string   `json:"name"`
	Body Database `json:"body"`
}

// designFirst makes the first databases of a subscription.
func designFirst(sub Subscription, specs []DatabaseSpec) (list []designed, err error) {
	taken := siblings{names: map[string]bool{}, ports: map[int64]bool{}}
	for _, spec := range specs {
		body, err := designDatabase(sub, spec, taken)
		if err != nil {
			return nil, err
		}
		taken.number++
		taken.names[spec.Name], taken.ports[body.Port] = true, true
		list = append(list, designed{spec.Name, body})
	}
	return list, nil
}

// insertFirst stores the first databases of a subscription, which become active after a
// while, when the subscription does.
func insertFirst(ctx context.Context, tx *store.Tx, subscription int64, list []designed, takes cloud.Length) error {
	taken := siblings{ports: map[int64]bool{}}
	for _, d := range list {
		taken.ports[d.Body.Port] = true
	}
	for _, d := range list {
		db, err := insertDatabase(ctx, tx, subscription, d.Name, d.Body, taken)
		if err != nil {
			return err
		}
		taken.ports[db.Body.Port] = true
		tx.Plan(cloud.Step{
			Kind: db.Body.Kind(), ID: db.ID, Holds: hold(subscription), Takes: takes, Status: cloud.StatusActive,
		})
	}
	return nil
}

// newSingleRegion checks where a subscription of one region is to live.
func newSingleRegion(in subscriptionCreate) (s Subscription, err error) {
	provider, where, err := in.onlyLocation()
	if err != nil {
		return s, err
	}
	s = Subscription{
		MemoryStorage:  cmp.Or(in.MemoryStorage, catalog.RAM),
		Provider:       cmp.Or(provider.Provider, catalog.AWS),
		CloudAccountID: provider.account(),
		Region:         where.Region,
		MultiAZ:        where.MultiAZ,
		Zones:          where.Zones,
		CIDR:           where.Networking.DeploymentCIDR,
		PublicAccess:   in.PublicAccess == nil || *in.PublicAccess,
		Maintenance:    Maintenance{Mode: automatic},
	}
	if s.CloudAccountID == account.InternalCloudAccount {
		s.CIDR = cmp.Or(s.CIDR, defaultCIDR)
	}
	if err := checkDeployment(s); err != nil {
		return s, err
	}
	if err := s.setNetwork(provider, where); err != nil {
		return s, err
	}
	return s, nil
}

// newSubscription checks what is asked of the subscription itself, and fills in
// what is not said. The checks need nothing but the request and the data files.
func (c *service) newSubscription(in subscriptionCreate) (s Subscription, err error) {
	if in.DeploymentType == activeActive {
		s, err = newActiveActive(in)
	} else {
		s, err = newSingleRegion(in)
	}
	if err != nil {
		return s, err
	}
	if s.Encryption, err = in.encryption(s); err != nil {
		return s, err
	}
	s.PaymentMethod, s.PaymentMethodID, err = c.payment(cmp.Or(in.PaymentMethod, creditCard), in.PaymentMethodID)
	if err != nil {
		return s, err
	}
	if in.RedisVersion != "" {
		version, ok := catalog.ProVersion(in.RedisVersion)
		if !ok {
			return s, cloud.Errorf("SUBSCRIPTION_REDIS_VERSION_INVALID_VALUE",
				"Redis %s is not available to Pro subscriptions.", in.RedisVersion)
		}
		s.RedisVersion = version.Version
	}
	return s, nil
}

// firstDatabases lists all databases asked for, one by one, after what can be
// checked without looking at one alone.
func firstDatabases(in subscriptionCreate) ([]DatabaseSpec, error) {
	if len(in.Databases) == 0 {
		return nil, cloud.Errorf("SUBSCRIPTION_MUST_HAVE_AT_LEAST_ONE_DATABASE",
			"A subscription is created with at least one database.")
	}
	var specs []DatabaseSpec
	for _, first := range in.Databases {
		if err := checkSameVersion(in.RedisVersion, first.RedisVersion); err != nil {
			return nil, err
		}
		if n := first.count(); n < 1 || n > maxFirstDatabases-int64(len(specs)) {
			return nil, cloud.Errorf("DATABASE_INVALID_QUANTITY",
				"A subscription is created with 1 to %d databases.", maxFirstDatabases)
		}
		specs = append(specs, first.expand()...)
	}
	if in.DeploymentType == activeActive {
		if err := checkActiveActiveCount(len(specs)); err != nil {
			return nil, err
		}
	}
	return specs, checkDistinct(specs)
}

// priceSubscription returns what a subscription would cost that is not created:
// one line for several databases alike, and in the internal cloud account the minimum.
func priceSubscription(sub Subscription, databases []firstDatabase) (p Pricing, err error) {
	var sizes []DatabasePricing
	for _, first := range databases {
		var db Database
		for _, spec := range first.expand() {
			if db, err = designDatabase(sub, spec, siblings{}); err != nil {
				return p, err
			}
		}
		for _, size := range db.Pricing(first.Name) {
			size.Quantity = first.count()
			sizes = append(sizes, size)
		}
	}
	p.Pricing = PriceDatabases(sizes)
	if sub.CloudAccountID == account.InternalCloudAccount {
		p.Pricing = append(p.Pricing, PriceMinimum(sub)...)
	}
	return p, nil
}
