package subscription

import (
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// defaultLocalOps is what a region is sized for, reading and writing, unless
// another throughput is asked for.
const defaultLocalOps = 1000

// Local is what an Active-Active database has of its own in one region.
type Local struct {
	Region  string `json:"region"`
	Number  int64  `json:"number"` // the region's, within the subscription
	MultiAZ bool   `json:"multiAZ,omitempty"`
	Reads   int64  `json:"reads"` // operations per second
	Writes  int64  `json:"writes"`

	// nil: as in all regions.
	Persistence   *string   `json:"persistence,omitempty"`
	Password      *string   `json:"password,omitempty"`
	NoDefaultUser *bool     `json:"noDefaultUser,omitempty"`
	SourceIPs     *[]string `json:"sourceIPs,omitempty"`
	Alerts        *[]Alert  `json:"alerts,omitempty"`
	RespVersion   *string   `json:"respVersion,omitempty"`

	Backup *Backup `json:"backup,omitempty"` // there is none for all regions
}

// ActiveActive reports whether it is in several regions.
func (d Database) ActiveActive() bool { return len(d.Locals) > 0 }

// at is the database as it is in one of its regions.
func (d Database) at(l Local) Database {
	d.Region, d.MultiAZ, d.Backup = l.Region, l.MultiAZ, l.Backup
	Set(&d.Persistence, l.Persistence)
	Set(&d.Password, l.Password)
	Set(&d.NoDefaultUser, l.NoDefaultUser)
	Set(&d.SourceIPs, l.SourceIPs)
	Set(&d.Alerts, l.Alerts)
	Set(&d.RespVersion, l.RespVersion)
	return d
}

// Local is the index of a region's part in Locals, or -1.
func (d Database) Local(region string) int {
	return slices.IndexFunc(d.Locals, func(l Local) bool { return l.Region == region })
}

// localThroughput is what a request says about the throughput in a region.
type localThroughput struct {
	Region string `json:"region"`
	Writes *int64 `json:"writeOperationsPerSecond"` // nil: the default, or as it is
	Reads  *int64 `json:"readOperationsPerSecond"`
}

// applyTo takes over the throughput that is named.
func (t localThroughput) applyTo(l *Local) error {
	const step = 500
	for _, ops := range []*int64{t.Reads, t.Writes} {
		switch {
		case ops == nil:
		case *ops < step || *ops%step != 0:
			return cloud.Errorf(
				"LOCAL_THROUGHPUT_READ_AND_WRITE_OPERATIONS_PER_SECOND_VALUES_MUST_BE_IN_INCREMENTS_OF_500_OR_MINIMUM",
				"Local throughput comes in steps of %d operations per second, not as %d.", step, *ops,
			)
		case *ops > maxOpsPerSecond:
			return cloud.Errorf("DATABASE_THROUGHPUT_TOO_BIG",
				"The throughput is at most %d %s.", maxOpsPerSecond, operationsPerSecond)
		}
	}
	Set(&l.Reads, t.Reads)
	Set(&l.Writes, t.Writes)
	return nil
}

// newLocal is what a database has in a region to begin with.
func newLocal(region Region) Local {
	return Local{
		Region: region.Name, Number: region.Number, MultiAZ: region.MultiAZ, Reads: defaultLocalOps, Writes: defaultLocalOps,
	}
}

// locals are the regions of a database to be created, nil in a single region.
// What is not for the subscription's type is found here.
func (s Subscription) locals(spec DatabaseSpec, taken siblings) ([]Local, error) {
	if !s.ActiveActive() {
		if len(spec.LocalThroughput) > 0 {
			return nil, cloud.Errorf("LOCAL_THROUGHPUT_MEASUREMENT_NOT_ALLOWED_WITH_SINGLE_REGION_SUBSCRIPTION",
				"Local throughput is for Active-Active subscriptions.")
		}
		return nil, nil
	}
	if err := checkActiveActive(spec); err != nil {
		return nil, err
	}
	if err := checkActiveActiveCount(taken.number + 1); err != nil {
		return nil, err
	}
	d := Database{}
	for _, region := range s.Regions {
		d.Locals = append(d.Locals, newLocal(region))
	}
	seen := map[string]bool{}
	for _, t := range spec.LocalThroughput {
		i := d.Local(t.Region)
		switch {
		case i < 0:
			return nil, cloud.Errorf("MISSING_REGIONS_BETWEEN_LOCAL_THROUGHPUT_MEASUREMENTS_AND_SUBSCRIPTION_REGIONS",
				"Throughput is named in %q, where the subscription is not.", t.Region)
		case seen[t.Region]:
			return nil, cloud.Errorf("CRDB_ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE",
				"Throughput in %s is there twice.", t.Region)
		}
		seen[t.Region] = true
		if err := t.applyTo(&d.Locals[i]); err != nil {
			return nil, err
		}
	}
	return d.Locals, nil
}

// checkActiveActiveCount refuses more databases than an Active-Active subscription has.
func checkActiveActiveCount(n int) error {
	if n > maxActiveActiveDatabase {
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_LIMIT_EXCEEDED",
			"An Active-Active subscription has a quota of %d databases.", maxActiveActiveDatabase)
	}
	return nil
}

// checkActiveActive refuses what only a database of a single region can have.
func checkActiveActive(spec DatabaseSpec) error {
	for _, m := range spec.Modules {
		if m.Name != search && m.Name != "RedisJSON" {
			return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_MODULE_IS_NOT_SUPPORTED",
				"An Active-Active database cannot have the module %s.", m.Name)
		}
	}
	switch {
	case spec.Protocol == memcached:
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_ALLOWED",
			"An Active-Active database speaks the protocol redis only.")
	case spec.Replication != nil && !*spec.Replication:
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_REPLICATION_CANNOT_BE_FALSE",
			"An Active-Active database is always replicated.")
	case spec.ReplicaOf != nil && len(*spec.ReplicaOf) > 0, spec.Replica != nil && len(spec.Replica.SyncSources) > 0:
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_REPLICA_OF_NOT_SUPPORTED",
			"An Active-Active database cannot be a replica of another.")
	case spec.BackupPath != nil && *spec.BackupPath != "", spec.RemoteBackup != nil:
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_PERIODIC_BACK_UP_PATH_NOT_ALLOWED",
			"Backups of an Active-Active database are set for each region, once it is there.")
	case spec.Throughput != nil:
		return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_INVALID_THROUGHPUT",
			"The throughput of an Active-Active database is set for each region.")
	}
	return checkActiveActiveSettings(spec.QueryFactor, spec.Alerts)
}

// checkActiveActiveSettings checks settings that a request names, nil where it
// does not, and that have errors of their own with Active-Active.
func checkActiveActiveSettings(factor *string, alerts *[]Alert) error {
	if factor != nil && *factor != standardFactor {
		return cloud.Errorf("DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED_ON_ACTIVE_ACTIVE",
			"An Active-Active database has no query performance factor but %s.", standardFactor)
	}
	if alerts == nil {
		return nil
	}
	for _, alert := range *alerts {
		switch alert.Name {
		case "syncsource-error", "syncsource-lag", "connections-limit":
			return cloud.Errorf("ACTIVE_ACTIVE_DATABASE_ALERT_NOT_SUPPORTED",
				"Active-Active databases have no alert %s.", alert.Name)
		}
	}
	return nil
}

// localPricing is what the price depends on in each region: what is written
// anywhere is written everywhere.
func (d Database) localPricing(name string) []DatabasePricing {
	var writes int64
	for _, l := range d.Locals {
		writes += l.Writes
	}
	var sizes []DatabasePricing
	for _, l := range d.Locals {
		sizes = append(sizes, DatabasePricing{
			Name:         name,
			DatasetGB:    d.DatasetGB,
			MemoryGB:     d.memoryGB(),
			Replication:  d.Replication,
			OpsPerSecond: l.Reads + writes,
			Region:       l.Region,
		})
	}
	return sizes
}
