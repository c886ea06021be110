package rds

import (
	"context"
	"strings"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/store"
)

// engineName is that of the only engine.
const engineName = "MySQL"

// datastore is an engine in a version.
type datastore struct {
	Type    string `json:"type"`
	Version string `json:"version"`
	Full    string `json:"complete_version,omitempty"` // in lists
}

// version is one of the engine.
type version struct {
	Name string `json:"name"`
	Full string `json:"full"` // that a database reports
}

// versionNamed finds the version of a name, which may be that of one of its releases, as 8.0.28.
func versionNamed(name string) (version, bool) {
	for _, v := range sold().Versions {
		if name == v.Name || strings.HasPrefix(name, v.Name+".") {
			return v, true
		}
	}
	return version{}, false
}

// checkEngine refuses engines and versions that there are not.
func checkEngine(engine, version string) error {
	if !strings.EqualFold(engine, engineName) {
		return cloud.Errorf("DBS.200040", "The engine must be MySQL: others are not offered here.")
	}
	if _, ok := versionNamed(version); !ok {
		var names []string
		for _, v := range sold().Versions {
			names = append(names, v.Name)
		}
		return cloud.Errorf("DBS.200040", "The version of MySQL must be one of %s.", strings.Join(names, ", "))
	}
	return nil
}

type datastoresInput struct {
	Project string `path:"project_id" json:"-"`
	Engine  string `path:"database_name" json:"-"`
}

type datastoreView struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type datastoreList struct {
	Datastores []datastoreView `json:"dataStores"`
}

// listDatastores shows the versions of an engine. doc: list-datastores
func listDatastores(_ context.Context, _ *store.Tx, in datastoresInput) (out datastoreList, err error) {
	for _, v := range sold().Versions {
		out.Datastores = append(out.Datastores, datastoreView{ID: idOf("mysql/" + v.Name), Name: v.Name})
	}
	return out, checkEngine(in.Engine, sold().Versions[0].Name)
}
