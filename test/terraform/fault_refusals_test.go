package terraform

import (
	"time"

	"github.com/understudy-dev/understudy/test/terraform/programs"
)

// refusalFaults are stories of requests that are refused, or put off.
func refusalFaults() map[string]faultStory {
	// halfWay is a story of keys that are not taken any more after ten requests.
	halfWay := func(preset, says string) faultStory {
		return faultStory{tell: func(s *struck) {
			s.arm(preset, "")
			s.wantFailure(says, applied...)
			s.wantState("rediscloud_subscription.shop") // what it has made so far
			s.clear()
			s.apply(0)
			s.wantNoChanges("with good keys")
		}}
	}
	return map[string]faultStory{
		"rate-429": {tell: func(s *struck) {
			s.arm("rate-429", "{when: {first: 4}, effect: {limit: 0}}")
			s.apply(0) // it tries again
			s.wantHits(4)
			s.wantNoChanges("after the creation")
		}},
		"rate-429, for good": {tell: func(s *struck) {
			s.arm("rate-429", "effect: {limit: 0}")
			s.wantFailure("429 - {", applied...)
			s.wantHits(10) // it gives up
		}},
		"rate-header-zero": {tell: func(s *struck) {
			s.apply(0)
			s.arm("rate-header-zero", "")
			// The official provider as it is: how long it sleeps is what matters here.
			unhurried := newCommand(s.t, programs.Terraform, official)
			s.env = append(s.env, "TF_CLI_CONFIG_FILE="+unhurried.config)
			begun := time.Now()
			s.wantNoChanges("after a minute")
			s.wantHits(1)
			if took := time.Since(begun); took < 50*time.Second {
				s.t.Errorf("the plan took %v, want the rest of a minute", took)
			}
		}},
		"creds-revoked":    halfWay("creds-revoked", "401 - {"),
		"key-cidr-blocked": halfWay("key-cidr-blocked", "403 - {"),
		"payment-missing": {tell: func(s *struck) {
			s.arm("payment-missing", "")
			s.wantFailure("400 BAD_REQUEST - PAYMENT_INFO_NOT_PROVIDED", applied...)
			s.wantSubscriptions(0, "it is refused")
		}},
	}
}
