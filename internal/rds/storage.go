package rds

import (
	"context"

	"github.com/understudy-dev/understudy/internal/store"
)

type storageInput struct {
	datastoresInput

	Version string `query:"version_name" json:"-"`
	Mode    string `query:"ha_mode" json:"-"`
}

type storageView struct {
	Name   string            `json:"name"`
	Zones  map[string]string `json:"az_status"`
	Groups []string          `json:"support_compute_group_type"`
}

type storageList struct {
	Types []storageView `json:"storage_type"`
	Pools []struct{}    `json:"dsspool_info"`
}

// listStorage shows the types of volumes, which are the same for every version and mode. doc: list-storage-types
func listStorage(_ context.Context, _ *store.Tx, in storageInput) (out storageList, err error) {
	out = storageList{Types: []storageView{}, Pools: []struct{}{}}
	for _, kind := range sold().Storage {
		out.Types = append(out.Types, storageView{kind.Name, onSale(), kind.Groups})
	}
	return out, checkEngine(in.Engine, in.Version)
}
