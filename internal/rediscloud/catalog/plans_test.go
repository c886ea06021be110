package catalog

import (
	"testing"
)

// Clients look for these very rows, by all that is said of them here.
func TestPlans(t *testing.T) {
	t.Parallel()
	ids, names := map[int64]bool{}, map[string]bool{}
	for _, p := range Plans() {
		if name := p.Provider + p.Region + p.Name; ids[p.ID] || names[name] || p.ID > 99_999 {
			t.Errorf("plan %d %s is there twice, or its id is too big", p.ID, name)
		}
		ids[p.ID], names[p.Provider+p.Region+p.Name] = true, true
	}
	for id, want := range map[int64]Plan{
		34843: {
			Name: "30MB", Size: 30, SizeMeasurementUnit: "MB", Provider: AWS, Region: "us-east-1", RegionID: 1,
			MaximumThroughput: 100, MaximumBandwidthGB: 5, Availability: "No replication", Connections: "30", CIDRAllowRules: 1,
		},
		34858: {
			Name:                "250MB",
			Size:                250,
			SizeMeasurementUnit: "MB",
			Provider:            AWS,
			Region:              "us-east-1",
			RegionID:            1,
			Price:               5,
			MaximumThroughput:   1000,
			MaximumBandwidthGB:  100,
			Availability:        "No replication",
			Connections:         "256",
			CIDRAllowRules:      4,
		},
		34947: {
			Name:                "Single-Zone_1GB",
			Size:                1,
			SizeMeasurementUnit: "GB",
			Provider:            AWS,
			Region:              "eu-west-1",
			RegionID:            4,
			Price:               23,
			MaximumThroughput:   2000,
			MaximumBandwidthGB:  200,
			Availability:        "Single-zone",
			Connections:         "1024",
			CIDRAllowRules:      8,
		},
		35008: {
			Name:                   "Single-Zone_Persistence_1GB",
			Size:                   1,
			SizeMeasurementUnit:    "GB",
			Provider:               Azure,
			Region:                 "west-us",
			RegionID:               17,
			Price:                  30,
			MaximumThroughput:      2000,
			MaximumBandwidthGB:     200,
			Availability:           "Single-zone",
			Connections:            "1024",
			CIDRAllowRules:         8,
			SupportDataPersistence: true,
		},
	} {
		want.ID = id
		if got, _ := PlanByID(id); got != want {
			t.Errorf("plan %d: got %+v, want %+v", id, got, want)
		}
	}
	for _, name := range []string{"250MB", "Single-Zone_1GB", "Multi-Zone_Persistence_12GB", "Single-Zone_Flex_100GB"} {
		for _, place := range [][2]string{{AWS, "us-east-1"}, {GCP, "europe-west1"}} {
			if !names[place[0]+place[1]+name] {
				t.Errorf("no plan %s in %s", name, place)
			}
		}
	}
}

// A new entry in the file must not give another id to a plan that was there before.
func TestPlansKeepTheirIDs(t *testing.T) {
	t.Parallel()
	for id, want := range map[int64][3]string{
		36001: {AWS, "us-east-1", "Multi-Zone_250MB"},
		36044: {AWS, "us-west-1", "30MB"},
		36161: {AWS, "eu-west-1", "Multi-Zone_Persistence_12GB"},
		36416: {Azure, "east-us", "Multi-Zone_Flex_100GB"},
		40001: {AWS, "us-east-1", "Persistence_250MB"},
		41001: {AWS, "ap-southeast-1", "30MB"},
		43184: {Azure, "canada-central", "Persistence_12GB"},
		98273: {AWS, "eu-west-1", "Cache 5GB"},
	} {
		p, ok := PlanByID(id)
		if got := [3]string{p.Provider, p.Region, p.Name}; !ok || got != want {
			t.Errorf("plan %d: got %v, want %v", id, got, want)
		}
	}
	if _, ok := PlanByID(43185); ok || len(Plans()) != 416+45+42*52+11 {
		t.Errorf("%d plans: add new ones to the end of this test, too", len(Plans()))
	}
}

func TestPlanTableErrors(t *testing.T) {
	t.Parallel()
	for name, table := range map[string]planTable{
		"unknown kinds": {Series: []planSeries{{FirstID: 1, Kinds: []string{"none"}}}},
		"id twice":      {Observed: []Plan{{ID: 1, Name: "a"}, {ID: 1, Name: "b"}}},
	} {
		if !panics(func() { table.plans() }) {
			t.Errorf("%s: it is taken", name)
		}
	}
}
