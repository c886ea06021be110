package sdk

import (
	"errors"
	"slices"
	"testing"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/redis_rules"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/roles"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/users"
	"github.com/RedisLabs/rediscloud-go-api/service/cloud_accounts"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/RedisLabs/rediscloud-go-api/service/subscriptions"
	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy/internal/servetest"
)

func accessControl(t *testing.T, s *session) {
	subscription := s.subscribe(t, "sdk-acl", planned("first"))
	database := s.createDatabase(t, subscription, databases.CreateDatabase{
		Name: redis.String("guarded"), Protocol: redis.String("redis"), DatasetSizeInGB: redis.Float64(1),
	})

	rule, err := s.client.RedisRules.Create(s.ctx, redis_rules.CreateRedisRuleRequest{
		Name: redis.String("sdk-reader"), RedisRule: redis.String("+@read ~*"),
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitRule := func() {
		t.Helper()
		s.await(t, redis_rules.StatusActive, func() (string, error) {
			got, err := s.client.RedisRules.Get(s.ctx, rule)
			if err != nil {
				return "", err
			}
			return redis.StringValue(got.Status), nil
		})
	}
	awaitRule()
	all, err := s.client.RedisRules.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	var defaults []string
	for _, r := range all {
		if redis.BoolValue(r.IsDefault) {
			defaults = append(defaults, redis.StringValue(r.Name)+" "+redis.StringValue(r.ACL))
		}
	}
	builtIn := []string{"Full-Access +@all ~*", "Read-Write +@all -@dangerous ~*", "Read-Only +@read ~*"}
	if diff := cmp.Diff(builtIn, defaults); diff != "" {
		t.Errorf("default rules (-want +got):\n%s", diff)
	}

	granted := []*roles.CreateRuleInRoleRequest{{
		RuleName: redis.String("sdk-reader"),
		Databases: []*roles.CreateDatabaseInRuleInRoleRequest{{
			SubscriptionId: redis.Int(subscription), DatabaseId: redis.Int(database),
		}},
	}}
	role, err := s.client.Roles.Create(s.ctx, roles.CreateRoleRequest{Name: redis.String("sdk-role"), RedisRules: granted})
	if err != nil {
		t.Fatal(err)
	}
	awaitRole := func() {
		t.Helper()
		s.await(t, roles.StatusActive, func() (string, error) {
			got, err := s.client.Roles.Get(s.ctx, role)
			if err != nil {
				return "", err
			}
			return redis.StringValue(got.Status), nil
		})
	}
	awaitRole()
	user, err := s.client.Users.Create(s.ctx, users.CreateUserRequest{
		Name: redis.String("sdk-user"), Role: redis.String("sdk-role"), Password: redis.String("Vq7!rTz2#pLm9"),
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitUser := func() {
		t.Helper()
		s.await(t, users.StatusActive, func() (string, error) {
			got, err := s.client.Users.Get(s.ctx, user)
			if err != nil {
				return "", err
			}
			return redis.StringValue(got.Status), nil
		})
	}
	awaitUser()

	got, err := s.client.Roles.Get(s.ctx, role)
	if err != nil {
		t.Fatal(err)
	}
	want := &roles.GetRoleResponse{
		ID: redis.Int(role), Name: redis.String("sdk-role"), Status: redis.String("active"),
		Users: []*roles.GetUserInRoleResponse{{ID: redis.Int(user), Name: redis.String("sdk-user")}},
		RedisRules: []*roles.GetRuleInRoleResponse{{
			RuleId: redis.Int(rule), RuleName: redis.String("sdk-reader"),
			Databases: []*roles.GetDatabaseInRuleInRoleResponse{{
				SubscriptionId: redis.Int(subscription), DatabaseId: redis.Int(database), DatabaseName: redis.String("guarded"),
			}},
		}},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("role (-want +got):\n%s", diff)
	}

	err = s.client.RedisRules.Update(s.ctx, rule, redis_rules.CreateRedisRuleRequest{RedisRule: redis.String("+get ~a:*")})
	if err != nil {
		t.Fatal(err)
	}
	awaitRule()
	awaitRole()
	err = s.client.Roles.Update(s.ctx, role, roles.CreateRoleRequest{
		Name: redis.String("sdk-renamed"), RedisRules: granted,
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitRole()
	err = s.client.Users.Update(s.ctx, user, users.UpdateUserRequest{
		Role: redis.String("sdk-renamed"), Password: redis.String("Another-1-word"),
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitUser()
	list, err := s.client.Users.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(list, func(u *users.GetUserResponse) bool {
		return redis.IntValue(u.ID) == user && redis.StringValue(u.Role) == "sdk-renamed"
	}) {
		t.Errorf("got users %v, want %d with the renamed role", list, user)
	}

	_, err = s.client.RedisRules.Create(s.ctx, redis_rules.CreateRedisRuleRequest{
		Name: redis.String("x"), RedisRule: redis.String("not-valid"),
	})
	wantStatus(t, "pattern that is none", err, "400")
	_, err = s.client.Users.Create(s.ctx, users.CreateUserRequest{
		Name: redis.String("x"), Role: redis.String("nobody"), Password: redis.String("Another-1-word"),
	})
	wantStatus(t, "user of an unknown role", err, "400")
	wantStatus(t, "rule in use", s.client.RedisRules.Delete(s.ctx, rule), "400")
	_, err = s.client.RedisRules.Get(s.ctx, unknown)
	wantError[*redis_rules.NotFound](t, "unknown rule", err)
	_, err = s.client.Roles.Get(s.ctx, unknown)
	wantError[*roles.NotFound](t, "unknown role", err)
	_, err = s.client.Users.Get(s.ctx, unknown)
	wantError[*users.NotFound](t, "unknown user", err)

	if err := s.client.Users.Delete(s.ctx, user); err != nil {
		t.Fatal(err)
	}
	awaitGone[*users.NotFound](t, s, func() (*users.GetUserResponse, error) { return s.client.Users.Get(s.ctx, user) })
	if err := s.client.Roles.Delete(s.ctx, role); err != nil {
		t.Fatal(err)
	}
	awaitGone[*roles.NotFound](t, s, func() (*roles.GetRoleResponse, error) { return s.client.Roles.Get(s.ctx, role) })
	left, err := s.client.Roles.List(s.ctx)
	isThis := func(r *roles.GetRoleResponse) bool { return redis.IntValue(r.ID) == role }
	if err != nil || slices.ContainsFunc(left, isThis) {
		t.Errorf("got roles %v, %v, want them without %d", left, err, role)
	}
	if err := s.client.RedisRules.Delete(s.ctx, rule); err != nil {
		t.Fatal(err)
	}
	awaitGone[*redis_rules.NotFound](t, s, func() (*redis_rules.GetRedisRuleResponse, error) {
		return s.client.RedisRules.Get(s.ctx, rule)
	})
}

// wantStatus checks that an error is a task's, of a status.
func wantStatus(t *testing.T, what string, err error, want string) {
	t.Helper()
	if got, ok := errors.AsType[taskError](err); !ok || got.StatusCode() != want {
		t.Errorf("%s: got %v, want a task error of status %s", what, err, want)
	}
}

func ownCloudAccount(t *testing.T, s *session) {
	id, err := s.client.CloudAccount.Create(s.ctx, cloud_accounts.CreateCloudAccount{
		Name: redis.String("sdk-account"), Provider: redis.String("AWS"),
		AccessKeyID: redis.String("AKIASDK"), AccessSecretKey: redis.String("secret"),
		ConsoleUsername: redis.String("console"), ConsolePassword: redis.String("word"),
		SignInLoginURL: redis.String("https://example.signin.aws.amazon.com/console"),
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitAccount := func() {
		t.Helper()
		s.await(t, cloud_accounts.StatusActive, func() (string, error) {
			got, err := s.client.CloudAccount.Get(s.ctx, id)
			if err != nil {
				return "", err
			}
			return redis.StringValue(got.Status), nil
		})
	}
	awaitAccount()
	err = s.client.CloudAccount.Update(s.ctx, id, cloud_accounts.UpdateCloudAccount{
		Name: redis.String("sdk-renamed"), SignInLoginURL: redis.String("https://example.com"),
		AccessKeyID: redis.String("AKIASDK2"), AccessSecretKey: redis.String("secret"),
		ConsoleUsername: redis.String("console"), ConsolePassword: redis.String("word"),
	})
	if err != nil {
		t.Fatal(err)
	}
	awaitAccount()
	all, err := s.client.CloudAccount.List(s.ctx)
	if err != nil {
		t.Fatal(err)
	}
	want := &cloud_accounts.CloudAccount{
		ID: redis.Int(id), Name: redis.String("sdk-renamed"), Provider: redis.String("AWS"),
		Status: redis.String("active"), AccessKeyID: redis.String("AKIASDK2"),
	}
	at := slices.IndexFunc(all, func(a *cloud_accounts.CloudAccount) bool { return redis.IntValue(a.ID) == id })
	if at < 0 {
		t.Fatalf("got cloud accounts %v, want %d in it", all, id)
	}
	if diff := cmp.Diff(want, all[at]); diff != "" {
		t.Errorf("cloud account (-want +got):\n%s", diff)
	}

	subscription, err := s.client.Subscription.Create(s.ctx, subscriptions.CreateSubscription{
		Name:          redis.String("sdk-own"),
		PaymentMethod: redis.String("credit-card"), PaymentMethodID: redis.Int(servetest.Card),
		MemoryStorage: redis.String(databases.MemoryStorageRam),
		CloudProviders: []*subscriptions.CreateCloudProvider{{
			Provider: redis.String("AWS"), CloudAccountID: redis.Int(id),
			Regions: []*subscriptions.CreateRegion{{
				Region: redis.String("eu-west-1"),
				Networking: &subscriptions.CreateNetworking{
					DeploymentCIDR: redis.String("10.11.13.0/24"), VPCId: redis.String("vpc-0a1b"),
				},
			}},
		}},
		Databases: []*subscriptions.CreateDatabase{planned("first")},
	})
	if err != nil {
		t.Fatal(err)
	}
	s.awaitSubscription(t, subscription)
	got, err := s.client.Subscription.Get(s.ctx, subscription)
	if err != nil {
		t.Fatal(err)
	}
	detail := got.CloudDetails[0]
	if redis.IntValue(detail.CloudAccountID) != id ||
		redis.StringValue(detail.Regions[0].Networking[0].VPCId) != "vpc-0a1b" {
		t.Errorf("got %v, want it in account %d and its VPC", detail, id)
	}
	wantStatus(t, "account in use", s.client.CloudAccount.Delete(s.ctx, id), "400")

	list := s.client.Database.List(s.ctx, subscription)
	for list.Next() {
		if err := s.client.Database.Delete(s.ctx, subscription, redis.IntValue(list.Value().ID)); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.client.Subscription.Delete(s.ctx, subscription); err != nil {
		t.Fatal(err)
	}
	awaitGone[*subscriptions.NotFound](t, s, func() (*subscriptions.Subscription, error) {
		return s.client.Subscription.Get(s.ctx, subscription)
	})
	if err := s.client.CloudAccount.Delete(s.ctx, id); err != nil {
		t.Fatal(err)
	}
	awaitGone[*cloud_accounts.NotFound](t, s, func() (*cloud_accounts.CloudAccount, error) {
		return s.client.CloudAccount.Get(s.ctx, id)
	})
}
