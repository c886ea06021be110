package sdk

import (
	"slices"
	"strings"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/maintenance"
	"github.com/RedisLabs/rediscloud-go-api/service/pricing"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func subscriptionLife(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-life", planned("first"))

	got, err := s.client.Subscription.Get(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := &subscriptions.Subscription{
		ID:                   redis.Int(id),
		Name:                 redis.String("sdk-life"),
		Status:               redis.String(subscriptions.SubscriptionStatusActive),
		DeploymentType:       redis.String(subscriptions.SubscriptionDeploymentTypeSingleRegion),
		PaymentMethod:        redis.String("credit-card"),
		MemoryStorage:        redis.String("ram"),
		NumberOfDatabases:    redis.Int(1),
		PublicEndpointAccess: redis.Bool(true),
		CloudDetails: []*subscriptions.CloudDetail{{
			Provider:       redis.String("AWS"),
			CloudAccountID: redis.Int(1),
			Regions: []*subscriptions.Region{{
				Region:                    redis.String("eu-west-1"),
				MultipleAvailabilityZones: redis.Bool(false),
				Networking:                []*subscriptions.Networking{{DeploymentCIDR: redis.String("10.11.12.0/24")}},
			}},
		}},
	}
	// What the cloud makes up is checked below: only that it is there.
	madeUp := cmp.Options{
		cmpopts.IgnoreFields(subscriptions.Subscription{}, "PaymentMethodID", "StorageEncryption"),
		cmpopts.IgnoreFields(subscriptions.CloudDetail{}, "TotalSizeInGB"),
		cmpopts.IgnoreFields(subscriptions.Region{}, "PreferredAvailabilityZones"),
		cmpopts.IgnoreFields(subscriptions.Networking{}, "VPCId", "SubnetID"),
	}
	if diff := cmp.Diff(want, got, madeUp); diff != "" {
		t.Fatalf("new subscription: want (-), got (+):\n%s", diff)
	}
	region := got.CloudDetails[0].Regions[0]
	if redis.IntValue(got.PaymentMethodID) == 0 {
		t.Error("a subscription paid by credit card names no payment method")
	}
	if redis.StringValue(region.Networking[0].SubnetID) == "" || len(region.PreferredAvailabilityZones) != 1 {
		t.Errorf("got region %v, want a subnet and one availability zone", region)
	}

	s.wantListed(t, id, "sdk-life")
	s.wantPrices(t, id)

	renamed := subscriptions.UpdateSubscription{Name: redis.String("sdk-renamed")}
	if err := s.client.Subscription.Update(s.ctx, id, renamed); err != nil {
		t.Fatal(err)
	}
	s.awaitSubscription(t, id)
	s.wantListed(t, id, "sdk-renamed")

	err = s.client.Subscription.Delete(s.ctx, id)
	if err == nil || !strings.Contains(err.Error(), "SUBSCRIPTION_IN_USE") {
		t.Fatalf("delete a subscription that has a database: got %v, want SUBSCRIPTION_IN_USE", err)
	}
	s.deleteDatabases(t, id)
	s.awaitSubscription(t, id)
	if err := s.client.Subscription.Delete(s.ctx, id); err != nil {
		t.Fatal(err)
	}
	awaitGone[*subscriptions.NotFound](t, s, func() (*subscriptions.Subscription, error) {
		return s.client.Subscription.Get(s.ctx, id)
	})
	all, err := s.client.Subscription.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(all, func(sub *subscriptions.Subscription) bool { return redis.IntValue(sub.ID) == id }) {
		t.Errorf("deleted subscription %d is still listed", id)
	}
}

// wantListed checks that the account's list shows the subscription under its name.
func (s *session) wantListed(t *testing.T, id int, name string) {
	t.Helper()
	all, err := s.client.Subscription.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(sub *subscriptions.Subscription) bool { return redis.IntValue(sub.ID) == id })
	if at < 0 {
		t.Fatalf("subscription %d is not listed", id)
	}
	if got := redis.StringValue(all[at].Name); got != name {
		t.Errorf("subscription %d is listed as %q, want %q", id, got, name)
	}
}

// wantPrices checks the price of one replicated database of 1 GB and 1000 operations a second: two micro shards.
func (s *session) wantPrices(t *testing.T, id int) {
	t.Helper()
	got, err := s.client.Pricing.List(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := []*pricing.Pricing{{
		Type:                redis.String("Shards"),
		TypeDetails:         redis.String("micro"),
		Quantity:            redis.Int(2),
		QuantityMeasurement: redis.String("shards"),
		PriceCurrency:       redis.String("USD"),
		PricePeriod:         redis.String("hour"),
	}}
	made := cmpopts.IgnoreFields(pricing.Pricing{}, "DatabaseName", "PricePerUnit", "Region")
	if diff := cmp.Diff(want, got, made); diff != "" {
		t.Fatalf("pricing: want (-), got (+):\n%s", diff)
	}
	if redis.Float64Value(got[0].PricePerUnit) <= 0 {
		t.Errorf("got %v, want a price", got[0])
	}
}

// deleteDatabases deletes what a subscription holds and waits until it is empty.
func (s *session) deleteDatabases(t *testing.T, subscription int) {
	t.Helper()
	list := s.client.Database.List(s.ctx, subscription)
	for list.Next() {
		id := redis.IntValue(list.Value().ID)
		if err := s.client.Database.Delete(s.ctx, subscription, id); err != nil {
			t.Fatal(err)
		}
		s.awaitNoDatabase(t, subscription, id)
	}
	if err := list.Err(); err != nil {
		t.Fatal(err)
	}
}

func maintenanceWindows(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-maintenance", planned("first"))
	got, err := s.client.Maintenance.Get(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	automatic := &maintenance.Maintenance{Mode: redis.String("automatic")}
	if diff := cmp.Diff(automatic, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("windows of a new subscription: want (-), got (+):\n%s", diff)
	}
	for _, want := range []maintenance.Maintenance{
		{Mode: redis.String("manual"), Windows: []*maintenance.Window{
			{StartHour: redis.Int(22), DurationInHours: redis.Int(8), Days: redis.StringSlice("Saturday", "Monday")},
			{StartHour: redis.Int(2), DurationInHours: redis.Int(4), Days: redis.StringSlice("Wednesday")},
		}},
		{Mode: redis.String("automatic")},
	} {
		if err := s.client.Maintenance.Update(s.ctx, id, want); err != nil {
			t.Fatal(err)
		}
		got, err := s.client.Maintenance.Get(s.ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(&want, got, cmpopts.EquateEmpty()); diff != "" {
			t.Errorf("windows after the update: want (-), got (+):\n%s", diff)
		}
	}
}

func allowList(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-allow-list", planned("first"))
	got, err := s.client.Subscription.GetCIDRAllowlist(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	if len(got.CIDRIPs) != 0 || len(got.SecurityGroupIDs) != 0 {
		t.Errorf("allow list of a new subscription: got %v, want an empty one", got)
	}
	err = s.client.Subscription.UpdateCIDRAllowlist(s.ctx, id, subscriptions.UpdateCIDRAllowlist{
		CIDRIPs: redis.StringSlice("192.168.10.0/24", "10.1.0.0/16"),
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitSubscription(t, id)
	got, err = s.client.Subscription.GetCIDRAllowlist(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"192.168.10.0/24", "10.1.0.0/16"}
	if diff := cmp.Diff(want, redis.StringSliceValue(got.CIDRIPs...)); diff != "" {
		t.Errorf("allow list after the update: want (-), got (+):\n%s", diff)
	}
}

func redisVersions(t *testing.T, s *session) {
	id := s.subscribe(t, "sdk-versions", planned("first"))
	got, err := s.client.Subscription.GetRedisVersions(s.ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	var names, defaults []string
	for _, version := range got.RedisVersions {
		names = append(names, redis.StringValue(version.Version))
		if redis.BoolValue(version.IsDefault) {
			defaults = append(defaults, redis.StringValue(version.Version))
		}
	}
	wantAll(t, names, "7.2", "7.4", "8.2")
	if len(defaults) != 1 {
		t.Errorf("got the default versions %v, want one", defaults)
	}
}
