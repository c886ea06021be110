package rds_test

import (
	"net/http"
	"strings"
	"testing"
)

func TestVersionsOfMySQLAreListed(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	for _, engine := range []string{"MySQL", "mysql"} {
		answer := p.ask(http.StatusOK, http.MethodGet, "/datastores/"+engine, "")
		if get(answer, "dataStores", 2, "name") != "8.0" || get(answer, "dataStores", 2, "id") == "" {
			t.Errorf("got %v", answer)
		}
	}
	p.refused(http.StatusBadRequest, "DBS.200040", http.MethodGet, "/datastores/PostgreSQL", "")
}

func TestFlavorsAreListedByVersionAndSpecCode(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	flavors := func(query string) []any {
		t.Helper()
		return get(p.ask(http.StatusOK, http.MethodGet, "/flavors/MySQL"+query, ""), "flavors").([]any)
	}
	for _, flavor := range flavors("") {
		spec := get(flavor, "spec_code").(string)
		if strings.HasSuffix(spec, ".ha") != (get(flavor, "instance_mode") == "ha") {
			t.Errorf("got %v", flavor)
		}
		one := flavors("?version_name=8.0.28&spec_code=" + spec)
		if len(one) != 1 || get(one, 0, "spec_code") != spec || get(one, 0, "version_name", 0) != "8.0" {
			t.Errorf("%s: got %v", spec, one)
		}
	}
	large := flavors("?spec_code=rds.mysql.x1.2xlarge.8.ha")
	if get(large, 0, "vcpus") != "8" || get(large, 0, "ram") != 64.0 || get(large, 0, "group_type") != "dedicated" ||
		get(large, 0, "az_status", "cn-north-4a") != "normal" || get(large, 0, "az_desc", "cn-north-4b") != "AZ2" {
		t.Errorf("got %v", large)
	}
	if got := flavors("?is_serverless=true"); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	p.refused(http.StatusBadRequest, "DBS.200040", http.MethodGet, "/flavors/MySQL?version_name=9.9", "")
	p.refused(http.StatusBadRequest, "DBS.200040", http.MethodGet, "/flavors/SQLServer", "")
}

func TestEveryListedFlavorAndStorageTypeMakesAnInstance(t *testing.T) {
	t.Parallel()
	p := openProject(t)
	for _, flavor := range get(p.ask(http.StatusOK, http.MethodGet, "/flavors/MySQL", ""), "flavors").([]any) {
		changes := []any{"flavor_ref", get(flavor, "spec_code")}
		if get(flavor, "instance_mode") == "ha" {
			changes = append(highly("Ha", "async"), changes...)
		}
		id := get(p.ask(http.StatusAccepted, http.MethodPost, "/instances", with(t, single, changes...)), "instance", "id")
		if got := p.instance(id.(string)); got["cpu"] != get(flavor, "vcpus") {
			t.Errorf("%v: got %v", flavor, got)
		}
	}
	answer := p.ask(http.StatusOK, http.MethodGet, "/storage-type/MySQL?version_name=8.0&ha_mode=ha", "")
	for _, kind := range get(answer, "storage_type").([]any) {
		volume := object{"type": get(kind, "name"), "size": 40}
		p.ask(http.StatusAccepted, http.MethodPost, "/instances", with(t, single, "volume", volume))
	}
	p.refused(http.StatusBadRequest, "DBS.200001", http.MethodGet, "/storage-type/MySQL", "")
	p.refused(http.StatusBadRequest, "DBS.200001", http.MethodGet, "/storage-type/MySQL?version_name=8.0&ha_mode=two", "")
}
