package sdk

import (
	"slices"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/account"
	"github.com/RedisLabs/rediscloud-go-api/service/cloud_accounts"
	"github.com/google/go-cmp/cmp"
)

func paymentMethods(t *testing.T, s *session) {
	got, err := s.client.Account.ListPaymentMethods(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	visa := slices.DeleteFunc(got, func(m *account.PaymentMethod) bool {
		return redis.StringValue(m.Type) != "Visa" || redis.IntValue(m.CreditCardEndsWith) != 5556
	})
	if len(visa) != 1 {
		t.Fatalf("got %d Visa cards ending in 5556 of %v, want 1", len(visa), got)
	}
	if redis.IntValue(visa[0].ID) == 0 || redis.IntValue(visa[0].ExpirationYear) == 0 ||
		redis.IntValue(visa[0].ExpirationMonth) == 0 {
		t.Errorf("got %v, want an id and an expiry date", visa[0])
	}
}

func regions(t *testing.T, s *session) {
	got, err := s.client.Account.ListRegions(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, region := range got {
		names = append(names, redis.StringValue(region.Provider)+" "+redis.StringValue(region.Name))
	}
	wantAll(t, names, "AWS eu-west-1", "AWS us-east-1", "AWS us-east-2", "GCP europe-west1", "GCP us-west1")
}

func dataPersistence(t *testing.T, s *session) {
	got, err := s.client.Account.ListDataPersistence(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, option := range got {
		names = append(names, redis.StringValue(option.Name))
		if redis.StringValue(option.Description) == "" {
			t.Errorf("%v has no description", option)
		}
	}
	wantAll(t, names, "none", "aof-every-1-second", "aof-every-write",
		"snapshot-every-1-hour", "snapshot-every-6-hours", "snapshot-every-12-hours")
}

func databaseModules(t *testing.T, s *session) {
	got, err := s.client.Account.ListDatabaseModules(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, module := range got {
		names = append(names, redis.StringValue(module.Name))
	}
	wantAll(t, names, "RedisBloom", "RediSearch", "RedisJSON", "RedisTimeSeries")
}

func cloudAccounts(t *testing.T, s *session) {
	all, err := s.client.CloudAccount.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	at := slices.IndexFunc(all, func(a *cloud_accounts.CloudAccount) bool { return redis.IntValue(a.ID) == 1 })
	if at < 0 {
		t.Fatalf("got %v, want the internal account 1 in it", all)
	}
	if got := redis.StringValue(all[at].Status); got != cloud_accounts.StatusActive {
		t.Errorf("the internal account is %q, want active", got)
	}
	one, err := s.client.CloudAccount.Get(s.ctx, 1)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(all[at], one); diff != "" {
		t.Errorf("account 1 in the list (-) and by itself (+):\n%s", diff)
	}
	_, err = s.client.CloudAccount.Get(s.ctx, 987654)
	wantError[*cloud_accounts.NotFound](t, "unknown cloud account", err)
}

// wantAll reports each wanted element that is missing.
func wantAll(t *testing.T, got []string, want ...string) {
	t.Helper()
	for _, w := range want {
		if !slices.Contains(got, w) {
			t.Errorf("got %v, want %q in it", got, w)
		}
	}
}
