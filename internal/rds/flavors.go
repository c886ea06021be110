package rds

import (
	"cmp"
	"context"
	"fmt"
	"strconv"

	"github.com/understudy-dev/understudy/internal/store"
)

type flavorsInput struct {
	datastoresInput

	Version    string `query:"version_name" json:"-"`
	Spec       string `query:"spec_code" json:"-"`
	Serverless string `query:"is_serverless" json:"-"`
}

type flavorView struct {
	ID        string            `json:"id"`
	VCPUs     string            `json:"vcpus"`
	RAM       int               `json:"ram"`
	Spec      string            `json:"spec_code"`
	Mode      string            `json:"instance_mode"`
	Zones     map[string]string `json:"az_status"`
	ZoneNames map[string]string `json:"az_desc"`
	Versions  []string          `json:"version_name"`
	Group     string            `json:"group_type"`
}

type flavorList struct {
	Flavors []flavorView `json:"flavors"`
}

// listFlavors shows the flavors, which are the same for every version; none is serverless. doc: list-flavors
func listFlavors(_ context.Context, _ *store.Tx, in flavorsInput) (out flavorList, err error) {
	if err := checkEngine(in.Engine, cmp.Or(in.Version, sold().Versions[0].Name)); err != nil {
		return out, err
	}
	var versions []string
	asked, _ := versionNamed(in.Version)
	for _, v := range sold().Versions {
		if in.Version == "" || v == asked {
			versions = append(versions, v.Name)
		}
	}
	out.Flavors = []flavorView{}
	for f := range flavors {
		if in.Serverless == "true" || in.Spec != "" && in.Spec != f.spec() {
			continue
		}
		view := flavorView{
			ID: idOf(f.spec()), VCPUs: strconv.Itoa(f.cpus), RAM: f.ram(), Spec: f.spec(), Mode: "single",
			Zones: onSale(), ZoneNames: map[string]string{}, Versions: versions, Group: f.family.Group,
		}
		if f.standby {
			view.Mode = "ha"
		}
		for n, zone := range sold().Zones {
			view.ZoneNames[zone] = fmt.Sprintf("AZ%d", n+1)
		}
		out.Flavors = append(out.Flavors, view)
	}
	return out, nil
}
