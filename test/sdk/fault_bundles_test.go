package sdk

import (
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/RedisLabs/rediscloud-go-api/redis"
	"github.com/RedisLabs/rediscloud-go-api/service/access_control_lists/redis_rules"

	"github.com/understudy-dev/understudy"
	dialect "github.com/understudy-dev/understudy/internal/rediscloud"
)

// bundles has a story for every bundle: what the SDK makes of each of its presets while all of them are armed.
func bundles() map[string]preset {
	return map[string]preset{
		"day-on-redis-cloud": {tell: func(s *struck) {
			for range 3 { // the third one is slow
				s.must(s.rename("changed"))
			}
			db := s.get()
			if rules := db.Clustering.RegexRules; len(rules) != 2 || rules[0].Ordinal != 1 {
				s.t.Errorf("the rules are %+v, want them in another order", rules)
			}
			if endpoint := redis.StringValue(db.PublicEndpoint); !strings.HasPrefix(endpoint, "not-yet.invalid") {
				s.t.Errorf("the endpoint is %q, want one that leads nowhere", endpoint)
			}
			regions, err := s.client.Account.ListRegions(s.ctx)
			s.must(err)
			if provider := redis.StringValue(last(regions).Provider); provider != "NEXT" {
				s.t.Errorf("the last region is of %q, want a cloud that nobody knows", provider)
			}
			s.wantLimited()
			s.wantStruck("slow-lognormal", "single-lane", "reordered-lists", "canary-fields", "endpoint-late")
		}},
		"provider-history": {speed: 1, tell: func(s *struck) {
			for range 2 {
				if names := s.names(); len(names) != 0 {
					s.t.Errorf("the databases %v are listed", names)
				}
			}
			if names := s.names(); len(names) != 1 {
				s.t.Errorf("the databases %v are listed at last", names)
			}
			first := s.get()
			if status := redis.StringValue(first.Status); status != "cluster-rebalancing" || first.ThroughputMeasurement != nil {
				s.t.Errorf("the status is %q, the throughput %+v", status, first.ThroughputMeasurement)
			}
			s.until("it is active", func() bool { return redis.StringValue(s.get().Status) == "active" })
			was := redis.StringValue(s.get().Name)
			s.must(s.rename("changed"))
			for i, want := range []string{was, was, was, "changed"} {
				if name := redis.StringValue(s.get().Name); name != want {
					s.t.Errorf("read %d shows %q, want %q", i, name, want)
				}
			}
			id, err := s.client.RedisRules.Create(s.ctx, redis_rules.CreateRedisRuleRequest{
				Name: redis.String("flaps"), RedisRule: redis.String("+@read ~*"),
			})
			s.must(err)
			s.wantStates(s.ruleState(id), 10*time.Second, "active", "pending", "active")
			s.wantStruck("unknown-db-status", "active-before-listed", "acl-flapping", "stale-read", "dropped-field")
		}},
		"rush-hour": {speed: 20, tell: func(s *struck) {
			s.takes("1h", "subscription.creation", "database.creation")
			id, err := s.create(s.ctx, "second")
			s.must(err)
			s.database = id
			s.wantError(s.rename("changed"), "SUBSCRIPTION_NOT_ACTIVE")
			_, err = s.client.Subscription.Create(s.ctx, s.plan("quick"))
			s.must(err)
			begun := time.Now()
			_, err = s.client.Subscription.Create(s.ctx, s.plan("slow")) // the third change that is not refused
			s.must(err)
			if took := time.Since(begun); took < 2*time.Minute/20 {
				s.t.Errorf("the third change took %v, want it to wait for two minutes", took)
			}
			_, err = s.client.Subscription.Create(s.ctx, s.plan("one too many"))
			s.wantError(err, "TOO_MANY_PENDING_SUBSCRIPTIONS")
			s.wantLimited()
			s.wantStruck("sub-flips-pending", "three-pending-cap", "single-lane")
		}},
		"network-hell": {tell: func(s *struck) {
			for range 9 {
				s.must(s.list(s.ctx))
			}
			// What has struck one request has hidden it from those after it.
			for _, text := range []string{"connection reset by peer", "EOF", "unexpected EOF", "invalid character '<'"} {
				s.wantError(s.list(s.ctx), text)
			}
			_, err := s.create(s.ctx, "second")
			s.wantError(err, "503")
			s.wantStruck("flaky-5xx", "slow-lognormal", "reset-mid-body", "empty-200", "truncated-json", "garbage")
		}},
	}
}

// wantLimited checks that the last answer says how many requests are left of those of a minute.
func (s *struck) wantLimited() {
	s.t.Helper()
	left, err := strconv.Atoi(s.answers.last().Get("X-Rate-Limit-Remaining"))
	if err != nil || left < 300 || left >= 400 {
		s.t.Errorf("%d requests are left, %v, want not all of 400", left, err)
	}
}

// wantStruck checks that the rules of some presets have struck.
func (s *struck) wantStruck(names ...string) {
	s.t.Helper()
	rules, err := s.Faults().List(s.ctx)
	s.must(err)
	for _, name := range names {
		if !slices.ContainsFunc(rules, func(r understudy.Fault) bool { return r.Name == name && r.Hits > 0 }) {
			s.t.Errorf("%s has not struck", name)
		}
	}
}

func TestFaultBundles(t *testing.T) {
	t.Parallel()
	all := dialect.Presets()
	told := bundles()
	if len(told) != len(all.Bundles) {
		t.Errorf("there are %d stories of %d bundles", len(told), len(all.Bundles))
	}
	for _, b := range all.Bundles {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			told[b.Name].told(t, b.Name)
		})
	}
}

// told tells what the SDK makes of a preset or a bundle.
func (p preset) told(t *testing.T, name string) {
	t.Helper()
	if p.tell == nil {
		t.Fatalf("no story has %s", name)
	}
	if p.speed == 0 {
		p.speed = understudy.Instant
	}
	s := strike(t, p.speed)
	if _, err := s.Faults().Arm(t.Context(), name, p.rule); err != nil {
		t.Fatal(err)
	}
	p.tell(s)
}
