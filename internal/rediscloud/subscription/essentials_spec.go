package subscription

import (
	"cmp"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// Words of the settings of databases.
const (
	noPersistence = "none"
	aofEveryWrite = "aof-every-write"
)

// essentialsSettings is what can be said when an Essentials database is created
// and changed later. Most of it is said of Pro databases too, some in other names.
type essentialsSettings struct {
	Name *string `json:"name"`
	commonSettings
	RespVersion *string      `json:"respVersion"`
	Clustering  *bool        `json:"enableDatabaseClustering"`
	Shards      *int64       `json:"numberOfShards"`
	Persistence *string      `json:"dataPersistence"`
	Replication *bool        `json:"replication"`
	BackupPath  *string      `json:"periodicBackupPath"` // empty ends backups
	SourceIPs   *[]string    `json:"sourceIps"`
	RegexRules  *[]string    `json:"regexRules"`
	ReplicaOf   *[]string    `json:"replicaOf"`
	Replica     *replicaSpec `json:"replica"`
	Password    *string      `json:"password"`
	Alerts      *[]Alert     `json:"alerts"`
}

// settings says the same in the terms of a Pro database.
func (s essentialsSettings) settings() databaseSettings {
	same := databaseSettings{
		commonSettings: s.commonSettings,
		RespVersion:    s.RespVersion,
		Persistence:    s.Persistence,
		Replication:    s.Replication,
		BackupPath:     s.BackupPath,
		SourceIPs:      s.SourceIPs,
		ReplicaOf:      s.ReplicaOf,
		Replica:        s.Replica,
		Password:       s.Password,
		Alerts:         s.Alerts,
	}
	same.MemoryGB, same.DatasetGB = nil, nil // the plan's to say
	if s.BackupPath != nil && *s.BackupPath == "" {
		same.RemoteBackup = &backupSpec{Active: new(bool)}
	}
	// The official provider names certificates and has no word for TLS.
	if s.TLS == nil && len(s.TLSCertificates.pems) > 0 {
		same.TLS = new(true)
	}
	return same
}

// checkPlan refuses what no plan offers, or not this one, however it is meant.
// What clients say without meaning it (off, zero, none) passes.
func (s essentialsSettings) checkPlan(p catalog.Plan) error {
	said := func(b *bool) bool { return b != nil && *b }
	certificates := len(s.TLSCertificates.pems) > 0 || s.SSLCertificate != nil && *s.SSLCertificate != ""
	switch {
	case deref(s.MemoryGB) != 0 || deref(s.DatasetGB) != 0:
		return cloud.Errorf("FIXED_DATABASE_MEMORY_LIMIT_IN_GB_AND_DATA_SET_SIZE_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
			"The plan says how big a database is.")
	case said(s.OSSCluster):
		return cloud.Errorf("FIXED_DATABASE_OSS_CLUSTER_API_IS_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"Plan %d does not have the OSS Cluster API.", p.ID)
	case said(s.ExternalEndpoint):
		return cloud.Errorf("FIXED_DATABASE_USE_EXTERNAL_ENDPOINT_FOR_OSS_CLUSTER_API_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"Plan %d does not have an external endpoint for the OSS Cluster API.", p.ID)
	case said(s.Clustering):
		return cloud.Errorf("FIXED_DATABASE_ENABLE_DATABASE_CLUSTERING_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
			"A database of plan %d is not clustered.", p.ID)
	case deref(s.Shards) > 1:
		return cloud.Errorf("FIXED_DATABASE_NUMBER_OF_SHARDS_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
			"A database of plan %d has one shard.", p.ID)
	case len(deref(s.RegexRules)) > 0:
		return cloud.Errorf("FIXED_DATABASE_REGEX_RULES_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"A database of plan %d has one shard and no rules for its keys.", p.ID)
	case p.Free() && said(s.TLS):
		return cloud.Errorf("FIXED_DATABASE_ENABLE_TLS_NOT_SUPPORTED_IN_REQUESTED_PLAN", "The free plan has no TLS.")
	case p.Free() && certificates:
		return cloud.Errorf("FIXED_DATABASE_CLIENT_SSL_CERTIFICATE_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"The free plan has no TLS, and so no client certificates.")
	}
	return nil
}

// designEssentialsDatabase makes a database of what a request says and of the
// defaults.
func designEssentialsDatabase(p catalog.Plan, in essentialsDatabaseCreate) (d Database, err error) {
	if err := in.checkPlan(p); err != nil {
		return d, err
	}
	protocol := stack
	if p.RedisFlex {
		protocol = redis
	}
	version, err := versionForModules(catalog.EssentialsOffer, in.RedisVersion, in.Modules)
	if err != nil {
		return d, err
	}
	d = Database{
		Provider:      p.Provider,
		Region:        p.Region,
		MultiAZ:       p.Availability == catalog.MultiZone,
		MemoryStorage: p.MemoryStorage(),
		PublicAccess:  true,
		Protocol:      cmp.Or(in.Protocol, protocol),
		RedisVersion:  version.Version,
		Replication:   p.Replicated(),
		Persistence:   noPersistence,
		Eviction:      "volatile-lru",
		Modules:       in.Modules,
		QueryFactor:   standardFactor,
		Alerts:        []Alert{{Name: catalog.AlertConnections, Value: standardPercentage}},
	}
	if d.Protocol != memcached {
		d.RespVersion = resp3
	}
	if err := in.settings().applyTo(&d); err != nil {
		return d, err
	}
	return d, checkEssentialsDatabase(p, d, version)
}

// checkEssentialsDatabase reports whether a database, new or changed, is one that
// its plan can run.
func checkEssentialsDatabase(p catalog.Plan, d Database, version catalog.RedisVersion) error {
	if err := checkEssentialsProtocol(p, d); err != nil {
		return err
	}
	if err := checkEssentialsFeatures(p, d); err != nil {
		return err
	}
	like := d
	if like.Protocol == stack {
		like.Protocol = redis
	}
	for _, check := range []func(Database) error{checkProtocol, checkSourceIPs, checkSyncSources, checkBackup} {
		if err := check(like); err != nil {
			return err
		}
	}
	if err := checkAlertValues(d.Alerts, essentialsAlertLimits); err != nil {
		return err
	}
	if err := checkModules(like, version); err != nil {
		return err
	}
	return checkVersionFeatures(like, version, versionCodes{
		"FIXED_DATABASE_RESP_VERSION_IS_NOT_SUPPORTED", "FIXED_DATABASE_EVICTION_POLICY_NOT_COMPATIBLE_WITH_REDIS_VERSION",
	})
}

func checkEssentialsProtocol(p catalog.Plan, d Database) error {
	switch {
	case d.Protocol == stack && p.RedisFlex:
		return cloud.Errorf("FIXED_DATABASE_STACK_PROTOCOL_IS_NOT_SUPPORTED_FOR_REDIS_FLEX",
			"Redis Flex has no protocol %s; take %s.", stack, redis)
	case d.Protocol == memcached && p.RedisFlex:
		return cloud.Errorf("FIXED_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_SUPPORTED_FOR_REDIS_FLEX",
			"Redis Flex has no protocol %s; take %s.", memcached, redis)
	case d.Protocol == stack && len(d.Modules) > 0:
		return cloud.Errorf("FIXED_DATABASE_STACK_PROTOCOL_CONTAINS_MODULES",
			"The protocol %s has all modules: none can be asked for.", stack)
	case d.Protocol == memcached && len(d.SyncSources) > 0:
		return cloud.Errorf("FIXED_DATABASE_REPLICA_OF_MEMCACHED_IS_NOT_SUPPORTED",
			"With the protocol %s a database cannot replicate another one.", memcached)
	}
	return nil
}

// Data persistence is not among them: the cloud takes it with plans that list none.
func checkEssentialsFeatures(p catalog.Plan, d Database) error {
	switch {
	case d.Replication && !p.Replicated():
		return cloud.Errorf("FIXED_DATABASE_REPLICATION_IS_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"Plan %d has no replication.", p.ID)
	case len(d.SyncSources) > 0 && p.Free():
		return cloud.Errorf("FIXED_DATABASE_REPLICA_OF_NOT_SUPPORTED_IN_REQUESTED_PLAN",
			"With the free plan a database cannot replicate another one.")
	case d.Backup != nil && p.Free():
		return cloud.Errorf("DATABASE_BACKUP_NOT_SUPPORTED", "The free plan has no backups.")
	case len(d.SourceIPs) > p.CIDRAllowRules:
		return cloud.Errorf("FIXED_DATABASE_SOURCE_IPS_LIST_IS_GREATER_THAN_PLAN_MAX_COUNT_ALLOWED_SOURCE_IPS",
			"Plan %d takes %d source addresses, not %d.", p.ID, p.CIDRAllowRules, len(d.SourceIPs))
	}
	if i := slices.IndexFunc(d.Alerts, func(a Alert) bool { return p.Lacks(a.Name) }); i >= 0 {
		return cloud.Errorf("FIXED_DATABASE_ALERT_NOT_SUPPORTED",
			"Databases of plan %d have no alert %s.", p.ID, d.Alerts[i].Name)
	}
	return nil
}

// standardPercentage is what alerts of a share of something are set to.
const standardPercentage = 80

// essentialsAlertLimits is alertLimits for Essentials databases, which have some
// alerts of their own.
func essentialsAlertLimits(name string) (alertRange, bool) {
	if name == catalog.AlertDatasetsSize || name == catalog.AlertConnections {
		return alertRange{1, 100, standardPercentage}, true
	}
	return alertLimits(name)
}

// deref is what is said, or nothing.
func deref[T any](said *T) (value T) {
	Set(&value, said)
	return value
}
