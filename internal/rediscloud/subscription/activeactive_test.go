package subscription

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

// twoRegions is an Active-Active subscription; the regions were asked for in
// another order.
func twoRegions(tb testing.TB) Subscription {
	tb.Helper()
	s, err := newService(tb).newSubscription(asked(tb,
		`{"deploymentType": "active-active", "cloudProviders": [{"regions": [
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
	c := newService(t)
	region := func(name, cidr string) string {
		return `{"region": "` + name + `", "networking": {"deploymentCIDR": "` + cidr + `"}}`
	}
	regions := func(regions ...string) string {
		return `{"cloudProviders": [{"regions": [` + strings.Join(regions, ",") + `]}]}`
	}
	one := region("us-east-1", "10.0.0.0/24")
	eleven := make([]string, 0, maxRegions+1)
	for _, r := range catalog.Regions() {
		if r.Provider == catalog.AWS && r.Pro && len(eleven) <= maxRegions {
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
		{regions(), "ACTIVE_ACTIVE_SUBSCRIPTION_WITHOUT_REGIONS_IS_NOT_ALLOWED"},
		{`{"cloudProviders": []}`, "ACTIVE_ACTIVE_SUBSCRIPTION_WITHOUT_REGIONS_IS_NOT_ALLOWED"},
		{regions(one, region("us-east-1", "10.0.1.0/24")), "ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE"},
		{regions(one, region("us-east-2", "10.0.0.0/24")), "ACTIVE_ACTIVE_DATABASE_INVALID_CIDR_OVERLAPPING_OTHER_REGIONS"},
		{regions(`{"region": "us-east-1"}`), "NETWORKING_CIDR_MISSING"},
		{regions(region("us-east-1", "10.0.0.0/16")), "BAD_REQUEST"},
		{regions(region("atlantis", "10.0.0.0/24")), "SUBSCRIPTION_INVALID_REGION_NAME"},
		{regions(eleven[:maxRegions]...), ""},
		{regions(eleven...), "ACTIVE_ACTIVE_REGION_LIMIT_REACHED"},
		{
			regions(`{"region": "us-east-1", "networking": {"deploymentCIDR": "10.0.0.0/24", "vpcId": "vpc-1"}}`),
			"VPC_ID_NOT_ALLOWED_WITH_INTERNAL_CLOUD_ACCOUNT",
		},
		{`{"memoryStorage": "ram-and-flash"}`, "ACTIVE_ACTIVE_RAM_AND_FLASH_MEMORY_STORAGE_NOT_SUPPORTED"},
		{
			`{"cloudProviders": [{"cloudAccountId": 2, "regions": [` + one + `]}]}`,
			"ACTIVE_ACTIVE_EXTERNAL_ACCOUNTS_NOT_SUPPORTED",
		},
		{
			`{"cloudProviders": [{"provider": "GCP", "cloudAccountId": 2, "regions": [` + one + `]}]}`,
			"ACTIVE_ACTIVE_GCP_EXTERNAL_CLOUD_ACCOUNT_NOT_SUPPORTED",
		},
		{
			`{"cloudProviders": [{"regions": [` + one + `]}, {"cloudAccountId": 2, "regions": []}]}`,
			"ACTIVE_ACTIVE_MULTIPLE_CLOUD_ACCOUNTS_NOT_SUPPORTED",
		},
		{`{"cloudProviders": [{"provider": "OCI", "regions": [` + one + `]}]}`, "NOT_KNOWN_CLOUD_PROVIDER"},
		{
			`{"cloudProviders": [{"regions": [` + one + `]}, {"provider": "GCP", "regions": []}]}`,
			"MULTIPLE_CLOUD_PROVIDERS_NOT_SUPPORTED",
		},
		{
			`{"cloudProviders": [{"regions": [` + one +
				`]}], "databases": [{"name": "a", "localThroughputMeasurement": [{"region": "us-east-1"}]}]}`,
			"",
		},
		{
			`{"cloudProviders": [{"regions": [` + one +
				`]}], "databases": [{"name": "a", "localThroughputMeasurement": [{"region": "us-east-2"}]}]}`,
			"MISSING_REGIONS_BETWEEN_CLOUD_PROVIDERS_AND_DATABASES_LOCAL_THROUGHPUT_MEASUREMENTS",
		},
	} {
		in := asked(t, tt.members)
		in.DeploymentType = activeActive
		_, err := c.newSubscription(in)
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got code %q (%v), want %q", tt.members, got, err, tt.want)
		}
	}
}

func TestActiveActiveRegionsAreInOrder(t *testing.T) {
	t.Parallel()
	got := twoRegions(t).Regions
	want := []Region{
		{ID: 1, Name: "us-east-1", Number: 1, CIDR: "10.0.0.0/24", MultiAZ: true},
		{ID: 59, Name: "us-east-2", Number: 0, CIDR: "10.0.1.0/24", MultiAZ: true},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("regions (-want +got):\n%s", diff)
	}
}

func TestRulesOfANewActiveActiveDatabase(t *testing.T) {
	t.Parallel()
	sub := twoRegions(t)
	full := siblings{number: maxActiveActiveDatabase}

	for _, tt := range []struct {
		spec  string
		taken siblings
		want  cloud.Code
	}{
		{`{}`, siblings{}, ""},
		{`{}`, full, "ACTIVE_ACTIVE_DATABASE_LIMIT_EXCEEDED"},
		{
			`{"localThroughputMeasurement": [{"region": "us-east-1", "readOperationsPerSecond": 500, ` +
				`"writeOperationsPerSecond": 1500}]}`, siblings{}, "",
		},
		{
			`{"localThroughputMeasurement": [{"region": "us-east-1", "readOperationsPerSecond": 700}]}`,
			siblings{},
			"LOCAL_THROUGHPUT_READ_AND_WRITE_OPERATIONS_PER_SECOND_VALUES_MUST_BE_IN_INCREMENTS_OF_500_OR_MINIMUM",
		},
		{
			`{"localThroughputMeasurement": [{"region": "us-east-1", "writeOperationsPerSecond": 0}]}`,
			siblings{},
			"LOCAL_THROUGHPUT_READ_AND_WRITE_OPERATIONS_PER_SECOND_VALUES_MUST_BE_IN_INCREMENTS_OF_500_OR_MINIMUM",
		},
		{
			`{"localThroughputMeasurement": [{"region": "us-east-1", "writeOperationsPerSecond": 100000000}]}`,
			siblings{},
			"DATABASE_THROUGHPUT_TOO_BIG",
		},
		{
			`{"localThroughputMeasurement": [{"region": "eu-west-1"}]}`,
			siblings{},
			"MISSING_REGIONS_BETWEEN_LOCAL_THROUGHPUT_MEASUREMENTS_AND_SUBSCRIPTION_REGIONS",
		},
		{
			`{"localThroughputMeasurement": [{"region": "us-east-1"}, {"region": "us-east-1"}]}`,
			siblings{},
			"CRDB_ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE",
		},
		{`{"protocol": "memcached"}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_ALLOWED"},
		{
			`{"redisVersion": "6.2", "respVersion": "resp3"}`,
			siblings{},
			"ACTIVE_ACTIVE_DATABASE_RESP_VERSION_IS_NOT_SUPPORTED",
		},
		{`{"replication": true}`, siblings{}, ""},
		{`{"replication": false}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_REPLICATION_CANNOT_BE_FALSE"},
		{`{"redisVersion": "7.4", "modules": [{"name": "RedisJSON"}, {"name": "RediSearch"}]}`, siblings{}, ""},
		{
			`{"redisVersion": "7.4", "modules": [{"name": "RedisBloom"}]}`,
			siblings{},
			"ACTIVE_ACTIVE_DATABASE_MODULE_IS_NOT_SUPPORTED",
		},
		{`{"replicaOf": ["redis://a:1"]}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_REPLICA_OF_NOT_SUPPORTED"},
		{
			`{"replica": {"syncSources": [{"endpoint": "redis://a:1"}]}}`,
			siblings{},
			"ACTIVE_ACTIVE_DATABASE_REPLICA_OF_NOT_SUPPORTED",
		},
		{`{"periodicBackupPath": "s3://b"}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_PERIODIC_BACK_UP_PATH_NOT_ALLOWED"},
		{`{"remoteBackup": {"active": true}}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_PERIODIC_BACK_UP_PATH_NOT_ALLOWED"},
		{
			`{"throughputMeasurement": {"by": "operations-per-second", "value": 1000}}`,
			siblings{},
			"ACTIVE_ACTIVE_DATABASE_INVALID_THROUGHPUT",
		},
		{`{"queryPerformanceFactor": "Standard"}`, siblings{}, ""},
		{
			`{"queryPerformanceFactor": "2x"}`,
			siblings{},
			"DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED_ON_ACTIVE_ACTIVE",
		},
		{`{"alerts": [{"name": "dataset-size", "value": 80}]}`, siblings{}, ""},
		{`{"alerts": [{"name": "syncsource-lag", "value": 80}]}`, siblings{}, "ACTIVE_ACTIVE_DATABASE_ALERT_NOT_SUPPORTED"},
		{`{"datasetSizeInGb": null}`, siblings{}, "DATABASE_SIZE_LIMIT_NOT_DEFINED"},
	} {
		spec := cloudtest.FromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1}`)
		if err := json.Unmarshal([]byte(tt.spec), &spec); err != nil {
			t.Fatal(err)
		}
		_, err := designDatabase(sub, spec, tt.taken)
		if got := cloudtest.CodeOf(t, err); got != tt.want {
			t.Errorf("%s: got %q (%v), want %q", tt.spec, got, err, tt.want)
		}
	}
}

// What is said for all regions comes first and clears what regions had of their
// own; what is not said stays.
func TestGlobalAndLocalSettings(t *testing.T) {
	t.Parallel()
	const id = 51_000_001
	d, err := designDatabase(twoRegions(t),
		cloudtest.FromJSON[DatabaseSpec](t, `{"name": "orders", "datasetSizeInGb": 1, "password": "all"}`), siblings{})
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
			`{"globalDataPersistence": "aof-every-write", "globalSourceIp": ["10.0.0.0/8"], "regions": [
				{"region": "us-east-2", "password": "own",
				"sourceIp": ["192.0.2.0/24"], "enableDefaultUser": true,
				"localThroughputMeasurement": {"region": "us-east-2", "readOperationsPerSecond": 2000}}]}`,
			settings{"all", "aof-every-write", []string{"10.0.0.0/8"}, true, 1000, 1000, false},
			settings{"own", "aof-every-write", []string{"192.0.2.0/24"}, true, 2000, 1000, false},
		},
		{
			`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"writeOperationsPerSecond": 3000}},
				{"region": "us-east-2", "remoteBackup": {"active": true, "interval": "every-6-hours",
				"storageType": "aws-s3", "storagePath": "s3://b"}}]}`,
			settings{"all", "aof-every-write", []string{"10.0.0.0/8"}, true, 1000, 3000, false},
			settings{"own", "aof-every-write", []string{"192.0.2.0/24"}, true, 2000, 1000, true},
		},
		{
			`{"globalPassword": "new", "globalSourceIp": ["203.0.113.0/24"], "globalEnableDefaultUser": true}`,
			settings{"new", "aof-every-write", []string{"203.0.113.0/24"}, true, 1000, 3000, false},
			settings{"new", "aof-every-write", []string{"203.0.113.0/24"}, true, 2000, 1000, true},
		},
	} {
		if err := cloudtest.FromJSON[activeActiveUpdate](t, step.change).change(id, &d); err != nil {
			t.Fatalf("%s: %v", step.change, err)
		}
		var got []settings
		for _, l := range d.Locals {
			at := d.at(l)
			got = append(got, settings{
				at.password(id), at.Persistence, at.AllowedSources(), !at.NoDefaultUser, l.Reads, l.Writes, at.Backup != nil,
			})
		}
		if diff := cmp.Diff([]settings{step.first, step.second}, got); diff != "" {
			t.Errorf("after %s (-want +got):\n%s", step.change, diff)
		}
	}
	for _, tt := range []struct {
		change string
		want   cloud.Code
	}{
		{`{"regions": [{"region": "eu-west-1"}]}`, "ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS"},
		{`{"regions": [{"region": "us-east-1"}, {"region": "us-east-1"}]}`, "ACTIVE_ACTIVE_REGIONS_MUST_BE_DEFINED_ONCE"},
		{
			`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"region": "us-east-2"}}]}`,
			"ACTIVE_ACTIVE_MISMATCH_BETWEEN_REQUEST_REGIONS_AND_SUBSCRIPTION_REGIONS",
		},
		{
			`{"regions": [{"region": "us-east-1", "localThroughputMeasurement": {"readOperationsPerSecond": 1}}]}`,
			"LOCAL_THROUGHPUT_READ_AND_WRITE_OPERATIONS_PER_SECOND_VALUES_MUST_BE_IN_INCREMENTS_OF_500_OR_MINIMUM",
		},
		{`{"regions": [{"region": "us-east-1", "password": ""}]}`, "DATABASE_PASSWORD_IS_BLANK"},
		{`{"regions": [{"region": "us-east-1", "sourceIp": ["x"]}]}`, "DATABASE_INVALID_SIP"},
		{
			`{"regions": [{"region": "us-east-1", "alerts": [{"name": "latency", "value": 0}]}]}`,
			"DATABASE_INVALID_ALERT_VALUE",
		},
		{
			`{"regions": [{"region": "us-east-1", "alerts": [{"name": "syncsource-lag", "value": 9}]}]}`,
			"ACTIVE_ACTIVE_DATABASE_ALERT_NOT_SUPPORTED",
		},
		{`{"regions": [{"region": "us-east-1", "remoteBackup": {"active": true}}]}`, "DATABASE_INVALID_BACKUP_INTERVAL"},
		{`{"globalAlerts": [{"name": "syncsource-lag", "value": 9}]}`, "ACTIVE_ACTIVE_DATABASE_ALERT_NOT_SUPPORTED"},
		{`{"globalEnableDefaultUser": false, "globalPassword": "other"}`, ""},
		{`{"queryPerformanceFactor": "4x"}`, "DATABASE_QUERY_PERFORMANCE_FACTOR_IS_NOT_SUPPORTED_ON_ACTIVE_ACTIVE"},
		{`{"datasetSizeInGb": 1, "memoryLimitInGb": 1}`, "DATABASE_SIZE_LIMIT_INVALID_TOO_MANY_MEMORY_SPECIFICATIONS"},
	} {
		changed := d
		got := cloudtest.CodeOf(t, cloudtest.FromJSON[activeActiveUpdate](t, tt.change).change(id, &changed))
		if got != tt.want {
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
		if got := cloudtest.CodeOf(t, err); got != tt.want || (regular != nil) != tt.regular || job != tt.job {
			t.Errorf("%s: got %q, %v, %q, want %q, %v, %q", tt.name, got, regular, job, tt.want, tt.regular, tt.job)
		}
	}
}
