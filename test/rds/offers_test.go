package rds

import (
	"slices"
	"strconv"

	"github.com/huaweicloud/huaweicloud-sdk-go-v3/services/rds/v3/model"
)

// offers asks what there is to order, and orders it.
func offers(p *project) {
	engines, err := p.client.ListDatastores(&model.ListDatastoresRequest{
		DatabaseName: enum[model.ListDatastoresRequestDatabaseName]("MySQL"),
	})
	if err != nil {
		p.Fatal(err)
	}
	var versions []string
	for _, engine := range *engines.DataStores {
		versions = append(versions, engine.Name)
	}
	if !slices.Contains(versions, "5.7") || !slices.Contains(versions, "8.0") {
		p.Errorf("got %v", engines)
	}
	flavors := func(request model.ListFlavorsRequest) []model.Flavor {
		p.Helper()
		request.DatabaseName = enum[model.ListFlavorsRequestDatabaseName]("MySQL")
		got, err := p.client.ListFlavors(&request)
		if err != nil {
			p.Fatal(err)
		}
		return *got.Flavors
	}
	modes := map[string]model.Flavor{}
	for _, flavor := range flavors(model.ListFlavorsRequest{VersionName: new("8.0")}) {
		if !slices.Contains(flavor.VersionName, "8.0") || len(flavor.AzStatus) == 0 || flavor.Ram == 0 {
			p.Errorf("got %v", flavor)
		}
		modes[flavor.InstanceMode] = flavor
	}
	if got := flavors(model.ListFlavorsRequest{SpecCode: new(modes["ha"].SpecCode)}); len(got) != 1 ||
		got[0].SpecCode != modes["ha"].SpecCode {
		p.Errorf("got %v", got)
	}
	for mode, change := range map[string]func(*model.InstanceRequest) *model.InstanceRequest{
		"single": func(body *model.InstanceRequest) *model.InstanceRequest { return body }, "ha": highlyAvailable,
	} {
		storage, err := p.client.ListStorageTypes(&model.ListStorageTypesRequest{
			DatabaseName: enum[model.ListStorageTypesRequestDatabaseName]("MySQL"), VersionName: "8.0",
			HaMode: new(enum[model.ListStorageTypesRequestHaMode](mode)),
		})
		if err != nil || len(*storage.StorageType) == 0 {
			p.Fatalf("got %v, %v", storage, err)
		}
		for _, kind := range *storage.StorageType {
			body := change(order("orders"))
			body.FlavorRef, body.Volume.Type = modes[mode].SpecCode, enum[model.VolumeType](kind.Name)
			made := p.active(body)
			if got := p.mustShow(made.instance); *got.Cpu != modes[mode].Vcpus ||
				*got.Mem != strconv.Itoa(int(modes[mode].Ram)) {
				p.Errorf("got %v, want what the flavor %v says", got, modes[mode])
			}
		}
	}
}
