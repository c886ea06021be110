package redirection

import (
	"testing"

	"github.com/understudy-dev/understudy/internal/cloud"
	"github.com/understudy-dev/understudy/internal/cloud/cloudtest"
	"github.com/understudy-dev/understudy/internal/rediscloud/subscription"
)

func TestRedirectionRules(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		targetType string
		change     func(from, to *subscription.Database)
		want       cloud.Code
	}{
		"alike": {publicEndpoint, func(_, _ *subscription.Database) {}, ""},
		"private": {
			privateEndpoint, func(from, to *subscription.Database) { from.PublicAccess, to.PublicAccess = false, false }, "",
		},
		"no public endpoint": {publicEndpoint, func(_, to *subscription.Database) { to.PublicAccess = false }, "BAD_REQUEST"},
		"from Active-Active": {
			publicEndpoint, func(from, _ *subscription.Database) { from.Locals = []subscription.Local{{}} }, "BAD_REQUEST",
		},
		"to Active-Active": {
			publicEndpoint, func(_, to *subscription.Database) { to.Locals = []subscription.Local{{}} }, "BAD_REQUEST",
		},
		"port": {publicEndpoint, func(_, to *subscription.Database) { to.Port = 2 }, "BAD_REQUEST"},
		"TLS":  {publicEndpoint, func(from, _ *subscription.Database) { from.TLS = true }, "BAD_REQUEST"},
		"default user": {
			publicEndpoint, func(from, _ *subscription.Database) { from.NoDefaultUser = true }, "BAD_REQUEST",
		},
		"source addresses": {
			publicEndpoint, func(from, _ *subscription.Database) { from.SourceIPs = []string{"10.0.0.1"} }, "BAD_REQUEST",
		},
		"redirected source": {
			publicEndpoint, func(from, _ *subscription.Database) { from.Redirected = true }, "CONFLICT_ERROR",
		},
		"target of another": {
			publicEndpoint, func(_, to *subscription.Database) { to.ServesEndpointsOf = 1 }, "CONFLICT_ERROR",
		},
	} {
		from, to := subscription.Database{Port: 1, PublicAccess: true}, subscription.Database{Port: 1, PublicAccess: true}
		tt.change(&from, &to)
		if got := cloudtest.CodeOf(t, checkRedirection(tt.targetType, from, to)); got != tt.want {
			t.Errorf("%s: got %q, want %q", name, got, tt.want)
		}
	}
}
