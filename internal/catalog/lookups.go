package catalog

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/store"
)

func (c *Catalog) lookupOperations() []engine.Operation {
	return []engine.Operation{
		engine.Sync("listRegions", c.listRegions),
		engine.Sync("listDataPersistenceOptions", c.listDataPersistenceOptions),
		engine.Sync("listDatabaseModules", c.listDatabaseModules),
		engine.Sync("listQueryPerformanceFactors", c.listQueryPerformanceFactors),
	}
}

// region is a place where a provider runs machines.
type region struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	Provider   string   `json:"provider"`
	TimeZone   string   `json:"timeZone"` // IANA name
	Pro        bool     `json:"pro"`
	Essentials bool     `json:"essentials"`
	Zones      []string `json:"zones"`
}

// region finds a region that Pro subscriptions can be deployed to.
func (c *Catalog) region(provider, name string) (region, bool) {
	i := slices.IndexFunc(c.regions, func(r region) bool {
		return r.Pro && r.Provider == provider && r.Name == name
	})
	if i < 0 {
		return region{}, false
	}
	return c.regions[i], true
}

type listedRegion struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Provider string `json:"provider"`
}

type listedRegions struct {
	Regions []listedRegion `json:"regions"`
	Linked
}

type regionFilter struct {
	Provider string `query:"provider" json:"-"` // empty: all
}

func (c *Catalog) listRegions(_ context.Context, _ *store.Tx, in regionFilter) (*listedRegions, error) {
	out := &listedRegions{Regions: []listedRegion{}}
	for _, r := range c.regions {
		if r.Pro && (in.Provider == "" || in.Provider == r.Provider) {
			out.Regions = append(out.Regions, listedRegion{r.ID, r.Name, r.Provider})
		}
	}
	return out, nil
}

type persistenceOption struct {
	Name        string `json:"name"`
	Description string `json:"description"`
}

type persistenceOptions struct {
	DataPersistence []persistenceOption `json:"dataPersistence"`
	Linked
}

func (c *Catalog) listDataPersistenceOptions(context.Context, *store.Tx, struct{}) (*persistenceOptions, error) {
	return &persistenceOptions{DataPersistence: c.persistenceOptions}, nil
}

// module adds commands to a database.
type module struct {
	Name           string            `json:"name"`
	CapabilityName string            `json:"capabilityName"`
	Description    string            `json:"description"`
	Parameters     []moduleParameter `json:"parameters"`
}

// moduleParameter is something that a module can be told.
type moduleParameter struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	Type         string `json:"type"`
	DefaultValue int64  `json:"defaultValue"`
	Required     bool   `json:"required"`
}

// module finds a module by its name, in exactly that spelling.
func (c *Catalog) module(name string) (module, bool) {
	i := slices.IndexFunc(c.modules, func(m module) bool { return m.Name == name })
	if i < 0 {
		return module{}, false
	}
	return c.modules[i], true
}

type modules struct {
	Modules []module `json:"modules"`
	Linked
}

func (c *Catalog) listDatabaseModules(context.Context, *store.Tx, struct{}) (*modules, error) {
	return &modules{Modules: c.modules}, nil
}

type performanceFactors struct {
	QueryPerformanceFactors []string `json:"queryPerformanceFactors"`
	Linked
}

func (c *Catalog) listQueryPerformanceFactors(context.Context, *store.Tx, struct{}) (*performanceFactors, error) {
	return &performanceFactors{QueryPerformanceFactors: c.performanceFactors}, nil
}
