package terraform

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/understudy-dev/understudy"
)

// errRefused says that a task was refused.
var errRefused = errors.New("refused")

// stateFaults are stories of resources whose states are other ones than one would think.
func stateFaults() map[string]faultStory {
	return map[string]faultStory{
		"task-error-after-active": {tell: func(s *struck) {
			s.arm("task-error-after-active", "")
			s.wantFailure("unexpected state 'error', wanted target 'active'", applied...)
			s.wantState("rediscloud_subscription.shop") // tainted
		}},
		"unknown-db-status": {tell: func(s *struck) {
			s.arm("unknown-db-status", "")
			s.wantFailure("unexpected state 'cluster-rebalancing', wanted target 'active'", applied...)
		}},
		"cmk-pending": {tell: func(s *struck) {
			s.arm("cmk-pending", "")
			s.wantFailure("unexpected state 'encryption_key_pending', wanted target 'active'", applied...)
		}},
		"sub-flips-pending": {tell: func(s *struck) {
			s.arm("sub-flips-pending", "")
			s.wantFailure("SUBSCRIPTION_NOT_ACTIVE", applied...)
			s.apply(0)
			s.wantNoChanges("after the second try")
		}},
		"subresource-404-while-pending": {tell: func(s *struck) {
			s.apply(0)
			s.takes("database.creation", "1h")
			path := fmt.Sprintf("/subscriptions/%v/databases", s.outputs()["subscription_id"])
			s.askTask(http.MethodPost, path, `{"name": "other", "datasetSizeInGb": 1}`, nil)
			s.arm("subresource-404-while-pending", "")
			s.wantFailure("maintenance in subscription 100001 not found", "plan")
			s.pass(time.Hour)
			s.wantNoChanges("when it is active")
		}},
		"active-before-listed": {tell: func(s *struck) {
			s.arm("active-before-listed", "")
			s.apply(0)
			var list struct {
				Subscription []struct{ Databases []struct{ Name string } }
			}
			s.clear()
			s.ask(http.MethodGet, fmt.Sprintf("/subscriptions/%v/databases", s.outputs()["subscription_id"]), "", &list)
			if len(list.Subscription) != 1 || len(list.Subscription[0].Databases) != 2 {
				s.t.Errorf("there are %+v, want that of the creation plan, too", list)
			}
			s.wantNoChanges("with a database that it does not know of")
		}},
		"ghost-delete": {tell: func(s *struck) {
			s.apply(0)
			s.arm("ghost-delete", "")
			s.wantFailure("SUBSCRIPTION_IN_USE", destroyed...)
			s.destroy(0)
			s.wantSubscriptions(0, "none is left")
		}},
		"acl-flapping": {module: "access", speed: 20, tell: func(s *struck) {
			const rule = "rediscloud_acl_rule.orders"
			s.arm("acl-flapping", "effect: {for: 2h}") // six minutes
			s.must("apply", "-auto-approve", "-target="+rule)
			s.pass(6 * time.Minute)
			s.set(map[string]any{"rule": "+@read +@write ~orders:*"})
			s.wantFailure("ACL_REDIS_RULE_NOT_ACTIVE", "apply", "-auto-approve", "-target="+rule)
			s.pass(6 * time.Minute)
			s.must("apply", "-auto-approve", "-target="+rule)
		}},
		"three-pending-cap": {module: "several", tell: func(s *struck) {
			s.takes("subscription.creation", "1h")
			s.arm("three-pending-cap", "")
			refused := make(chan error, 1)
			go func() { // three wait for their hour when the fourth is refused
				err := s.sandbox.Events(s.t.Context(), func(e understudy.Transition) error {
					if e.Type == "task" && e.Error != nil {
						return errRefused
					}
					return nil
				})
				if errors.Is(err, errRefused) {
					_, err = s.sandbox.Clock().Advance(s.t.Context(), time.Hour)
				}
				refused <- err
			}()
			s.wantFailure("TOO_MANY_PENDING_SUBSCRIPTIONS", applied...)
			s.do(<-refused)
			s.wantSubscriptions(3, "those that were not refused")
			s.takes("subscription.creation", "usual")
			s.apply(0)
			s.wantSubscriptions(4, "the refused one, too")
		}},
		"tgw-vanished": {module: "gateway", tell: func(s *struck) {
			s.apply(0)
			gateways := fmt.Sprintf("/subscriptions/%v/transitGateways", s.outputs()["subscription_id"])
			s.askTask(http.MethodPut, gateways+"/invitations/101/accept", "", nil)
			var found struct {
				Gateways []gatewayState `json:"tgws"`
			}
			s.askTask(http.MethodGet, gateways, "", &found)
			id := found.Gateways[0].ID
			s.set(map[string]any{"transit_gateway": id})
			s.arm("tgw-vanished", "")
			s.wantFailure("plugin crashed", applied...)
			s.wantFailure("is attached already", applied...)
			s.ask(http.MethodDelete, fmt.Sprintf("%s/%d/attachment", gateways, id), "", &struct{}{})
			s.do(s.sandbox.WaitIdle(s.t.Context()))
			s.apply(0)
			for range 2 {
				s.wantFailure("TGW_ATTACHMENT_DOES_NOT_EXIST", destroyed...)
			}
		}},
	}
}
