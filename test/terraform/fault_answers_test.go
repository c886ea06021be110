package terraform

import (
	"fmt"
	"strings"
)

// answerFaults are stories of answers that are not what they should be.
func answerFaults() map[string]faultStory {
	// broken is a story of a fault that strikes every tenth answer.
	broken := func(preset, says string) faultStory {
		return faultStory{tell: func(s *struck) {
			s.arm(preset, "")
			s.wantFailure(says, applied...)
		}}
	}
	return map[string]faultStory{
		"dropped-field": {tell: func(s *struck) {
			s.apply(0)
			s.arm("dropped-field", "")
			s.wantFailure("plugin crashed", "plan")
			s.clear()
			s.wantNoChanges("when the field is back")
		}},
		"stale-read": {tell: func(s *struck) {
			s.apply(0)
			s.arm("stale-read", "")
			s.wantNoChanges("before the change") // and takes note of what is shown
			s.set(map[string]any{"throughput": 3000})
			s.apply(0)
			s.wantPlan("after the change", "will be updated in-place")
			s.clear()
			s.wantNoChanges("when reads are fresh")
		}},
		"reordered-lists": {module: "modules", tell: func(s *struck) {
			s.apply(0)
			s.arm("reordered-lists", "")
			s.wantPlan("in another order", "rediscloud_subscription.search will be updated in-place")
			s.clear()
			s.wantNoChanges("in the order that was asked for")
		}},
		"default-injected": {tell: func(s *struck) {
			s.apply(0)
			s.arm("default-injected", "")
			for i := range 2 {
				s.wantPlan(fmt.Sprintf("after %d more applies", i), "10.0.0.0/8")
				s.apply(0)
			}
			s.clear()
			s.wantNoChanges("when what is there is shown")
		}},
		"sticky-field": {tell: func(s *struck) {
			s.apply(0)
			s.arm("sticky-field", "")
			s.set(map[string]any{"alerts": map[string]int{}})
			s.apply(0)
			s.wantPlan("after the change", "will be updated in-place")
			s.clear()
			s.apply(0)
			s.wantNoChanges("when nothing is ignored")
		}},
		"silent-minor-upgrade": {tell: func(s *struck) {
			s.add("override.tf", `resource "rediscloud_subscription" "shop" {
  redis_version = "7.4"
}`)
			s.apply(0)
			s.arm("silent-minor-upgrade", "")
			for range 5 {
				s.wantNoChanges("while the version moves")
			}
			if s.hits() == 0 {
				s.t.Error("the version did not move")
			}
		}},
		"endpoint-late": {tell: func(s *struck) {
			s.arm("endpoint-late", "")
			s.apply(0)
			late := map[string]any{"public_endpoint": "not-yet.invalid:6379", "private_endpoint": "127.0.0.1:1"}
			for name, value := range late {
				if got := s.outputs()[name]; got != value {
					s.t.Errorf("output %s is %v after the creation, want %v", name, got, value)
				}
			}
			for s.hits() < 7 { // one of that of the creation plan, too
				s.wantNoChanges("while it leads nowhere")
			}
			s.apply(0)
			for name := range late {
				if got, _ := s.outputs()[name].(string); !strings.Contains(got, ".cloud.rlrcp.com:") {
					s.t.Errorf("output %s is %q in the end", name, got)
				}
			}
		}},
		"reset-mid-body": broken("reset-mid-body", "connection reset by peer"),
		"empty-200":      broken("empty-200", "EOF"),
		"truncated-json": broken("truncated-json", "unexpected EOF"),
		"garbage":        broken("garbage", "invalid character '<' looking for beginning of value"),
		"slow-lognormal": {tell: func(s *struck) {
			s.arm("slow-lognormal", "")
			s.apply(0)
			s.wantNoChanges("after the creation")
			if s.hits() < 20 {
				s.t.Errorf("%d hits, want one for each request", s.hits())
			}
		}},
		"canary-fields": {tell: func(s *struck) {
			s.add("looks.tf", `
data "rediscloud_regions" "all" {}
data "rediscloud_database_modules" "all" {}
data "rediscloud_data_persistence" "all" {}
data "rediscloud_subscription" "priced" {
  name       = "shop"
  depends_on = [rediscloud_subscription_database.orders]
}
output "new" {
  value = [
    contains(data.rediscloud_regions.all.regions[*].provider_name, "NEXT"),
    contains(data.rediscloud_database_modules.all.modules[*].name, "NextModule"),
    contains(data.rediscloud_data_persistence.all.data_persistence[*].name, "next-persistence"),
    data.rediscloud_subscription.priced.pricing[0].type == "NextType",
  ]
}`)
			s.arm("canary-fields", "")
			s.apply(0)
			s.wantNoChanges("with members and words that nobody knows")
			if got := fmt.Sprint(s.outputs()["new"]); got != "[true true true true]" {
				s.t.Errorf("what is new shows as %s", got)
			}
			s.destroy(0)
		}},
	}
}
