package subscription

import (
	"context"
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

// essentialsDatabaseView is an Essentials database as a client sees it.
type essentialsDatabaseView struct {
	databaseFacts
	placeFacts
	PlanMemoryLimit     float64                  `json:"planMemoryLimit"`
	PlanDatasetSize     float64                  `json:"planDatasetSize"`
	MemoryUnit          string                   `json:"memoryLimitMeasurementUnit"`
	MemoryGB            *float64                 `json:"memoryLimitInGb"` // null: only pay-as-you-go plans are sized
	DatasetGB           *float64                 `json:"datasetSizeInGb"`
	NetworkMonthlyUsage float64                  `json:"networkMonthlyUsageInByte"`
	RedisFlex           bool                     `json:"redisFlex"`
	ActivatedOn         *time.Time               `json:"activatedOn"`
	LastModified        *time.Time               `json:"lastModified"`
	PublicEndpoint      *string                  `json:"publicEndpoint"`
	PrivateEndpoint     *string                  `json:"privateEndpoint"` // null: the machines are shared
	DynamicEndpoints    *essentialsEndpoints     `json:"dynamicEndpoints,omitempty"`
	ReplicaEndpoints    *essentialsEndpoints     `json:"replicaAsSourceEndpoints,omitempty"`
	Replica             *replicaView             `json:"replica"`
	Clustering          essentialsClusteringView `json:"clustering"`
	Security            essentialsSecurityView   `json:"security"`
	Backup              essentialsBackupView     `json:"backup"`
}

type essentialsEndpoints struct {
	Public string `json:"public"`
}

func publicOnly(pair *EndpointPair) *essentialsEndpoints {
	if pair == nil {
		return nil
	}
	return &essentialsEndpoints{pair.Public}
}

type essentialsClusteringView struct {
	Enabled       bool            `json:"enabled"`
	RegexRules    []regexRuleView `json:"regexRules"`
	HashingPolicy string          `json:"hashingPolicy"`
}

type essentialsSecurityView struct {
	DefaultUser bool     `json:"defaultUserEnabled"`
	Password    string   `json:"password,omitempty"` // not in lists, and not of a user that is switched off
	SSLClients  bool     `json:"sslClientAuthentication"`
	TLSClients  bool     `json:"tlsClientAuthentication"`
	TLS         bool     `json:"enableTls"`
	SourceIPs   []string `json:"sourceIps"`
}

type essentialsBackupView struct {
	Enabled     bool   `json:"remoteBackupEnabled"`
	Status      string `json:"status"`
	Interval    string `json:"interval,omitempty"`
	Destination string `json:"destination,omitempty"`
}

// showEssentialsDatabase makes the view of a database, all but its password.
func showEssentialsDatabase(p catalog.Plan, db cloud.Resource[Database]) *essentialsDatabaseView {
	d := db.Body
	pro := showDatabase(db)
	view := &essentialsDatabaseView{
		databaseFacts:   pro.databaseFacts,
		placeFacts:      pro.placeFacts,
		PlanMemoryLimit: p.Size,
		PlanDatasetSize: p.DatasetSize(d.Replication),
		MemoryUnit:      p.SizeMeasurementUnit,
		RedisFlex:       p.RedisFlex,
		ActivatedOn:     pro.ActivatedOn,
		LastModified:    pro.LastModified,
		Replica:         pro.Replica,
		Clustering: essentialsClusteringView{
			RegexRules: pro.Clustering.RegexRules, HashingPolicy: pro.Clustering.HashingPolicy,
		},
		Security: essentialsSecurityView{
			DefaultUser: !d.NoDefaultUser,
			SSLClients:  d.mutualTLS(),
			TLSClients:  d.mutualTLS(),
			TLS:         d.TLS,
			SourceIPs:   d.AllowedSources(),
		},
		Backup: essentialsBackupView{
			Enabled: pro.Backup.Enabled, Status: "idle", Interval: pro.Backup.Interval, Destination: pro.Backup.Destination,
		},
	}
	view.Alerts = showAlerts(db.ID, d.Alerts, essentialsAlertLimits)
	if d.Protocol == stack {
		version, _ := versionNamed(d.RedisVersion)
		view.Modules = allModules(db.ID, version)
	}
	if pro.PublicEndpoint != "" {
		view.PublicEndpoint = &pro.PublicEndpoint
		view.DynamicEndpoints = publicOnly(pro.DynamicEndpoints)
		view.ReplicaEndpoints = publicOnly(pro.ReplicaEndpoints)
	}
	return view
}

// allModules is what a database of the protocol stack has.
func allModules(database int64, version catalog.RedisVersion) []moduleView {
	var all []DatabaseModule
	for _, m := range catalog.Modules() {
		all = append(all, DatabaseModule{Name: m.Name})
	}
	return showModules(database, version, all)
}

func getEssentialsDatabase(ctx context.Context, tx *store.Tx, in databasePath) (*essentialsDatabaseView, error) {
	db, err := EssentialsDatabases.read(ctx, tx, in)
	if err != nil {
		return nil, err
	}
	sub, err := readEssentials(ctx, tx, db.Parent)
	if err != nil {
		return nil, err
	}
	p, _ := catalog.PlanByID(sub.Body.PlanID)
	view := showEssentialsDatabase(p, db)
	if db.Body.Protocol != memcached && !db.Body.NoDefaultUser {
		view.Security.Password = db.Body.password(db.ID)
	}
	return view, nil
}

type essentialsDatabaseList struct {
	AccountID    int64                  `json:"accountId"`
	Subscription essentialsDatabasePage `json:"subscription"`
	wire.Page
}

type essentialsDatabasePage struct {
	ID                int64                     `json:"subscriptionId"`
	NumberOfDatabases int                       `json:"numberOfDatabases"` // on all pages
	Databases         []*essentialsDatabaseView `json:"databases"`
	Links             []wire.Link               `json:"links"`
}

// Past the last database the page is empty, other than with Pro.
func listEssentialsDatabases(ctx context.Context, tx *store.Tx, in struct {
	ID     int64 `path:"subscriptionId" json:"-"`
	Offset int   `query:"offset" json:"-"`
	Limit  *int  `query:"limit" json:"-"`
},
) (*essentialsDatabaseList, error) {
	sub, err := readEssentials(ctx, tx, in.ID)
	if err != nil {
		return nil, err
	}
	p, _ := catalog.PlanByID(sub.Body.PlanID)
	databases, err := store.ListBelow[Database](ctx, tx, sub.Body.Kind().Name, in.ID)
	if err != nil {
		return nil, err
	}
	page := essentialsDatabasePage{
		ID: in.ID, NumberOfDatabases: len(databases), Databases: []*essentialsDatabaseView{}, Links: wire.NoLinks(),
	}
	limit := 100
	Set(&limit, in.Limit)
	first := min(in.Offset, len(databases))
	for _, db := range databases[first:min(first+limit, len(databases))] {
		page.Databases = append(page.Databases, showEssentialsDatabase(p, db))
	}
	return &essentialsDatabaseList{
		AccountID: tx.Caller.Account, Subscription: page, Page: wire.Page{Offset: in.Offset, Limit: limit},
	}, nil
}
