package sdk

import (
	"context"
	"testing"
	"time"

	"github.com/RedisLabs/rediscloud-go-api/redis"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/internal/fault"
)

// effects are rules, one at least with each effect, and what the SDK makes of them.
func effects() map[string]struct {
	rule string
	tell func(*struck)
} {
	type told = struct {
		rule string
		tell func(*struck)
	}
	fails := func(text string) func(*struck) {
		return func(s *struck) { s.wantError(s.list(s.ctx), text) }
	}
	late := func(least time.Duration) func(*struck) {
		return func(s *struck) {
			begun := time.Now()
			s.must(s.list(s.ctx))
			if took := time.Since(begun); took < least || s.hits() != 1 {
				s.t.Errorf("it took %v and %d hits, want %v at least", took, s.hits(), least)
			}
		}
	}
	return map[string]told{
		"latency fixed":     {`effect: {do: latency, fixed: 120ms}`, late(120 * time.Millisecond)},
		"latency uniform":   {`effect: {do: latency, from: 50ms, to: 60ms, seed: 7}`, late(50 * time.Millisecond)},
		"latency lognormal": {`effect: {do: latency, median: 50ms, sigma: 0.1, seed: 7}`, late(20 * time.Millisecond)},
		"status":            {`effect: {do: status, status: 500, message: No luck.}`, fails(`500 - {`)},
		"status in the words of the API": {
			`effect: {do: status, status: 409, message: No luck.}`, fails(`"error" : "Conflict"`),
		},
		"status done": {
			`{match: {operation: createProDatabase}, effect: {do: status, status: 502, done: true}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "done")
				s.wantError(err, "502")
				s.until("the database is there", func() bool { return len(s.names()) == 2 })
			},
		},
		"rate-limit": {
			`effect: {do: rate-limit, limit: 1, retryAfter: 7}`,
			func(s *struck) {
				s.must(s.list(s.ctx)) // the one, after which this client waits by itself
				s.client = s.another()
				err := s.within(5*time.Second, s.list)
				s.wantError(err, "context deadline exceeded")
				h := s.answers.last()
				if h.Get("Retry-After") != "7" || h.Get("X-Rate-Limit-Remaining") != "0" {
					s.t.Errorf("the answer has the header %v", h)
				}
			},
		},
		"quota": {
			`effect: {do: quota, remaining: 3}`,
			func(s *struck) {
				s.must(s.list(s.ctx))
				if left := s.answers.last().Get("X-Rate-Limit-Remaining"); left != "3" {
					s.t.Errorf("%s requests are left, want 3", left)
				}
			},
		},
		"key-revoked":  {`effect: {do: key-revoked}`, fails("401")},
		"reset before": {`effect: {do: reset, at: before}`, fails("connection reset by peer")},
		"reset before, and done": {
			`{match: {operation: createProDatabase}, effect: {do: reset, at: before, done: true}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "done")
				s.wantError(err, "connection reset by peer")
				s.until("the database is there", func() bool { return len(s.names()) == 2 })
			},
		},
		"reset in":    {`effect: {do: reset, at: in}`, fails("connection reset by peer")},
		"reset after": {`effect: {do: reset, at: after}`, func(s *struck) { s.must(s.list(s.ctx)) }},
		"empty":       {`effect: {do: empty}`, fails("EOF")},
		"truncated":   {`effect: {do: truncated}`, fails("unexpected EOF")},
		"garbage":     {`effect: {do: garbage}`, fails("invalid character '<'")},
		"drop": {
			`{match: {operation: getProDatabase}, effect: {do: drop, members: [security.sourceIps]}}`,
			func(s *struck) {
				if security := s.get().Security; security == nil || security.SourceIPs != nil || security.EnableTls == nil {
					s.t.Errorf("security is %+v", security)
				}
			},
		},
		"rename": {
			`{match: {operation: getProDatabase}, effect: {do: rename, names: {redisVersion: version}}}`,
			func(s *struck) {
				if version := s.get().RedisVersion; version != nil {
					s.t.Errorf("the version is %q", *version)
				}
			},
		},
		"reorder": {
			`{match: {operation: getProDatabase}, effect: {do: reorder, members: [regexRules], seed: 1}}`,
			func(s *struck) {
				rules := s.get().Clustering.RegexRules
				if len(rules) != 2 || rules[0].Ordinal != 1 || rules[1].Ordinal != 0 {
					s.t.Errorf("the rules are %+v", rules)
				}
			},
		},
		"set": {
			`{match: {operation: getProDatabase}, effect: {do: set, values: {name: other}}}`,
			func(s *struck) {
				if name := redis.StringValue(s.get().Name); name != "other" {
					s.t.Errorf("the name is %q", name)
				}
			},
		},
		"set empty": {
			`{match: {operation: getProDatabase}, effect: {do: set, empty: true, values: {name: other, modules: [{name: X}]}}}`,
			func(s *struck) {
				if db := s.get(); redis.StringValue(db.Name) == "other" || len(db.Modules) != 1 {
					s.t.Errorf("the name is %q, the modules %v", redis.StringValue(db.Name), db.Modules)
				}
			},
		},
		"unknown": {
			`effect: {do: unknown, values: {later: [1, {a: b}]}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "second")
				s.must(err)
				if names := s.names(); len(names) != 2 {
					s.t.Errorf("the databases are %v", names)
				}
			},
		},
		"extend": {
			`{match: {operation: listRegions}, effect: {do: extend, members: [regions], values: {provider: NEXT}}}`,
			func(s *struck) {
				regions, err := s.client.Account.ListRegions(s.ctx)
				s.must(err)
				if n := len(regions); redis.StringValue(regions[n-1].Provider) != "NEXT" ||
					redis.StringValue(regions[n-1].Name) != redis.StringValue(regions[n-2].Name) {
					s.t.Errorf("the last regions are %v", regions[n-2:])
				}
			},
		},
		"ignore": {
			`{match: {operation: updateProDatabase}, effect: {do: ignore, members: [name]}}`,
			func(s *struck) {
				s.must(s.rename("changed"))
				if name := redis.StringValue(s.get().Name); name == "changed" {
					s.t.Error("the name has changed")
				}
			},
		},
		"stale": {
			`{match: {operation: getProDatabase}, effect: {do: stale, reads: 2, members: [name]}}`,
			func(s *struck) {
				was := redis.StringValue(s.get().Name)
				s.must(s.rename("changed"))
				for i, want := range []string{was, was, "changed", "changed"} {
					if name := redis.StringValue(s.get().Name); name != want {
						s.t.Errorf("read %d shows %q, want %q", i, name, want)
					}
				}
			},
		},
		"task-unknown": {
			`{match: {operation: getTask}, effect: {do: task-unknown, reads: 1}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "second")
				s.must(err)
				if s.hits() != 1 {
					s.t.Errorf("%d hits, want 1", s.hits())
				}
			},
		},
		"task-status": {
			`{match: {operation: getTask, phase: done}, effect: {do: task-status, state: paused}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "second")
				s.wantError(err, "failed paused")
			},
		},
		"task-stuck": {
			`{match: {name: stuck}, effect: {do: task-stuck}}`,
			func(s *struck) {
				err := s.within(5*time.Second, func(ctx context.Context) error {
					_, err := s.create(ctx, "stuck")
					return err
				})
				s.wantError(err, "context deadline exceeded")
				s.must(s.Faults().Clear(s.ctx))
				s.until("the task goes on", func() bool { return len(s.names()) == 2 })
			},
		},
		"task-slow": {
			`{match: {operation: createProDatabase}, effect: {do: task-slow, for: 10s}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "slow")
				s.must(err)
				if s.hits() != 1 {
					s.t.Errorf("%d hits, want 1", s.hits())
				}
			},
		},
		"task-error": {
			`{match: {operation: createProDatabase}, effect: {do: task-error, code: DATABASE_NAME_EXISTS}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "second")
				s.wantError(err, "409 CONFLICT - DATABASE_NAME_EXISTS")
			},
		},
		"task-empty": {
			`{match: {operation: listTransitGateways}, effect: {do: task-empty}}`,
			func(s *struck) {
				got, err := s.client.TransitGatewayAttachments.Get(s.ctx, s.subscription)
				s.must(err)
				if redis.StringValue(got.Status) != "processing-completed" || got.Response == nil || got.Response.Resource != nil {
					s.t.Errorf("got %+v, want a task that is done and shows nothing", got)
				}
			},
		},
		"reported-failed": {
			`{match: {operation: createProDatabase}, effect: {do: reported-failed, code: GENERAL_ERROR}}`,
			func(s *struck) {
				_, err := s.create(s.ctx, "second")
				s.wantError(err, "GENERAL_ERROR")
				if names := s.names(); len(names) != 2 {
					s.t.Errorf("the databases are %v, want both", names)
				}
			},
		},
		"provisioning-error": {
			`{match: {kind: database}, effect: {do: provisioning-error, code: GENERAL_ERROR}}`,
			func(s *struck) {
				id, err := s.create(s.ctx, "second")
				s.must(err)
				s.database = id
				if status := redis.StringValue(s.get().Status); status != "error" {
					s.t.Errorf("the status is %q", status)
				}
			},
		},
		"provisioning-state": {
			`{match: {kind: database}, effect: {do: provisioning-state, state: strange}}`,
			func(s *struck) {
				id, err := s.create(s.ctx, "second")
				s.must(err)
				s.database = id
				if status := redis.StringValue(s.get().Status); status != "strange" {
					s.t.Errorf("the status is %q", status)
				}
			},
		},
	}
}

// Effects that take time, at a speed at which there is some.
func TestFaultsThatTakeTime(t *testing.T) {
	t.Parallel()
	for name, tt := range slowEffects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := strike(t, 1)
			if _, err := s.Faults().ArmRule(t.Context(), tt.rule); err != nil {
				t.Fatal(err)
			}
			tt.tell(s)
		})
	}
}

func slowEffects() map[string]struct {
	rule string
	tell func(*struck)
} {
	type told = struct {
		rule string
		tell func(*struck)
	}
	// shows checks which states a new database has, a length of time apart.
	shows := func(length time.Duration, states ...string) func(*struck) {
		return func(s *struck) {
			id, err := s.create(s.ctx, "second")
			s.must(err)
			s.database = id
			s.wantStates(func() string { return redis.StringValue(s.get().Status) }, length, states...)
		}
	}
	return map[string]told{
		"provisioning-slow": {
			`{match: {kind: database}, effect: {do: provisioning-slow, for: 5m}}`,
			shows(5*time.Minute, "pending", "active"),
		},
		"provisioning-flaps": {
			`{match: {kind: database}, effect: {do: provisioning-flaps, times: 2, for: 100s}}`,
			shows(100*time.Second, "active", "pending", "active", "pending", "active"),
		},
		"provisioning-state for a while": {
			`{match: {kind: database}, effect: {do: provisioning-state, state: strange, for: 100s}}`,
			shows(100*time.Second, "strange", "active"),
		},
		"limit-refused": {
			`{match: {operation: create*}, effect: {do: limit-refused}}`,
			func(s *struck) {
				s.fourth()
			},
		},
	}
}

// fourth creates three subscriptions, which takes an hour, and checks that a fourth one is refused.
func (s *struck) fourth() {
	s.t.Helper()
	s.takes("1h", "subscription.creation")
	for _, name := range []string{"a", "b", "c"} {
		_, err := s.client.Subscription.Create(s.ctx, s.plan(name))
		s.must(err)
	}
	_, err := s.client.Subscription.Create(s.ctx, s.plan("one too many"))
	s.wantError(err, "TOO_MANY_PENDING_SUBSCRIPTIONS")
}

// until waits for something that comes by itself.
func (s *struck) until(what string, is func() bool) {
	s.t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !is() {
		select {
		case <-s.ctx.Done():
			s.t.Fatalf("until %s: %v", what, s.ctx.Err())
		case <-tick.C:
		}
	}
}

func TestFaultEffects(t *testing.T) {
	t.Parallel()
	for name, tt := range effects() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := strike(t, understudy.Instant)
			if _, err := s.Faults().ArmRule(t.Context(), tt.rule); err != nil {
				t.Fatal(err)
			}
			tt.tell(s)
		})
	}
}

// Every effect that there is has its story.
func TestEveryFaultEffectIsTold(t *testing.T) {
	t.Parallel()
	told := map[string]bool{}
	for _, stories := range []map[string]struct {
		rule string
		tell func(*struck)
	}{effects(), slowEffects()} {
		for _, story := range stories {
			for _, e := range fault.Effects() {
				if len(story.rule) > 0 && contains(story.rule, "do: "+e.Name) {
					told[e.Name] = true
				}
			}
		}
	}
	for _, e := range fault.Effects() {
		if !told[e.Name] {
			t.Errorf("no story has the effect %s", e.Name)
		}
	}
}

// contains reports whether a rule has an effect, and none whose name only begins like it.
func contains(rule, do string) bool {
	for i := range len(rule) - len(do) {
		if rule[i:i+len(do)] == do && (rule[i+len(do)] == ',' || rule[i+len(do)] == '}') {
			return true
		}
	}
	return false
}
