package sdk

import (
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	fixedDatabases "github.com/RedisLabs/rediscloud-go-api/service/fixed/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/fixed/plans"
	fixedSubscriptions "github.com/RedisLabs/rediscloud-go-api/service/fixed/subscriptions"
	"github.com/RedisLabs/rediscloud-go-api/service/tags"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

const (
	plan250MB           = 34858
	planSingleZone250MB = 34853
)

func essentialsPlans(t *testing.T, s *session) {
	all, err := s.client.FixedPlans.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	azure, err := s.client.FixedPlans.ListWithProvider(s.ctx, "AZURE")
	if err != nil {
		t.Fatal(err)
	}
	if len(azure) == 0 || len(azure) >= len(all) {
		t.Errorf("got %d plans of Azure, and %d in all", len(azure), len(all))
	}
	find := func(list []*plans.GetPlanResponse, id int) *plans.GetPlanResponse {
		for _, p := range list {
			if redis.IntValue(p.ID) == id {
				return p
			}
		}
		t.Fatalf("no plan %d", id)
		return nil
	}
	want := &plans.GetPlanResponse{
		ID: redis.Int(35008), Name: redis.String("Single-Zone_Persistence_1GB"),
		Size: redis.Float64(1), SizeMeasurementUnit: redis.String("GB"),
		Provider: redis.String("Azure"), Region: redis.String("west-us"), RegionID: redis.Int(17),
		PriceCurrency: redis.String("USD"), PricePeriod: redis.String("Month"), MaximumDatabases: redis.Int(1),
		MaximumThroughput: redis.Int(2000), MaximumBandwidthGB: redis.Int(200), Availability: redis.String("Single-zone"),
		Connections: redis.String("1024"), CidrAllowRules: redis.Int(8), SupportDataPersistence: redis.Bool(true),
		SupportInstantAndDailyBackups: redis.Bool(true),
		SupportReplication:            redis.Bool(true), SupportClustering: redis.Bool(false),
		SupportedAlerts: redis.StringSlice(
			"datasets-size", "throughput-higher-than", "throughput-lower-than", "latency", "connections-limit",
		),
		CustomerSupport: redis.String("Standard"),
	}
	if diff := cmp.Diff(want, find(azure, 35008), cmpopts.IgnoreFields(plans.GetPlanResponse{}, "Price")); diff != "" {
		t.Errorf("plan: want (-), got (+):\n%s", diff)
	}

	subscription := s.subscribeEssentials(t, "sdk-plans")
	own, err := s.client.FixedPlanSubscriptions.List(s.ctx, subscription)
	if err != nil {
		t.Fatal(err)
	}
	find(own, plan250MB)
}

// subscribeEssentials creates an Essentials subscription and waits until it is active.
func (s *session) subscribeEssentials(t *testing.T, name string) int {
	t.Helper()
	id, err := s.client.FixedSubscriptions.Create(s.ctx, fixedSubscriptions.FixedSubscriptionRequest{
		Name: redis.String(name), PlanId: redis.Int(plan250MB), PaymentMethodID: redis.Int(s.card(t)),
	})
	if err != nil {
		t.Fatalf("create Essentials subscription %s: %v", name, err)
	}
	s.awaitEssentials(t, id)
	return id
}

// card is the account's only payment method.
func (s *session) card(t *testing.T) int {
	t.Helper()
	cards, err := s.client.Account.ListPaymentMethods(s.ctx)
	if err != nil || len(cards) != 1 {
		t.Fatalf("got %d payment methods, %v, want one", len(cards), err)
	}
	return redis.IntValue(cards[0].ID)
}

func (s *session) awaitEssentials(t *testing.T, id int) {
	t.Helper()
	s.await(t, "active", func() (string, error) {
		got, err := s.client.FixedSubscriptions.Get(s.ctx, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
}

func (s *session) awaitEssentialsDatabase(t *testing.T, subscription, id int) {
	t.Helper()
	s.await(t, "active", func() (string, error) {
		got, err := s.client.FixedDatabases.Get(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
}

func essentialsLife(t *testing.T, s *session) {
	id := s.subscribeEssentials(t, "sdk-essentials")
	err := s.client.FixedSubscriptions.Update(s.ctx, id, fixedSubscriptions.FixedSubscriptionRequest{
		Name:   redis.String("sdk-essentials-renamed"),
		PlanId: redis.Int(planSingleZone250MB), PaymentMethodID: redis.Int(s.card(t)),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitEssentials(t, id)
	got, err := s.client.FixedSubscriptions.Get(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if got.CreationDate == nil || got.CreationDate.IsZero() {
		t.Error("no date of creation")
	}
	want := &fixedSubscriptions.FixedSubscriptionResponse{
		ID: redis.Int(id), Name: redis.String("sdk-essentials-renamed"),
		Status: redis.String("active"), PlanId: redis.Int(planSingleZone250MB),
		PaymentMethod: redis.String("credit-card"), PaymentMethodID: redis.Int(s.card(t)), CreationDate: got.CreationDate,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("subscription: want (-), got (+):\n%s", diff)
	}
	list, err := s.client.FixedSubscriptions.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	listed := false
	for _, sub := range list {
		listed = listed || redis.IntValue(sub.ID) == id
	}
	if !listed {
		t.Errorf("subscription %d is not listed", id)
	}
	if err := s.client.FixedSubscriptions.Delete(s.ctx, id); err != nil {
		t.Fatal(err)
	}
	awaitGone[*fixedSubscriptions.NotFound](t, s, func() (*fixedSubscriptions.FixedSubscriptionResponse, error) {
		return s.client.FixedSubscriptions.Get(s.ctx, id)
	})
}

func essentialsDatabaseLife(t *testing.T, s *session) {
	subscription := s.subscribeEssentials(t, "sdk-essentials-database")
	id, err := s.client.FixedDatabases.Create(s.ctx, subscription, fixedDatabases.CreateFixedDatabase{
		Name: redis.String("scratch"), Protocol: redis.String("stack"), DataPersistence: redis.String("none"),
		DataEvictionPolicy: redis.String("noeviction"), Replication: redis.Bool(false), PeriodicBackupPath: redis.String(""),
		SourceIPs: redis.StringSlice("0.0.0.0/0"), Password: redis.String("correct-horse-battery"),
		Alerts:  &[]*databases.Alert{{Name: redis.String("connections-limit"), Value: redis.Int(75)}},
		Modules: &[]*databases.Module{},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitEssentialsDatabase(t, subscription, id)
	err = s.client.FixedDatabases.Update(s.ctx, subscription, id, fixedDatabases.UpdateFixedDatabase{
		Name: redis.String("renamed"), RespVersion: redis.String("resp2"),
		PeriodicBackupPath: redis.String("s3://bucket/path"), SourceIPs: redis.StringSlice("198.51.100.0/24"),
		EnableTls: redis.Bool(true), EnableDefaultUser: redis.Bool(true),
		Replica: &fixedDatabases.ReplicaOf{Description: redis.String("all"), SyncSources: []*fixedDatabases.SyncSource{{
			Description: redis.String("other"), Endpoint: redis.String("redis://other:6379"),
		}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitEssentialsDatabase(t, subscription, id)
	got, err := s.client.FixedDatabases.Get(s.ctx, subscription, id)
	if err != nil {
		t.Fatal(err)
	}
	want := &fixedDatabases.FixedDatabase{
		DatabaseId: redis.Int(id), Name: redis.String("renamed"), Protocol: redis.String("stack"),
		Provider: redis.String("AWS"), Region: redis.String("us-east-1"),
		RespVersion: redis.String("resp2"), Status: redis.String("active"),
		PlanMemoryLimit: redis.Float64(250), MemoryLimitMeasurementUnit: redis.String("MB"),
		MemoryStorage:        redis.String("ram"),
		SupportOSSClusterAPI: redis.Bool(false), UseExternalEndpointForOSSClusterAPI: redis.Bool(false),
		DataPersistence: redis.String("none"), Replication: redis.Bool(false), DataEvictionPolicy: redis.String("noeviction"),
		Replica: &fixedDatabases.ReplicaOf{Description: redis.String("all"), SyncSources: []*fixedDatabases.SyncSource{{
			Description: redis.String("other"), Endpoint: redis.String("redis://other:6379"),
		}}},
		Security: &fixedDatabases.Security{
			EnableDefaultUser: redis.Bool(true), Password: redis.String("correct-horse-battery"),
			SSLClientAuthentication: redis.Bool(false), TLSClientAuthentication: redis.Bool(false),
			EnableTls: redis.Bool(true), SourceIPs: redis.StringSlice("198.51.100.0/24"),
		},
		Alerts: &[]*databases.Alert{{Name: redis.String("connections-limit"), Value: redis.Int(75)}},
		Backup: &fixedDatabases.Backup{
			Enabled: redis.Bool(true), Status: redis.String("idle"),
			Interval: redis.String("every-24-hours"), Destination: redis.String("s3://bucket/path"),
		},
	}
	made := cmpopts.IgnoreFields(fixedDatabases.FixedDatabase{},
		"RedisVersionCompliance", "MemoryUsedInMb", "NetworkMonthlyUsageInByte",
		"ActivatedOn", "LastModified", "PublicEndpoint", "Clustering", "Modules")
	if diff := cmp.Diff(want, got, made); diff != "" {
		t.Errorf("database: want (-), got (+):\n%s", diff)
	}
	if got.ActivatedOn == nil || redis.StringValue(got.PublicEndpoint) == "" || got.Modules == nil ||
		len(*got.Modules) != 4 || redis.BoolValue(got.Clustering.Enabled) {
		t.Errorf("got %+v, want what the cloud fills in", got)
	}

	s.essentialsTags(t, subscription, id)
	if err := s.client.FixedDatabases.Backup(s.ctx, subscription, id); err != nil {
		t.Error(err)
	}
	err = s.client.FixedDatabases.Import(s.ctx, subscription, id, fixedDatabases.Import{
		SourceType: redis.String("aws-s3"), ImportFromURI: redis.StringSlice("s3://bucket/dump.rdb"),
	})
	if err != nil {
		t.Error(err)
	}
	s.await(t, "success", func() (string, error) {
		got, err := s.client.LatestBackup.GetFixed(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Response.Resource.Status), nil
	})
	s.await(t, "success", func() (string, error) {
		got, err := s.client.LatestImport.GetFixed(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Response.Resource.Status), nil
	})

	list := s.client.FixedDatabases.List(s.ctx, subscription)
	if !list.Next() || redis.IntValue(list.Value().DatabaseId) != id || list.Next() || list.Err() != nil {
		t.Errorf("the list is not that one database: %v", list.Err())
	}
	if err := s.client.FixedDatabases.Delete(s.ctx, subscription, id); err != nil {
		t.Fatal(err)
	}
	awaitGone[*fixedDatabases.NotFound](t, s, func() (*fixedDatabases.FixedDatabase, error) {
		return s.client.FixedDatabases.Get(s.ctx, subscription, id)
	})
	if list := s.client.FixedDatabases.List(s.ctx, subscription); list.Next() || list.Err() != nil {
		t.Errorf("after the deletion: got %v, %v, want none", list.Value(), list.Err())
	}
}

func (s *session) essentialsTags(t *testing.T, subscription, id int) {
	t.Helper()
	want := []*tags.Tag{{Key: redis.String("team"), Value: redis.String("web")}}
	if err := s.client.Tags.PutFixed(s.ctx, subscription, id, tags.AllTags{Tags: &want}); err != nil {
		t.Fatal(err)
	}
	got, err := s.client.Tags.GetFixed(s.ctx, subscription, id)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(&want, got.Tags, cmpopts.IgnoreUnexported(tags.Tag{})); diff != "" {
		t.Errorf("tags: want (-), got (+):\n%s", diff)
	}
}

// What goes on with a Pro database beside its status.
func databaseJobs(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-jobs", planned("first"))
	id := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("busy"), DatasetSizeInGB: redis.Float64(1), RedisVersion: redis.String("7.2"),
	})
	backup, err := s.client.LatestBackup.Get(s.ctx, subscription, id)
	if err != nil || backup.Response.Error.StatusCode() != "400" ||
		redis.StringValue(backup.Response.Error.Type) != "DATABASE_BACKUP_DISABLED" {
		t.Errorf("without backups: got %v, %v", backup, err)
	}
	imported, err := s.client.LatestImport.Get(s.ctx, subscription, id)
	if err != nil || imported.Response.Resource == nil || imported.Response.Resource.Status != nil {
		t.Errorf("without an import: got %v, %v", imported, err)
	}
	err = s.client.Database.Update(s.ctx, subscription, id, databases.UpdateDatabase{
		RemoteBackup: &databases.DatabaseBackupConfig{
			Active: redis.Bool(true), Interval: redis.String("every-12-hours"),
			StorageType: redis.String("aws-s3"), StoragePath: redis.String("s3://bucket/path"),
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitDatabase(t, subscription, id)
	if err := s.client.Database.Backup(s.ctx, subscription, id); err != nil {
		t.Error(err)
	}
	err = s.client.Database.Import(s.ctx, subscription, id, databases.Import{
		SourceType: redis.String("redis"), ImportFromURI: redis.StringSlice("redis://other:6379"),
	})
	if err != nil {
		t.Error(err)
	}
	s.await(t, "success", func() (string, error) {
		got, err := s.client.LatestBackup.Get(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Response.Resource.Status), nil
	})
	s.await(t, "success", func() (string, error) {
		got, err := s.client.LatestImport.Get(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Response.Resource.Status), nil
	})
	newer := databases.UpgradeRedisVersion{TargetRedisVersion: redis.String("8.2")}
	if err := s.client.Database.UpgradeRedisVersion(s.ctx, subscription, id, newer); err != nil {
		t.Fatal(err)
	}
	s.awaitDatabase(t, subscription, id)
	got, err := s.client.Database.Get(s.ctx, subscription, id)
	if err != nil || redis.StringValue(got.RedisVersion) != "8.2" {
		t.Errorf("after the upgrade: got %v, %v, want Redis 8.2", got, err)
	}
}
