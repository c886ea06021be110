package catalog

import (
	"time"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// activeActiveView is an Active-Active database as a client sees it.
type activeActiveView struct {
	ID               int64          `json:"databaseId"`
	Name             string         `json:"name"`
	Protocol         string         `json:"protocol"`
	Status           cloud.Status   `json:"status"`
	ActiveActive     bool           `json:"activeActiveRedis"` // clients tell by it
	RedisVersion     string         `json:"redisVersion"`
	AutoMinorUpgrade bool           `json:"autoMinorVersionUpgrade"`
	MemoryStorage    string         `json:"memoryStorage"`
	OSSCluster       bool           `json:"supportOSSClusterApi"`
	ExternalEndpoint bool           `json:"useExternalEndpointForOSSClusterApi"`
	Replication      bool           `json:"replication"`
	Eviction         string         `json:"dataEvictionPolicy"`
	ActivatedOn      *time.Time     `json:"activatedOn,omitempty"`
	LastModified     *time.Time     `json:"lastModified,omitempty"`
	Clustering       clusteringView `json:"clustering"`
	Security         securityView   `json:"security"`
	Modules          []moduleView   `json:"modules"`
	Persistence      string         `json:"globalDataPersistence"`
	SourceIPs        []string       `json:"globalSourceIp"`
	Password         string         `json:"globalPassword,omitempty"` // not in lists
	Alerts           []alertView    `json:"globalAlerts"`
	DefaultUser      bool           `json:"globalEnableDefaultUser"`
	Locals           []localView    `json:"crdbDatabases"` // by region
	Error            *cloud.Error   `json:"error,omitempty"`
	Linked
}

// localView is the part of an Active-Active database in one region.
type localView struct {
	Provider         string        `json:"provider"`
	Region           string        `json:"region"`
	Compliance       string        `json:"redisVersionCompliance,omitempty"`
	RespVersion      string        `json:"respVersion,omitempty"`
	PublicEndpoint   string        `json:"publicEndpoint,omitempty"`
	PrivateEndpoint  string        `json:"privateEndpoint,omitempty"`
	DynamicEndpoints *endpointPair `json:"dynamicEndpoints,omitempty"`
	MemoryGB         float64       `json:"memoryLimitInGb"`
	DatasetGB        float64       `json:"datasetSizeInGb"`
	MemoryUsedMB     float64       `json:"memoryUsedInMb"`
	Reads            int64         `json:"readOperationsPerSecond"`
	Writes           int64         `json:"writeOperationsPerSecond"`
	Persistence      string        `json:"dataPersistence"`
	QueryFactor      string        `json:"queryPerformanceFactor"`
	Alerts           []alertView   `json:"alerts"`
	Security         securityView  `json:"security"`
	Backup           backupView    `json:"backup"`
	Links            []Link        `json:"links"`
}

// showActiveActive makes the view of an Active-Active database, all but its
// passwords: what a database has everywhere, and what it has in each region.
func (c *Catalog) showActiveActive(db cloud.Resource[Database]) *activeActiveView {
	d := db.Body
	whole := c.showDatabase(db)
	view := &activeActiveView{
		ID:               whole.ID,
		Name:             whole.Name,
		Protocol:         whole.Protocol,
		Status:           whole.Status,
		ActiveActive:     true,
		RedisVersion:     whole.RedisVersion,
		AutoMinorUpgrade: whole.AutoMinorUpgrade,
		MemoryStorage:    whole.MemoryStorage,
		OSSCluster:       whole.OSSCluster,
		ExternalEndpoint: whole.ExternalEndpoint,
		Replication:      whole.Replication,
		Eviction:         whole.Eviction,
		ActivatedOn:      whole.ActivatedOn,
		LastModified:     whole.LastModified,
		Clustering:       whole.Clustering,
		Security:         whole.Security,
		Modules:          whole.Modules,
		Persistence:      whole.Persistence,
		SourceIPs:        whole.Security.SourceIPs,
		Alerts:           whole.Alerts,
		DefaultUser:      whole.Security.DefaultUser,
		Error:            whole.Error,
		Linked:           whole.Linked,
	}
	for _, l := range d.Locals {
		local := db
		local.Body = d.at(l)
		part := c.showDatabase(local)
		shown := localView{
			Provider:     part.Provider,
			Region:       part.Region,
			Compliance:   part.Compliance,
			RespVersion:  part.RespVersion,
			MemoryGB:     part.MemoryGB,
			DatasetGB:    part.DatasetGB,
			MemoryUsedMB: part.MemoryUsedMB,
			Reads:        l.Reads,
			Writes:       l.Writes,
			Persistence:  part.Persistence,
			QueryFactor:  part.QueryFactor,
			Alerts:       part.Alerts,
			Security:     part.Security,
			Backup:       part.Backup,
			Links:        noLinks(),
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
