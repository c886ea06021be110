package catalog

import (
	"context"
	"slices"

	"github.com/understudy-dev/understudy/internal/engine"
	"github.com/understudy-dev/understudy/internal/rediscloud/wire"
	"github.com/understudy-dev/understudy/internal/store"
)

func lookupOperations() []engine.Operation {
	return []engine.Operation{
		engine.Answer("listRegions", listRegions),
		engine.Answer("listDataPersistenceOptions", listDataPersistenceOptions),
		engine.Answer("listDatabaseModules", listDatabaseModules),
		engine.Answer("listQueryPerformanceFactors", listQueryPerformanceFactors),
	}
}

// Region is a place where a provider runs machines.
type Region struct {
	ID         int64    `json:"id"`
	Name       string   `json:"name"`
	Provider   string   `json:"provider"`
	TimeZone   string   `json:"timeZone"` // IANA name
	Pro        bool     `json:"pro"`
	Essentials bool     `json:"essentials"`
	Zones      []string `json:"zones"`
}

// RegionNamed finds a region that Pro subscriptions can be deployed to.
func RegionNamed(provider, name string) (Region, bool) {
	i := slices.IndexFunc(Regions(), func(r Region) bool {
		return r.Pro && r.Provider == provider && r.Name == name
	})
	if i < 0 {
		return Region{}, false
	}
	return Regions()[i], true
}

type listedRegion struct {
	ID       int64  `json:"id"`
	Name     string `json:"name"`
	Provider string `json:"provider"`
}

type listedRegions struct {
	Regions []listedRegion `json:"regions"`
	wire.Linked
}

type regionFilter struct {
	Provider string `query:"provider" json:"-"` // empty: all
}

func listRegions(_ context.Context, _ *store.Tx, in regionFilter) (*listedRegions, error) {
	out := &listedRegions{Regions: []listedRegion{}}
	for _, r := range Regions() {
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
	wire.Linked
}

func listDataPersistenceOptions(context.Context, *store.Tx, struct{}) (*persistenceOptions, error) {
	return &persistenceOptions{DataPersistence: PersistenceOptions()}, nil
}

// Module adds commands to a database.
type Module struct {
	Name           string            `json:"name"`
	CapabilityName string            `json:"capabilityName"`
	Description    string            `json:"description"`
	Parameters     []ModuleParameter `json:"parameters"`
}

// ModuleParameter is something that a module can be told.
type ModuleParameter struct {
	Name         string `json:"name"`
	Description  string `json:"description"`
	Type         string `json:"type"`
	DefaultValue int64  `json:"defaultValue"`
	Required     bool   `json:"required"`
}

// ModuleNamed finds a module by its name, in exactly that spelling.
func ModuleNamed(name string) (Module, bool) {
	i := slices.IndexFunc(Modules(), func(m Module) bool { return m.Name == name })
	if i < 0 {
		return Module{}, false
	}
	return Modules()[i], true
}

type modules struct {
	Modules []Module `json:"modules"`
	wire.Linked
}

func listDatabaseModules(context.Context, *store.Tx, struct{}) (*modules, error) {
	return &modules{Modules: Modules()}, nil
}

type performanceFactors struct {
	QueryPerformanceFactors []string `json:"queryPerformanceFactors"`
	wire.Linked
}

func listQueryPerformanceFactors(context.Context, *store.Tx, struct{}) (*performanceFactors, error) {
	return &performanceFactors{QueryPerformanceFactors: PerformanceFactors()}, nil
}
