package subscription

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// How long changes of an Active-Active subscription's regions take.
const (
	regionCreation cloud.Length = "region.creation"
	regionDeletion cloud.Length = "region.deletion"
)

func (c *service) activeActiveOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listActiveActiveRegions", listActiveActiveRegions),
		engine.Task("addActiveActiveRegion", addActiveActiveRegion),
		engine.Task("deleteActiveActiveRegions", c.deleteActiveActiveRegions),
		engine.Task("updateActiveActiveDatabaseRegions", updateActiveActiveDatabase),
	}
}

type regionList struct {
	ID      int64        `json:"subscriptionId"`
	Regions []regionView `json:"regions"`
	wire.Linked
}

type regionView struct {
	ID        int64            `json:"regionId"`
	Name      string           `json:"region"`
	CIDR      string           `json:"deploymentCidr"` // another spelling than in requests
	VPCID     string           `json:"vpcId"`
	Databases []regionDatabase `json:"databases"`
	Links     []wire.Link      `json:"links"`
}

type regionDatabase struct {
	ID          int64       `json:"databaseId"`
	Name        string      `json:"databaseName"`
	Reads       int64       `json:"readOperationsPerSecond"`
	Writes      int64       `json:"writeOperationsPerSecond"`
	RespVersion string      `json:"respVersion,omitempty"`
	Links       []wire.Link `json:"links"`
}

func listActiveActiveRegions(ctx context.Context, tx *store.Tx, in Path) (*regionList, error) {
	sub, databases, err := withDatabases(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	if !sub.Body.ActiveActive() {
		return nil, cloud.Errorf("BAD_REQUEST", "Subscription %d is not Active-Active: it has a single region.", sub.ID)
	}
	list := &regionList{ID: sub.ID, Regions: []regionView{}}
	if BeingCreated(sub) {
		return list, nil
	}
	for _, region := range sub.Body.Regions {
		view := regionView{
			ID: region.ID, Name: region.Name, CIDR: region.CIDR, VPCID: region.vpc(sub.ID),
			Databases: []regionDatabase{}, Links: wire.NoLinks(),
		}
		for _, db := range Standing(sub, databases) {
			if i := db.Body.Local(region.Name); i >= 0 {
				l := db.Body.Locals[i]
				view.Databases = append(view.Databases, regionDatabase{
					ID: db.ID, Name: db.Name, Reads: l.Reads, Writes: l.Writes,
					RespVersion: db.Body.at(l).RespVersion, Links: wire.NoLinks(),
				})
			}
		}
		list.Regions = append(list.Regions, view)
	}
	return list, nil
}

type regionCreate struct {
	ID              int64                `path:"subscriptionId" json:"-"`
	Region          string               `json:"region"`
	DryRun          bool                 `json:"dryRun"`
	DeploymentCIDR  string               `json:"deploymentCIDR"`
	VPCID           string               `json:"vpcId"`
	SubnetIDs       []string             `json:"subnetIds"`
	SecurityGroupID string               `json:"securityGroupId"`
	MultiAZ         *bool                `json:"multipleAvailabilityZones"` // the region decides
	Zones           []string             `json:"preferredAvailabilityZones"`
	Key             string               `json:"customerManagedKeyResourceName"`
	RespVersion     *string              `json:"respVersion"`
	Databases       []regionDatabaseSpec `json:"databases"`
}

// A region that is added has every database of the subscription.
func addActiveActiveRegion(ctx context.Context, tx *store.Tx, in regionCreate) (out engine.Outcome, err error) {
	sub, err := LockActiveActive(ctx, tx, in.ID, "ADDING_REGION_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	if err != nil {
		return out, err
	}
	where := in.where()
	if err := checkInternalAccount(cloudProviderSpec{}, where); err != nil {
		return out, err
	}
	if sub.Body.Encryption, err = sub.Body.Encryption.withRegion(in.Region, in.Key); err != nil {
		return out, err
	}
	if sub.Body, err = withRegion(sub.Body, where, "ACTIVE_ACTIVE_INVALID_CREATE_REGION_NAME"); err != nil {
		return out, err
	}
	region, _ := sub.Body.location(in.Region)
	databases, err := store.List[Database](ctx, tx, sub.ID)
	if err != nil {
		return out, err
	}
	locals, err := in.locals(region, databases)
	if err != nil {
		return out, err
	}
	for i := range databases {
		version := versionOf(databases[i].Body)
		if in.RespVersion != nil && *in.RespVersion == resp3 && !version.SpeaksRESP3() {
			return out, cloud.Errorf("ACTIVE_ACTIVE_CREATE_A_REGION_DATABASE_RESP_VERSION_IS_NOT_SUPPORTED",
				"Redis %s of database %s does not speak RESP3.", version.Version, databases[i].Name)
		}
		databases[i].Body.addLocal(locals[databases[i].Name])
		if err := checkSettings(databases[i].Body.at(locals[databases[i].Name]), version); err != nil {
			return out, err
		}
	}
	if in.DryRun {
		return engine.Outcome{Resource: Pricing{priceOf(sub, databases)}}, nil
	}
	out = changeRegions(tx, sub, databases, regionCreation)
	out.ResourceID, out.ParentID = region.ID, sub.ID
	return out, nil
}

func (in regionCreate) where() regionSpec {
	where := regionSpec{Region: in.Region, Zones: in.Zones}
	where.Networking.DeploymentCIDR = cmp.Or(in.DeploymentCIDR, defaultCIDR)
	where.Networking.VPCID = in.VPCID
	where.Networking.SubnetIDs = in.SubnetIDs
	where.Networking.SecurityGroupID = in.SecurityGroupID
	return where
}

// regionDatabaseSpec sizes a database for a region to be added.
type regionDatabaseSpec struct {
	Name       string           `json:"name"`
	Throughput *localThroughput `json:"localThroughputMeasurement"`
}

// locals are the parts of the databases in a new region, by the name of the
// database. One that the request does not name gets the default throughput.
func (in regionCreate) locals(region Region, databases []cloud.Resource[Database]) (map[string]Local, error) {
	locals := map[string]Local{}
	for _, db := range databases {
		l := newLocal(region)
		take(&l.RespVersion, in.RespVersion)
		locals[db.Name] = l
	}
	seen := map[string]bool{}
	for _, spec := range in.Databases {
		l, ok := locals[spec.Name]
		switch {
		case !ok:
			return nil, cloud.Errorf("DATABASE_NOT_FOUND", "Database %q was not found in the subscription.", spec.Name)
		case seen[spec.Name]:
			return nil, cloud.Errorf("ACTIVE_ACTIVE_CREATE_A_REGION_MUST_BE_DEFINED_ONCE_PER_DATABASE",
				"Database %s is there twice.", spec.Name)
		case spec.Throughput == nil:
			return nil, cloud.Errorf("ACTIVE_ACTIVE_CREATE_A_REGION_MUST_CONTAIN_LOCAL_THROUGHPUT_MEASUREMENT_IN_DATABASE_SPEC",
				"The local throughput of database %s is missing.", spec.Name)
		case spec.Throughput.Region != "" && spec.Throughput.Region != region.Name:
			return nil, cloud.Errorf("ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS",
				"Throughput in %q is named for region %s.", spec.Throughput.Region, region.Name)
		}
		seen[spec.Name] = true
		if err := spec.Throughput.applyTo(&l); err != nil {
			return nil, err
		}
		locals[spec.Name] = l
	}
	return locals, nil
}

// addLocal keeps the regions in order.
func (d *Database) addLocal(l Local) {
	i, _ := slices.BinarySearchFunc(d.Locals, l.Region, func(l Local, name string) int {
		return cmp.Compare(l.Region, name)
	})
	d.Locals = slices.Insert(slices.Clone(d.Locals), i, l)
}

type regionsDelete struct {
	ID      int64 `path:"subscriptionId" json:"-"`
	DryRun  bool  `json:"dryRun"`
	Regions []struct {
		Region string `json:"region"`
	} `json:"regions"`
}

// What the databases and the connections have in a region goes with it; one region
// stays.
func (c *service) deleteActiveActiveRegions(
	ctx context.Context, tx *store.Tx, in regionsDelete,
) (out engine.Outcome, err error) {
	sub, err := LockActiveActive(ctx, tx, in.ID, "DELETING_REGION_IS_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION")
	if err != nil {
		return out, err
	}
	doomed, err := in.names(sub.Body)
	if err != nil {
		return out, err
	}
	databases, err := store.List[Database](ctx, tx, sub.ID)
	if err != nil {
		return out, err
	}
	left := map[int64]string{}
	for name := range doomed {
		region, _ := sub.Body.location(name)
		left[region.ID] = name
	}
	sub.Body.Encryption = sub.Body.Encryption.without(doomed)
	sub.Body.Regions = slices.DeleteFunc(sub.Body.Regions, func(r Region) bool { return doomed[r.Name] })
	for i := range databases {
		databases[i].Body.Locals = slices.DeleteFunc(databases[i].Body.Locals, func(l Local) bool { return doomed[l.Region] })
	}
	if in.DryRun {
		return engine.Outcome{Resource: Pricing{priceOf(sub, databases)}}, nil
	}
	if err := forgetBackups(ctx, tx, databases, doomed); err != nil {
		return out, err
	}
	if err := c.LeaveRegions(ctx, tx, sub.ID, left); err != nil {
		return out, err
	}
	out = changeRegions(tx, sub, databases, regionDeletion)
	out.ResourceID = sub.ID
	return out, nil
}

// forgetBackups takes out the last backups in regions that databases leave: were
// one added again, there would be none of it.
func forgetBackups(
	ctx context.Context, tx *store.Tx, databases []cloud.Resource[Database], regions map[string]bool,
) error {
	for _, db := range databases {
		left := func(job cloud.Resource[Job]) bool {
			region, ok := strings.CutPrefix(job.Name, backupJob+" ")
			return ok && regions[region]
		}
		if err := Remove(ctx, tx, db.ID, left); err != nil {
			return err
		}
	}
	return nil
}

// names are the regions to be deleted.
func (in regionsDelete) names(s Subscription) (map[string]bool, error) {
	doomed := map[string]bool{}
	for _, r := range in.Regions {
		if _, ok := s.location(r.Region); !ok {
			return nil, cloud.Errorf("ACTIVE_ACTIVE_INVALID_DELETE_REGION_NAME",
				"The subscription is not in region %q.", r.Region)
		}
		if doomed[r.Region] {
			return nil, cloud.Errorf("ACTIVE_ACTIVE_DELETE_REGIONS_MUST_BE_DEFINED_ONCE", "Region %s is there twice.", r.Region)
		}
		doomed[r.Region] = true
	}
	switch len(doomed) {
	case 0:
		return nil, cloud.Errorf("ACTIVE_ACTIVE_INVALID_DELETE_REGION_NAME", "Name the regions to be deleted.")
	case len(s.Regions):
		return nil, cloud.Errorf("ACTIVE_ACTIVE_DELETE_SUBSCRIPTION_MUST_BE_DEPLOYED_IN_AT_LEAST_ONE_REGION",
			"An Active-Active subscription stays in one region at least.")
	}
	return doomed, nil
}

// changeRegions stores a subscription and its databases with other regions. They
// show at once; databases that are up take a while to follow, and the
// subscription is pending meanwhile.
func changeRegions(
	tx *store.Tx, sub cloud.Resource[Subscription], databases []cloud.Resource[Database], takes cloud.Length,
) engine.Outcome {
	store.Update(tx, sub)
	for _, db := range databases {
		store.Update(tx, db)
		if db.Status != cloud.StatusActive && db.Status != statusChanging && db.Status != statusProxyPolicy {
			continue
		}
		store.SetStatus[Database](tx, db.ID, statusChanging)
		tx.Plan(cloud.Step{
			Kind: db.Body.Kind(), ID: db.ID, Holds: hold(sub.ID), Takes: takes, Status: cloud.StatusActive,
		})
	}
	return planChange(tx, sub, takes, cloud.StatusActive)
}
