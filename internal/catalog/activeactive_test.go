package catalog

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
)

// twoRegions is an Active-Active subscription; the regions were asked for in
// another order.
func twoRegions(tb testing.TB, c *Catalog) Subscription {
	tb.Helper()
	s, err := c.newSubscription(asked(tb, `{"deploymentType": "active-active", "cloudProviders": [{"regions": [
		{"region": "us-east-2", "networking": {"deploymentCIDR": "10.0.1.0/24"}},
		{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24"}}
	]}]}`))
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestActiveActiveSubscriptionRules(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	region := func(name, cidr string) string {
		return `{"region": "` + name + `", "networking": {"deploymentCIDR": "` + cidr + `"}}`
	}
	regions := func(regions ...string) string {
		return `{"cloudProviders": [{"regions": [` + strings.Join(regions, ",") + `]}]}`
	}
	one := region("us-east-1", "10.0.0.0/24")
	eleven := make([]string, 0, maxRegions+1)
	for _, r := range c.regions {
		if r.Provider == aws && r.Pro && len(eleven) <= maxRegions {
			eleven = append(eleven, region(r.Name, "10.0."+string(rune('0'+len(eleven)%10))+".0/24"))
		}
	}
	eleven[maxRegions] = strings.Replace(eleven[maxRegions], "10.0.0.0", "10.1.0.0", 1)

	for _, tt := range []struct {
		members string
		want    cloud.Code
	}{
		{regions(one), ""},
		{regions(one, region("us-west-1", "10.0.1.0/24")), ""},
		{regions(), cloud.ActiveActiveWithoutRegions},
		{`{"cloudProviders": []}`, cloud.ActiveActiveWithoutRegions},
		{regions(one, region("us-east-1", "10.0.1.0/24")), cloud.ActiveActiveRegionTwice},
		{regions(one, region("us-east-2", "10.0.0.0/24")), cloud.ActiveActiveCIDROverlap},
		{regions(`{"region": "us-east-1"}`), cloud.NetworkCIDRMissing},
		{regions(region("us-east-1", "10.0.0.0/16")), cloud.BadRequest},
		{regions(region("atlantis", "10.0.0.0/24")), cloud.SubscriptionInvalidRegion},
		{regions(eleven[:maxRegions]...), ""},
		{regions(eleven...), cloud.ActiveActiveRegionLimit},
		{regions(`{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24", "vpcId": "vpc-1"}}`), cloud.VPCNotAllowed},
		{`{"memoryStorage": "ram-and-flash"}`, cloud.ActiveActiveFlash},
		{`{"cloudProviders": [{"cloudAccountId": 2, "regions": [` + one + `]}]}`, cloud.ActiveActiveExternalAccount},
		{`{"cloudProviders": [{"provider": "GCP", "cloudAccountId": 2, "regions": [` + one + `]}]}`, cloud.ActiveActiveGCPAccount},
		{`{"cloudProviders": [{"regions": [` + one + `]}, {"cloudAccountId": 2, "regions": []}]}`, cloud.ActiveActiveAccounts},
		{`{"cloudProviders": [{"provider": "OCI", "regions": [` + one + `]}]}`, cloud.NotKnownCloudProvider},
		{`{"cloudProviders": [{"regions": [` + one + `]}, {"provider": "GCP", "regions": []}]}`, cloud.MultipleProviders},
		{`{"cloudProviders": [{"regions": [` + one + `]}], "databases": [{"name": "a", "localThroughputMeasurement": [{"region": "us-east-1"}]}]}`, ""},
		{`{"cloudProviders": [{"regions": [` + one + `]}], "databases": [{"name": "a", "localThroughputMeasurement": [{"region": "us-east-2"}]}]}`, cloud.FirstThroughputElsewhere},
	} {
		in := asked(t, tt.members)
		in.DeploymentType = activeActive
		_, err := c.newSubscription(in)
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q (%v), want %q", tt.members, got, err, tt.want)
		}
	}
}

func TestActiveActiveRegionsAreInOrder(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	got := twoRegions(t, c).Regions
	want := []SubscriptionRegion{
		{ID: 1, Name: "us-east-1", Number: 1, CIDR: "10.0.0.0/24", MultiAZ: true},
		{ID: 59, Name: "us-east-2", Number: 0, CIDR: "10.0.1.0/24", MultiAZ: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
}

func TestRulesOfANewActiveActiveDatabase(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	sub := twoRegions(t, c)
	full := neighbours{names: map[string]bool{}}
	for i := range maxActiveActiveDatabase {
		full.names[string(rune('a'+i))] = true
	}

	for _, tt := range []struct {
		spec string
		near neighbours
		want cloud.Code
	}{
		{`{}`, neighbours{}, ""},
		{`{}`, full, cloud.ActiveActiveDatabaseLimit},
		{`{"localThroughputMeasurement": [{"region": "us-east-1", "readOperationsPerSecond": 500, "writeOperationsPerSecond": 1500}]}`, neighbours{}, ""},
		{`{"localThroughputMeasurement": [{"region": "us-east-1", "readOperationsPerSecond": 700}]}`, neighbours{}, cloud.LocalThroughputIncrement},
		{`{"localThroughputMeasurement": [{"region": "us-east-1", "writeOperationsPerSecond": 0}]}`, neighbours{}, cloud.LocalThroughputIncrement},
		{`{"localThroughputMeasurement": [{"region": "us-east-1", "writeOperationsPerSecond": 100000000}]}`, neighbours{}, cloud.DatabaseThroughputTooBig},
		{`{"localThroughputMeasurement": [{"region": "eu-west-1"}]}`, neighbours{}, cloud.LocalThroughputElsewhere},
		{`{"localThroughputMeasurement": [{"region": "us-east-1"}, {"region": "us-east-1"}]}`, neighbours{}, cloud.LocalThroughputTwice},
		{`{"protocol": "memcached"}`, neighbours{}, cloud.ActiveActiveMemcached},
		{`{"redisVersion": "6.2", "respVersion": "resp3"}`, neighbours{}, cloud.ActiveActiveResp},
		{`{"replication": true}`, neighbours{}, ""},
		{`{"replication": false}`, neighbours{}, cloud.ActiveActiveReplication},
		{`{"redisVersion": "7.4", "modules": [{"name": "RedisJSON"}, {"name": "RediSearch"}]}`, neighbours{}, ""},
		{`{"redisVersion": "7.4", "modules": [{"name": "RedisBloom"}]}`, neighbours{}, cloud.ActiveActiveModule},
		{`{"replicaOf": ["redis://a:1"]}`, neighbours{}, cloud.ActiveActiveReplicaOf},
		{`{"replica": {"syncSources": [{"endpoint": "redis://a:1"}]}}`, neighbours{}, cloud.ActiveActiveReplicaOf},
		{`{"periodicBackupPath": "s3://b"}`, neighbours{}, cloud.ActiveActiveBackupPath},
		{`{"remoteBackup": {"active": true}}`, neighbours{}, cloud.ActiveActiveBackupPath},
		{`{"throughputMeasurement": {"by": "operations-per-second", "value": 1000}}`, neighbours{}, cloud.ActiveActiveThroughput},
		{`{"queryPerformanceFactor": "Standard"}`, neighbours{}, ""},
		{`{"queryPerformanceFactor": "2x"}`, neighbours{}, cloud.ActiveActiveFactor},
		{`{"alerts": [{"name": "dataset-size", "value": 80}]}`, neighbours{}, ""},
		{`{"alerts": [{"name": "syncsource-lag", "value": 80}]}`, neighbours{}, cloud.ActiveActiveAlert},
		{`{"datasetSizeInGb": null}`, neighbours{}, cloud.DatabaseSizeMissing},
	} {
		spec := fromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		_, err := c.designDatabase(sub, spec, tt.near)
		if got := codeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.spec, got, err, tt.want)
		}
	}
}

// What is said for all regions comes first and clears what regions had of their
// own; what is not said stays.
func TestGlobalAndLocalSettings(t *testing.T) {
	t.Parallel()
	c := newCatalog(t)
	const id = 51_000_001
	d, err := c.designDatabase(twoRegions(t, c), fromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1, "password": "all"}`), neighbours{})
	if err != nil {
		t.Fatal(err)
	}
	type settings struct {
		Password, Persistence string
		SourceIPs             []string
		DefaultUser           bool
		Reads, Writes         int64
		Backup                bool
	}
	for _, step := range []struct {
		change        string
		first, second settings
	}{
		{
			`{}`,
			settings{"all", "none", []string{"0.0.0.0/0"}, true, 1000, 1000, false},
			settings{"all", "none", []string{"0.0.0.0/0"}, true, 1000, 1000, false},
		},
		{
			`{"globalDataPersistence": "aof-every-write", "globalSourceIp": ["10.0.0.0/8"], "regions": [{"region": "us-east-2", "password": "own",
				"sourceIp": ["192.0.2.0/24"], "enableDefaultUser": true, "localThroughputMeasurement": {"region": "us-east-2", "readOperationsPerSecond": 2000}}]}`,
			settings{"all", "aof-every-write", []string{"10.0.0.0/8"}, true, 1000, 1000, false},
			settings{"own", "aof-every-write", []string{"192.0.2.0/24"}, true, 2000, 1000, false},
		},
		{
			`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"writeOperationsPerSecond": 3000}},
				{"region": "us-east-2", "remoteBackup": {"active": true, "interval": "every-6-hours", "storageType": "aws-s3", "storagePath": "s3://b"}}]}`,
			settings{"all", "aof-every-write", []string{"10.0.0.0/8"}, true, 1000, 3000, false},
			settings{"own", "aof-every-write", []string{"192.0.2.0/24"}, true, 2000, 1000, true},
		},
		{
			`{"globalPassword": "new", "globalSourceIp": ["203.0.113.0/24"], "globalEnableDefaultUser": true}`,
			settings{"new", "aof-every-write", []string{"203.0.113.0/24"}, true, 1000, 3000, false},
			settings{"new", "aof-every-write", []string{"203.0.113.0/24"}, true, 2000, 1000, true},
		},
	} {
		if err := fromJSON[activeActiveUpdate](t, step.change).change(c, id, &d); err != nil {
			t.Fatalf("%s: %v", step.change, err)
		}
		var got []settings
		for _, l := range d.Locals {
			at := d.at(l)
			got = append(got, settings{at.password(id), at.Persistence, at.sourceIPs(), !at.NoDefaultUser, l.Reads, l.Writes, at.Backup != nil})
		}
		if diff := cmp.Diff([]settings{step.first, step.second}, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.change, diff)
		}
	}
	for _, tt := range []struct {
		change string
		want   cloud.Code
	}{
		{`{"regions": [{"region": "eu-west-1"}]}`, cloud.ActiveActiveRegionMismatch},
		{`{"regions": [{"region": "us-east-1"}, {"region": "us-east-1"}]}`, cloud.ActiveActiveRegionTwice},
		{`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"region": "us-east-2"}}]}`, cloud.ActiveActiveRegionMismatch},
		{`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"readOperationsPerSecond": 1}}]}`, cloud.LocalThroughputIncrement},
		{`{"regions": [{"region": "us-east-1", "password": ""}]}`, cloud.DatabasePasswordBlank},
		{`{"regions": [{"region": "us-east-1", "sourceIp": ["x"]}]}`, cloud.DatabaseSourceIPInvalid},
		{`{"regions": [{"region": "us-east-1", "alerts": [{"name": "latency", "value": 0}]}]}`, cloud.DatabaseAlertValueInvalid},
		{`{"regions": [{"region": "us-east-1", "alerts": [{"name": "syncsource-lag", "value": 9}]}]}`, cloud.ActiveActiveAlert},
		{`{"regions": [{"region": "us-east-1", "remoteBackup": {"active": true}}]}`, cloud.DatabaseBackupInterval},
		{`{"globalAlerts": [{"name": "syncsource-lag", "value": 9}]}`, cloud.ActiveActiveAlert},
		{`{"globalEnableDefaultUser": false, "globalPassword": "other"}`, ""},
		{`{"queryPerformanceFactor": "4x"}`, cloud.ActiveActiveFactor},
		{`{"datasetSizeInGb": 1, "memoryLimitInGb": 1}`, cloud.DatabaseSizeTwice},
	} {
		changed := d
		if got := codeOf(t, fromJSON[activeActiveUpdate](t, tt.change).change(c, id, &changed)); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.change, got, tt.want)
		}
	}
}

func TestRegionsOfBackups(t *testing.T) {
	t.Parallel()
	single := Database{Region: "eu-west-1", Backup: &Backup{}}
	several := Database{Locals: []Local{{Region: "eu-west-1"}, {Region: "us-east-1", Backup: &Backup{}}}}
	for _, tt := range []struct {
		name    string
		db      Database
		region  string
		want    cloud.Code
		regular bool
		job     string
	}{
		{"the only region", single, "", "", true, "backup"},
		{"the only region by its name", single, "eu-west-1", "DENIED", false, ""},
		{"one of several", several, "us-east-1", "", true, "backup us-east-1"},
		{"one without", several, "eu-west-1", "", false, "backup eu-west-1"},
		{"none of several", several, "", "MISSING", false, ""},
		{"elsewhere", several, "us-west-2", "UNKNOWN", false, ""},
	} {
		regular, job, err := tt.db.backups(tt.region, wrongBackup{"DENIED", "MISSING", "UNKNOWN"})
		if got := codeOf(t, err); got != tt.want || (regular != nil) != tt.regular || job != tt.job {
			t.Errorf("%s: got %q, %v, %q, want %q, %v, %q", tt.name, got, regular, job, tt.want, tt.regular, tt.job)
		}
	}
}
