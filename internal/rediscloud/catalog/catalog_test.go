package catalog

import "testing"

func TestDataFiles(t *testing.T) {
	t.Parallel()
	for _, r := range Regions() {
		if len(r.Zones) == 0 || r.TimeZone == "" || r.Provider != AWS && r.Provider != GCP {
			t.Errorf("region %+v is not complete", r)
		}
	}
	ids, names := map[int64]bool{}, map[string]bool{}
	for _, r := range Regions() {
		if ids[r.ID] || names[r.Provider+r.Name] {
			t.Errorf("region %d %s is there twice", r.ID, r.Name)
		}
		ids[r.ID], names[r.Provider+r.Name] = true, true
	}
	for _, place := range [][2]string{
		{AWS, "eu-west-1"},
		{AWS, "us-east-1"},
		{AWS, "us-east-2"},
		{GCP, "europe-west1"},
		{GCP, "us-west1"},
		{GCP, "us-west2"},
	} {
		if _, ok := RegionNamed(place[0], place[1]); !ok {
			t.Errorf("no region %s, which clients look for", place)
		}
	}
	for _, name := range []string{"RedisBloom", "RediSearch", "RedisJSON", "RedisTimeSeries"} {
		if _, ok := ModuleNamed(name); !ok {
			t.Errorf("no module %s, which clients look for", name)
		}
	}
}
