package sdk

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/redis_rules"
	"github.com/RedisLabs/rediscloud-go-api/service/databases"
	"github.com/google/go-cmp/cmp"

	"github.com/understudy-dev/understudy"
	dialect "github.com/understudy-dev/understudy/internal/rediscloud"
)

// preset is what the SDK makes of a preset.
type preset struct {
	speed float64 // of what the preset adds; zero: Instant
	rule  string  // what is otherwise than in the preset
	tell  func(*struck)
}

// presets has a story for every preset.
func presets() map[string]preset {
	refused := func(text string) func(*struck) {
		return func(s *struck) {
			_, err := s.create(s.ctx, "second")
			s.wantError(err, text)
		}
	}
	return map[string]preset{
		"task-404-window": {tell: func(s *struck) { // 31 seconds of the SDK's own waits
			_, err := s.create(s.ctx, "second")
			s.must(err)
			if s.hits() != 5 {
				s.t.Errorf("%d hits, want 5", s.hits())
			}
		}},
		"task-stuck": {tell: func(s *struck) {
			err := s.within(5*time.Second, func(ctx context.Context) error {
				_, err := s.create(ctx, "second")
				return err
			})
			s.wantError(err, "context deadline exceeded")
		}},
		"task-error-general": {tell: func(s *struck) {
			refused("GENERAL_ERROR")(s)
			if names := s.names(); len(names) != 1 {
				s.t.Errorf("the databases are %v", names)
			}
		}},
		"task-error-after-active": {tell: func(s *struck) {
			id, err := s.create(s.ctx, "second")
			s.must(err)
			s.database = id
			if status := redis.StringValue(s.get().Status); status != "error" {
				s.t.Errorf("the status is %q", status)
			}
		}},
		"false-negative": {tell: func(s *struck) {
			refused("GENERAL_ERROR")(s)
			refused("DATABASE_NAME_EXISTS")(s) // it is there
		}},
		"unknown-task-status": {tell: refused("failed processing-paused")},
		"unknown-db-status": {tell: func(s *struck) {
			for _, want := range []string{"cluster-rebalancing", "active"} {
				if status := redis.StringValue(s.get().Status); status != want {
					s.t.Errorf("the status is %q, want %q", status, want)
				}
			}
		}},
		"sub-flips-pending": {tell: func(s *struck) {
			_, err := s.create(s.ctx, "second")
			s.must(err)
			s.wantError(s.rename("changed"), "SUBSCRIPTION_NOT_ACTIVE")
			s.must(s.rename("changed"))
		}},
		"subresource-404-while-pending": {tell: func(s *struck) {
			s.takes("1h", "database.creation")
			_, err := s.create(s.ctx, "second")
			s.must(err)
			_, err = s.client.Maintenance.Get(s.ctx, s.subscription)
			s.wantError(err, "not found")
			_, err = s.Clock().Advance(s.ctx, time.Hour)
			s.must(err)
			_, err = s.client.Maintenance.Get(s.ctx, s.subscription)
			s.must(err)
		}},
		"active-before-listed": {tell: func(s *struck) {
			for i, want := range []int{0, 0, 1} {
				list := s.client.Database.List(s.ctx, s.subscription)
				n := 0
				for list.Next() {
					n++
				}
				if i == 2 && n != want || i < 2 && n != 0 {
					s.t.Errorf("reading %d lists %d databases, want %d", i, n, want)
				}
			}
		}},
		"ghost-delete": {tell: func(s *struck) {
			s.names()
			s.must(s.client.Database.Delete(s.ctx, s.subscription, s.database))
			list := s.client.Database.List(s.ctx, s.subscription)
			if !list.Next() || redis.IntValue(list.Value().ID) != s.database {
				s.t.Error("the database is not listed any more")
			}
			s.wantError(s.client.Subscription.Delete(s.ctx, s.subscription), "SUBSCRIPTION_IN_USE")
			s.must(s.client.Subscription.Delete(s.ctx, s.subscription))
		}},
		"acl-flapping": {speed: 1, tell: func(s *struck) {
			id, err := s.client.RedisRules.Create(s.ctx, redis_rules.CreateRedisRuleRequest{
				Name: redis.String("flaps"), RedisRule: redis.String("+@read ~*"),
			})
			s.must(err)
			s.wantStates(s.ruleState(id), 10*time.Second,
				"active", "pending", "active", "pending", "active", "pending", "active")
		}},
		"three-pending-cap": {tell: (*struck).fourth},
		"single-lane": {speed: 60, tell: func(s *struck) {
			for i := range 3 {
				begun := time.Now()
				_, err := s.client.RedisRules.Create(s.ctx, redis_rules.CreateRedisRuleRequest{
					Name: redis.String(fmt.Sprint("rule ", i)), RedisRule: redis.String("+@read ~*"),
				})
				s.must(err)
				if took := time.Since(begun); i == 2 && took < 2*time.Minute/60 {
					s.t.Errorf("the third change took %v, want two minutes more", took)
				}
			}
			if s.hits() != 1 {
				s.t.Errorf("%d hits, want that at the third", s.hits())
			}
		}},
		"rate-429": {rule: `effect: {limit: 3}`, tell: func(s *struck) {
			for range 3 {
				s.must(s.list(s.ctx))
			}
			s.client = s.another()
			s.wantError(s.within(5*time.Second, s.list), "context deadline exceeded")
			if h := s.answers.last(); h.Get("Retry-After") == "" || h.Get("X-Rate-Limit-Remaining") != "0" {
				s.t.Errorf("the last answer has the header %v", h)
			}
		}},
		"rate-header-zero": {tell: func(s *struck) {
			s.must(s.list(s.ctx))
			s.wantError(s.within(500*time.Millisecond, s.list), "context deadline exceeded")
		}},
		"flaky-5xx": {tell: func(s *struck) {
			refused("503")(s)
			s.until("it is done all the same", func() bool { return len(s.names()) == 2 })
		}},
		"stale-read": {tell: func(s *struck) {
			was := redis.StringValue(s.get().Name)
			s.must(s.rename("changed"))
			for i, want := range []string{was, was, was, "changed"} {
				if name := redis.StringValue(s.get().Name); name != want {
					s.t.Errorf("read %d shows %q, want %q", i, name, want)
				}
			}
		}},
		"dropped-field": {tell: func(s *struck) {
			if s.get().ThroughputMeasurement != nil {
				s.t.Error("the throughput is shown")
			}
		}},
		"reordered-lists": {tell: func(s *struck) {
			rules := s.get().Clustering.RegexRules
			if len(rules) != 2 || rules[0].Ordinal != 1 {
				s.t.Errorf("the rules are %+v", rules)
			}
		}},
		"default-injected": {tell: func(s *struck) {
			if from := redis.StringSliceValue(s.get().Security.SourceIPs...); len(from) != 4 || from[0] != "10.0.0.0/8" {
				s.t.Errorf("the source addresses are %v", from)
			}
		}},
		"sticky-field": {tell: func(s *struck) {
			s.must(s.client.Database.Update(s.ctx, s.subscription, s.database, databases.UpdateDatabase{
				Replication: redis.Bool(false), Name: redis.String("changed"),
			}))
			if db := s.get(); !redis.BoolValue(db.Replication) || redis.StringValue(db.Name) != "changed" {
				s.t.Errorf("replication is %v, the name %q", redis.BoolValue(db.Replication), redis.StringValue(db.Name))
			}
		}},
		"silent-minor-upgrade": {tell: func(s *struck) {
			for i := range 5 {
				version := redis.StringValue(s.get().RedisVersion)
				if (version == "8.4") != (i == 4) {
					s.t.Errorf("read %d shows version %q", i, version)
				}
			}
		}},
		"payment-missing": {tell: func(s *struck) {
			_, err := s.client.Subscription.Create(s.ctx, s.plan("unpaid"))
			s.wantError(err, "PAYMENT_INFO_NOT_PROVIDED")
		}},
		"cmk-pending": {tell: func(s *struck) {
			const pending = "encryption_key_pending"
			for i, want := range []string{pending, pending, pending, "active"} {
				got, err := s.client.Subscription.Get(s.ctx, s.subscription)
				if s.must(err); redis.StringValue(got.Status) != want {
					s.t.Errorf("read %d shows %q, want %q", i, redis.StringValue(got.Status), want)
				}
			}
		}},
		"tgw-vanished": {tell: func(s *struck) {
			gateways := fmt.Sprintf("/subscriptions/%d/transitGateways", s.subscription)
			s.send(http.MethodPut, gateways+"/invitations/101/accept") // the SDK of this version cannot
			api := s.client.TransitGatewayAttachments
			nothing, err := api.Get(s.ctx, s.subscription)
			if s.must(err); redis.StringValue(nothing.Status) != "processing-completed" || nothing.Response.Resource != nil {
				s.t.Errorf("the first reading is %+v, want a task that is done and shows nothing", nothing)
			}
			one := s.gateway()
			_, err = api.Create(s.ctx, s.subscription, *one.Id)
			s.must(err)
			for range 2 { // it is gone at the first try
				s.wantError(api.Delete(s.ctx, s.subscription, *one.Id), "TGW_ATTACHMENT_DOES_NOT_EXIST")
			}
			if one = s.gateway(); one.AttachmentUid != nil {
				s.t.Errorf("it is attached still: %+v", one)
			}
		}},
		"endpoint-late": {tell: func(s *struck) {
			for i := range 7 {
				db := s.get()
				// No name below .invalid ever resolves.
				host, _, err := net.SplitHostPort(redis.StringValue(db.PublicEndpoint))
				if err != nil || strings.HasSuffix(host, ".invalid") != (i < 6) {
					s.t.Errorf("read %d shows the endpoint %q, %v", i, redis.StringValue(db.PublicEndpoint), err)
				}
				if i > 0 {
					continue
				}
				_, err = (&net.Dialer{}).DialContext(s.ctx, "tcp", redis.StringValue(db.PrivateEndpoint))
				s.wantError(err, "refused")
			}
		}},
		"slow-lognormal": {tell: func(s *struck) {
			begun := time.Now()
			for range 3 {
				s.must(s.list(s.ctx))
			}
			// By its seed they are late by 899, 57 and 835 ms.
			if took := time.Since(begun); took < 1790*time.Millisecond || s.hits() != 3 {
				s.t.Errorf("three requests took %v, with %d hits", took, s.hits())
			}
		}},
		"reset-mid-body": {tell: func(s *struck) { s.tenth("connection reset by peer") }},
		"empty-200":      {tell: func(s *struck) { s.tenth("EOF") }},
		"truncated-json": {tell: func(s *struck) { s.tenth("unexpected EOF") }},
		"garbage":        {tell: func(s *struck) { s.tenth("invalid character '<'") }},
		"creds-revoked": {tell: func(s *struck) {
			for range 10 {
				s.must(s.list(s.ctx))
			}
			s.wantError(s.list(s.ctx), "401")
		}},
		"key-cidr-blocked": {tell: func(s *struck) {
			for range 10 {
				s.must(s.list(s.ctx))
			}
			s.wantError(s.list(s.ctx), "403")
		}},
		"canary-fields": {tell: func(s *struck) {
			_, err := s.create(s.ctx, "second")
			s.must(err)
			s.must(s.rename("changed"))
			if names := s.names(); len(names) != 2 {
				s.t.Errorf("the databases are %v", names)
			}
			regions, err := s.client.Account.ListRegions(s.ctx)
			s.must(err)
			modules, err := s.client.Account.ListDatabaseModules(s.ctx)
			s.must(err)
			persistence, err := s.client.Account.ListDataPersistence(s.ctx)
			s.must(err)
			cards, err := s.client.Account.ListPaymentMethods(s.ctx)
			s.must(err)
			prices, err := s.client.Pricing.List(s.ctx, s.subscription)
			s.must(err)
			got := []string{
				redis.StringValue(last(regions).Provider), redis.StringValue(last(modules).Name),
				redis.StringValue(last(persistence).Name), redis.StringValue(last(cards).Type),
				redis.StringValue(last(prices).Type),
			}
			if diff := cmp.Diff([]string{"NEXT", "NextModule", "next-persistence", "Next", "NextType"}, got); diff != "" {
				s.t.Errorf("what is new (-want +got):\n%s", diff)
			}
		}},
	}
}

func TestFaultPresets(t *testing.T) {
	t.Parallel()
	for name, story := range presets() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			story.told(t, name)
		})
	}
}

// One read too many that does not know a task is too much for the SDK.
func TestSixReadsThatKnowNoTask(t *testing.T) {
	t.Parallel()
	s := strike(t, understudy.Instant)
	if _, err := s.Faults().Arm(t.Context(), "task-404-window", `effect: {reads: 6}`); err != nil {
		t.Fatal(err)
	}
	_, err := s.create(s.ctx, "second") // after 31 seconds of the SDK's own waits
	s.wantError(err, "404")
}

// Every preset has its story, and no story is of a preset that is gone.
func TestEveryFaultPresetIsTold(t *testing.T) {
	t.Parallel()
	all := dialect.Presets()
	told := presets()
	for _, p := range all.All {
		if told[p.Name].tell == nil {
			t.Errorf("no story has the preset %s", p.Name)
		}
		delete(told, p.Name)
	}
	for name := range told {
		t.Errorf("the story %s is of a preset that is not there", name)
	}
}
