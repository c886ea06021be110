package sdk

import (
	"context"
	"errors"
	"io"
	"log"
	"testing"
	"time"

	rediscloud "github.com/RedisLabs/rediscloud-go-api"
	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"

	"github.com/understudy-dev/understudy/internal/servetest"
)

// story is what one program does with the SDK.
type story struct {
	name string
	tell func(*testing.T, *session)
}

func stories() []story {
	return []story{
		{"payment methods", paymentMethods},
		{"regions", regions},
		{"data persistence", dataPersistence},
		{"database modules", databaseModules},
		{"cloud accounts", cloudAccounts},
		{"life of a subscription", subscriptionLife},
		{"maintenance windows", maintenanceWindows},
		{"CIDR allow list", allowList},
		{"Redis versions", redisVersions},
		{"life of a database", databaseLife},
		{"database of defaults", databaseDefaults},
		{"tags", databaseTags},
		{"certificate", certificate},
		{"VPC peerings", vpcPeerings},
		{"transit gateways", transitGateways},
		{"Private Service Connect", privateServiceConnect},
		{"PrivateLink", privateLinks},
		{"connections of regions on AWS", connectionsOfRegions},
		{"Private Service Connect of regions", privateServiceConnectOfRegions},
		{"list of more than one page", longList},
		{"list of an empty subscription", emptyList},
		{"Essentials plans", essentialsPlans},
		{"life of an Essentials subscription", essentialsLife},
		{"life of an Essentials database", essentialsDatabaseLife},
		{"backup, import and upgrade", databaseJobs},
		{"things that do not exist", notFound},
		{"task errors", taskErrors},
		{"refused requests", refusedRequests},
		{"life of an Active-Active subscription", activeActiveLife},
		{"keys of the customer", customerManagedKeys},
		{"wrong credentials", wrongCredentials},
		{"several availability zones", severalZones},
		{"security groups in the allow list", securityGroups},
		{"memcached", memcached},
		{"RAM and flash", onFlash},
		{"backups, rules, sources and certificates come and go", comesAndGoes},
		{"TLS and roles of regions", secureRegions},
		{"deleted behind one's back", goneBehindOnesBack},
		{"rules, roles and users", accessControl},
		{"own cloud account", ownCloudAccount},
		{"RAM of databases on flash", ramOfDatabases},
		{"Redis versions of Essentials databases", versionsOfEssentials},
		{"newer members of subscriptions", viewsOfSubscriptions},
		{"invitations to transit gateways", gatewayInvitations},
	}
}

// What is right at one speed may be wrong at another. At each the stories share one server, and with it one account:
// they queue behind each other's tasks as the programs of one team would.
func TestOfficialSDK(t *testing.T) {
	t.Parallel()
	for _, speed := range servetest.Speeds() {
		t.Run(speed.Name, func(t *testing.T) {
			t.Parallel()
			server := speed.Start(t, servetest.Options{})
			for _, story := range stories() {
				t.Run(story.name, func(t *testing.T) {
					t.Parallel()
					story.tell(t, connect(t, server))
				})
			}
		})
	}
}

// session is one program that uses the SDK. Every wait of the SDK ends with ctx.
type session struct {
	ctx    context.Context
	client *rediscloud.Client
	server *servetest.Server
}

// connect makes a client as a user would, one per story, because the SDK limits each client to 400 requests a minute.
func connect(t *testing.T, server *servetest.Server) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
	t.Cleanup(cancel)
	return &session{ctx: ctx, client: newClient(t, server, server.SecretKey), server: server}
}

func newClient(t *testing.T, server *servetest.Server, secretKey string) *rediscloud.Client {
	t.Helper()
	recorded, err := wire()
	if err != nil {
		t.Fatal(err)
	}
	client, err := rediscloud.NewClient(
		rediscloud.BaseURL(server.URL),
		rediscloud.Auth(server.APIKey, secretKey),
		rediscloud.Transporter(testWire{recorded, t.Name()}),
		rediscloud.Logger(log.New(io.Discard, "", 0)),
	)
	if err != nil {
		t.Fatal(err)
	}
	return client
}

// subscribe creates a Pro subscription with the given databases and waits until it is active.
func (s *session) subscribe(t *testing.T, name string, planned ...*subscriptions.CreateDatabase) int {
	t.Helper()
	id, err := s.client.Subscription.Create(s.ctx, subscriptions.CreateSubscription{
		Name:          redis.String(name),
		DryRun:        redis.Bool(false),
		PaymentMethod: redis.String("credit-card"), PaymentMethodID: redis.Int(servetest.Card),
		MemoryStorage: redis.String(databases.MemoryStorageRam),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Provider:       redis.String("AWS"),
			CloudAccountID: redis.Int(1),
			Regions: []*subscriptions.CreateRegion{{
				Region:     redis.String("eu-west-1"),
				Networking: &subscriptions.CreateNetworking{DeploymentCIDR: redis.String("10.11.12.0/24")},
			}},
		}},
		Databases: planned,
	})
	if err != nil {
		t.Fatalf("create subscription %s: %v", name, err)
	}
	s.awaitSubscription(t, id)
	return id
}

// planned is a database as a new subscription lists it.
func planned(name string) *subscriptions.CreateDatabase {
	return &subscriptions.CreateDatabase{
		Name:            redis.String(name),
		Protocol:        redis.String("redis"),
		DatasetSizeInGB: redis.Float64(1),
		Replication:     redis.Bool(true),
		ThroughputMeasurement: &subscriptions.CreateThroughput{
			By:    redis.String("operations-per-second"),
			Value: redis.Int(1000),
		},
	}
}

// createDatabase adds a database to a subscription and waits until both are active.
func (s *session) createDatabase(t *testing.T, subscription int, create databases.CreateDatabase) int {
	t.Helper()
	id, err := s.client.Database.Create(s.ctx, subscription, create)
	if err != nil {
		t.Fatalf("create database %s: %v", redis.StringValue(create.Name), err)
	}
	s.awaitDatabase(t, subscription, id)
	s.awaitSubscription(t, subscription)
	return id
}

func (s *session) awaitSubscription(t *testing.T, id int) {
	t.Helper()
	s.await(t, "active", func() (string, error) {
		got, err := s.client.Subscription.Get(s.ctx, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
}

func (s *session) awaitDatabase(t *testing.T, subscription, id int) {
	t.Helper()
	s.await(t, "active", func() (string, error) {
		got, err := s.client.Database.Get(s.ctx, subscription, id)
		if err != nil {
			return "", err
		}
		return redis.StringValue(got.Status), nil
	})
}

// await repeats a look-up until it shows the wanted status; error is a status nothing recovers from.
func (s *session) await(t *testing.T, want string, status func() (string, error)) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		got, err := status()
		if err != nil || got == "error" {
			t.Fatalf("wait for %s: got %q, %v", want, got, err)
		}
		if got == want {
			return
		}
		select {
		case <-s.ctx.Done():
			t.Fatalf("wait for %s: still %q: %v", want, got, s.ctx.Err())
		case <-tick.C:
		}
	}
}

// awaitGone repeats a look-up until the SDK reports its error for something that is gone.
func awaitGone[E error, V any](t *testing.T, s *session, get func() (V, error)) {
	t.Helper()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		_, err := get()
		if _, ok := errors.AsType[E](err); ok {
			return
		}
		if err != nil {
			t.Fatalf("wait until it is gone: %v", err)
		}
		select {
		case <-s.ctx.Done():
			t.Fatalf("wait until it is gone: %v", s.ctx.Err())
		case <-tick.C:
		}
	}
}
