package subscription

import (
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/derive"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
)

// databaseFacts is what clients see of a database of any kind.
type databaseFacts struct {
	ID               int64         `json:"databaseId"`
	Name             string        `json:"name"`
	Protocol         string        `json:"protocol"`
	Status           cloud.Status  `json:"status"`
	RedisVersion     string        `json:"redisVersion"`
	MemoryStorage    string        `json:"memoryStorage"`
	OSSCluster       bool          `json:"supportOSSClusterApi"`
	ExternalEndpoint bool          `json:"useExternalEndpointForOSSClusterApi"`
	Replication      bool          `json:"replication"`
	Eviction         string        `json:"dataEvictionPolicy"`
	Modules          []moduleView  `json:"modules"`
	Error            *wire.Failure `json:"error,omitempty"`
	wire.Linked
}

// placeFacts is what clients see of a database in one region, be it the only one.
type placeFacts struct {
	Provider     string      `json:"provider"`
	Region       string      `json:"region"`
	Compliance   string      `json:"redisVersionCompliance,omitempty"`
	RespVersion  string      `json:"respVersion,omitempty"`
	MemoryUsedMB float64     `json:"memoryUsedInMb"`
	Persistence  string      `json:"dataPersistence"`
	Alerts       []alertView `json:"alerts"`
}

// databaseView is a Pro database as a client sees it.
type databaseView struct {
	databaseFacts
	placeFacts
	AutoMinorUpgrade bool           `json:"autoMinorVersionUpgrade"`
	MemoryGB         float64        `json:"memoryLimitInGb"`
	DatasetGB        float64        `json:"datasetSizeInGb"`
	RAMPercentage    int            `json:"ramPercentage,omitempty"`
	Throughput       Throughput     `json:"throughputMeasurement"`
	QueryFactor      string         `json:"queryPerformanceFactor"`
	ActivatedOn      *time.Time     `json:"activatedOn,omitempty"`
	LastModified     *time.Time     `json:"lastModified,omitempty"`
	PublicEndpoint   string         `json:"publicEndpoint,omitempty"`
	PrivateEndpoint  string         `json:"privateEndpoint,omitempty"`
	DynamicEndpoints *EndpointPair  `json:"dynamicEndpoints,omitempty"`
	ReplicaEndpoints *EndpointPair  `json:"replicaAsSourceEndpoints,omitempty"`
	Replica          *replicaView   `json:"replica"`
	ReplicaOf        *replicaOfView `json:"replicaOf,omitempty"`
	Clustering       clusteringView `json:"clustering"`
	Security         securityView   `json:"security"`
	Backup           backupView     `json:"backup"`
}

type replicaView struct {
	Description string       `json:"description,omitempty"`
	SyncSources []SyncSource `json:"syncSources"`
}

type replicaOfView struct {
	Endpoints []string `json:"endpoints"`
}

type clusteringView struct {
	Shards        int64           `json:"numberOfShards"`
	RegexRules    []regexRuleView `json:"regexRules"`
	HashingPolicy string          `json:"hashingPolicy"`
}

// regexRuleView is one of the rules, counted from 0: clients index by it.
type regexRuleView struct {
	Ordinal int    `json:"ordinal"`
	Pattern string `json:"pattern"`
}

type securityView struct {
	DefaultUser bool     `json:"enableDefaultUser"`
	Password    string   `json:"password,omitempty"` // not in lists
	SSLClients  bool     `json:"sslClientAuthentication"`
	TLSClients  bool     `json:"tlsClientAuthentication"`
	TLS         bool     `json:"enableTls"`
	SourceIPs   []string `json:"sourceIps"`
}

// moduleView is a module as one database has it.
type moduleView struct {
	ID             int64                     `json:"id"`
	Name           string                    `json:"name"`
	CapabilityName string                    `json:"capabilityName,omitempty"`
	Version        string                    `json:"version"`
	Description    string                    `json:"description,omitempty"`
	Parameters     []catalog.ModuleParameter `json:"parameters"`
}

type alertView struct {
	ID      int64  `json:"id"`
	Name    string `json:"name"`
	Value   int    `json:"value"`
	Default int    `json:"defaultValue"`
}

// showDatabase makes the view of a database, all but its password. What came to
// be by provisioning appears once it has been active.
func showDatabase(db cloud.Resource[Database]) *databaseView {
	d := db.Body
	version, _ := versionNamed(d.RedisVersion)
	view := &databaseView{
		databaseFacts: databaseFacts{
			ID:               db.ID,
			Name:             db.Name,
			Protocol:         d.Protocol,
			Status:           db.Status,
			RedisVersion:     d.RedisVersion,
			MemoryStorage:    d.MemoryStorage,
			OSSCluster:       d.OSSCluster,
			ExternalEndpoint: d.ExternalEndpoint,
			Replication:      d.Replication,
			Eviction:         d.Eviction,
			Modules:          showModules(db.ID, version, d.Modules),
			Error:            wire.FailureOf(db.Error),
			Linked:           wire.Linked{Links: wire.NoLinks()},
		},
		placeFacts: placeFacts{
			Provider:    d.Provider,
			Region:      d.Region,
			Compliance:  version.Compliance,
			RespVersion: d.RespVersion,
			Persistence: d.Persistence,
			Alerts:      showAlerts(db.ID, d.Alerts, alertLimits),
		},
		AutoMinorUpgrade: !d.KeepMinorVersion,
		MemoryGB:         d.memoryGB(),
		DatasetGB:        d.DatasetGB,
		RAMPercentage:    d.RAMPercentage,
		Throughput:       d.Throughput,
		QueryFactor:      d.QueryFactor,
		Clustering:       d.clustering(),
		Security: securityView{
			DefaultUser: !d.NoDefaultUser,
			SSLClients:  d.mutualTLS(), // one kind of certificate or the other: the API does not tell
			TLSClients:  d.mutualTLS(),
			TLS:         d.TLS,
			SourceIPs:   d.AllowedSources(),
		},
		Backup: d.Backup.show(),
	}
	if !d.ActiveActive() {
		view.Backup = view.Backup.inTheMorning()
	}
	if len(d.SyncSources) > 0 {
		view.Replica = &replicaView{d.SyncDescription, d.SyncSources}
		view.ReplicaOf = &replicaOfView{}
		for _, source := range d.SyncSources {
			view.ReplicaOf.Endpoints = append(view.ReplicaOf.Endpoints, source.Endpoint)
		}
	}
	if db.ActivatedAt != nil {
		const emptyMB = 3.5 // what an empty database takes
		fixed, dynamic := d.Endpoints(db.ID, db.Parent)
		view.PublicEndpoint, view.PrivateEndpoint, view.DynamicEndpoints = fixed.Public, fixed.Private, &dynamic
		if d.Redirected {
			view.DynamicEndpoints, view.ReplicaEndpoints = nil, d.replicaEndpoints(db.ID)
		}
		activated, modified := wire.Date(*db.ActivatedAt), wire.Date(db.UpdatedAt)
		view.ActivatedOn, view.LastModified = &activated, &modified
		view.MemoryUsedMB = emptyMB * float64(catalog.Copies(d.Replication))
	}
	return view
}

// standardRegexRules decide what part of a key tells its shard, unless a database
// has rules of its own.
func standardRegexRules() []string { return []string{`.*\{(?<tag>.*)\}.*`, `(?<tag>.*)`} }

func (d Database) clustering() clusteringView {
	view := clusteringView{Shards: d.shards(), RegexRules: []regexRuleView{}}
	rules := d.RegexRules
	switch {
	case len(rules) > 0:
		view.HashingPolicy = "custom"
	case d.OSSHashing:
		view.HashingPolicy = "redis-oss"
	default:
		view.HashingPolicy = "standard"
		rules = standardRegexRules()
	}
	for i, pattern := range rules {
		view.RegexRules = append(view.RegexRules, regexRuleView{Ordinal: i, Pattern: pattern})
	}
	return view
}

// showModules lists only what was asked for: what a version has built in, clients
// would take for a change.
func showModules(database int64, version catalog.RedisVersion, modules []DatabaseModule) []moduleView {
	views := []moduleView{}
	for _, m := range modules {
		known, _ := catalog.ModuleNamed(m.Name)
		views = append(views, moduleView{
			ID: 10_000 + derive.Number(database, "module "+m.Name, 90_000), Name: m.Name, CapabilityName: known.CapabilityName,
			Version: version.Module(m.Name), Description: known.Description, Parameters: []catalog.ModuleParameter{},
		})
	}
	return views
}

func showAlerts(database int64, alerts []Alert, limitsOf func(string) (alertRange, bool)) []alertView {
	views := []alertView{}
	for _, alert := range alerts {
		limits, _ := limitsOf(alert.Name)
		views = append(views, alertView{
			ID:   1 + derive.Number(database, alert.Name, 1_000_000),
			Name: alert.Name, Value: alert.Value, Default: limits.standard,
		})
	}
	return views
}
