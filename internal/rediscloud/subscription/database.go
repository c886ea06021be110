package subscription

import (
	"context"
	"math"
	"slices"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/store"
)

// How long changes of a database take.
const (
	databaseCreation cloud.Length = "database.creation"
	databaseUpdate   cloud.Length = "database.update"
	databaseDeletion cloud.Length = "database.deletion"
)

// statusChanging is a database that works on, while a change is being applied.
const statusChanging cloud.Status = "active-change-pending"

// statusProxyPolicy is the same where what changes is how clients find the shards.
const statusProxyPolicy cloud.Status = "proxy-policy-change-pending"

// Words of a database's settings.
const (
	redis     = "redis"
	memcached = "memcached"

	operationsPerSecond = "operations-per-second"
	numberOfShards      = "number-of-shards"

	resp2 = "resp2"
	resp3 = "resp3"

	search         = "RediSearch" // the module
	standardFactor = "Standard"
)

// Database is a database of a Pro or an Essentials subscription: its parent is of the
// one kind or the other. With Active-Active its settings are those for all regions,
// unless a region has its own. Where it runs is its subscription's to say, and repeated
// here so that one row answers a GET.
//
// In Essentials the plan says how big it is, its throughput and where it runs; settings
// that no plan knows stay empty.
type Database struct {
	Provider      string `json:"provider"`
	Region        string `json:"region"`
	MultiAZ       bool   `json:"multiAZ,omitempty"`
	MemoryStorage string `json:"memoryStorage"`
	PublicAccess  bool   `json:"publicAccess"` // follows the subscription's

	Protocol     string `json:"protocol"`
	Port         int64  `json:"port"`
	RedisVersion string `json:"redisVersion"` // as asked for, or the default at that time
	RespVersion  string `json:"respVersion,omitempty"`

	DatasetGB     float64    `json:"datasetGB"` // without the replica
	Replication   bool       `json:"replication"`
	Throughput    Throughput `json:"throughput"`
	RAMPercentage int        `json:"ramPercentage,omitempty"` // 0: all in RAM
	ItemSize      int64      `json:"itemSize,omitempty"`      // bytes on average; 0: not said

	Persistence      string           `json:"persistence"`
	Eviction         string           `json:"eviction"`
	Modules          []DatabaseModule `json:"modules,omitempty"`
	QueryFactor      string           `json:"queryFactor"`
	Alerts           []Alert          `json:"alerts,omitempty"`
	Backup           *Backup          `json:"backup,omitempty"`
	SyncSources      []SyncSource     `json:"syncSources,omitempty"`
	SyncDescription  string           `json:"syncDescription,omitempty"` // of all sources together
	KeepMinorVersion bool             `json:"keepMinorVersion,omitempty"`
	Tags             []Tag            `json:"tags,omitempty"`
	OSSCluster       bool             `json:"ossCluster,omitempty"`       // speaks the OSS Cluster API
	ExternalEndpoint bool             `json:"externalEndpoint,omitempty"` // for the OSS Cluster API
	OSSHashing       bool             `json:"ossHashing,omitempty"`
	RegexRules       []string         `json:"regexRules,omitempty"` // empty: the standard ones

	Redirected bool `json:"redirected,omitempty"` // its dynamic endpoints lead to another database
	// the database after which those are named that lead here for now; 0: its own do
	ServesEndpointsOf int64 `json:"endpointsOf,omitempty"`
	// the database that is deleted and whose dynamic endpoints are its own now; 0: none
	InheritedFrom int64 `json:"heirOf,omitempty"`

	Password       string   `json:"password,omitempty"` // empty: derived from the id
	SASLUsername   string   `json:"saslUsername,omitempty"`
	SASLPassword   string   `json:"saslPassword,omitempty"`
	NoDefaultUser  bool     `json:"noDefaultUser,omitempty"`
	SourceIPs      []string `json:"sourceIPs,omitempty"` // empty: the default
	TLS            bool     `json:"tls,omitempty"`
	SSLCertificate bool     `json:"sslCertificate,omitempty"` // a client certificate was given in the older way
	TLSCertificate bool     `json:"tlsCertificate,omitempty"` // some were given in the newer way

	Locals []Local `json:"locals,omitempty"` // with Active-Active, one for each region; Region is empty then
}

// Kind of all databases. Those of Essentials subscriptions name the kind of their parent.
func (Database) Kind() cloud.Kind {
	return cloud.Kind{Name: "database", Parent: Subscription{}.Kind().Name, FirstID: 51_000_000}
}

// Throughput is what a database is sized for.
type Throughput struct {
	By    string `json:"by"` // operations-per-second or number-of-shards
	Value int64  `json:"value"`
}

// DatabaseModule is an advanced capability that a database was created with.
type DatabaseModule struct {
	Name       string         `json:"name"`
	Parameters map[string]any `json:"parameters,omitempty"`
}

// Alert tells the account's owners when a measure passes a value.
type Alert struct {
	Name  string `json:"name"`
	Value int    `json:"value"`
}

// SyncSource is a database that another one replicates.
type SyncSource struct {
	Endpoint    string `json:"endpoint"` // a redis:// or rediss:// URI
	Encryption  bool   `json:"encryption,omitempty"`
	ServerCert  string `json:"serverCert,omitempty"` // PEM
	Description string `json:"description,omitempty"`
}

// memoryGB is what the database takes with its replica.
func (d Database) memoryGB() float64 { return d.DatasetGB * float64(catalog.Copies(d.Replication)) }

// mutualTLS reports whether clients have to show a certificate.
func (d Database) mutualTLS() bool { return d.SSLCertificate || d.TLSCertificate }

// password of the default user.
func (d Database) password(id int64) string {
	if d.Password != "" {
		return d.Password
	}
	return derive.Password(id, "password")
}

// AllowedSources are the addresses that may connect. Without public access the
// default is what private networks use.
func (d Database) AllowedSources() []string {
	switch {
	case len(d.SourceIPs) > 0:
		return d.SourceIPs
	case d.PublicAccess:
		return []string{"0.0.0.0/0"}
	default:
		return []string{"10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"}
	}
}

// shards without replicas: as many as asked for, or enough for size and throughput.
func (d Database) shards() int64 {
	if d.Throughput.By == numberOfShards {
		return d.Throughput.Value
	}
	const shardGB, shardOps = 25, 25_000
	return max(int64(math.Ceil(d.DatasetGB/shardGB)), (d.Throughput.Value+shardOps-1)/shardOps, 1)
}

// hasModule reports whether the database was created with a module.
func (d Database) hasModule(name string) bool {
	return slices.ContainsFunc(d.Modules, func(m DatabaseModule) bool { return m.Name == name })
}

// Pricing is what the price of the database depends on, in each of its regions.
func (d Database) Pricing(name string) []DatabasePricing {
	if len(d.Locals) > 0 {
		return d.localPricing(name)
	}
	ops := d.Throughput.Value
	if d.Throughput.By == numberOfShards {
		// What clients reckon a shard serves; the size decides in most cases.
		ops *= 1000
	}
	return []DatabasePricing{{
		Name:          name,
		DatasetGB:     d.DatasetGB,
		MemoryGB:      d.memoryGB(),
		Replication:   d.Replication,
		OpsPerSecond:  ops,
		Region:        d.Region,
		RAMPercentage: d.RAMPercentage,
	}}
}

func (c *service) databaseOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listProDatabases", listProDatabases),
		engine.Task("createProDatabase", createProDatabase),
		engine.Answer("getProDatabase", getProDatabase),
		engine.Task("updateProDatabase", updateProDatabase),
		engine.Task("deleteProDatabase", c.deleteProDatabase),
		engine.Answer("getProDatabaseCertificate", getProDatabaseCertificate),
		engine.Answer("listProDatabaseTags", ProDatabases.listTags),
		engine.Answer("createProDatabaseTag", ProDatabases.createTag),
		engine.Answer("replaceProDatabaseTags", ProDatabases.replaceTags),
		engine.Answer("updateProDatabaseTag", ProDatabases.updateTag),
		engine.Answer("deleteProDatabaseTag", ProDatabases.deleteTag),
	}
}

// setPublicAccess makes the databases of a subscription follow its public
// endpoint access.
func setPublicAccess(ctx context.Context, tx *store.Tx, subscription int64, public bool) error {
	databases, err := store.List[Database](ctx, tx, subscription)
	if err != nil {
		return err
	}
	for _, db := range databases {
		if db.Body.PublicAccess == public {
			continue
		}
		db.Body.PublicAccess = public
		store.Update(tx, db)
	}
	return nil
}
