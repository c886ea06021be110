package subscription

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/catalog"
)

func TestPlanChange(t *testing.T) {
	t.Parallel()
	at := func(name string) catalog.Plan { return planNamed(t, catalog.AWS, "us-east-1", name) }
	for _, tt := range []struct {
		from, to catalog.Plan
		want     cloud.Code
	}{
		{at("250MB"), at("250MB"), ""},
		{at("250MB"), at("Single-Zone_1GB"), ""},
		{at("Single-Zone_Persistence_5GB"), at("1GB"), ""},
		{at("Multi-Zone_1GB"), at("Multi-Zone_Persistence_1GB"), ""},
		{at("Flex_1GB"), at("Single-Zone_Flex_5GB"), ""},
		{
			at("250MB"), planNamed(t, catalog.GCP, "us-central1", "250MB"),
			"FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_CLOUD_PROVIDER_AND_SUBSCRIPTION_CLOUD_PROVIDER",
		},
		{
			at("250MB"), planNamed(t, catalog.AWS, "eu-west-1", "250MB"),
			"FIXED_MISMATCH_BETWEEN_REQUEST_PLAN_REGION_AND_SUBSCRIPTION_REGION",
		},
		{at("1GB"), at("Flex_1GB"), "NON_REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_REDIS_FLEX_PLAN"},
		{at("Flex_1GB"), at("1GB"), "REDIS_FLEX_PLAN_CANNOT_BE_UPDATED_TO_NON_REDIS_FLEX"},
		{
			at("Multi-Zone_1GB"), at("Single-Zone_1GB"),
			"FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_MULTI_ZONE_TO_SINGLE_ZONE_OR_NO_REPLICATION",
		},
		{
			at("1GB"), at("Multi-Zone_1GB"),
			"FIXED_SUBSCRIPTION_PLAN_CANNOT_CHANGED_FROM_AVAILABILITY_OF_SINGLE_ZONE_OR_NO_REPLICATION_TO_MULTI_ZONE",
		},
	} {
		if got := cloudtest.CodeOf(t, catalog.CheckPlanChange(tt.from, tt.to)); got != tt.want {
			t.Errorf("%s to %s %s: got %q, want %q", tt.from.Name, tt.to.Region, tt.to.Name, got, tt.want)
		}
	}
}

func TestPlanHolds(t *testing.T) {
	t.Parallel()
	free, paid := planNamed(t, catalog.AWS, "us-east-1", "30MB"), planNamed(t, catalog.AWS, "us-east-1", "250MB")
	for name, tt := range map[string]struct {
		to     catalog.Plan
		change func(*Database)
		want   cloud.Code
	}{
		"plain": {free, func(*Database) {}, ""},
		"source IPs": {
			free, func(d *Database) { d.SourceIPs = []string{"10.0.0.1", "10.0.0.2"} },
			"FIXED_SUBSCRIPTION_PLAN_MAX_SOURCE_IPS_IS_SMALLER_THEN_ONE_OF_EXISTING_DATABSE_SOURCE_IPS",
		},
		"TLS": {free, func(d *Database) { d.TLS = true }, "FIXED_SUBSCRIPTION_PLAN_NOT_SUPPORT_TLS"},
		"sync sources": {
			free, func(d *Database) { d.SyncSources = []SyncSource{{}} }, "FIXED_SUBSCRIPTION_PLAN_NOT_SUPPORT_REPLICA_OF",
		},
		"backup": {free, func(d *Database) { d.Backup = &Backup{} }, "FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN"},
		"alert": {
			free, func(d *Database) { d.Alerts = []Alert{{Name: catalog.AlertConnections}, {Name: "latency"}} },
			"FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN",
		},
		"all alerts":  {paid, func(d *Database) { d.Alerts = []Alert{{Name: "latency"}, {Name: "syncsource-lag"}} }, ""},
		"replication": {paid, func(d *Database) { d.Replication = true }, "FIXED_SUBSCRIPTION_UPDATE_INVALID_PLAN"},
		"persistence": {paid, func(d *Database) { d.Persistence = "aof-every-1-second" }, ""},
	} {
		d := Database{Persistence: noPersistence}
		tt.change(&d)
		if got := cloudtest.CodeOf(t, checkHolds(tt.to, d)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}

func TestPlanPayment(t *testing.T) {
	t.Parallel()
	c := newService(t)
	card := c.PaymentMethods[0].ID
	free, paid := planNamed(t, catalog.AWS, "us-east-1", "30MB"), planNamed(t, catalog.AWS, "us-east-1", "250MB")
	for name, tt := range map[string]struct {
		plan   catalog.Plan
		method string
		id     *int64
		want   cloud.Code
		paid   int64
	}{
		"free":                {free, creditCard, nil, "", 0},
		"free with a card":    {free, creditCard, &card, "FIXED_PAYMENT_INFO_NOT_ALLOWED_IN_FREE_FIXED_PLAN", 0},
		"card":                {paid, creditCard, &card, "", card},
		"no card":             {paid, creditCard, nil, "PAYMENT_INFO_NOT_PROVIDED", 0},
		"unknown card":        {paid, creditCard, new(int64(1)), "SUBSCRIPTION_PI_NOT_FOUND", 0},
		"marketplace":         {paid, marketplace, nil, "", 0},
		"marketplace by card": {paid, marketplace, &card, "MARKETPLACE_PAYMENT_INFO_COLLISION", 0},
	} {
		var s Essentials
		if got := cloudtest.CodeOf(t, c.payPlan(&s, tt.plan, tt.method, tt.id)); got != tt.want ||
			s.PaymentMethodID != tt.paid {
			t.Errorf("%s: got %q and card %d, want %q and %d", name, got, s.PaymentMethodID, tt.want, tt.paid)
		}
	}
}

func TestEssentialsDatabaseRules(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		plan string
		say  func(*essentialsDatabaseCreate)
		want cloud.Code
	}{
		"defaults":         {"250MB", func(*essentialsDatabaseCreate) {}, ""},
		"defaults of free": {"30MB", func(*essentialsDatabaseCreate) {}, ""},
		"defaults of Flex": {"Flex_1GB", func(*essentialsDatabaseCreate) {}, ""},
		"full": {
			"Single-Zone_Persistence_1GB", func(in *essentialsDatabaseCreate) { in.Persistence = new("aof-every-1-second") }, "",
		},
		"all off": {"250MB", func(in *essentialsDatabaseCreate) {
			in.OSSCluster, in.MemoryGB, in.BackupPath = new(false), new(0.0), new("")
		}, ""},
		"size": {
			"250MB", func(in *essentialsDatabaseCreate) { in.DatasetGB = new(1.0) },
			"FIXED_DATABASE_MEMORY_LIMIT_IN_GB_AND_DATA_SET_SIZE_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
		},
		"OSS cluster": {
			"250MB", func(in *essentialsDatabaseCreate) { in.OSSCluster = new(true) },
			"FIXED_DATABASE_OSS_CLUSTER_API_IS_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"external endpoint": {
			"250MB", func(in *essentialsDatabaseCreate) { in.ExternalEndpoint = new(true) },
			"FIXED_DATABASE_USE_EXTERNAL_ENDPOINT_FOR_OSS_CLUSTER_API_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"clustering": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Clustering = new(true) },
			"FIXED_DATABASE_ENABLE_DATABASE_CLUSTERING_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
		},
		"shards": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Shards = new(int64(2)) },
			"FIXED_DATABASE_NUMBER_OF_SHARDS_SUPPORTED_ONLY_FOR_PAY_AS_YOU_GO",
		},
		"regex rules": {
			"250MB", func(in *essentialsDatabaseCreate) { in.RegexRules = &[]string{"(?<tag>.*)"} },
			"FIXED_DATABASE_REGEX_RULES_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"replication": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Replication = new(true) },
			"FIXED_DATABASE_REPLICATION_IS_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"TLS": {"250MB", func(in *essentialsDatabaseCreate) { in.TLS = new(true) }, ""},
		"TLS of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.TLS = new(true) },
			"FIXED_DATABASE_ENABLE_TLS_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"certificate of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.SSLCertificate = new(certificatePEM) },
			"FIXED_DATABASE_CLIENT_SSL_CERTIFICATE_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"certificates": {"250MB", func(in *essentialsDatabaseCreate) {
			in.TLSCertificates = clientCertificates{true, []string{certificatePEM}}
		}, ""},
		"bad certificates": {
			"250MB", func(in *essentialsDatabaseCreate) { in.TLSCertificates = clientCertificates{true, []string{"no"}} },
			"DATABASE_INVALID_CERT",
		},
		"no version of RESP": {
			"250MB", func(in *essentialsDatabaseCreate) { in.RespVersion = new("best_resp_100") }, "BAD_REQUEST",
		},
		"backup": {"250MB", func(in *essentialsDatabaseCreate) { in.BackupPath = new("s3://bucket/path") }, ""},
		"backup nowhere": {
			"250MB", func(in *essentialsDatabaseCreate) { in.BackupPath = new("nowhere") },
			"DATABASE_INVALID_BACKUP_STORAGE_TYPE",
		},
		"backup of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.BackupPath = new("s3://bucket/path") },
			"DATABASE_BACKUP_NOT_SUPPORTED",
		},
		"replica of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.ReplicaOf = &[]string{"redis://a:1"} },
			"FIXED_DATABASE_REPLICA_OF_NOT_SUPPORTED_IN_REQUESTED_PLAN",
		},
		"replica of nowhere": {
			"250MB", func(in *essentialsDatabaseCreate) { in.ReplicaOf = &[]string{"http://a:1"} },
			"DATABASE_REPLICA_OF_BAD_URI",
		},
		"replica of memcached": {"250MB", func(in *essentialsDatabaseCreate) {
			in.Protocol, in.ReplicaOf = memcached, &[]string{"redis://a:1"}
		}, "FIXED_DATABASE_REPLICA_OF_MEMCACHED_IS_NOT_SUPPORTED"},
		"source IPs": {
			"250MB", func(in *essentialsDatabaseCreate) { in.SourceIPs = &[]string{"10.0.0.1", "10.0.0.0/8"} }, "",
		},
		"source IPs of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.SourceIPs = &[]string{"10.0.0.1", "10.0.0.2"} },
			"FIXED_DATABASE_SOURCE_IPS_LIST_IS_GREATER_THAN_PLAN_MAX_COUNT_ALLOWED_SOURCE_IPS",
		},
		"bad source IP": {
			"250MB", func(in *essentialsDatabaseCreate) { in.SourceIPs = &[]string{"everywhere"} }, "DATABASE_INVALID_SIP",
		},
		"alert": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Alerts = &[]Alert{{"throughput-higher-than", 80}} }, "",
		},
		"alert of free": {
			"30MB", func(in *essentialsDatabaseCreate) { in.Alerts = &[]Alert{{"latency", 80}} },
			"FIXED_DATABASE_ALERT_NOT_SUPPORTED",
		},
		"alert of Pro": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Alerts = &[]Alert{{"dataset-size", 80}} },
			"FIXED_DATABASE_ALERT_NOT_SUPPORTED",
		},
		"alert too high": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Alerts = &[]Alert{{catalog.AlertConnections, 101}} },
			"DATABASE_INVALID_ALERT_VALUE",
		},
		"modules": {"250MB", func(in *essentialsDatabaseCreate) {
			in.Protocol, in.Modules = redis, []DatabaseModule{{Name: search}}
		}, ""},
		"modules of stack": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Modules = []DatabaseModule{{Name: search}} },
			"FIXED_DATABASE_STACK_PROTOCOL_CONTAINS_MODULES",
		},
		"modules of 8": {"250MB", func(in *essentialsDatabaseCreate) {
			in.Protocol, in.RedisVersion, in.Modules = redis, "8.2", []DatabaseModule{{Name: search}}
		}, "DATABASE_EXPLICIT_MODULES_NOT_SUPPORTED_FOR_THIS_REDIS_VERSION"},
		"modules of memcached": {"250MB", func(in *essentialsDatabaseCreate) {
			in.Protocol, in.Modules = memcached, []DatabaseModule{{Name: search}}
		}, "DATABASE_MEMCACHED_CONTAINS_MODULES"},
		"stack of Flex": {
			"Flex_1GB", func(in *essentialsDatabaseCreate) { in.Protocol = stack },
			"FIXED_DATABASE_STACK_PROTOCOL_IS_NOT_SUPPORTED_FOR_REDIS_FLEX",
		},
		"memcached of Flex": {
			"Flex_1GB", func(in *essentialsDatabaseCreate) { in.Protocol = memcached },
			"FIXED_DATABASE_MEMCACHED_PROTOCOL_IS_NOT_SUPPORTED_FOR_REDIS_FLEX",
		},
		"version of Pro": {
			"250MB", func(in *essentialsDatabaseCreate) { in.RedisVersion = "6.2" }, "DATABASE_REDIS_VERSION_IS_NOT_SUPPORTED",
		},
		"no version": {
			"250MB", func(in *essentialsDatabaseCreate) { in.RedisVersion = "5.0" }, "DATABASE_REDIS_VERSION_INVALID_VALUE",
		},
		"eviction of 8.6": {
			"250MB", func(in *essentialsDatabaseCreate) { in.Eviction = new("allkeys-lrm") },
			"FIXED_DATABASE_EVICTION_POLICY_NOT_COMPATIBLE_WITH_REDIS_VERSION",
		},
		"password": {"250MB", func(in *essentialsDatabaseCreate) { in.Password = new("") }, "DATABASE_PASSWORD_IS_BLANK"},
	} {
		var in essentialsDatabaseCreate
		tt.say(&in)
		_, err := designEssentialsDatabase(planNamed(t, catalog.AWS, "us-east-1", tt.plan), in)
		if cloudtest.CodeOf(t, err) != tt.want {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
}

func TestEssentialsDefaults(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct {
		protocol, storage string
		replication       bool
	}{
		"30MB":           {stack, catalog.RAM, false},
		"Multi-Zone_1GB": {stack, catalog.RAM, true},
		"Flex_1GB":       {redis, catalog.RAMAndFlash, false},
	} {
		d, err := designEssentialsDatabase(planNamed(t, catalog.AWS, "us-east-1", name), essentialsDatabaseCreate{})
		if err != nil || d.Protocol != want.protocol || d.MemoryStorage != want.storage ||
			d.Replication != want.replication || d.RespVersion != resp3 {
			t.Errorf("%s: got %+v, %v, want %+v", name, d, err, want)
		}
	}
}

func planNamed(tb testing.TB, provider, region, name string) catalog.Plan {
	tb.Helper()
	for _, p := range catalog.Plans() {
		if p.Provider == provider && p.Region == region && p.Name == name {
			return p
		}
	}
	tb.Fatalf("no plan %s in %s", name, region)
	return catalog.Plan{}
}
