package terraform

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"

	"github.com/understudy-dev/understudy"
	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// struck is a module in an account in which something goes wrong.
type struck struct {
	*workspace
	sandbox *understudy.Sandbox
}

// arm arms a preset, with what is otherwise than in it.
func (s *struck) arm(preset, rule string) {
	s.t.Helper()
	if _, err := s.sandbox.Faults().Arm(s.t.Context(), preset, rule); err != nil {
		s.t.Fatal(err)
	}
}

func (s *struck) clear() {
	s.t.Helper()
	if err := s.sandbox.Faults().Clear(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// hits is how often the rules have struck.
func (s *struck) hits() (n int64) {
	s.t.Helper()
	rules, err := s.sandbox.Faults().List(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, r := range rules {
		n += r.Hits
	}
	return n
}

// wantFailure runs a command that has to fail, and to say something.
func (s *struck) wantFailure(says string, args ...string) {
	s.t.Helper()
	status, out := s.run(args...)
	// Long errors are broken into lines, behind a bar.
	plain := strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(out)), " ")
	if status == 0 || !strings.Contains(plain, says) {
		s.t.Fatalf("terraform %s: got status %d, want a failure that says %q:\n%s",
			strings.Join(args, " "), status, says, out)
	}
	if s.hits() == 0 {
		s.t.Error("no hit is recorded")
	}
}

// subscriptions counts those of the account, whatever Terraform knows of them, when all that was asked for is done: a
// provider that gave up did not wait for it.
func (s *struck) subscriptions() int {
	s.t.Helper()
	if err := s.sandbox.WaitIdle(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), http.MethodGet, s.sandbox.URL+"/subscriptions", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", s.sandbox.Keys.APIKey)
	req.Header.Set("X-Api-Secret-Key", s.sandbox.Keys.SecretKey)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer res.Body.Close()
	var list struct {
		Subscriptions []any `json:"subscriptions"`
	}
	if err := json.NewDecoder(res.Body).Decode(&list); err != nil {
		s.t.Fatal(err)
	}
	return len(list.Subscriptions)
}

var applied = []string{"apply", "-auto-approve"}

// faultStories are what a provider that nobody has changed makes of presets.
func faultStories() map[string]func(*struck) {
	return map[string]func(*struck){
		"task-404-window": func(s *struck) {
			s.arm("task-404-window", "")
			s.apply(0)
			if s.hits() < 5 {
				s.t.Errorf("%d hits, want five for each task", s.hits())
			}
		},
		"task-404-window, one too many": func(s *struck) {
			s.arm("task-404-window", "effect: {reads: 6}")
			s.wantFailure("404 - {", applied...)
		},
		"rate-429": func(s *struck) {
			s.arm("rate-429", "{when: {first: 4}, effect: {limit: 0}}")
			s.apply(0) // it tries again
			if s.hits() != 4 {
				s.t.Errorf("%d hits, want 4", s.hits())
			}
			s.wantNoChanges("after the creation")
		},
		"rate-429 for good": func(s *struck) {
			s.arm("rate-429", "effect: {limit: 0}")
			s.wantFailure("429 - {", applied...)
		},
		"flaky-5xx": func(s *struck) {
			s.arm("flaky-5xx", "")
			s.wantFailure("503 - {", applied...)
			if n := s.subscriptions(); n != 1 {
				s.t.Errorf("there are %d subscriptions, want the one that Terraform does not know of", n)
			}
			s.apply(0)
			if n := s.subscriptions(); n != 2 {
				s.t.Errorf("there are %d subscriptions, want a second one", n)
			}
		},
		"sub-flips-pending": func(s *struck) {
			s.arm("sub-flips-pending", "")
			s.wantFailure("SUBSCRIPTION_NOT_ACTIVE", applied...)
			s.apply(0)
			s.wantNoChanges("after the second try")
		},
		"dropped-field": func(s *struck) {
			s.apply(0)
			s.arm("dropped-field", "")
			s.wantFailure("Plugin did not respond", "plan")
			s.clear()
			s.wantNoChanges("when the field is back")
		},
		"false-negative": func(s *struck) {
			s.arm("false-negative", "")
			s.wantFailure("GENERAL_ERROR", applied...)
			if n := s.subscriptions(); n != 1 {
				s.t.Errorf("there are %d subscriptions, want the one that is said to have failed", n)
			}
			s.apply(0)
			if n := s.subscriptions(); n != 2 {
				s.t.Errorf("there are %d subscriptions, want the leaked one, too", n)
			}
		},
		"unknown-db-status": func(s *struck) {
			s.arm("unknown-db-status", "")
			s.wantFailure("unexpected state 'cluster-rebalancing'", applied...)
		},
		"ghost-delete": func(s *struck) {
			s.apply(0)
			s.arm("ghost-delete", "")
			s.wantFailure("SUBSCRIPTION_IN_USE", "destroy", "-auto-approve")
			s.destroy(0)
			if n := s.subscriptions(); n != 0 {
				s.t.Errorf("%d subscriptions are left", n)
			}
		},
		"stale-read": func(s *struck) {
			s.apply(0)
			s.arm("stale-read", "effect: {reads: 30}")
			s.wantNoChanges("before the change") // and takes note of what is shown
			s.set(map[string]any{"throughput": 3000})
			s.apply(0)
			s.wantPlan("after the change", "will be updated in-place")
			s.clear()
			s.wantNoChanges("when reads are fresh")
		},
		"creds-revoked": func(s *struck) {
			s.arm("creds-revoked", "")
			s.wantFailure("401 - {", applied...)
			s.clear()
			s.apply(0)
			s.wantNoChanges("with good keys")
		},
		"reset-mid-body": func(s *struck) {
			s.arm("reset-mid-body", "")
			s.wantFailure("connection reset by peer", applied...)
		},
		"canary-fields": func(s *struck) {
			s.arm("canary-fields", "")
			s.apply(0)
			s.wantNoChanges("with members that nobody knows")
			s.destroy(0)
		},
	}
}

// Faults reach the official provider, whose waits are shorter here and which is unchanged otherwise.
func TestFaultPresets(t *testing.T) {
	t.Parallel()
	for name, tell := range faultStories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			terraform := newCommand(t, programs.Terraform, programs.FastProvider)
			s := &struck{
				workspace: terraform.copy(t, "subscription"),
				sandbox:   understudy.StartT(t, understudy.Options{Speed: understudy.Instant}),
			}
			s.env = append(s.env, "REDISCLOUD_URL="+s.sandbox.URL,
				"REDISCLOUD_ACCESS_KEY="+s.sandbox.Keys.APIKey, "REDISCLOUD_SECRET_KEY="+s.sandbox.Keys.SecretKey)
			tell(s)
		})
	}
}
