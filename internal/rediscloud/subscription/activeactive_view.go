package subscription

import (
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
)

// activeActiveView is an Active-Active database as a client sees it.
type activeActiveView struct {
	databaseFacts
	ActiveActive     bool           `json:"activeActiveRedis"` // clients tell by it
	AutoMinorUpgrade bool           `json:"autoMinorVersionUpgrade"`
	ActivatedOn      *time.Time     `json:"activatedOn,omitempty"`
	LastModified     *time.Time     `json:"lastModified,omitempty"`
	Clustering       clusteringView `json:"clustering"`
	Security         securityView   `json:"security"`
	Persistence      string         `json:"globalDataPersistence"`
	SourceIPs        []string       `json:"globalSourceIp"`
	Password         string         `json:"globalPassword,omitempty"` // not in lists
	Alerts           []alertView    `json:"globalAlerts"`
	DefaultUser      bool           `json:"globalEnableDefaultUser"`
	Locals           []localView    `json:"crdbDatabases"` // by region
}

// localView is the part of an Active-Active database in one region.
type localView struct {
	placeFacts
	PublicEndpoint   string        `json:"publicEndpoint,omitempty"`
	PrivateEndpoint  string        `json:"privateEndpoint,omitempty"`
	DynamicEndpoints *EndpointPair `json:"dynamicEndpoints,omitempty"`
	MemoryGB         float64       `json:"memoryLimitInGb"`
	DatasetGB        float64       `json:"datasetSizeInGb"`
	Reads            int64         `json:"readOperationsPerSecond"`
	Writes           int64         `json:"writeOperationsPerSecond"`
	QueryFactor      string        `json:"queryPerformanceFactor"`
	Security         securityView  `json:"security"`
	Backup           backupView    `json:"backup"`
	Links            []wire.Link   `json:"links"`
}

// showActiveActive makes the view of an Active-Active database, all but its
// passwords: what a database has everywhere, and what it has in each region.
func showActiveActive(db cloud.Resource[Database]) *activeActiveView {
	d := db.Body
	whole := showDatabase(db)
	view := &activeActiveView{
		databaseFacts:    whole.databaseFacts,
		ActiveActive:     true,
		AutoMinorUpgrade: whole.AutoMinorUpgrade,
		ActivatedOn:      whole.ActivatedOn,
		LastModified:     whole.LastModified,
		Clustering:       whole.Clustering,
		Security:         whole.Security,
		Persistence:      whole.Persistence,
		SourceIPs:        whole.Security.SourceIPs,
		Alerts:           whole.Alerts,
		DefaultUser:      whole.Security.DefaultUser,
	}
	for _, l := range d.Locals {
		local := db
		local.Body = d.at(l)
		part := showDatabase(local)
		shown := localView{
			placeFacts:  part.placeFacts,
			MemoryGB:    part.MemoryGB,
			DatasetGB:   part.DatasetGB,
			Reads:       l.Reads,
			Writes:      l.Writes,
			QueryFactor: part.QueryFactor,
			Security:    part.Security,
			Backup:      part.Backup,
			Links:       wire.NoLinks(),
		}
		if db.ActivatedAt != nil {
			domain := memberDomain(db.Parent, l.Number, d.Provider, l.Region, l.MultiAZ)
			fixed, dynamic := d.endpointsUnder(domain, db.ID, " "+l.Region)
			shown.PublicEndpoint, shown.PrivateEndpoint, shown.DynamicEndpoints = fixed.Public, fixed.Private, &dynamic
		}
		view.Locals = append(view.Locals, shown)
	}
	return view
}

// showPasswords adds what lists do not show.
func (v *activeActiveView) showPasswords(db cloud.Resource[Database]) {
	v.Password = db.Body.password(db.ID)
	v.Security.Password = v.Password
	for i, l := range db.Body.Locals {
		v.Locals[i].Security.Password = db.Body.at(l).password(db.ID)
	}
}
