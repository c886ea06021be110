package sdk

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/roles"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/pricing"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// What the SDK can ask for and the Terraform provider never does.

// severalZones is a subscription across availability zones, planned with several databases at once.
func severalZones(t *testing.T, s *session) {
	plan := planned("shard")
	plan.Quantity = redis.Int(3)
	zones := []string{"euw1-az1", "euw1-az2", "euw1-az3"}
	id := s.subscribeTo(t, subscriptions.CreateSubscription{
		Name: redis.String("sdk-zones"), PaymentMethodID: redis.Int(servetest.Card),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Provider: redis.String("AWS"),
			Regions: []*subscriptions.CreateRegion{{
				Region: redis.String("eu-west-1"), MultipleAvailabilityZones: redis.Bool(true),
				PreferredAvailabilityZones: redis.StringSlice(zones...),
				Networking:                 &subscriptions.CreateNetworking{DeploymentCIDR: redis.String("10.11.12.0/24")},
			}},
		}},
		Databases: []*subscriptions.CreateDatabase{plan},
	}, "active")
	got, err := s.client.Subscription.Get(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	region := got.CloudDetails[0].Regions[0]
	diff := cmp.Diff(zones, redis.StringSliceValue(region.PreferredAvailabilityZones...))
	if diff != "" || !redis.BoolValue(region.MultipleAvailabilityZones) {
		t.Errorf("got region %v, want several zones: (-), got (+):\n%s", region, diff)
	}
	names := s.databaseNames(t, id)
	slices.Sort(names)
	if want := []string{"shard-1", "shard-2", "shard-3"}; !slices.Equal(names, want) {
		t.Errorf("got databases %v, want %v", names, want)
	}
	prices, err := s.client.Pricing.List(s.ctx, id)
	isOther := func(p *pricing.Pricing) bool { return redis.IntValue(p.Quantity) != 2 }
	if err != nil || len(prices) != 3 || slices.ContainsFunc(prices, isOther) {
		t.Errorf("got prices %v, %v, want two shards for each of the three databases", prices, err)
	}
}

// securityGroups are in an allow list beside its CIDRs, and leave it with the next update.
func securityGroups(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-security-groups", planned("first"))
	for _, want := range [][]string{{"sg-01234567", "sg-0f9e8d7c6b5a43210"}, {}} {
		err := s.client.Subscription.UpdateCIDRAllowlist(s.ctx, id, subscriptions.UpdateCIDRAllowlist{
			CIDRIPs: redis.StringSlice("10.1.0.0/16"), SecurityGroupIDs: redis.StringSlice(want...),
		})
		if err != nil {
			t.Fatal(err)
		}
		s.awaitSubscription(t, id)
		got, err := s.client.Subscription.GetCIDRAllowlist(s.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if groups := redis.StringSliceValue(got.SecurityGroupIDs...); !slices.Equal(groups, want) || len(got.CIDRIPs) != 1 {
			t.Errorf("got %v, want the groups %v and a CIDR", got, want)
		}
	}
}

func memcached(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-memcached", planned("first"))
	id := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("cache"), Protocol: redis.String("memcached"),
		DatasetSizeInGB: redis.Float64(0.7), Replication: redis.Bool(false),
		ThroughputMeasurement: &databases.CreateThroughputMeasurement{
			By: redis.String("number-of-shards"), Value: redis.Int(1),
		},
	})
	got, err := s.client.Database.Get(s.ctx, subscription, id)
	if err != nil {
		t.Fatal(err)
	}
	if redis.StringValue(got.Protocol) != "memcached" ||
		redis.Float64Value(got.DatasetSizeInGB) != 0.7 || len(got.Modules) > 0 ||
		redis.StringValue(got.ThroughputMeasurement.By) != "number-of-shards" || redis.StringValue(got.PublicEndpoint) == "" {
		t.Errorf("got %v, want a memcached database", got)
	}
	larger := databases.UpdateDatabase{DatasetSizeInGB: redis.Float64(1.3)}
	if err := s.client.Database.Update(s.ctx, subscription, id, larger); err != nil {
		t.Fatal(err)
	}
	s.awaitDatabase(t, subscription, id)
	got, err = s.client.Database.Get(s.ctx, subscription, id)
	if err != nil || redis.Float64Value(got.DatasetSizeInGB) != 1.3 {
		t.Errorf("after the update: got %v, %v, want 1.3 GB", got, err)
	}
}

// onFlash is a database of RAM and flash, sized by what it holds.
func onFlash(t *testing.T, s *session) {
	create := oneRegion("sdk-flash")
	create.MemoryStorage = redis.String(databases.MemoryStorageRamAndFlash)
	create.Databases[0].AverageItemSizeInBytes = redis.Int(1000)
	subscription := s.subscribeTo(t, create, "active")
	id := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("large"), DatasetSizeInGB: redis.Float64(1.5), AverageItemSizeInBytes: redis.Int(2000),
	})
	got, err := s.client.Database.Get(s.ctx, subscription, id)
	if err != nil || redis.StringValue(got.MemoryStorage) != databases.MemoryStorageRamAndFlash ||
		redis.Float64Value(got.DatasetSizeInGB) != 1.5 {
		t.Errorf("got %v, %v, want it on flash", got, err)
	}
}

// comesAndGoes changes what a database has on top of itself, and takes it away again.
func comesAndGoes(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-comes-and-goes", planned("first"))
	id := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("orders"), DatasetSizeInGB: redis.Float64(1), EnableTls: redis.Bool(true),
	})
	certificate, err := s.client.Database.GetCertificate(s.ctx, subscription, id)
	if err != nil {
		t.Fatal(err)
	}
	type extras struct {
		Backup, BackupTime string
		Sources, Rules     []string
		MutualTLS          bool
	}
	for _, step := range []struct {
		what   string
		update databases.UpdateDatabase
		want   extras
	}{
		{"all of it", databases.UpdateDatabase{
			RemoteBackup: &databases.DatabaseBackupConfig{
				Active: redis.Bool(true), Interval: redis.String("every-24-hours"), TimeUTC: redis.String("14:00"),
				StorageType: redis.String("aws-s3"), StoragePath: redis.String("s3://backups/orders"),
			},
			ReplicaOf:             redis.StringSlice("redis://one:6379", "redis://two:6379"),
			RegexRules:            redis.StringSlice(`.*\{(?<tag>.*)\}.*`, "(?<tag>.*)"),
			ClientTLSCertificates: &[]*string{redis.String(certificate.PublicCertificatePEMString)},
		}, extras{
			"s3://backups/orders", "14:00",
			[]string{"redis://one:6379", "redis://two:6379"},
			[]string{`0 .*\{(?<tag>.*)\}.*`, "1 (?<tag>.*)"},
			true,
		}},
		{"other rules, one source", databases.UpdateDatabase{
			ReplicaOf: redis.StringSlice("redis://two:6379"), RegexRules: redis.StringSlice("user-(?<tag>.*)"),
		}, extras{"s3://backups/orders", "14:00", []string{"redis://two:6379"}, []string{"0 user-(?<tag>.*)"}, true}},
		{"none of it", databases.UpdateDatabase{
			RemoteBackup: &databases.DatabaseBackupConfig{Active: redis.Bool(false)},
			ReplicaOf:    []*string{}, ClientTLSCertificates: &[]*string{},
		}, extras{Rules: []string{"0 user-(?<tag>.*)"}}},
	} {
		if err := s.client.Database.Update(s.ctx, subscription, id, step.update); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		s.awaitDatabase(t, subscription, id)
		db, err := s.client.Database.Get(s.ctx, subscription, id)
		if err != nil {
			t.Fatal(err)
		}
		got := extras{MutualTLS: redis.BoolValue(db.Security.TLSClientAuthentication)}
		if redis.BoolValue(db.Backup.Enabled) {
			got.Backup, got.BackupTime = redis.StringValue(db.Backup.Destination), redis.StringValue(db.Backup.TimeUTC)
		}
		if db.ReplicaOf != nil && len(db.ReplicaOf.Endpoints) > 0 {
			got.Sources = redis.StringSliceValue(db.ReplicaOf.Endpoints...)
		}
		for _, rule := range db.Clustering.RegexRules {
			got.Rules = append(got.Rules, fmt.Sprint(rule.Ordinal, " ", rule.Pattern))
		}
		if diff := cmp.Diff(step.want, got); diff != "" {
			t.Errorf("%s: want (-), got (+):\n%s", step.what, diff)
		}
	}
}

// secureRegions is TLS with client certificates in all regions of a database, a role that holds in some of them, and
// the one query performance factor that Active-Active databases have.
func secureRegions(t *testing.T, s *session) {
	subscription := s.subscribeTo(t, activeActive("sdk-secure-regions", "AWS", "us-east-1", "us-east-2"), "active")
	id, err := s.client.Database.ActiveActiveCreate(s.ctx, subscription, databases.CreateActiveActiveDatabase{
		Name: redis.String("orders"), DatasetSizeInGB: redis.Float64(0.5), QueryPerformanceFactor: redis.String("Standard"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitDatabase(t, subscription, id)
	s.awaitSubscription(t, subscription)
	certificate, err := s.client.Database.GetCertificate(s.ctx, subscription, id)
	if err != nil {
		t.Fatal(err)
	}
	clients := &[]*string{redis.String(certificate.PublicCertificatePEMString)}
	for _, step := range []struct {
		update      databases.UpdateActiveActiveDatabase
		tls, mutual bool
	}{
		{databases.UpdateActiveActiveDatabase{EnableTls: redis.Bool(true)}, true, false},
		{databases.UpdateActiveActiveDatabase{ClientTLSCertificates: clients}, true, true},
		{databases.UpdateActiveActiveDatabase{ClientTLSCertificates: &[]*string{}}, true, false},
		{databases.UpdateActiveActiveDatabase{EnableTls: redis.Bool(false)}, false, false},
	} {
		if err := s.client.Database.ActiveActiveUpdate(s.ctx, subscription, id, step.update); err != nil {
			t.Fatal(err)
		}
		s.awaitDatabase(t, subscription, id)
		got, err := s.client.Database.GetActiveActive(s.ctx, subscription, id)
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range got.CrdbDatabases {
			tls, mutual := redis.BoolValue(l.Security.EnableTls), redis.BoolValue(l.Security.TLSClientAuthentication)
			if tls != step.tls || mutual != step.mutual ||
				redis.StringValue(l.QueryPerformanceFactor) != "Standard" || redis.Float64Value(l.DatasetSizeInGB) != 0.5 {
				t.Errorf("after %v: got %v, want TLS %v, client certificates %v", step.update, l, step.tls, step.mutual)
			}
		}
	}
	s.roleOfRegions(t, subscription, id)
}

func (s *session) roleOfRegions(t *testing.T, subscription, database int) {
	t.Helper()
	grant := func(regions ...string) roles.CreateRoleRequest {
		return roles.CreateRoleRequest{Name: redis.String("sdk-of-regions"), RedisRules: []*roles.CreateRuleInRoleRequest{{
			RuleName: redis.String("Read-Only"),
			Databases: []*roles.CreateDatabaseInRuleInRoleRequest{{
				SubscriptionId: redis.Int(subscription), DatabaseId: redis.Int(database), Regions: redis.StringSlice(regions...),
			}},
		}}}
	}
	_, err := s.client.Roles.Create(s.ctx, grant("eu-west-1"))
	wantStatus(t, "a region that the database is not in", err, "400")
	id, err := s.client.Roles.Create(s.ctx, grant("us-east-1"))
	if err != nil {
		t.Fatal(err)
	}
	want := func(regions ...string) {
		t.Helper()
		var got *roles.GetRoleResponse
		s.await(t, roles.StatusActive, func() (status string, err error) {
			if got, err = s.client.Roles.Get(s.ctx, id); err != nil {
				return "", err
			}
			return redis.StringValue(got.Status), nil
		})
		if of := redis.StringSliceValue(got.RedisRules[0].Databases[0].Regions...); !slices.Equal(of, regions) {
			t.Errorf("got a role of the regions %v, want %v", of, regions)
		}
	}
	want("us-east-1")
	if err := s.client.Roles.Update(s.ctx, id, grant("us-east-1", "us-east-2")); err != nil {
		t.Fatal(err)
	}
	want("us-east-1", "us-east-2")
	if err := s.client.Roles.Delete(s.ctx, id); err != nil {
		t.Fatal(err)
	}
}

// goneBehindOnesBack deletes a database and a subscription without the SDK that uses them.
func goneBehindOnesBack(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-behind-ones-back", planned("first"))
	id := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("orders"), DatasetSizeInGB: redis.Float64(1),
	})
	path := fmt.Sprintf("/subscriptions/%d", subscription)
	s.server.Accept(http.MethodDelete, fmt.Sprintf("%s/databases/%d", path, id), nil)
	s.awaitNoDatabase(t, subscription, id)
	wantCode(t, "update what is gone", s.client.Database.Update(s.ctx, subscription, id, databases.UpdateDatabase{
		Name: redis.String("new"),
	}), "DATABASE_NOT_FOUND")
	s.deleteDatabases(t, subscription)
	s.server.Accept(http.MethodDelete, path, nil)
	awaitGone[*subscriptions.NotFound](t, s, func() (*subscriptions.Subscription, error) {
		return s.client.Subscription.Get(s.ctx, subscription)
	})
	wantCode(t, "delete it again", s.client.Subscription.Delete(s.ctx, subscription), "SUBSCRIPTION_NOT_FOUND")
	if names := s.databaseNames(t, subscription); len(names) > 0 {
		t.Errorf("databases of what is gone: got %v, want none", names)
	}
}

// A server that takes its time and holds no request: the SDK looks again until a task has ended, and finds resources in
// states on the way.
func TestSlowTasks(t *testing.T) {
	t.Parallel()
	args := []string{"--speed", "10", "--task-hold", "0", "--log-level", "debug"}
	server := servetest.Start(t, servetest.Options{Args: args})
	s := connect(t, server)
	id, err := s.client.Subscription.Create(s.ctx, oneRegion("sdk-slow"))
	if err != nil {
		t.Fatal(err)
	}
	if looks := strings.Count(server.Log(), "operation=getTask"); looks < 2 {
		t.Errorf("got %d looks at the task, want several", looks)
	}
	got, err := s.client.Subscription.Get(s.ctx, id)
	if err != nil || redis.StringValue(got.Status) != subscriptions.SubscriptionStatusPending {
		t.Errorf("got %v, %v, want a pending subscription", got, err)
	}
	if names := s.databaseNames(t, id); len(names) > 0 || redis.IntValue(got.NumberOfDatabases) > 0 {
		t.Errorf("got %v and the databases %v, want none before it is active", got, names)
	}
	s.awaitSubscription(t, id)
	list := s.client.Database.List(s.ctx, id)
	if !list.Next() {
		t.Fatalf("got no database, %v, want the first one", list.Err())
	}
	database := redis.IntValue(list.Value().ID)
	if list.Next() {
		t.Errorf("got database %v, want none but the first one", list.Value())
	}
	if err := s.client.Database.Delete(s.ctx, id, database); err != nil {
		t.Fatal(err)
	}
	wantCode(t, "update what is being deleted", s.client.Database.Update(s.ctx, id, database, databases.UpdateDatabase{
		Name: redis.String("new"),
	}), "DATABASE_NOT_ACTIVE")
}
