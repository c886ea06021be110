package terraform

import (
	"time"

	"github.com/understudy-dev/understudy"
)

// taskFaults are stories of what goes wrong with tasks.
func taskFaults() map[string]faultStory {
	return map[string]faultStory{
		"task-404-window": {tell: func(s *struck) {
			s.arm("task-404-window", "")
			s.apply(0)
			if s.hits() < 5 {
				s.t.Errorf("%d hits, want five for each task", s.hits())
			}
		}},
		"task-404-window, one too many": {tell: func(s *struck) {
			s.arm("task-404-window", "effect: {reads: 6}")
			s.wantFailure("404 - {", applied...)
		}},
		"task-stuck": {tell: func(s *struck) {
			s.add("override.tf", `resource "rediscloud_subscription" "shop" {
  timeouts {
    create = "15s"
  }
}`)
			s.arm("task-stuck", "")
			s.wantFailure("context deadline exceeded", applied...)
			s.wantState() // it knows of nothing
			s.clear()
			s.wantSubscriptions(1, "the task goes on when the rule is gone")
		}},
		"task-error-general": {tell: func(s *struck) {
			s.arm("task-error-general", "")
			s.wantFailure("500 INTERNAL_SERVER_ERROR - GENERAL_ERROR", applied...)
			s.wantSubscriptions(0, "nothing is left behind")
			s.apply(0)
			s.wantNoChanges("after the second try")
		}},
		"false-negative": {tell: func(s *struck) {
			s.arm("false-negative", "")
			s.wantFailure("GENERAL_ERROR", applied...)
			s.wantSubscriptions(1, "the one that is said to have failed")
			s.wantState()
			s.apply(0)
			s.wantSubscriptions(2, "the leaked one, too")
		}},
		"false-negative, of a database": {tell: func(s *struck) {
			s.arm("false-negative", "match: {operation: createProDatabase}")
			s.wantFailure("GENERAL_ERROR", applied...)
			s.wantState("rediscloud_subscription.shop")
			s.wantFailure("DATABASE_NAME_EXISTS", applied...)
		}},
		"unknown-task-status": {tell: func(s *struck) {
			s.arm("unknown-task-status", "")
			s.wantFailure("failed processing-paused", applied...)
			s.wantSubscriptions(1, "it is done all the same")
			s.wantState()
		}},
		"flaky-5xx": {tell: func(s *struck) {
			s.arm("flaky-5xx", "")
			s.wantFailure("503 - {", applied...)
			s.wantSubscriptions(1, "the one that Terraform does not know of")
			s.apply(0)
			s.wantSubscriptions(2, "a second one")
		}},
		"single-lane": {speed: 600, tell: func(s *struck) {
			s.arm("single-lane", "")
			s.apply(0)
			s.wantNoChanges("after the creation")
			const longer = 2 * time.Minute / 600
			if slowest := s.slowestTask(); s.hits() == 0 || slowest < longer {
				s.t.Errorf("%d hits, and the slowest task took %v, want %v at least", s.hits(), slowest, longer)
			}
		}},
	}
}

// slowestTask is how long that struck task took which took longest, from when it was asked for to when it was told of.
func (s *struck) slowestTask() (slowest time.Duration) {
	s.t.Helper()
	entries, err := s.sandbox.Journal(s.t.Context(), understudy.JournalQuery{Fault: true})
	s.do(err)
	asked := map[string]time.Time{}
	for _, e := range entries {
		if asked[e.Task].IsZero() {
			asked[e.Task] = e.Time
		}
		told := e.Time.Add(time.Duration(e.DurationMS * float64(time.Millisecond)))
		slowest = max(slowest, told.Sub(asked[e.Task]))
	}
	return slowest
}
